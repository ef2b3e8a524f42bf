//! What follows from terms: which scheme, set and lengths suit them, what an exchange costs, and what an agreement means in words.
//!
//! Stands above the schemes; nothing that encrypts, computes or decrypts looks up to it.

mod canaries;
pub(crate) mod card;
mod choice;
pub(crate) mod crossover;
mod explain;
mod plan;
pub(crate) mod search;
mod strangers;

pub use canaries::{CanaryPlan, FoundOut, fewest_found, found_out};
pub(crate) use choice::under;
pub use choice::{Settled, Why, open, settle, settle_unlimited, settle_within};
pub use explain::sentences;
pub use plan::{Pace, Plan, PlanError, PlannedQuery};
pub use strangers::{TOO_OFTEN, hits_of_strangers};
