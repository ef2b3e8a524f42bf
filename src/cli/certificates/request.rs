//! `cotejo certificates request`

use std::path::PathBuf;

use serde_json::json;

use super::{Holder, in_token, unmade};
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
    #[command(flatten)]
    holder: Holder,
    /// The file to write, which the authority gets
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let parameters = self.holder.parameters()?;
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
