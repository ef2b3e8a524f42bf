//! `cotejo audit key`: whether an evaluation key is what an honest querier makes.

use std::path::PathBuf;

use crate::exchange::EvaluationKey;
use crate::scheme::Opened;
use crate::service::signing::Hash;
use crate::wire::Envelope;
use serde_json::json;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::cli::{AgreementArg, Outcome, files};

/// Make a pair of keys again from its seed, and compare it with the evaluation key that the custodian has
///
/// On the querier's machine, before an auditor, with the auditor's copy of this program: it needs the secret key. The seed in it is as secret
/// as the key itself: whoever has it makes the key, and reads every query.
#[derive(clap::Args)]
#[command(after_help = "\
'cotejo keygen' draws all its randomness from a seed that is kept in secret.key, and makes the same keys of it on any number of threads. An \
evaluation key that was made otherwise, to learn more than verdicts, is no key of any seed. Name the file that the custodian holds \
(--evaluation): its id, which is printed, stands in the custodian's log (key-admitted). Ends with 0 where both keys are those of the seed, \
with 1 where they are not.

A key of before is in 'retired' of the folder of keys for as long as something waits for it (name that folder with --keys). Once 'keys rotate' \
has deleted it, it cannot be checked any more.

Examples:
  cotejo audit key --keys keys/querier
  cotejo audit key --keys keys/querier --evaluation from-the-custodian.key")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// Folder of the keys
    #[arg(long, value_name = "FOLDER", default_value = "keys/querier")]
    keys: PathBuf,
    /// The evaluation key that crossed, as the custodian has it; without it, the one in the folder
    #[arg(long, value_name = "FILE")]
    evaluation: Option<PathBuf>,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.compare(&agreement, console)
    }

    fn compare(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let secret_path = self.keys.join(load::SECRET_KEY);
        let querier = load::querier(&self.keys, agreement, "--keys")?;
        let evaluation_path = self.evaluation.clone().unwrap_or_else(|| self.keys.join(load::EVALUATION_KEY));
        let evaluation = files::read(&evaluation_path)?;
        // What a custodian would not have taken was not made in bad faith: it is damaged, or another file.
        let id =
            EvaluationKey::read(evaluation.as_slice(), agreement).map_err(Failure::in_file(&evaluation_path))?.id();
        let remade = querier.remake().map_err(Failure::in_file(&secret_path))?;
        let Some((remade, public)) = remade else {
            let what = "no seed is kept in it: it was made before keys could be made again";
            return Err(Failure::at(&secret_path, what, "make new keys with 'cotejo keygen', and ask with those"));
        };
        let same_secret = *remade.to_secret_bytes() == *querier.to_secret_bytes();
        let differ = differ(&evaluation, &public);
        let (made, found) = (Hash::of(&public), Hash::of(&evaluation));
        let same = same_secret && differ.is_none();
        let said = match (&differ, same_secret) {
            (None, true) => "both keys are those of the seed".to_owned(),
            (Some(differ), true) => format!("the evaluation key is not that of the seed: {differ}"),
            (_, false) => "the secret key is not that of its seed".to_owned(),
        };
        console.result(
            format_args!("{}: {said}\nkey     {id}\nfound   {found}\nmade    {made}", evaluation_path.display()),
            &json!({
                "keys": self.keys,
                "evaluation_key": evaluation_path,
                "same": same,
                "key": id.to_string(),
                "found": found,
                "made": made,
                "differ": differ,
            }),
        )?;
        Ok(if same { Outcome::Done } else { Outcome::Findings })
    }
}

/// Where two files differ, in words; none where they do not.
fn differ(found: &[u8], made: &[u8]) -> Option<String> {
    if found.len() != made.len() {
        return Some(format!("it has {} bytes instead of {}", found.len(), made.len()));
    }
    let differing = || found.iter().zip(made).enumerate().filter(|(_, (found, made))| found != made);
    // Behind the header, whose id of the key follows from the rest, and before the checksum.
    let (place, _) = differing().find(|(place, _)| *place >= Envelope::HEADER_BYTES).or_else(|| differing().next())?;
    Some(format!("{} of {} bytes differ, the first of its content at byte {place}", differing().count(), found.len()))
}
