//! What a querier configures.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::agreement::Code;
use crate::service::audit::{Role, Signers};
use crate::service::client::Client;
use crate::service::identity::Side;
use serde::Deserialize;

use super::Args;
use crate::cli::console::Console;
use crate::cli::encrypt::pending_folder;
use crate::cli::failure::Failure;
use crate::cli::files::exposure::Kept;
use crate::cli::load;
use crate::cli::party::{Party, Signing};
use crate::cli::retired::Retired;

/// The rest of `querier.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Querier {
    /// Folder of `cotejo keygen`.
    pub keys: PathBuf,
    pub custodian: CustodianEntry,
}

/// Where the folder of keys is named.
pub const IN_CONFIGURATION: &str = "'keys' in the configuration";

/// `[custodian]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodianEntry {
    pub party: Code,
    pub url: String,
    /// Where that host is, where its name does not say it: one server serves, the others stand by.
    #[serde(default)]
    addresses: Vec<SocketAddr>,
    pub signing_key: String,
    /// Statements that lead to that key from those before it.
    succession: Option<PathBuf>,
    /// What its statements are signed with a second time.
    ml_dsa_key: Option<PathBuf>,
}

impl Args {
    /// The configuration, once it is judged who else can reach what it names.
    pub fn party(&self, console: &Console) -> Result<Party<Querier>, Failure> {
        let party = Party::<Querier>::read(&self.config)?;
        let keys = party.path(&party.rest.keys);
        let further = [
            (keys.join(load::SECRET_KEY), Kept::Private),
            (keys.join(load::EVALUATION_KEY), Kept::Ours),
            (pending_folder(&keys), Kept::Private),
            (self.agreement.path.clone(), Kept::Ours),
            (party.path(party.rest.custodian.signing_key.as_ref()), Kept::Ours),
        ];
        let theirs = [&party.rest.custodian.succession, &party.rest.custodian.ml_dsa_key];
        let before = Retired::all(&keys)?.into_iter().map(|before| before.folder.join(load::SECRET_KEY));
        let before: Vec<PathBuf> = before.filter(|key| key.exists()).collect();
        let further = further
            .into_iter()
            .chain(before.iter().map(|key| (key.clone(), Kept::Private)))
            .chain(theirs.into_iter().flatten().map(|file| (party.path(file), Kept::Ours)));
        let secret = std::iter::once(keys.join(load::SECRET_KEY)).chain(before.iter().cloned());
        party.judge_files(further, secret, self.guard, &|text| console.warn(text))?;
        Ok(party)
    }
}

impl Party<Querier> {
    /// What the custodian signs with.
    pub fn custodian_signers(&self) -> Result<Signers, Failure> {
        let CustodianEntry { party, signing_key, succession, ml_dsa_key, .. } = &self.rest.custodian;
        let (key, succession, ml_dsa) = (signing_key.as_str(), succession.as_deref(), ml_dsa_key.as_deref());
        self.signers(&Signing { key, succession, ml_dsa }, (party, Role::Custodian))
    }

    /// The custodian's service, as the configuration names it.
    pub fn client(&self) -> Result<Client, Failure> {
        let CustodianEntry { url, addresses, .. } = &self.rest.custodian;
        Client::reaching(url, addresses, self.identity(Side::Client)?)
            .map_err(|error| Failure::of(self.file(), &error, "correct [custodian] and [tls]"))
    }
}
