//! `cotejo audit key`: whether an evaluation key is what an honest querier makes.

use std::path::PathBuf;

use crate::scheme::Opened;
use crate::service::signing::Hash;
use serde_json::json;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::cli::{AgreementArg, Outcome, files};

/// Make a pair of keys again from its seed, and compare it with the evaluation key that the custodian has
///
/// On the querier's machine, before an auditor, with the auditor's copy of this program: it needs the secret key.
#[derive(clap::Args)]
#[command(after_help = "\
'cotejo keygen' draws all its randomness from a seed that is kept in secret.key. An evaluation key that was made otherwise, to learn more \
than verdicts, is no key of any seed. The key's id, which is printed, stands in the custodian's log (key-admitted). Ends with 0 where both \
keys are those of the seed, with 1 where they are not.

Example:
  cotejo audit key --keys keys/querier")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// Folder of the keys
    #[arg(long, value_name = "FOLDER", default_value = "keys/querier")]
    keys: PathBuf,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.compare(&agreement, console)
    }

    fn compare(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let secret_path = self.keys.join(load::SECRET_KEY);
        let querier = load::querier(&self.keys, agreement, "--keys")?;
        let evaluation = files::read(&self.keys.join(load::EVALUATION_KEY))?;
        let remade = querier.remake().map_err(Failure::in_file(&secret_path))?;
        let Some((remade, public)) = remade else {
            let what = "no seed is kept in it: it was made before keys could be made again";
            return Err(Failure::at(&secret_path, what, "make new keys with 'cotejo keygen', and ask with those"));
        };
        let same_secret = *remade.to_secret_bytes() == *querier.to_secret_bytes();
        let made = Hash::of(&public);
        let found = Hash::of(&evaluation);
        let same = same_secret && made == found;
        let said = match (same, same_secret) {
            (true, _) => "both keys are those of the seed",
            (false, true) => "the evaluation key is not that of the seed",
            (false, false) => "the secret key is not that of its seed",
        };
        console.result(
            format_args!("{}: {said}\nkey     {}\nfound   {found}\nmade    {made}", self.keys.display(), querier.key()),
            &json!({ "keys": self.keys, "same": same, "key": querier.key().to_string(), "found": found, "made": made }),
        )?;
        Ok(if same { Outcome::Done } else { Outcome::Findings })
    }
}
