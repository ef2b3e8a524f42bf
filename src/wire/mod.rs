//! The only values that cross, and the envelope of every file.
//!
//! An envelope is a header of 72 bytes, a payload and a checksum, all little-endian:
//!
//! | bytes | field |
//! |---|---|
//! | 8 | magic `COTEJO` 1A 0A |
//! | 2 | format version: 2 of an answer, 1 of everything else |
//! | 1 | kind: see [`Kind`] |
//! | 1 | scheme: 1 = tfhe, 2 = bgv, 4 = hybrid, 0 where none applies |
//! | 2 | parameter set, 0 where none applies |
//! | 2 | zero |
//! | 16 | key id: the first bytes of the SHA-256 of the evaluation key's payload, zero where none applies |
//! | 32 | digest of the agreement |
//! | 8 | payload length |
//! | ... | payload |
//! | 32 | SHA-256 of all that precedes |
//!
//! A gallery begins with the same header, but grows by segments with checksums of their own: see [`crate::custodian::GalleryFile`].
//!
//! The checksum finds accidents. It is no proof of who wrote the file: carry files over a channel that authenticates.

mod envelope;
mod messages;
mod names;

pub use envelope::{Envelope, Expected, Header, Kind, WireError, inspect, verify};
pub use messages::{Answer, EvaluationKey, Query, Target};
pub(crate) use messages::{decode_clear, encode_clear};
pub use names::{GalleryVersion, KeyId, NoVersion, QueryId};
