//! `cotejo certificates request`

use std::path::PathBuf;

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use serde_json::json;

use super::{in_token, unmade};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Output};
use crate::cli::token::Certifiable;
use crate::cli::{Outcome, OverwriteArg};

/// Ask an authority for a certificate of a key in a token: a request in PKCS #10, signed there
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo certificates request --name B-REGISTRY --server localhost --out tls.csr --key \
    'pkcs11:token=b;object=tls?module-path=/hsm.so&pin-source=file:/pin'")]
pub struct Args {
    /// The key in its token
    #[arg(long, value_name = "PKCS11-URI")]
    key: PathBuf,
    /// Whose certificate it will be
    #[arg(long, value_name = "NAME")]
    name: String,
    /// For a server that is reached by these names and addresses
    #[arg(
        long,
        value_name = "HOST[,HOST...]",
        value_delimiter = ',',
        required_unless_present = "client",
        conflicts_with = "client"
    )]
    server: Vec<String>,
    /// For somebody who asks
    #[arg(long)]
    client: bool,
    /// The file to write, which the authority gets
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let mut parameters = super::named(&self.name, self.server)?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = match self.client {
            true => vec![ExtendedKeyUsagePurpose::ClientAuth],
            false => vec![ExtendedKeyUsagePurpose::ServerAuth],
        };
        let keeper = in_token(&self.key)?;
        let request = parameters.serialize_request(&Certifiable(&keeper)).map_err(|error| unmade(&error))?;
        let text = request.pem().map_err(|error| unmade(&error))?;
        files::write(
            &[Output { path: &self.out, bytes: text.as_bytes(), access: Access::Shared }],
            self.overwrite.force,
        )?;
        let said = format!("{}: for the authority, which makes a certificate of it", self.out.display());
        console.written(said, &json!({"request": self.out}))?;
        Ok(Outcome::Done)
    }
}
