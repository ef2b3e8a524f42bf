//! `cotejo keys`: keys under a passphrase, and in the clear again.

use std::path::{Path, PathBuf};

use serde_json::json;
use zeroize::Zeroizing;

use super::ask::rotate;
use super::audit::{ml_dsa, succeed};
use super::console::Console;
use super::failure::Failure;
use super::files::protected::{self, Standing};
use super::{Outcome, files, load, passphrase};

/// Keys under a passphrase: secret.key, signing.key, and keys of TLS in PEM; keys for queries and for signing that others follow
///
/// The file itself is encrypted, and takes the place of the one in the clear. Every command that reads such a key takes its passphrase from
/// --passphrase-file, from the environment variable COTEJO_PASSPHRASE, or asks for it on the terminal; serve and ask also from
/// passphrase_file of their configuration. One passphrase is for all keys that a command reads.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo keys protect b/signing.key b/tls.key
  cotejo keys protect keys/querier/secret.key --passphrase-file /run/credentials/passphrase
  cotejo keys open b/signing.key")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Encrypt keys under a passphrase
    #[command(after_help = "Example:\n  cotejo keys protect b/signing.key b/tls.key")]
    Protect(Files),
    /// Take the protection away: the keys are in the clear again
    #[command(after_help = "Example:\n  cotejo keys open b/signing.key")]
    Open(Files),
    MlDsa(ml_dsa::Args),
    Rotate(rotate::Args),
    Succeed(succeed::Args),
}

#[derive(clap::Args)]
struct Files {
    /// The keys
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What becomes of a key's file.
type Change = fn(&Path) -> Result<Zeroizing<Vec<u8>>, Failure>;

/// Longest file of a key, in bytes.
const LIMIT_BYTES: u64 = 1 << 26;

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (files, change, done) = match self.command {
            Command::Protect(args) => (args.files, protect as Change, "protected"),
            Command::Open(args) => (args.files, open as Change, "in the clear"),
            Command::MlDsa(args) => return args.run(console),
            Command::Rotate(args) => return args.run(console),
            Command::Succeed(args) => return args.run(console),
        };
        // All of them, before one is replaced.
        let changed = files.iter().map(|file| change(file)).collect::<Result<Vec<_>, _>>()?;
        for (file, content) in files.iter().zip(&changed) {
            let written = |out: &mut dyn std::io::Write| {
                out.write_all(content).map_err(|error| Failure::io(file, "write it", &error))
            };
            let before = files::Doomed::of(file)?;
            files::replace(file, written, |_| Ok(()))?;
            before.map_or(Ok(()), |before| before.overwrite(file))?;
            console.note(format_args!("{}: {done}", file.display()));
        }
        if console.json() {
            console.document(&json!({"keys": files, "state": done}))?;
        }
        Ok(Outcome::Done)
    }
}

fn protect(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let content = files::read_own_secret(file, LIMIT_BYTES)?;
    if Standing::of(&content) == Standing::Other && !load::is_secret_key(&content) {
        return Err(Failure::at(
            file,
            "neither a secret key of cotejo nor a private key in PKCS #8 and PEM",
            format_args!(
                "openssl pkcs8 -topk8 -nocrypt -in {} -out NEW makes the latter of another one",
                file.display()
            ),
        ));
    }
    let passphrase = passphrase::new(file)?;
    let protected = protected::protect(file, &content, &passphrase, &mut load::randomness()?)?;
    // What cannot be opened again would be lost.
    match *passphrase::opened(file, protected.clone())? == *content || Standing::of(&content) == Standing::Pem {
        true => Ok(protected),
        false => Err(Failure::at(file, "cannot be protected", "report this as a fault of cotejo")),
    }
}

fn open(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let content = files::read_own_secret(file, LIMIT_BYTES)?;
    match Standing::of(&content) {
        Standing::Protected => passphrase::opened(file, content),
        _ => Err(Failure::at(file, "is not protected", "name a key that 'cotejo keys protect' has written")),
    }
}
