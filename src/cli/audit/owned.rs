//! A log that its owner adds to.

use std::path::Path;

use super::source::{self, Database};
use crate::cli::failure::Failure;
use crate::cli::token::KeySource;
use crate::cli::{load, party};
use crate::service::audit::Whose;
use crate::service::store::{Journal, LogReader, Owner, StoreError};

/// Opens the log in a database, to add to it with this key: whose it is, it says itself.
pub fn journal(database: Database<'_>, signing_key: &Path) -> Result<Journal, Failure> {
    let failed = |error: StoreError| source::failure(database, &error);
    let key = party::signing_key("--signing-key", signing_key)?;
    let mut reader = LogReader::open(source::parse(database)?).map_err(failed)?;
    let Whose { party, role } = reader.owner().map_err(failed)?;
    drop(reader);
    Journal::open(source::parse(database)?, Owner { party, role, key }, Box::new(load::randomness()?)).map_err(
        |error| match error {
            // An entry with another signature would spoil the log for ever.
            StoreError::SigningKey { .. } => Failure::new(
                KeySource::of(signing_key).map(|source| source.name()).unwrap_or_default(),
                &error,
                "name the key that signs that log now",
            ),
            error => failed(error),
        },
    )
}
