//! What a querier configures.

use std::path::PathBuf;

use crate::agreement::Code;
use crate::service::client::Client;
use crate::service::identity::Side;
use serde::Deserialize;

use crate::cli::failure::Failure;
use crate::cli::party::Party;

/// The rest of `querier.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Querier {
    /// Folder of `cotejo keygen`.
    pub keys: PathBuf,
    pub custodian: CustodianEntry,
}

/// `[custodian]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodianEntry {
    pub party: Code,
    pub url: String,
    pub signing_key: String,
}

impl Party<Querier> {
    /// The custodian's service, as the configuration names it.
    pub fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.rest.custodian.url, self.identity(Side::Client)?)
            .map_err(|error| Failure::of(self.file(), &error, "correct [custodian] and [tls]"))
    }
}
