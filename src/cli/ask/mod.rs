//! `cotejo ask`: from templates to verdicts, over a network.

#![deny(clippy::arithmetic_side_effects)]

mod begin;
mod ending;
mod list;
mod prepare;
mod request;
mod told;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use crate::agreement::Code;
use crate::exchange::Querier as Encrypting;
use crate::scheme::Opened;
use crate::service::client::{Asking, Client, Concluded};
use crate::service::identity::Side;
use crate::service::protocol::ReplyOutcome;
use crate::service::signing::{Hash, PublicKey};
use crate::service::store::{Outbox, OutboxRequest, RequestState};
use serde::Deserialize;
use serde_json::{Value, json};

use super::console::{Console, YesArg, count};
use super::failure::Failure;
use super::load;
use super::party::{self, Party, public_key};
use super::{AgreementArg, Outcome, files};
use ending::{CODES, Untold};
pub use ending::{Ending, client_failure};
use request::Record;
use told::Told;
use watch::OnConsole;

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
    /// The probes: one file, any number of persons
    #[arg(long, value_name = "FILE", required_unless_present_any = ["resume", "show", "forget", "check", "list", "abandon", "init"])]
    templates: Option<PathBuf>,
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
    #[command(flatten)]
    yes: YesArg,
    /// Read everything that the configuration names, say what is wrong with it, and end
    #[arg(long, conflicts_with_all = ["templates", "number", "reference", "purpose", "resume", "show", "forget"])]
    check: bool,
    /// A table for other programs: comma-separated, with a header, a line a probe
    #[arg(long, conflicts_with_all = ["json", "forget", "init", "list", "abandon", "check"])]
    csv: bool,
    /// Without a word from the custodian for so many seconds, give up for now
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    patience: u64,
}

/// The rest of `querier.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Querier {
    /// Folder of `cotejo keygen`.
    pub keys: PathBuf,
    pub custodian: CustodianEntry,
}

/// `[custodian]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodianEntry {
    pub party: Code,
    pub url: String,
    pub signing_key: String,
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
  cotejo ask --check                    whether the configuration and all that it names is sound; asks nobody
  cotejo ask --init                     a configuration, certificates for a trial, and what comes next"
);

impl Args {
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
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.ask(&agreement, console)
    }

    fn ask(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let party = Party::<Querier>::read(&self.config)?;
        let custodian = &party.rest.custodian;
        let custodian_key = public_key(&custodian.signing_key, &party.path(custodian.signing_key.as_ref()))?;
        let client = party.client()?;
        let keys = party.path(&party.rest.keys);
        let querier = load::querier(&keys, agreement)?;
        let key_content = files::read(&keys.join(load::EVALUATION_KEY))?;
        let outbox = party.outbox()?;
        if self.check {
            party.advise(Side::Client, console)?;
            console.result(format_args!("{}: sound", self.config.display()), &json!({"config": self.config}))?;
            return Ok(Outcome::Done);
        }
        let failed = |error| party::store_failure(&self.config, &error);
        let mut desk = Desk { args: self, agreement, querier, client, custodian_key, key_content, outbox, console };
        if let Some(number) = &self.show {
            return desk.tell_all(std::slice::from_ref(number), Desk::show);
        }
        let registered = desk.outbox.journal().register(&custodian.party, &custodian_key, party::now());
        registered.map_err(failed)?;
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
        desk.tell_all(&numbers, Desk::conclude)
    }

    fn forget(&self, number: &Code, console: &Console) -> Result<Outcome, Failure> {
        let mut outbox = Party::<Querier>::read(&self.config)?.outbox()?;
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
        Ok(Outcome::Done)
    }
}

impl Party<Querier> {
    /// The custodian's service, as the configuration names it.
    pub fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.rest.custodian.url, self.identity(Side::Client)?)
            .map_err(|error| Failure::of(self.file(), &error, "correct [custodian] and [tls]"))
    }
}

/// All that is needed to go on with requests.
struct Desk<'a> {
    args: &'a Args,
    agreement: &'a Opened,
    querier: Encrypting,
    client: Client,
    custodian_key: PublicKey,
    key_content: Vec<u8>,
    outbox: Outbox,
    console: &'a Console,
}

/// A request with its verdicts, for programs and for people.
struct Answered {
    told: Told,
    /// The custodian's number.
    reply: Option<u64>,
    document: Value,
}

impl Desk<'_> {
    /// Tells what comes of each request, one after the other: what one has ended with does not take away what others have told.
    fn tell_all(
        &mut self,
        numbers: &[Code],
        ask: fn(&mut Self, &Code) -> Result<Answered, Untold>,
    ) -> Result<Outcome, Failure> {
        let (mut documents, mut endings, mut hits) = (Vec::new(), Vec::new(), 0_usize);
        let mut interrupted = None;
        if self.args.csv {
            self.begin_table()?;
        }
        for number in numbers {
            match ask(self, number).and_then(|answered| Ok(self.tell(number, answered)?)) {
                Ok(answered) => {
                    hits = hits.saturating_add(answered.told.hits);
                    endings.push(if answered.told.hits > 0 { Ending::Hit } else { Ending::NoHit });
                    documents.push(answered.document);
                }
                Err(untold) => {
                    let last = untold.is_final();
                    documents.push(json!({"number": number, "ending": untold.ending, "why": untold.why.one_line()}));
                    endings.push(untold.ending);
                    match untold.why {
                        why @ Failure::Problem(_) => self.console.fail(&why),
                        why => interrupted = Some(why),
                    }
                    if last {
                        break;
                    }
                }
            }
        }
        if self.console.json() {
            let printed = self.console.document(&json!({"requests": documents, "hits": hits}));
            if !matches!(printed, Err(Failure::OutputClosed)) {
                printed?;
                self.have_read(&endings, numbers)?;
            }
        }
        interrupted.map_or(Ok(Outcome::Asked(Ending::of_all(&endings))), Err)
    }

    /// The heading of a table. It stands there also where no verdicts follow.
    fn begin_table(&self) -> Result<(), Failure> {
        match self.console.print(Told::headings()?) {
            Err(Failure::OutputClosed) => Ok(()),
            printed => printed,
        }
    }

    /// Verdicts are kept before anybody sees them, and done with when somebody has.
    fn tell(&mut self, number: &Code, answered: Answered) -> Result<Answered, Failure> {
        if self.console.json() {
            return Ok(answered);
        }
        let printed = match self.args.csv {
            true => answered.told.rows(number, answered.reply).and_then(|rows| self.console.print(rows)),
            false => answered.told.print(number, self.console),
        };
        match printed {
            Ok(()) => self.done(number)?,
            // The exit code is a result too, whether or not anybody read the lines.
            Err(Failure::OutputClosed) => {}
            Err(failure) => return Err(failure),
        }
        Ok(answered)
    }

    /// The document was read that tells of these requests.
    fn have_read(&mut self, endings: &[Ending], numbers: &[Code]) -> Result<(), Failure> {
        let told = numbers.iter().zip(endings).filter(|(_, ending)| matches!(ending, Ending::Hit | Ending::NoHit));
        told.map(|(number, _)| number).try_for_each(|number| self.done(number))
    }

    fn done(&mut self, number: &Code) -> Result<(), Failure> {
        self.outbox.done(number).map_err(|error| party::store_failure(&self.args.config, &error))
    }

    /// The request, if it is here and was made under this agreement.
    fn request(&mut self, number: &Code, flag: &str) -> Result<OutboxRequest, Failure> {
        let found = self.outbox.request(number).map_err(|error| party::store_failure(&self.args.config, &error))?;
        let request = found.ok_or_else(|| unknown(flag, number))?;
        if request.agreement == Hash(self.agreement.digest().0) {
            return Ok(request);
        }
        let what = format!("request {number} was made under agreement {}", request.agreement);
        Err(Failure::new("--agreement", what, "name that agreement (--agreement)"))
    }

    /// Goes on with a request until its verdicts are kept.
    fn conclude(&mut self, number: &Code) -> Result<Answered, Untold> {
        let before = self.request(number, "--resume")?;
        let watch = OnConsole::new(self.console);
        let limit = self.querier.answer_limit_bytes();
        let mut asking = Asking {
            client: &self.client,
            outbox: &mut self.outbox,
            custodian: self.custodian_key,
            key_content: &self.key_content,
            answer_limit_bytes: limit,
            patience: Duration::from_secs(self.args.patience),
            clock: &party::now,
            watch: &watch,
        };
        let concluded = asking.conclude(number).map_err(|error| Untold::of(&error, number))?;
        watch.finish();
        if let ReplyOutcome::Unanswered { reason } = concluded.reply.outcome {
            self.done(number)?;
            let what = format!("the custodian has replied without an answer: {reason}; nothing was charged");
            let why = Failure::new(format_args!("request {number}"), what, "make a new request, or ask the custodian");
            return Err(Untold { ending: Ending::Unanswered, why });
        }
        let told = self.kept(&concluded.request)?;
        let (reply, again) = (&concluded.reply, before.verdicts.is_some());
        let gallery = match reply.outcome {
            ReplyOutcome::Answered { gallery, .. } => gallery,
            ReplyOutcome::Unanswered { .. } => 0,
        };
        self.console.note(format_args!(
            "request {number}, reply {} of {}: {} about {}, gallery version {gallery}{}",
            reply.number,
            reply.time,
            count(told.hits, "hit"),
            count(told.said.len(), "probe"),
            if again { "; kept since an earlier run" } else { "" },
        ));
        Ok(Answered { document: document(number, Some(&concluded), &told, again), reply: Some(reply.number), told })
    }

    /// The verdicts of a request that was replied to: those that are kept, or those of its answer, which are kept from here on.
    fn kept(&mut self, request: &OutboxRequest) -> Result<Told, Untold> {
        let number = &request.number;
        if let Some(sealed) = &request.verdicts {
            return Ok(Told::unseal(&self.querier, number, sealed)?);
        }
        let Some(told) = Told::read(&self.querier, request)? else {
            self.done(number)?;
            return Err(Untold { ending: Ending::Forgotten, why: forgotten(number) });
        };
        let sealed = told.seal(&self.querier, number)?;
        let kept = self.outbox.keep(number, &sealed);
        kept.map_err(|error| party::store_failure(&self.args.config, &error))?;
        Ok(told)
    }

    /// The verdicts that are kept of a request.
    fn show(&mut self, number: &Code) -> Result<Answered, Untold> {
        let request = self.request(number, "--show")?;
        let Some(sealed) = &request.verdicts else {
            let (ending, why) = match request.state {
                RequestState::Done => (Ending::Forgotten, forgotten(number)),
                RequestState::Abandoned => (Ending::Forgotten, abandoned(number)),
                _ => (Ending::Waiting, not_told(number)),
            };
            return Err(Untold { ending, why });
        };
        let told = Told::unseal(&self.querier, number, sealed)?;
        // Verified when it arrived.
        let reply = request.reply.as_ref().and_then(|reply| reply.verify(None).ok()).map(|reply| reply.number);
        Ok(Answered { document: document(number, None, &told, true), reply, told })
    }
}

fn unknown(flag: &str, number: &Code) -> Failure {
    let remedy = "'cotejo ask --resume' alone goes on with all that was not finished";
    Failure::new(flag, format_args!("there is no request number '{number}' here"), remedy)
}

fn not_told(number: &Code) -> Failure {
    let what = "its verdicts are not here yet";
    Failure::new(format_args!("request {number}"), what, format_args!("cotejo ask --resume {number}"))
}

fn abandoned(number: &Code) -> Failure {
    Failure::new(format_args!("request {number}"), "it was abandoned", "make a new request")
}

fn forgotten(number: &Code) -> Failure {
    let what = "no verdicts are kept: they were forgotten, or told before verdicts were kept, or there was no answer";
    Failure::new(format_args!("request {number}"), what, "make a new request")
}

/// What came of a request, for programs.
fn document(number: &Code, concluded: Option<&Concluded>, told: &Told, again: bool) -> Value {
    let mut document = json!({
        "number": number,
        "ending": if told.hits > 0 { Ending::Hit } else { Ending::NoHit },
        "kept_before": again,
        "hits": told.hits,
        "verdicts": told.said,
    });
    if let (Some(concluded), Some(fields)) = (concluded, document.as_object_mut()) {
        fields.insert("reply".to_owned(), json!(concluded.reply));
        fields.insert("acknowledged".to_owned(), json!(concluded.acknowledged));
    }
    document
}
