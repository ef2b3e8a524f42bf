//! Certificates that have ended, or will soon.

use super::Custodian;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};
use crate::service::identity::Identity;
use crate::service::server::Requester;
use crate::service::time::Time;

/// Certificates that end within so many days are noted.
const SOON_DAYS: u32 = 30;

impl Party<Custodian> {
    /// Notes which certificates end soon, and refuses requesters' that have ended. Ours was judged when it was read.
    pub fn judge_dates(&self, identity: &Identity, requesters: &[Requester], console: &Console) -> Result<(), Failure> {
        let now = party::now();
        let soon = now.plus_days(SOON_DAYS);
        let own = [("our certificate", identity.until()), ("a list of revoked certificates", identity.lists_until())];
        let own = own.map(|(what, until)| (what.to_owned(), until));
        let theirs =
            requesters.iter().map(|requester| (format!("the certificate of {}", requester.code), requester.until));
        let known = own.into_iter().chain(theirs).filter_map(|(what, until)| Some((what, until?)));
        let (ended, others): (Vec<(String, Time)>, Vec<_>) = known.partition(|(_, until)| *until <= now);
        for (what, until) in others.into_iter().filter(|(_, until)| *until <= soon) {
            console.note(format_args!("{what} ends at {until}: have it renewed"));
        }
        if ended.is_empty() {
            return Ok(());
        }
        let details = ended.into_iter().map(|(what, until)| format!("{what} ended at {until}")).collect();
        let remedy = "have them renewed, or leave these requesters out";
        Err(Failure::with_details(self.file().display(), "requesters' certificates have ended", details, remedy))
    }
}
