//! `cotejo keys rotate`: other keys for queries from now on; those of before are deleted once nothing waits for them.

use std::path::PathBuf;

use crate::exchange::Querier as Encrypting;
use crate::querier::KeySeed;
use crate::service::signing::Name;
use rand::RngCore;
use serde_json::json;

use super::before::Settling;
use super::config::{IN_CONFIGURATION, Querier};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::protected::{self, Standing};
use crate::cli::files::{self, Access, Output};
use crate::cli::party::{self, Party};
use crate::cli::retired::Retired;
use crate::cli::{AgreementArg, Outcome, load, own_set, passphrase};

/// Make other keys for queries; the secret key of before is deleted as soon as nothing waits for it
///
/// It is overwritten and removed at once where every answer was read, and else by the command that reads the last one: 'cotejo ask', with or
/// without --resume. After --days it is deleted whatever waits; those requests are abandoned. Verdicts that are kept can be told as before.
#[derive(clap::Args)]
#[command(after_help = "\
The new keys stand in the folder that 'keys' of the configuration names, the old ones below it in 'retired' until they are deleted. 'cotejo ask' \
sends the new evaluation key itself. What a disk, a snapshot or a backup of yours still holds is another matter: docs/operations.md.

Example:
  cotejo keys rotate --config a/querier.toml --days 7")]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "querier.toml")]
    config: PathBuf,
    #[command(flatten)]
    agreement: AgreementArg,
    /// Longest time for which answers are waited for
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=366))]
    days: u32,
    /// Make keys of a parameter set of less than 128 bits of security
    #[arg(long)]
    allow_insecure: bool,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        if !agreement.parameters().is_secure() && !self.allow_insecure {
            return Err(own_set::insecure(self.agreement.path.display(), agreement.parameters()));
        }
        let party = Party::<Querier>::read(&self.config)?;
        let keys = party.path(&party.rest.keys);
        // Of two at once, the second would put aside what the first has made, and the key of before would have no name.
        let Some(_alone) = files::alone(&keys)? else {
            let what = "another 'cotejo keys rotate' is at work with these keys";
            return Err(Failure::at(&keys, what, "wait until it is done"));
        };
        let before = load::querier(&keys, &agreement, IN_CONFIGURATION)?;
        let mut outbox = party.outbox()?;
        let (secret_path, public_path) = (keys.join(load::SECRET_KEY), keys.join(load::EVALUATION_KEY));
        let mut seed = KeySeed::default();
        load::randomness()?.fill_bytes(seed.as_mut());
        let (current, public_bytes) =
            Encrypting::from_seed(&agreement, seed).map_err(Failure::in_file(&public_path))?;
        let mut secret_bytes = current.to_secret_bytes();
        // As the one of before was kept.
        if Standing::of(&files::read_own_secret(&secret_path, load::SECRET_KEY_LIMIT_BYTES)?) == Standing::Protected {
            let passphrase = passphrase::new(&secret_path)?;
            secret_bytes = protected::protect(&secret_path, &secret_bytes, &passphrase, &mut load::randomness()?)?;
        }
        let outputs = [
            Output { path: &secret_path, bytes: &secret_bytes, access: Access::Private },
            Output { path: &public_path, bytes: &public_bytes, access: Access::Shared },
        ];
        let retired = Retired::put_aside(&keys, Name(before.key().0), party::now().plus_days(self.days))?;
        if let Err(failure) = files::write(&outputs, false) {
            retired.put_back(&keys)?;
            return Err(failure);
        }
        let last = retired.last_day().to_owned();
        let (old, new) = (before.key().to_string(), current.key().to_string());
        drop(before);
        Settling { config: &self.config, keys: &keys, agreement: &agreement, current: &current, console }
            .run(&mut outbox)?;
        let deleted = !retired.folder.exists();
        let what = match deleted {
            true => "deleted".to_owned(),
            false => format!("deleted when nothing waits for it, and with the end of {last} whatever waits"),
        };
        console.result(
            format_args!("{}: key {new} from now on\nkey {old}: {what}", keys.display()),
            &json!({"keys": keys, "key": new, "before": old, "deleted": deleted, "last_day": last}),
        )?;
        Ok(Outcome::Done)
    }
}
