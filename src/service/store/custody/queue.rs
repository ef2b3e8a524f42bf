//! What waits, and what came in today: for people who look at it.

use std::collections::BTreeMap;

use super::{Custody, JobState};
use crate::agreement::Code;
use crate::service::protocol::{Reply, ReplyOutcome, Request};
use crate::service::signing::{Hash, Name, Signed};
use crate::service::store::StoreError;
use crate::service::store::values::Row;
use crate::service::time::Time;

/// A job that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Names it.
    pub id: Name,
    /// Who asks.
    pub requester: Code,
    /// Under which agreement.
    pub agreement: Hash,
    /// When it was accepted.
    pub accepted: Time,
    /// How many persons it asks about.
    pub probes: u64,
}

/// Jobs of one requester under one agreement for one purpose that were accepted on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TodaysUse {
    /// Who has asked.
    pub requester: Code,
    /// Under which agreement.
    pub agreement: Hash,
    /// For which of the agreed purposes.
    pub purpose: Code,
    /// Requests that were accepted.
    pub requests: u64,
    /// Persons that they ask about.
    pub probes: u64,
    /// Requests that were replied to with an answer, also where that is deleted.
    pub answered: u64,
    /// Requests that were replied to without one.
    pub unanswered: u64,
    /// Requests that wait.
    pub waiting: u64,
}

impl Custody {
    /// Jobs that wait, the oldest first: so many at most.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn queue(&mut self, limit: u64) -> Result<Vec<Queued>, StoreError> {
        let sql = "SELECT id, requester, agreement, accepted, probes FROM jobs WHERE state = 'waiting' ORDER BY sequence LIMIT ?1";
        let rows = self.journal.database.read(sql, &[limit.into()])?;
        let queued = |mut row: Row| {
            let (id, requester, agreement) = (row.parsed()?, row.parsed()?, row.parsed()?);
            Ok(Queued { id, requester, agreement, accepted: row.time()?, probes: row.count()? })
        };
        rows.into_iter().map(queued).collect()
    }

    /// Jobs that were accepted on this calendar day, UTC, by requester, agreement and purpose, in this order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn today(&mut self, now: Time) -> Result<Vec<TodaysUse>, StoreError> {
        // Of one that is deleted only its reply tells what became of it.
        let sql = "SELECT requester, agreement, request, probes, state, CASE WHEN state = 'deleted' THEN reply END \
                   FROM jobs WHERE day = ?1";
        let mut uses: BTreeMap<(Code, Hash, Code), TodaysUse> = BTreeMap::new();
        for mut row in self.journal.database.read(sql, &[(&now.day()).into()])? {
            let (requester, agreement): (Code, Hash) = (row.parsed()?, row.parsed()?);
            let request = Signed::<Request>::read_verified_before(&row.text()?);
            let purpose = request.map_err(|_| StoreError::Damaged("request"))?.purpose;
            let of = (requester, agreement, purpose);
            let used = uses.entry(of).or_insert_with_key(TodaysUse::none);
            used.requests = used.requests.saturating_add(1);
            used.probes = used.probes.saturating_add(row.count()?);
            let came_of_it = match row.parsed()? {
                JobState::Waiting => &mut used.waiting,
                JobState::Answered => &mut used.answered,
                JobState::Unanswered => &mut used.unanswered,
                JobState::Deleted if was_answered(&row.text()?)? => &mut used.answered,
                JobState::Deleted => &mut used.unanswered,
            };
            *came_of_it = came_of_it.saturating_add(1);
        }
        Ok(uses.into_values().collect())
    }
}

impl TodaysUse {
    fn none((requester, agreement, purpose): &(Code, Hash, Code)) -> Self {
        let (requester, agreement, purpose) = (requester.clone(), *agreement, purpose.clone());
        Self { requester, agreement, purpose, requests: 0, probes: 0, answered: 0, unanswered: 0, waiting: 0 }
    }
}

fn was_answered(reply: &str) -> Result<bool, StoreError> {
    let reply = Signed::<Reply>::read_verified_before(reply).map_err(|_| StoreError::Damaged("reply"))?;
    Ok(matches!(reply.outcome, ReplyOutcome::Answered { .. }))
}
