//! What the pages of a custodian share.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::agreement::Code;
use crate::cli::browser::log::{LogOf, Logged};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};
use crate::cli::process;
use crate::cli::serve::{self, Served};
use crate::service::audit::Entry;
use crate::service::server::Requester;
use crate::service::store::{Custody, StoreError};

/// A custodian's database, and what its configuration names.
pub struct Custodian {
    config: PathBuf,
    party: Party<serve::Custodian>,
    agreements: Vec<Served>,
    requesters: Vec<Requester>,
    custody: Mutex<Custody>,
    log: LogOf,
}

impl Custodian {
    /// Reads all that the configuration names, as `accounts` does.
    pub fn open(config: &Path, console: &Console) -> Result<Self, Failure> {
        let party = Party::<serve::Custodian>::read(config)?;
        let agreements = party.agreements(true, console)?;
        let requesters = party.requesters(&agreements)?;
        let mut custody = party.custody()?;
        let key = custody.journal().public_key();
        let others = requesters.iter().map(|requester| (requester.code.clone(), requester.signers.current()));
        let log = LogOf::new(party.database_arguments(), key, party.agreement_files(), others.collect());
        console.note(process::said());
        Ok(Self { config: config.to_owned(), party, agreements, requesters, custody: Mutex::new(custody), log })
    }

    pub fn name(&self) -> &Code {
        self.party.name()
    }

    pub fn config(&self) -> &Path {
        &self.config
    }

    pub fn party(&self) -> &Party<serve::Custodian> {
        &self.party
    }

    /// The agreements that are served, each with its gallery.
    pub fn agreements(&self) -> impl Iterator<Item = &Served> {
        self.agreements.iter()
    }

    /// Who may ask.
    pub fn requesters(&self) -> &[Requester] {
        &self.requesters
    }

    /// Works on the database.
    pub fn with_custody<T>(&self, work: impl FnOnce(&mut Custody) -> Result<T, StoreError>) -> Result<T, Failure> {
        work(&mut self.custody()).map_err(|error| party::store_failure(&self.config, &error))
    }

    fn custody(&self) -> MutexGuard<'_, Custody> {
        self.custody.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Logged for Custodian {
    fn log(&self) -> &LogOf {
        &self.log
    }

    fn latest(&self, before: Option<u64>, limit: u64) -> Result<Vec<Entry>, Failure> {
        self.with_custody(|custody| custody.journal().latest(before, limit))
    }

    fn entry(&self, number: u64) -> Result<Option<Entry>, Failure> {
        self.with_custody(|custody| custody.journal().entry(number))
    }
}
