//! Which persons with which references are in a version of a gallery: one root that commits to all of it, and proofs that a person is
//! in it, or is not, which tell of nobody else.
//!
//! ```text
//! custodian                                              anybody who has the root
//!   persons, secret ──► index of each, leaf of each ──► root
//!                  ╰──► path to where an id belongs ──► Proofs ──► verify: enrolled, or not
//! ```
//!
//! - `index`: where an id belongs, 128 bits that nobody can compute without the custodian, and that the custodian can prove.
//! - `node`: what is hashed, SHA-256, a label for each kind.
//! - `tree`: the tree over all persons, its root and its paths.
//! - `proof`: a proof as a file, and who believes it.
//!
//! docs/protocol.md says why it works, SECURITY.md what a proof tells and what it does not.

mod index;
mod node;
mod proof;
mod tree;

use crate::hexadecimal::hexadecimal;
pub use node::{Kept, of_reference};
pub use proof::{LIMIT_BYTES, Proof, ProofError, Proofs, Proven, Standing};
pub use tree::{CommitError, Persons, Secret, prove, root};

hexadecimal!(
    /// Commits to a version of a gallery: who is in it, each with which references, under which agreement. SHA-256.
    Root,
    32
);
hexadecimal!(
    /// 32 bytes of a proof: a hash, a number that hides another, a point or a scalar of ristretto255.
    #[derive(Default)]
    Bytes,
    32
);

#[cfg(test)]
mod tests;
