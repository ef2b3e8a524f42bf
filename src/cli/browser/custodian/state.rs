//! What the pages of a custodian share.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::change::Changes;
use super::held::Held;
use crate::agreement::Code;
use crate::cli::browser::log::{LogOf, Logged};
use crate::cli::browser::work::Works;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};
use crate::cli::{process, serve};
use crate::service::audit::Entry;
use crate::service::server::Requester;
use crate::service::signing::Hash;
use crate::service::store::{Custody, StoreError};

/// What is being written may take so long when the console ends.
const SETTLING: Duration = Duration::from_secs(10);

/// A custodian's database, and what its configuration names.
pub struct Custodian {
    config: PathBuf,
    party: Party<serve::Custodian>,
    galleries: Vec<Held>,
    requesters: Vec<Requester>,
    /// Whether somebody of whom the configuration knows a key has to order the breaker.
    has_operators: bool,
    operator: Option<Operator>,
    grace: Duration,
    custody: Mutex<Custody>,
    log: LogOf,
    /// Changes of galleries.
    pub changes: Changes,
    /// What is done with them.
    pub works: Works<()>,
}

/// Who orders the breaker from this console.
pub struct Operator {
    pub name: Code,
    pub key: PathBuf,
}

impl Custodian {
    /// Reads all that the configuration names, as `accounts` does.
    pub fn open(
        config: &Path,
        operator: Option<Operator>,
        grace: Duration,
        console: &Console,
    ) -> Result<Self, Failure> {
        let party = Party::<serve::Custodian>::read(config)?;
        let agreements = party.agreements(true, console)?;
        let requesters = party.requesters(&agreements)?;
        let has_operators = check_operator(&party, operator.as_ref())?;
        let mut custody = party.custody()?;
        let key = custody.journal().public_key();
        let others = requesters.iter().map(|requester| (requester.code.clone(), requester.signers.current()));
        let log = LogOf::new(party.database_arguments(), key, party.agreement_files(), others.collect());
        let files = agreements.iter().zip(party.agreement_files()).zip(party.exempt());
        let held = |((served, file), exempt): ((&serve::Served, PathBuf), Option<PathBuf>)| {
            Held::new(served.agreement.clone(), file, served.source.gallery().to_owned(), exempt)
        };
        let galleries = files.map(held).collect();
        console.note(process::said());
        Ok(Self {
            config: config.to_owned(),
            party,
            galleries,
            requesters,
            has_operators,
            operator,
            grace,
            custody: Mutex::new(custody),
            log,
            changes: Changes::default(),
            works: Works::default(),
        })
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
    pub fn galleries(&self) -> &[Held] {
        &self.galleries
    }

    /// The agreement of a digest, where it is served.
    pub fn gallery_of(&self, digest: &Hash) -> Option<&Held> {
        self.galleries.iter().find(|held| held.digest == *digest)
    }

    /// Who may ask, as the configuration said when this console was started.
    pub fn requesters(&self) -> &[Requester] {
        &self.requesters
    }

    /// Who may ask, with their certificates as the files are now.
    pub fn requesters_now(&self) -> Result<Vec<Requester>, Failure> {
        let digests: Vec<Hash> = self.galleries.iter().map(|held| held.digest).collect();
        self.party.requesters_under(&digests)
    }

    /// Whether the breaker is ordered by operators alone.
    pub fn has_operators(&self) -> bool {
        self.has_operators
    }

    /// Who orders the breaker from here.
    pub fn operator(&self) -> Option<&Operator> {
        self.operator.as_ref()
    }

    /// So long a change waits that was confirmed.
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Works on the database.
    pub fn with_custody<T>(&self, work: impl FnOnce(&mut Custody) -> Result<T, StoreError>) -> Result<T, Failure> {
        work(&mut self.custody()).map_err(|error| party::store_failure(&self.config, &error))
    }

    /// The console ends: what is being written comes to an end, so that nothing is left half-done.
    pub fn settle(&self) {
        let begun = Instant::now();
        while self.changes.are_writing() && begun.elapsed() < SETTLING {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn custody(&self) -> MutexGuard<'_, Custody> {
        self.custody.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there are operators; refuses one whom the configuration does not know, or whose key is another.
fn check_operator(party: &Party<serve::Custodian>, operator: Option<&Operator>) -> Result<bool, Failure> {
    let registered = party.operators()?;
    if let Some(Operator { name, key }) = operator {
        let remedy = "name an operator of the configuration ([[operator]]), with the key that is registered";
        let Some(known) = registered.iter().find(|known| known.name == *name) else {
            return Err(Failure::new("--operator", format_args!("{name} is not registered"), remedy));
        };
        // Also so that its passphrase is asked for now, and not by a page.
        if party::signing_key("--key", key)?.public() != known.key {
            return Err(Failure::at(key, format_args!("not the key of operator {name}"), remedy));
        }
    }
    Ok(!registered.is_empty())
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
