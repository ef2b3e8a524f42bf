//! `cotejo keygen`: the querier's keys.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::exchange::Querier;
use crate::querier::KeySeed;
use crate::scheme::Opened;
use crate::wire::Kind;
use rand::RngCore;
use serde_json::json;
use zeroize::Zeroizing;

use super::console::{Console, bytes, seconds};
use super::failure::Failure;
use super::files::{self, Access, Content, Folders, Output, protected};
use super::{AgreementArg, Outcome, OverwriteArg, load, own_set, passphrase};

/// Make the querier's keys: secret.key stays, evaluation.key is sent to the custodian, once
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo keygen --agreement agreement.toml --out keys/querier")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// Folder to write to; made where it is missing, readable for you alone
    #[arg(long, value_name = "FOLDER", default_value = "keys/querier")]
    out: PathBuf,
    /// Make keys of a parameter set of less than 128 bits of security; every file made with them is marked
    #[arg(long)]
    allow_insecure: bool,
    /// Put secret.key under a passphrase at once, as 'cotejo keys protect' does
    #[arg(long)]
    protect: bool,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.make(&agreement, console)
    }

    fn make(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let set = agreement.parameters();
        // Without keys nothing is encrypted: an agreement that somebody edited does not get that far.
        if !set.is_secure() && !self.allow_insecure {
            return Err(own_set::insecure(self.agreement.path.display(), set));
        }
        let place = Place::prepare(&self.out, self.overwrite.force)?;
        let (secret_path, public_path) = (place.secret.clone(), place.public.clone());
        let passphrase = self.protect.then(|| passphrase::new(&secret_path)).transpose()?;
        console.note(format_args!("making keys of parameter set {} ...", set.name()));
        let start = Instant::now();
        let mut seed = KeySeed::default();
        load::randomness()?.fill_bytes(seed.as_mut());
        let (querier, public_bytes) = Querier::from_seed(agreement, seed).map_err(Failure::in_file(&public_path))?;
        let took = start.elapsed();
        let secret_bytes = place.fill(&querier, &public_bytes, passphrase)?;
        console.written(
            format_args!(
                "{}: stays here, readable for you alone ({})\n{}: send it to the custodian, once; 'cotejo ask' does so itself ({})\nkey {}, made in {}",
                secret_path.display(),
                bytes(secret_bytes),
                public_path.display(),
                bytes(public_bytes.len()),
                querier.key(),
                seconds(took),
            ),
            &json!({
                "secret_key": secret_path,
                "secret_key_bytes": secret_bytes,
                "evaluation_key": public_path,
                "evaluation_key_bytes": public_bytes.len(),
                "key": querier.key().to_string(),
                "scheme": agreement.scheme(),
                "parameter_set": set.name(),
                "security_bits": set.security_bits(),
                "agreement": agreement.digest().to_string(),
                "seconds": took.as_secs_f64(),
            }),
        )?;
        Ok(Outcome::Done)
    }
}

/// A folder in which keys can be written.
pub struct Place {
    folders: Folders,
    secret: PathBuf,
    public: PathBuf,
    overwrite: bool,
}

impl Place {
    /// The folder, made where it is missing; refused where it holds keys, unless these are to be overwritten.
    pub fn prepare(folder: &Path, overwrite: bool) -> Result<Self, Failure> {
        let (secret, public) = (folder.join(load::SECRET_KEY), folder.join(load::EVALUATION_KEY));
        let folders = Folders::create(folder, Access::Private)?;
        for (path, kind) in [(&secret, Kind::SecretKey), (&public, Kind::EvaluationKey)] {
            files::require_free(path, overwrite, Content::File(kind))
                .map_err(|failure| keep_old_keys(failure, overwrite))?;
        }
        Ok(Self { folders, secret, public, overwrite })
    }

    /// Writes both keys, or neither; the secret one under the passphrase, if there is one. How long its file is, in bytes.
    pub fn fill(
        self,
        querier: &Querier,
        public_bytes: &[u8],
        passphrase: Option<Zeroizing<String>>,
    ) -> Result<usize, Failure> {
        let Self { folders, secret, public, overwrite } = self;
        let secret_bytes = querier.to_secret_bytes();
        let secret_bytes = match passphrase {
            None => secret_bytes,
            Some(passphrase) => protected::protect(&secret, &secret_bytes, &passphrase, &mut load::randomness()?)?,
        };
        let outputs = [
            Output { path: &secret, bytes: &secret_bytes, access: Access::Private },
            Output { path: &public, bytes: public_bytes, access: Access::Shared },
        ];
        let staged = files::stage(&outputs, overwrite)?;
        if overwrite {
            // Whatever happens between the two renames, an old evaluation key never stands beside a new secret.
            remove_if_there(&public)?;
        }
        let before = files::Doomed::of(&secret)?;
        staged.place()?;
        before.map_or(Ok(()), |before| before.overwrite(&secret))?;
        folders.keep();
        Ok(secret_bytes.len())
    }
}

/// Keys that exist deserve a word of warning.
fn keep_old_keys(failure: Failure, overwrite: bool) -> Failure {
    match failure {
        Failure::Problem(mut problem) if !overwrite && problem.what.contains("exists already") => {
            "use these keys, or make others elsewhere (--out); --force replaces them, and what was encrypted with them \
             can then never be read again"
                .clone_into(&mut problem.remedy);
            Failure::Problem(problem)
        }
        other => other,
    }
}

fn remove_if_there(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io(path, "replace it", &error)),
        _ => Ok(()),
    }
}
