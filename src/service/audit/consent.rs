//! Erasing sooner than agreed: what the other party signs, so that nobody does it alone.

use serde::{Deserialize, Serialize};

use super::Role;
use crate::agreement::Code;
use crate::service::protocol::Line;
use crate::service::signing::Statement;
use crate::service::time::Time;

/// Days for which a log keeps what it tells, where nothing longer was agreed: three years, one of them a leap year (Regulation (EU)
/// 2024/982, Art. 40).
pub const RETENTION_DAYS: u32 = 1096;

/// The other party agrees that a log's contents are erased sooner than agreed. Signed by it; the owner of the log signs the entry that
/// holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Who consents.
    pub party: Code,
    /// Whose log it is.
    pub owner: Code,
    /// In which role its owner keeps it.
    pub role: Role,
    /// Of entries before this time, and of no later ones.
    pub before: Time,
    /// Why.
    pub reason: Line,
    /// When, by the clock of the party that consents.
    pub time: Time,
}

impl Consent {
    /// Whether it is this party's to erasing, in the log of this owner and role, what is from before this time.
    pub(crate) fn covers(&self, party: &Code, (owner, role): (&Code, Role), before: Time) -> bool {
        self.party == *party && self.owner == *owner && self.role == role && self.before == before
    }
}

impl Statement for Consent {
    const KIND: &'static str = "erasure-consent";
}
