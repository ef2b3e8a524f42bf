//! Requests that were made with keys of before: gone on with, until nothing waits for those keys, which are then deleted.

use std::path::Path;

use crate::agreement::Code;
use crate::exchange::Querier as Encrypting;
use crate::scheme::Opened;
use crate::service::signing::Name;
use crate::service::store::{ListedRequest, Outbox, RequestState, StoreError};

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
    /// kept on: they are encrypted under the key of today. Of keys of another agreement nothing is read: those go when their day has passed.
    pub fn run(&self, outbox: &mut Outbox) -> Result<(), Failure> {
        for retired in Retired::all(self.keys)? {
            match load::querier_under(&retired.folder, self.agreement)? {
                Some(querier) => self.settle(Before { retired, querier }, outbox)?,
                None if retired.is_over(party::now()) => {
                    self.abandon(&retired, &outbox.list().map_err(|error| self.failed(&error))?, outbox)?;
                    self.delete(retired, "its last day has passed")?;
                }
                None => {}
            }
        }
        Ok(())
    }

    fn settle(&self, before: Before, outbox: &mut Outbox) -> Result<(), Failure> {
        let listed = outbox.list().map_err(|error| self.failed(&error))?;
        for kept in listed.iter().filter(|listed| listed.has_verdicts) {
            self.renew(&kept.request.number, &before.querier, outbox)?;
        }
        let Before { retired, .. } = before;
        if retired.is_over(party::now()) {
            self.abandon(&retired, &listed, outbox)?;
            return self.delete(retired, "its last day has passed");
        }
        let key = retired.key;
        let waiting = listed.iter().filter(|listed| waits_for(listed, key)).count().saturating_add(retired.pending()?);
        if waiting > 0 {
            let (waiting, day) = (count(waiting, "answer"), retired.last_day());
            self.console.note(format_args!("key {key}: needed for {waiting}, until the end of {day} at the longest"));
            return Ok(());
        }
        self.delete(retired, "nothing waits for it")
    }

    /// What waits for a key whose last day has passed waits no more.
    fn abandon(&self, retired: &Retired, listed: &[ListedRequest], outbox: &mut Outbox) -> Result<(), Failure> {
        for listed in listed.iter().filter(|listed| waits_for(listed, retired.key)) {
            let number = &listed.request.number;
            match listed.state {
                RequestState::Prepared | RequestState::Accepted => outbox.abandon(number, party::now()).map(drop),
                _ => outbox.done(number),
            }
            .map_err(|error| self.failed(&error))?;
            self.console.warn(format_args!(
                "request {number}: the last day of its key was {}: its answer cannot be read any more",
                retired.last_day()
            ));
        }
        Ok(())
    }

    fn delete(&self, retired: Retired, why: &str) -> Result<(), Failure> {
        let key = retired.key;
        match retired.delete()? {
            true => self.console.note(format_args!("key {key}: deleted, for {why}")),
            false => self
                .console
                .note(format_args!("key {key}: somebody asks with it just now; the next request deletes it")),
        }
        Ok(())
    }

    fn failed(&self, error: &StoreError) -> Failure {
        party::store_failure(self.config, error)
    }

    /// Encrypts verdicts that are kept under the key of before anew.
    fn renew(&self, number: &Code, before: &Encrypting, outbox: &mut Outbox) -> Result<(), Failure> {
        let failed = |error| self.failed(&error);
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
