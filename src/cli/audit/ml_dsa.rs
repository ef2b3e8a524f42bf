//! `cotejo keys ml-dsa`: what a party's statements are signed with a second time, for the other party.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::{Outcome, party};
use crate::remedy::Remedy as _;
use crate::service::signing::Hash;

/// Print the public key of the second signatures (ML-DSA-65), which follows from the signing key
///
/// Requests, receipts, replies and standings are signed with Ed25519 and, beside it, with ML-DSA-65. A partner that has registered this key as
/// ml_dsa_key takes none of them without it from then on.
#[derive(clap::Args)]
#[command(after_help = "\
One line of some 2,600 characters. It goes to the other party by the way on which signing.pub went; compare its digest by telephone. After \
'keys succeed' the line of the new key is put above that of before.

Example:
  cotejo keys ml-dsa --signing-key b/signing.key > b/ml-dsa.pub")]
pub struct Args {
    /// The signing key: a file, or the URI of one in a token
    #[arg(long, value_name = "FILE")]
    signing_key: PathBuf,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let key = party::signing_key("--signing-key", &self.signing_key)?;
        let lattice = key
            .lattice_key()
            .map_err(|error| Failure::new("--signing-key", &error, error.remedy().unwrap_or_default()))?;
        let digest = Hash(lattice.digest());
        console.note(format_args!("beside signing key {}; digest {digest}", key.public()));
        console.result(
            format_args!("{lattice}"),
            &json!({"ml_dsa_key": lattice, "digest": digest, "signing_key": key.public()}),
        )?;
        Ok(Outcome::Done)
    }
}
