//! The log: what each party can show its auditors, and they can check without trusting it.
//!
//! Entries are only appended. Each holds a digest of its content and the hash of the entry before it, and is signed (Ed25519):
//!
//! ```text
//! content         { "salt": 16 random bytes, "event": ... }                    can be erased
//! content digest  SHA-256("cotejo log content v1" 0 content)                   stays
//! hash            SHA-256("cotejo log entry v1" 0 number time content-digest previous-hash)
//! signature       Ed25519("cotejo log v1" 0 hash)
//! ```
//!
//! Erasing takes contents away and leaves the chain (Regulation (EU) 2024/982, Art. 40: three years); the salt keeps digests of erased
//! contents from being guessed. What a log cannot show by itself, that its end is missing, two logs side by side show: each
//! holds the other's signed statements.

mod compare;
mod consent;
mod entry;
mod event;
mod ledger;
mod lines;
mod operators;
mod order;
mod ordered;
mod reading;
mod requests;
mod role;
#[cfg(test)]
mod samples;
mod succession;
mod transparency;
mod verify;

pub use compare::{CompareError, Comparison, Disagreement, Discrepancy, Note, Statements, compare};
pub use consent::{Consent, RETENTION_DAYS};
pub use entry::{CONTENT_LIMIT_BYTES, Content, Entry, EntryError, Head};
pub use event::{Divergence, Event, RequestRefusal};
pub use ledger::Unequal;
pub(crate) use ledger::{Bookkeeping, Ledger};
pub use lines::{LINE_LIMIT_BYTES, LogFileError, LogLines};
pub(crate) use operators::{Deed, Operators, judge};
pub use order::{CarriedOut, Measure, Order, OrderDocument, OrderFault};
pub use ordered::{OrderRow, OrderRows};
pub(crate) use reading::{Reading, Whose};
pub use requests::{RequestRow, Requests, RowOutcome};
pub use role::Role;
pub(crate) use succession::beside;
pub use succession::{SUCCESSIONS, Signers, Succession, SuccessionError, read_successions};
pub use transparency::{CanaryCounts, Transparency, Usage, Year};
pub use verify::{Counts, Finding, LogProblem, Report, Verifier};
