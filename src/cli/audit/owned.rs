//! A log that its owner adds to.

use std::path::{Path, PathBuf};

use super::source::{self, Database};
use crate::cli::database_password::Password;
use crate::cli::failure::Failure;
use crate::cli::token::KeySource;
use crate::cli::{load, party};
use crate::service::audit::Whose;
use crate::service::signing::SigningKey;
use crate::service::store::{Journal, LogReader, Owner, StoreError};

/// Which log, and the key that signs it now.
#[derive(clap::Args)]
pub struct OwnedArgs {
    /// The database that holds the log: an SQLite file, or postgresql://... of a PostgreSQL server
    #[arg(long, value_name = "LOCATION")]
    database: String,
    #[command(flatten)]
    password: Password,
    /// The log owner's signing key: a file, or the URI of one in a token (pkcs11:...)
    #[arg(long, value_name = "FILE")]
    signing_key: PathBuf,
}

impl OwnedArgs {
    pub fn database(&self) -> Database<'_> {
        Database { location: &self.database, password: &self.password }
    }

    /// The key.
    pub fn key(&self) -> Result<SigningKey, Failure> {
        party::signing_key("--signing-key", &self.signing_key)
    }

    /// The log, to be added to.
    pub fn journal(&self) -> Result<Journal, Failure> {
        journal(self.database(), &self.signing_key)
    }
}

/// Opens the log in a database, to add to it with this key: whose it is, it says itself.
pub fn journal(database: Database<'_>, signing_key: &Path) -> Result<Journal, Failure> {
    let failed = |error: StoreError| source::failure(database, &error);
    let key = party::signing_key("--signing-key", signing_key)?;
    let mut reader = LogReader::open(source::parse(database)?).map_err(failed)?;
    let Whose { party, role } = reader.owner().map_err(failed)?;
    drop(reader);
    let unfit = format!("is not the key that signs the log of {party}");
    let owner = Owner { party, role, key };
    Journal::open(source::parse(database)?, owner, Box::new(load::randomness()?)).map_err(|error| match error {
        // An entry with another signature would spoil the log for ever.
        StoreError::SigningKey { .. } => {
            let named = KeySource::of(signing_key).map(|source| source.name()).unwrap_or_default();
            Failure::new(named, unfit, "name the signing key of the party whose log it is")
        }
        error => failed(error),
    })
}
