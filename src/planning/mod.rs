//! What follows from an agreement: what an exchange costs, which set suits it, and what a set does. Stands above the schemes.

pub mod card;
mod plan;
pub mod search;

pub use plan::{Pace, Plan, PlanError};
