//! `cotejo ask`: from templates to verdicts, over a network.

#![deny(clippy::arithmetic_side_effects)]

pub mod before;
mod begin;
mod config;
mod desk;
mod ending;
mod list;
mod prepare;
mod request;
pub mod rotate;
mod told;
mod watch;

use std::path::PathBuf;

use crate::agreement::Code;
use crate::scheme::Opened;
use crate::service::identity::Side;
use crate::service::protocol::Line;
use crate::service::store::{Outbox, RequestState};
use crate::service::tree::TreeHead;
use serde_json::json;

use super::console::{Console, YesArg};
use super::failure::Failure;
use super::load;
use super::party::{self, GuardArgs, Party};
use super::retired::Retired;
use super::templates::Loaded;
use super::{AgreementArg, Outcome, files, process};
use before::{Before, Settling};
pub use config::{IN_CONFIGURATION, Querier};
use desk::Desk;
use ending::{CODES, not_told, unknown};
pub use ending::{Ending, client_failure};
use request::Record;
pub use told::Told;

/// Ask a custodian over a network: encrypt, submit, wait, fetch, decrypt, print
///
/// What is interrupted goes on with --resume: a request number is one job and one charge, however often it is sent. Verdicts are kept,
/// encrypted, until they are forgotten (--forget), and can be told again (--show).
#[derive(clap::Args)]
#[command(after_help = format!("{CODES}\n\n{CONFIGURATION}"))]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "querier.toml")]
    config: PathBuf,
    #[command(flatten)]
    agreement: AgreementArg,
    /// The probes: one file, any number of persons; `-` is standard input
    #[arg(long, value_name = "FILE", required_unless_present_any = ["resume", "show", "forget", "check", "list", "abandon", "trust_log", "init", "canary"])]
    templates: Option<PathBuf>,
    /// Instead of --templates: fresh templates of donors whose references the agreement has enrolled (canaries); asked about like anybody, and
    /// our log notes how many were found
    #[arg(long, value_name = "FILE", conflicts_with_all = ["templates", "resume", "show", "forget", "check", "list", "abandon", "trust_log", "init"])]
    canary: Option<PathBuf>,
    #[command(flatten)]
    beside: super::templates::Beside,
    /// Ask about this enrolled person alone (1:1); names it to the custodian
    #[arg(long, value_name = "ID")]
    reference: Option<String>,
    #[command(flatten)]
    record: Record,
    /// Go on with a request that was not finished, or with all of them
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, conflicts_with_all = ["templates", "number", "reference", "purpose"])]
    resume: Option<Option<Code>>,
    /// Tell the verdicts of a finished request once more
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["templates", "number", "reference", "purpose", "resume"])]
    show: Option<Code>,
    /// Forget the verdicts of a finished request
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["templates", "number", "reference", "purpose", "resume", "show"])]
    forget: Option<Code>,
    /// Write a commented configuration, certificates for a trial and a signing key, and say what comes next
    #[arg(long, conflicts_with_all = ["templates", "number", "reference", "purpose", "resume", "show", "forget", "check"])]
    init: bool,
    #[command(flatten)]
    beginning: begin::Parties,
    /// List what was asked, with how far it came
    #[arg(long, conflicts_with_all = ["templates", "number", "reference", "purpose", "resume", "show", "forget", "check"])]
    list: bool,
    /// Give up a request that has no reply: nobody goes on with it, and if it was never sent, it never will be
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["templates", "number", "reference", "purpose", "resume", "show", "forget", "check", "list"])]
    abandon: Option<Code>,
    /// The custodian has lost entries of its log, or restored it from a copy, and has said why: go on from this head
    #[arg(long, value_name = "SIZE:ROOT", requires = "reason", conflicts_with_all = ["templates", "number", "reference", "purpose", "resume", "show", "forget", "check", "list", "abandon"])]
    trust_log: Option<TreeHead>,
    /// With --trust-log: why; in our log from then on
    #[arg(long, value_name = "TEXT", requires = "trust_log")]
    reason: Option<Line>,
    #[command(flatten)]
    yes: YesArg,
    /// Read everything that the configuration names, say what is wrong with it, and end
    #[arg(long, conflicts_with_all = ["templates", "number", "reference", "purpose", "resume", "show", "forget"])]
    check: bool,
    /// A table for other programs: comma-separated, with a header, a line a probe
    #[arg(long, conflicts_with_all = ["json", "forget", "init", "list", "abandon", "check"])]
    csv: bool,
    #[command(flatten)]
    guard: GuardArgs,
    /// Without a word from the custodian for so many seconds, give up for now
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    patience: u64,
}

/// For `--help`.
const CONFIGURATION: &str = concat!(
    "The configuration, querier.toml; paths are relative to its folder:\n\n",
    include_str!("querier.toml"),
    "
Each line that is printed: the request's number, and then as 'cotejo decrypt' does. With --csv a table as of 'cotejo decrypt --csv':
request is our number, reply the custodian's; gallery is the version that was searched.

Examples:
  cotejo ask --config querier.toml --agreement agreement.toml --templates probes.npy --purpose identification --justification \"file 7/2026\"
  cotejo ask --resume                   go on with all that was not finished
  cotejo ask --resume 2026-0017 --csv   its verdicts as a table
  cotejo ask --show 2026-0017           its verdicts once more, with their exit code; asks nobody
  cotejo ask --forget 2026-0017         its verdicts are gone from the database
  cotejo ask --list                     what was asked, and how far it came; asks nobody
  cotejo ask --abandon 2026-0017        nobody goes on with it; what was not sent is not charged
  cotejo ask --canary donors.npy --justification \"file 8/2026\"
  cotejo ask --trust-log 1204:9a11... --reason \"restored from a copy\"
  cotejo ask --check                    whether the configuration and all that it names is sound; asks nobody
  cotejo ask --init                     a configuration, certificates for a trial, and what comes next"
);

impl Args {
    /// The records of the probes that are named, with those that make none: nothing is asked.
    pub fn look(&self, agreement: &Opened, console: &Console) -> Result<Loaded, Failure> {
        let Some(path) = self.templates.as_ref().or(self.canary.as_ref()) else {
            return Err(Failure::new("--templates", "nobody to ask about", "name a file of templates"));
        };
        self.beside.templates(path).read(agreement.shape(), console)
    }

    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        if let Some(number) = &self.forget {
            return self.forget(number, console);
        }
        if self.init {
            return self.begin(console);
        }
        if self.list {
            return self.list(console);
        }
        if let Some(number) = &self.abandon {
            return self.abandon(number, console);
        }
        if let (Some(head), Some(reason)) = (&self.trust_log, &self.reason) {
            return self.trust(head, reason, console);
        }
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.ask(&agreement, console)
    }

    fn ask(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let party = self.party(console)?;
        let custodian = &party.rest.custodian;
        let custodian_signers = party.custodian_signers()?;
        let client = party.client()?;
        let keys = party.path(&party.rest.keys);
        // As long as this runs nobody deletes the key that it asks with.
        let _held = files::hold(&keys.join(load::SECRET_KEY))?;
        let querier = load::querier(&keys, agreement, IN_CONFIGURATION)?;
        let key_content = files::read(&keys.join(load::EVALUATION_KEY))?;
        let mut outbox = party.outbox()?;
        if custodian_signers.current() == outbox.journal().public_key() {
            let what = format!("[custodian] signing_key is our own, not that of {}", custodian.party);
            return Err(Failure::at(&self.config, what, "name the signing.pub that they have sent"));
        }
        if self.check {
            self.service_terms(agreement)?;
            party.advise(Side::Client, console)?;
            console.note(process::said());
            console.result(format_args!("{}: sound", self.config.display()), &json!({"config": self.config}))?;
            return Ok(Outcome::Done);
        }
        let custodian = custodian.party.clone();
        if self.show.is_none() {
            let config = &self.config;
            Settling { config, keys: &keys, agreement, current: &querier, console }.run(&mut outbox)?;
        }
        let before = Before::all(&keys, agreement)?;
        let mut desk = Desk {
            args: self,
            agreement,
            querier,
            before,
            client,
            custodian,
            custodian_signers,
            key_content,
            outbox,
            console,
        };
        if let Some(number) = &self.show {
            return desk.tell_all(std::slice::from_ref(number), Desk::show);
        }
        let numbers = match &self.resume {
            None => vec![self.prepare(&desk.querier, agreement, &party, &mut desk.outbox, console)?],
            Some(Some(number)) => vec![number.clone()],
            Some(None) => self.unfinished(&mut desk.outbox, console)?,
        };
        if numbers.is_empty() {
            match self.csv {
                true => desk.begin_table()?,
                false => console.result("nothing to resume", &json!({"requests": [], "hits": 0}))?,
            }
            return Ok(Outcome::Asked(Ending::NothingToResume));
        }
        let outcome = desk.tell_all(&numbers, Desk::conclude)?;
        let (config, current) = (&self.config, &desk.querier);
        Settling { config, keys: &keys, agreement, current, console }.run(&mut desk.outbox)?;
        Ok(outcome)
    }

    /// Where nothing waits for a key of before any more, it is deleted.
    fn settle(&self, party: &Party<Querier>, outbox: &mut Outbox, console: &Console) -> Result<(), Failure> {
        let keys = party.path(&party.rest.keys);
        if Retired::all(&keys)?.is_empty() {
            return Ok(());
        }
        let agreement = load::agreement(&self.agreement.path, console)?;
        let current = load::querier(&keys, &agreement, IN_CONFIGURATION)?;
        Settling { config: &self.config, keys: &keys, agreement: &agreement, current: &current, console }.run(outbox)
    }

    /// Goes on from another head of the custodian's log.
    fn trust(&self, head: &TreeHead, reason: &Line, console: &Console) -> Result<Outcome, Failure> {
        let party = self.party(console)?;
        let custodian = &party.rest.custodian.party;
        let mut outbox = party.outbox()?;
        let failed = |error| party::store_failure(&self.config, &error);
        let seen = outbox.seen(custodian).map_err(failed)?;
        let shown = seen.map_or_else(|| "none".to_owned(), |seen| seen.to_string());
        let question =
            format!("take the log of {custodian} for {head} from here on? The head that was seen is {shown}");
        console.confirm(question, self.yes)?;
        outbox.trust(custodian, head, reason.clone(), party::now()).map_err(failed)?;
        console.result(
            format_args!("{custodian}: its log is taken for {head} from here on; ours says so, and why"),
            &json!({"custodian": custodian, "seen": seen, "head": head}),
        )?;
        Ok(Outcome::Done)
    }

    fn forget(&self, number: &Code, console: &Console) -> Result<Outcome, Failure> {
        let party = self.party(console)?;
        let mut outbox = party.outbox()?;
        let failed = |error| party::store_failure(&self.config, &error);
        let request = outbox.request(number).map_err(failed)?.ok_or_else(|| unknown("--forget", number))?;
        let text = match (outbox.forget(number).map_err(failed)?, request.state) {
            (true, _) => "its verdicts are forgotten",
            (false, RequestState::Done | RequestState::Abandoned) => "no verdicts are kept",
            (false, _) => {
                console.fail(&not_told(number));
                return Ok(Outcome::Asked(Ending::Waiting));
            }
        };
        console.result(format_args!("request {number}: {text}"), &json!({"forgotten": number}))?;
        self.settle(&party, &mut outbox, console)?;
        Ok(Outcome::Done)
    }
}
