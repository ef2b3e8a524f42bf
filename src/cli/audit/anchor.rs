//! `cotejo audit anchor`: the head of a log, to be noted where its owner cannot reach.

use crate::service::signing::PublicKey;
use serde_json::json;

use super::source::SourceArgs;
use super::{read, verify};
use crate::cli::Outcome;
use crate::cli::console::Console;
use crate::cli::failure::Failure;

/// Print the head of a log, to be noted elsewhere: a log that is cut or written anew afterwards does not hold it
#[derive(clap::Args)]
#[command(after_help = "\
One line: how many entries there are, and the root of the Merkle tree over them (RFC 6962). Whoever keeps it, on paper, in a file of \
another authority, in a newspaper, is a witness: 'cotejo audit verify --noted' says whether the log still holds it. A log that is not \
sound has no head.

Example:
  cotejo audit anchor --database cotejo.sqlite --key 0e39... >> anchors.txt
  cotejo audit verify --database cotejo.sqlite --key 0e39... --noted anchors.txt")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Public key of the log's owner, 64 hexadecimal digits; without it nothing shows who signed
    #[arg(long, value_name = "HEX")]
    key: Option<PublicKey>,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let place = self.source.place();
        let report = read(&place, self.key, &[], |_| Ok(()))?;
        if !report.is_sound() {
            verify::findings(&report).into_iter().for_each(|line| console.note(line));
            console.note("a log with findings is not anchored: 'cotejo audit verify' tells them");
            return Ok(Outcome::Findings);
        }
        console.note(format_args!("{place}: {}", verify::owner(&report)));
        let document = json!({ "party": report.party, "role": report.role, "head": report.head, "time": report.last });
        console.result(report.head, &document)?;
        Ok(Outcome::Done)
    }
}
