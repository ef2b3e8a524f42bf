//! Requests that were made with keys of before: gone on with, until nothing waits for those keys, which are then deleted.

use std::path::Path;

use crate::agreement::Code;
use crate::exchange::Querier as Encrypting;
use crate::scheme::Opened;
use crate::service::signing::Name;
use crate::service::store::{ListedRequest, Outbox, RequestState};

use super::told::Told;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::retired::Retired;
use crate::cli::{load, party};

/// Keys of before, read.
pub struct Before {
    pub retired: Retired,
    pub querier: Encrypting,
}

impl Before {
    /// Those of a folder of keys that are of this agreement, and whose day has not passed.
    pub fn all(keys: &Path, agreement: &Opened) -> Result<Vec<Self>, Failure> {
        let read = |retired: Retired| {
            let querier = load::querier_under(&retired.folder, agreement)?;
            Ok(querier.map(|querier| Self { retired, querier }))
        };
        Retired::all(keys)?.into_iter().filter_map(|retired| read(retired).transpose()).collect()
    }
}

/// Of the keys of one party.
pub struct Settling<'a> {
    pub config: &'a Path,
    pub keys: &'a Path,
    pub agreement: &'a Opened,
    pub current: &'a Encrypting,
    pub console: &'a Console,
}

impl Settling<'_> {
    /// Deletes the keys of before for which nothing waits, and those whose day has passed with what waits for them. Verdicts that are kept are
    /// kept on: they are encrypted under the key of today.
    pub fn run(&self, outbox: &mut Outbox) -> Result<(), Failure> {
        for before in Before::all(self.keys, self.agreement)? {
            self.settle(before, outbox)?;
        }
        Ok(())
    }

    fn settle(&self, before: Before, outbox: &mut Outbox) -> Result<(), Failure> {
        let failed = |error| party::store_failure(self.config, &error);
        let (console, now) = (self.console, party::now());
        let listed = outbox.list().map_err(failed)?;
        for kept in listed.iter().filter(|listed| listed.has_verdicts) {
            self.renew(&kept.request.number, &before.querier, outbox)?;
        }
        let key = before.retired.key;
        let mut waiting: Vec<&ListedRequest> = listed.iter().filter(|listed| waits_for(listed, key)).collect();
        let mut by_hand = before.retired.pending()?;
        if before.retired.is_over(now) {
            for listed in waiting.drain(..) {
                let number = &listed.request.number;
                match listed.state {
                    RequestState::Prepared | RequestState::Accepted => outbox.abandon(number, now).map(drop),
                    _ => outbox.done(number),
                }
                .map_err(failed)?;
                console.warn(format_args!(
                    "request {number}: the last day of its key was {}: its answer cannot be read any more",
                    before.retired.last_day()
                ));
            }
            by_hand = 0;
        }
        let (waiting, day) = (waiting.len().saturating_add(by_hand), before.retired.last_day().to_owned());
        if waiting > 0 {
            let waiting = count(waiting, "answer");
            console.note(format_args!("key {key}: needed for {waiting}, until the end of {day} at the longest"));
            return Ok(());
        }
        match before.retired.delete()? {
            true => console.note(format_args!("key {key}: deleted, for nothing waits for it")),
            false => {
                console.note(format_args!("key {key}: somebody asks with it just now; the next request deletes it"))
            }
        }
        Ok(())
    }

    /// Encrypts verdicts that are kept under the key of before anew.
    fn renew(&self, number: &Code, before: &Encrypting, outbox: &mut Outbox) -> Result<(), Failure> {
        let failed = |error| party::store_failure(self.config, &error);
        let Some(sealed) = outbox.request(number).map_err(failed)?.and_then(|request| request.verdicts) else {
            return Ok(());
        };
        if Told::unseal(self.current, number, &sealed).is_ok() {
            return Ok(());
        }
        match Told::unseal(before, number, &sealed) {
            Ok(told) => {
                let (sealed, counts) = (told.seal(self.current, number)?, (told.said.len() as u64, told.hits as u64));
                outbox.keep(number, &sealed, counts, party::now()).map_err(failed)
            }
            // Of keys that are elsewhere.
            Err(_) => Ok(()),
        }
    }
}

/// Whether the answer to a request is still to be read with this key.
fn waits_for(listed: &ListedRequest, key: Name) -> bool {
    listed.request.key == key
        && !listed.has_verdicts
        && !matches!(listed.state, RequestState::Done | RequestState::Abandoned)
}
