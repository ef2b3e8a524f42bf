//! Requesters' certificates that have ended, or will soon.

use super::Custodian;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party, SOON_DAYS};
use crate::service::server::Requester;

impl Party<Custodian> {
    /// Notes whose certificates end soon, and refuses those that have ended.
    pub fn judge_dates(&self, requesters: &[Requester], console: &Console) -> Result<(), Failure> {
        let now = party::now();
        let soon = now.plus_days(SOON_DAYS);
        let mut ended = Vec::new();
        for Requester { code, until, .. } in requesters {
            match until {
                Some(until) if *until <= now => ended.push(format!("that of {code} ended at {until}")),
                Some(until) if *until <= soon => {
                    console.note(format_args!("the certificate of {code} ends at {until}: have it renewed"));
                }
                _ => {}
            }
        }
        if ended.is_empty() {
            return Ok(());
        }
        let remedy = "have them renewed, or leave these requesters out";
        Err(Failure::with_details(self.file().display(), "requesters' certificates have ended", ended, remedy))
    }
}
