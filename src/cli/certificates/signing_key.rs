//! `cotejo certificates signing-key`

use std::path::{Path, PathBuf};

use crate::service::signing::SigningKey;
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Folders, Output, protected};
use crate::cli::{Outcome, OverwriteArg, load, party, passphrase};

/// Make a key that signs statements and the log (Ed25519), or show the public half of one in a token
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo certificates signing-key --out custodian
  cotejo certificates signing-key --out custodian --key \
    'pkcs11:token=b;object=sig?module-path=/hsm.so&pin-source=file:/pin'")]
pub struct Args {
    /// Folder for signing.key, which stays, and signing.pub, which the other party registers
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: PathBuf,
    /// No new key, but this one: the URI of a key in a token, or a file; signing.pub alone is written
    #[arg(long, value_name = "PKCS11-URI", conflicts_with = "protect")]
    pub(super) key: Option<PathBuf>,
    /// Put signing.key under a passphrase at once, as 'cotejo keys protect' does
    #[arg(long)]
    pub(super) protect: bool,
    #[command(flatten)]
    pub(super) overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (secret_path, public_path) = (self.out.join("signing.key"), self.out.join("signing.pub"));
        if let Some(uri) = &self.key {
            return self.show(uri, &public_path, console);
        }
        let key = SigningKey::generate(&mut load::randomness()?);
        let unmade =
            || Failure::at(&secret_path, "the key cannot be written in PEM", "report this as a fault of cotejo");
        let mut secret = Zeroizing::new(key.to_pem().ok_or_else(unmade)?.as_bytes().to_vec());
        if self.protect {
            let passphrase = passphrase::new(&secret_path)?;
            secret = protected::protect(&secret_path, &secret, &passphrase, &mut load::randomness()?)?;
        }
        let public = format!("{}\n", key.public());
        let folders = Folders::create(&self.out, Access::Private)?;
        let outputs = [
            Output { path: &secret_path, bytes: &secret, access: Access::Private },
            Output { path: &public_path, bytes: public.as_bytes(), access: Access::Shared },
        ];
        files::write(&outputs, self.overwrite.force)?;
        folders.keep();
        console.written(
            format_args!(
                "{}: stays here, readable for you alone\n{}: for the other party and for auditors ({})",
                secret_path.display(),
                public_path.display(),
                key.public()
            ),
            &json!({"signing_key": secret_path, "public_key_file": public_path, "public_key": key.public()}),
        )?;
        Ok(Outcome::Done)
    }

    /// The public half of a key in a token, for the other party.
    fn show(&self, uri: &Path, public_path: &Path, console: &Console) -> Result<Outcome, Failure> {
        let key = party::signing_key("--key", uri)?;
        let public = format!("{}\n", key.public());
        let folders = Folders::create(&self.out, Access::Private)?;
        let output = Output { path: public_path, bytes: public.as_bytes(), access: Access::Shared };
        files::write(&[output], self.overwrite.force)?;
        folders.keep();
        console.written(
            format_args!("{}: for the other party and for auditors ({})", public_path.display(), key.public()),
            &json!({"signing_key": null, "public_key_file": public_path, "public_key": key.public()}),
        )?;
        Ok(Outcome::Done)
    }
}
