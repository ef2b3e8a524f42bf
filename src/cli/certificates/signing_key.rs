//! `cotejo certificates signing-key`

use std::path::PathBuf;

use crate::service::signing::SigningKey;
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Folders, Output, protected};
use crate::cli::{Outcome, OverwriteArg, load, passphrase};

/// Make a key that signs statements and the log (Ed25519)
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo certificates signing-key --out custodian")]
pub struct Args {
    /// Folder for signing.key, which stays, and signing.pub, which the other party registers
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: PathBuf,
    /// Put signing.key under a passphrase at once, as 'cotejo keys protect' does
    #[arg(long)]
    pub(super) protect: bool,
    #[command(flatten)]
    pub(super) overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (secret_path, public_path) = (self.out.join("signing.key"), self.out.join("signing.pub"));
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
}
