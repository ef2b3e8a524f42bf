//! Whether what a querier's log tells of canaries can be.

use super::{LONGEST_WAIT_DAYS, LogProblem, Place, Verifier};
use crate::service::audit::{Entry, Role};
use crate::service::signing::Hash;

impl Verifier {
    /// A querier tells once of a request of its own, that was replied to, how many of those it asked about were found.
    pub(super) fn canaries(&mut self, entry: &Entry, request: &Hash, asked: u64, found: u64) {
        self.counts.canaries = self.counts.canaries.saturating_add(asked);
        self.counts.canaries_found = self.counts.canaries_found.saturating_add(found);
        let of_request = match self.requests.get_mut(request) {
            Some(progress) => {
                let first = !std::mem::replace(&mut progress.canaries, true);
                first && progress.reply.is_some() && asked <= progress.probes
            }
            None => {
                let time = entry.time.minus_days(LONGEST_WAIT_DAYS);
                self.unknown.push(Place { entry: entry.number, time });
                true
            }
        };
        if self.is_role(Role::Custodian) || found > asked || !of_request {
            self.find(entry.number, LogProblem::Canaries);
        }
    }
}
