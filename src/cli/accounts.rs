//! `cotejo accounts`: what requesters have used up.

use std::path::PathBuf;

use serde_json::json;

use super::Outcome;
use super::console::Console;
use super::failure::Failure;
use super::party::{self, Party};
use super::serve::Custodian;

/// What each requester has used up: probes today and this year, bits disclosed of the gallery
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo accounts --config custodian.toml")]
pub struct Args {
    /// The custodian's configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let party = Party::<Custodian>::read(&self.config)?;
        let agreements = party.agreements(true, console)?;
        let requesters = party.requesters(&agreements)?;
        let mut custody = party.custody()?;
        let (mut lines, mut documents) = (Vec::new(), Vec::new());
        for requester in &requesters {
            for agreement in &requester.agreements {
                let account = custody.account(&requester.code, agreement, party::now());
                let account = account.map_err(|error| party::store_failure(&self.config, &error))?;
                let served = agreements.iter().find(|served| served.agreement.digest().0 == agreement.0);
                let Some(terms) = served.and_then(|served| served.agreement.terms().service.as_ref()) else { continue };
                let (bits, most) = (account.bits_of_persons, terms.bits_per_gallery_version);
                let short = agreement.to_string();
                lines.push(format!(
                    "{} under {}...: {} of {} probes today, {} of {} this year; {bits} of {most} bits of the persons in the gallery; {} waiting, {} refused today",
                    requester.code,
                    short.get(..8).unwrap_or(&short),
                    account.probes_today,
                    terms.probes_per_day,
                    account.probes_this_year,
                    terms.probes_per_year,
                    account.waiting,
                    account.refused_today,
                ));
                documents.push(json!({"account": account, "terms": terms}));
            }
        }
        console.result(lines.join("\n"), &documents)?;
        Ok(Outcome::Done)
    }
}
