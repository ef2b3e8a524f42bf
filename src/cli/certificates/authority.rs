//! `cotejo certificates authority`

use std::path::PathBuf;

use rcgen::{BasicConstraints, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::json;
use zeroize::Zeroizing;

use super::{AUTHORITY, AUTHORITY_KEY, Validity, fingerprint, named, unmade};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Folders, Output};
use crate::cli::{Outcome, OverwriteArg};

/// Make an authority that issues certificates
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  cotejo certificates authority --name \"Trial authority\" --days 365 --out authority"
)]
pub struct Args {
    /// Its name
    #[arg(long, value_name = "NAME")]
    pub(super) name: String,
    /// Folder for authority.pem, which both parties get, and authority.key, which stays
    #[arg(long, value_name = "FOLDER", default_value = "authority")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) validity: Validity,
    #[command(flatten)]
    pub(super) overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (certificate_path, key_path) = (self.out.join(AUTHORITY), self.out.join(AUTHORITY_KEY));
        let mut parameters = named(&self.name, Vec::new())?;
        self.validity.limit(&mut parameters);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(|error| unmade(&error))?;
        let certificate = parameters.self_signed(&key).map_err(|error| unmade(&error))?.pem();
        let key = Zeroizing::new(key.serialize_pem());
        let folders = Folders::create(&self.out, Access::Private)?;
        let outputs = [
            Output { path: &key_path, bytes: key.as_bytes(), access: Access::Private },
            Output { path: &certificate_path, bytes: certificate.as_bytes(), access: Access::Shared },
        ];
        files::write(&outputs, self.overwrite.force)?;
        folders.keep();
        let fingerprint = fingerprint(&certificate_path, &certificate)?;
        console.written(
            format_args!(
                "{}: for both parties\n{}: stays here; issues certificates",
                certificate_path.display(),
                key_path.display()
            ),
            &json!({"certificate": certificate_path, "key": key_path, "fingerprint": fingerprint}),
        )?;
        Ok(Outcome::Done)
    }
}
