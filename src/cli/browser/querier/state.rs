//! What the pages of a querier share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::draft::Drafts;
use crate::agreement::{Code, ServiceTerms};
use crate::cli::ask::{self, IN_CONFIGURATION, Told, before::Before};
use crate::cli::browser::commands::{self, Ran};
use crate::cli::browser::log::{LogOf, Logged};
use crate::cli::browser::work::Works;
pub use crate::cli::browser::work::blocking;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};
use crate::cli::{load, process};
use crate::exchange::Querier as Encrypting;
use crate::scheme::Opened;
use crate::service::audit::{Entry, Signers};
use crate::service::store::{Outbox, StoreError};

/// A querier, its key and its database.
pub struct Querier {
    config: PathBuf,
    agreement_path: PathBuf,
    agreement: Opened,
    terms: ServiceTerms,
    party: Party<ask::Querier>,
    custodian_signers: Signers,
    keys: RwLock<Arc<Keys>>,
    outbox: Mutex<Outbox>,
    /// What is going to be asked.
    pub drafts: Drafts,
    /// What is being asked, by the number of the request.
    pub asking: Works<Ran>,
    /// What is done with the key.
    pub rotating: Works<Ran>,
    log: LogOf,
}

/// The key of now, and those of before for which something waits.
pub struct Keys {
    pub current: Encrypting,
    pub before: Vec<Before>,
}

impl Querier {
    /// Reads all that the configuration names, as `ask` does before it asks.
    pub fn open(config: &Path, agreement_path: &Path, console: &Console) -> Result<Self, Failure> {
        let agreement = load::agreement(agreement_path, console)?;
        let arguments = arguments(config, agreement_path, ["--check".to_owned()]);
        let args = commands::asking(arguments)?;
        let terms = args.service_terms(&agreement)?.clone();
        let party = args.party(console)?;
        let custodian_signers = party.custodian_signers()?;
        // What is wrong with certificates or the address is said now, and not with the first request.
        party.client()?;
        let keys = Keys::read(&party, &agreement)?;
        let mut outbox = party.outbox()?;
        let key = outbox.journal().public_key();
        let log = LogOf::new(
            party.database_arguments(),
            key,
            vec![agreement_path.to_owned()],
            vec![(party.rest.custodian.party.clone(), custodian_signers.current())],
        );
        console.note(process::said());
        Ok(Self {
            config: config.to_owned(),
            agreement_path: agreement_path.to_owned(),
            agreement,
            terms,
            party,
            custodian_signers,
            keys: RwLock::new(Arc::new(keys)),
            outbox: Mutex::new(outbox),
            drafts: Drafts::default(),
            asking: Works::default(),
            rotating: Works::default(),
            log,
        })
    }

    pub fn name(&self) -> &Code {
        self.party.name()
    }

    pub fn agreement(&self) -> &Opened {
        &self.agreement
    }

    /// What was agreed on asking.
    pub fn terms(&self) -> &ServiceTerms {
        &self.terms
    }

    pub fn party(&self) -> &Party<ask::Querier> {
        &self.party
    }

    /// What the custodian's statements must be signed with.
    pub fn custodian_signers(&self) -> &Signers {
        &self.custodian_signers
    }

    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the keys that are there now.
    pub fn read_keys(&self) -> Result<(), Failure> {
        let keys = Keys::read(&self.party, &self.agreement)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    /// Works on the database.
    pub fn with_outbox<T>(&self, work: impl FnOnce(&mut Outbox) -> Result<T, StoreError>) -> Result<T, Failure> {
        work(&mut self.outbox()).map_err(|error| party::store_failure(&self.config, &error))
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The command line of `ask`, with these options.
    pub fn asking_with(&self, options: impl IntoIterator<Item = String>) -> Vec<String> {
        arguments(&self.config, &self.agreement_path, options)
    }

    /// The command line of a command about the configuration and the agreement.
    pub fn command(&self, words: &[&str], options: impl IntoIterator<Item = String>) -> Vec<String> {
        let words = words.iter().map(|word| (*word).to_owned());
        words.chain(named(&self.config, &self.agreement_path)).chain(options).collect()
    }

    /// Begins to ask, or goes on; false where that is under way already.
    pub fn ask(
        self: &Arc<Self>,
        number: &Code,
        arguments: Vec<String>,
        kept: impl Send + 'static,
    ) -> Result<bool, Failure> {
        self.asking.begin(number.as_str(), move |work| {
            let ran = commands::run(arguments, Arc::clone(work) as _);
            // Templates that were sent are not needed any more.
            drop(kept);
            ran
        })
    }
}

/// The verdicts of a request, where they are kept.
pub fn verdicts(keys: &Keys, number: &Code, sealed: &[u8]) -> Result<Told, Failure> {
    let today = Told::unseal(&keys.current, number, sealed);
    today.or_else(|failure| {
        let kept = keys.before.iter().find_map(|before| Told::unseal(&before.querier, number, sealed).ok());
        kept.ok_or(failure)
    })
}

impl Keys {
    fn read(party: &Party<ask::Querier>, agreement: &Opened) -> Result<Self, Failure> {
        let folder = party.path(&party.rest.keys);
        let current = load::querier(&folder, agreement, IN_CONFIGURATION)?;
        Ok(Self { current, before: Before::all(&folder, agreement)? })
    }
}

fn named(config: &Path, agreement: &Path) -> [String; 2] {
    [format!("--config={}", config.display()), format!("--agreement={}", agreement.display())]
}

fn arguments(config: &Path, agreement: &Path, options: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once("ask".to_owned()).chain(named(config, agreement)).chain(options).collect()
}

impl Logged for Querier {
    fn log(&self) -> &LogOf {
        &self.log
    }

    fn latest(&self, before: Option<u64>, limit: u64) -> Result<Vec<Entry>, Failure> {
        self.with_outbox(|outbox| outbox.journal().latest(before, limit))
    }

    fn entry(&self, number: u64) -> Result<Option<Entry>, Failure> {
        self.with_outbox(|outbox| outbox.journal().entry(number))
    }
}
