//! `cotejo audit consent`: the other party may erase sooner than agreed.

use std::path::PathBuf;

use crate::agreement::Code;
use crate::remedy::Remedy as _;
use crate::service::audit::{Consent, Role};
use crate::service::protocol::Line;
use crate::service::signing::{Signed, StatementError};
use crate::service::time::Time;
use serde_json::json;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::{Outcome, OverwriteArg, party, statement};

/// Consent to another party's erasing what its log tells of before a time, although that is younger than three years
#[derive(clap::Args)]
#[command(after_help = "\
The consent is signed with our key, and is for this log and this time alone. The owner of the log gives it to 'cotejo audit erase'; it \
stands in the log from then on. Our own log holds what theirs then lacks.

Example:
  cotejo audit consent --party A-BORDER --signing-key signing.key --owner B-REGISTRY --role custodian \\
    --before 2026-12-01T00:00:00.000Z --reason \"the trial is over\" --out consent.json")]
pub struct Args {
    /// Our name, as the other party has registered it
    #[arg(long, value_name = "CODE")]
    party: Code,
    /// Our signing key: a file, or the URI of one in a token (pkcs11:...)
    #[arg(long, value_name = "FILE")]
    signing_key: PathBuf,
    /// Whose log it is
    #[arg(long, value_name = "CODE")]
    owner: Code,
    /// As what its owner keeps it
    #[arg(long, value_enum)]
    role: RoleArg,
    /// What its entries from before then tell may go
    #[arg(long, value_name = "TIME")]
    before: Time,
    /// Why: in the log from then on
    #[arg(long, value_name = "TEXT")]
    reason: Line,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

/// In which role a log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RoleArg {
    /// Of whom is asked
    Custodian,
    /// Of who asks
    Querier,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let key = party::signing_key("--signing-key", &self.signing_key)?;
        let role = match self.role {
            RoleArg::Custodian => Role::Custodian,
            RoleArg::Querier => Role::Querier,
        };
        let time = party::now().second();
        let consent =
            Consent { party: self.party, owner: self.owner, role, before: self.before, reason: self.reason, time };
        let refused = |error: StatementError| {
            Failure::new("consent", &error, error.remedy().unwrap_or("shorten --reason".into()))
        };
        let signed = Signed::new(&consent, &key).map_err(refused)?;
        statement::write(&self.out, &signed, self.overwrite.force)?;
        console.written(
            format_args!(
                "{}: consent to erase the log of {} before {}",
                self.out.display(),
                consent.owner,
                consent.before
            ),
            &json!({ "file": self.out, "consent": consent }),
        )?;
        Ok(Outcome::Done)
    }
}
