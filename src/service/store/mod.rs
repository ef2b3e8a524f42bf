//! What must outlive a crash, in one database: jobs, quotas, keys and log of a custodian; requests and log of a querier.
//!
//! Every change is a *step*, one transaction that also appends its log entries: whoever is killed in between finds all of a step or
//! nothing of it. SQLite needs nothing installed; PostgreSQL is reached by a connection string.

// Counts come from a database that somebody else may have written.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod connection;
mod copy;
mod custody;
mod entries;
mod error;
mod journal;
mod kept_marks;
mod latest;
mod layout;
mod location;
mod logged;
mod operators;
mod outbox;
mod owner;
#[cfg(test)]
mod places;
mod registered;
#[cfg(test)]
mod rivals;
mod schema;
mod serving;
mod session;
mod sqlite;
mod tables;
mod tree;
mod values;

pub(crate) use copy::{CopyError, copy};
pub(crate) use custody::ListStanding;
pub use custody::{
    Abandoned, Account, Admitted, Answered, Breaker, Computed, Custody, Ending, GalleryBits, GalleryVersionRow, Job,
    JobState, KEYS_LIMIT, KeyInUse, NewVersion, NoReplay, Period, PersonKey, Queued, Replay, Submission, SubmitError,
    Submitted, TodaysUse, Waiting, Work,
};
pub(crate) use entries::LogReader;
pub use error::StoreError;
pub use journal::{ErasedContents, Journal};
pub use location::{Location, LocationError};
pub use operators::Operator;
pub use outbox::{Charged, ListedRequest, Outbox, OutboxRequest, RequestState, Totals};
pub use owner::Owner;
pub(crate) use serving::Pulse;
pub(crate) use session::Reading;
