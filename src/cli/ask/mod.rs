//! `cotejo ask`: from templates to verdicts, over a network.

mod request;

use std::path::{Path, PathBuf};
use std::time::Duration;

use cotejo::agreement::{Agreement, Code};
use cotejo::querier::{Pending, Querier as Encrypting};
use cotejo::scheme::{Holder, Progress as _};
use cotejo::service::client::{AskError, Asking, Client, ClientError, Concluded, Watch};
use cotejo::service::record::ReplyOutcome;
use cotejo::service::server::ProgressView;
use cotejo::service::signing::Hash;
use cotejo::service::store::{Outbox, Stage};
use cotejo::wire::{Answer, Target};
use serde::Deserialize;
use serde_json::json;

use super::console::{Console, count};
use super::dispatch::under_scheme;
use super::failure::Failure;
use super::load;
use super::party::{self, Party, public_key};
use super::progress::Meter;
use super::{AgreementArg, Outcome, files, interrupt, verdicts};
use request::Record;

/// Ask a custodian over a network: encrypt, submit, wait, fetch, decrypt, print
///
/// Ends like grep: 0 for some hit, 1 for no hit, 2 for an error. What is interrupted goes on with --resume: a request number is one job
/// and one charge, however often it is sent.
#[derive(clap::Args)]
#[command(after_help = "\
The configuration, querier.toml; paths are relative to its folder:
  party = \"A-BORDER\"                    the code under which the custodian has registered us
  database = \"querier.sqlite\"           what was asked, and the log; or a PostgreSQL connection string
  signing_key = \"signing.key\"           from: cotejo certificates signing-key
  keys = \"keys\"                         from: cotejo keygen
  [tls]                                 from: cotejo certificates issue, for trials
  certificate = \"tls.pem\"
  key = \"tls.key\"
  authority = \"authority.pem\"           whose certificate the custodian must have
  [custodian]
  party = \"B-REGISTRY\"
  url = \"https://b.example:8443\"
  signing_key = \"b-registry.pub\"        or its 64 digits

Each line that is printed: as 'cotejo decrypt' does.

Examples:
  cotejo ask --config querier.toml --agreement agreement.toml --templates probes.npy --purpose identification --justification \"file 7/2026\"
  cotejo ask --resume                   go on with all that was not finished
  cotejo ask --resume 2026-0017")]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "querier.toml")]
    config: PathBuf,
    #[command(flatten)]
    agreement: AgreementArg,
    /// The probes: one file, any number of persons
    #[arg(long, value_name = "FILE", required_unless_present = "resume")]
    templates: Option<PathBuf>,
    /// Their ids, one a line; they stay here
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    #[command(flatten)]
    written: load::Written,
    /// Ask about this enrolled person alone (1:1); names it to the custodian
    #[arg(long, value_name = "ID")]
    reference: Option<String>,
    #[command(flatten)]
    record: Record,
    /// Go on with a request that was not finished, or with all of them
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, conflicts_with_all = ["templates", "number", "reference", "purpose"])]
    resume: Option<Option<Code>>,
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

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        under_scheme!(agreement, S => self.ask::<S>(&agreement, console))
    }

    fn ask<S: Holder>(&self, agreement: &Agreement, console: &Console) -> Result<Outcome, Failure> {
        let party = Party::<Querier>::read(&self.config)?;
        let custodian = &party.rest.custodian;
        let custodian_key = public_key(&custodian.signing_key, &party.path(custodian.signing_key.as_ref()))?;
        let client = Client::new(&custodian.url, party.identity()?);
        let keys = party.path(&party.rest.keys);
        let querier = Encrypting::<S>::new(agreement, load::secret_key(&keys, agreement)?);
        let key_content = files::read(&keys.join(load::EVALUATION_KEY))?;
        let mut outbox = party.outbox()?;
        let failed = |error| party::store_failure(&self.config, &error);
        outbox.journal().register(&custodian.party, &custodian_key, party::now()).map_err(failed)?;
        let numbers = match &self.resume {
            None => vec![self.prepare(&querier, agreement, &party, &mut outbox, console)?],
            Some(Some(number)) => vec![number.clone()],
            Some(None) => {
                let unfinished = outbox.unfinished().map_err(failed)?;
                unfinished.into_iter().map(|(number, _)| number).collect()
            }
        };
        if numbers.is_empty() {
            console.result("nothing to resume", &json!({"requests": []}))?;
            return Ok(Outcome::Done);
        }
        let (mut documents, mut hits, mut unanswered) = (Vec::new(), 0, None);
        for number in &numbers {
            let watch = OnConsole::new(console);
            let mut asking = Asking {
                client: &client,
                outbox: &mut outbox,
                custodian: custodian_key,
                key_content: &key_content,
                answer_limit_bytes: Answer::<S>::limit_bytes(agreement)
                    .map_err(Failure::in_file(&self.agreement.path))?,
                patience: Duration::from_secs(self.patience),
                clock: &party::now,
                watch: &watch,
            };
            let concluded = asking.conclude(number).map_err(|error| explain(&error, number))?;
            watch.finish();
            if concluded.request.agreement != Hash(agreement.digest().0) {
                let what = format!("request {number} was made under agreement {}", concluded.request.agreement);
                return Err(Failure::new("--agreement", what, "name that agreement (--agreement)"));
            }
            if let ReplyOutcome::Unanswered { reason } = concluded.reply.outcome {
                outbox.done(number).map_err(failed)?;
                unanswered = Some((number.clone(), reason));
                documents.push(document(number, &concluded, &[], 0));
                continue;
            }
            let Some((found, lines, probes)) = read(&querier, agreement, &concluded, number)? else {
                console.note(format_args!("request {number}: its verdicts were printed before"));
                outbox.done(number).map_err(failed)?;
                continue;
            };
            hits += found;
            if !console.json() {
                console.print(lines.join("\n"))?;
            }
            documents.push(document(number, &concluded, &probes, found));
            let reply = &concluded.reply;
            console.note(format_args!(
                "request {number}, reply {} of {}: {} about {}, gallery version {}",
                reply.number,
                reply.time,
                count(found, "hit"),
                count(probes.len(), "probe"),
                match reply.outcome {
                    ReplyOutcome::Answered { gallery, .. } => gallery,
                    ReplyOutcome::Unanswered { .. } => 0,
                }
            ));
            // Only now: whoever reads the lines has them.
            outbox.done(number).map_err(failed)?;
        }
        if console.json() {
            console.document(&json!({"requests": documents, "hits": hits}))?;
        }
        match unanswered {
            Some((number, reason)) => Err(Failure::new(
                format_args!("request {number}"),
                format_args!("the custodian has replied without an answer: {reason}; nothing was charged"),
                "make a new request, or ask the custodian",
            )),
            None => Ok(if hits > 0 { Outcome::Done } else { Outcome::NoHit }),
        }
    }
}

/// What came of a request, for programs.
fn document(number: &Code, concluded: &Concluded, verdicts: &[serde_json::Value], hits: usize) -> serde_json::Value {
    json!({
        "number": number,
        "reply": concluded.reply,
        "acknowledged": concluded.acknowledged,
        "hits": hits,
        "verdicts": verdicts,
    })
}

type Verdicts = (usize, Vec<String>, Vec<serde_json::Value>);

/// The verdicts of an answer; none where they were read before.
fn read<S: Holder>(
    querier: &Encrypting<'_, S>,
    agreement: &Agreement,
    concluded: &Concluded,
    number: &Code,
) -> Result<Option<Verdicts>, Failure> {
    let request = &concluded.request;
    let (Some(answer), Some(pending)) = (&request.answer, &request.pending) else { return Ok(None) };
    let place = PathBuf::from(format!("answer to request {number}"));
    let answer =
        Answer::<S>::read(answer.as_slice(), agreement, Some(querier.key().id())).map_err(Failure::in_file(&place))?;
    let pending = Pending::from_reader(pending.as_slice(), agreement).map_err(Failure::in_file(&place))?;
    let verdicts = pending.read(querier, &answer);
    let verdicts = verdicts.map_err(|error| Failure::of(&place, &error, "ask the custodian"))?;
    let hits = verdicts.iter().filter(|(_, verdict)| verdict.hit()).count();
    let lines = verdicts.iter().map(|(id, verdict)| verdicts::line(id, verdict, answer.gallery)).collect();
    let documents = verdicts.iter().map(|(id, verdict)| verdicts::document(id, verdict, answer.gallery)).collect();
    Ok(Some((hits, lines, documents)))
}

/// Why a request is not finished, and how to go on.
fn explain(error: &AskError, number: &Code) -> Failure {
    let go_on = format!("cotejo ask --resume {number}");
    match error {
        AskError::Stopped => Failure::Paused(format!("request {number} is kept; go on with: {go_on}")),
        AskError::Client(ClientError::Refused(refusal)) => {
            let remedy = match (&refusal.capacity_returns, refusal.status) {
                (Some(when), _) => format!("after {when}: {go_on}"),
                (None, 429 | 503) => format!("later: {go_on}"),
                (None, _) => format!("mend that, then: {go_on}"),
            };
            Failure::new(
                format_args!("request {number}"),
                format_args!("refused by the custodian ({}): {}", refusal.kind, refusal.detail),
                format_args!("{remedy} ({})", refusal.instance),
            )
        }
        AskError::Client(error) => match client_failure(error) {
            Failure::Problem(problem) => {
                Failure::new(problem.place, problem.what, format_args!("{}; then: {go_on}", problem.remedy))
            }
            other => other,
        },
        AskError::Unknown(_) => Failure::of(
            Path::new("--resume"),
            error,
            "'cotejo ask --resume' alone goes on with all that was not finished",
        ),
        _ => Failure::of(Path::new(&format!("request {number}")), error, &go_on),
    }
}

/// A call that failed.
pub fn client_failure(error: &ClientError) -> Failure {
    let text = error.to_string();
    match (error, text.split_once(": ")) {
        (ClientError::Refused(refusal), _) => Failure::new(
            "the custodian",
            format_args!("refused ({}): {}", refusal.kind, refusal.detail),
            format_args!("mend that, and try again ({})", refusal.instance),
        ),
        (ClientError::Unreachable { base, .. } | ClientError::Certificate { base, .. }, _) => {
            let what = text.strip_prefix(base.as_str()).unwrap_or(&text).trim_start_matches([' ', ':']).to_owned();
            Failure::of(Path::new(base), &std::io::Error::other(what), "try again")
        }
        _ => Failure::new("the custodian", text, "use the version of cotejo that the custodian uses"),
    }
}

/// Progress on the terminal.
struct OnConsole<'a> {
    console: &'a Console,
    meter: std::cell::RefCell<Option<(Meter, u64)>>,
    waited: std::cell::Cell<bool>,
}

impl<'a> OnConsole<'a> {
    fn new(console: &'a Console) -> Self {
        Self { console, meter: std::cell::RefCell::new(None), waited: std::cell::Cell::new(false) }
    }

    fn finish(&self) {
        if let Some((meter, _)) = &*self.meter.borrow() {
            meter.finish();
        }
    }
}

impl Watch for OnConsole<'_> {
    fn note(&self, text: &str) {
        self.console.note(text);
    }

    fn progress(&self, progress: &ProgressView) {
        if !progress.running && !self.waited.replace(true) {
            self.console.note("waiting for the custodian");
        }
        if !progress.running || progress.steps == 0 {
            return;
        }
        let mut meter = self.meter.borrow_mut();
        let (meter, done) = meter.get_or_insert_with(|| (self.console.meter("match", "step", progress.steps), 0));
        meter.advance(progress.done.saturating_sub(*done));
        *done = progress.done.max(*done);
    }

    fn stop(&self) -> bool {
        interrupt::requested()
    }
}

impl Args {
    /// Encrypts, signs, and keeps a new request; its number.
    fn prepare<S: Holder>(
        &self,
        querier: &Encrypting<'_, S>,
        agreement: &Agreement,
        party: &Party<Querier>,
        outbox: &mut Outbox,
        console: &Console,
    ) -> Result<Code, Failure> {
        let Some(path) = &self.templates else {
            return Err(Failure::new("--templates", "nobody to ask about", "name a file of templates"));
        };
        let target = match self.reference.clone().map(cotejo::template::SubjectId::try_from).transpose() {
            Ok(None) => Target::Gallery,
            Ok(Some(id)) => Target::Subject(id),
            Err(error) => {
                return Err(Failure::new("--reference", error, "give the id under which the person is enrolled"));
            }
        };
        let Some(terms) = &agreement.terms().service else {
            let what = "the agreement has no [service] table: nothing is agreed on asking over a network";
            return Err(Failure::at(&self.agreement.path, what, "agree on one ('cotejo agreement init --service')"));
        };
        let templates = load::Templates { path, ids: self.ids.as_deref(), written: self.written };
        let records = templates.read(agreement.shape(), console)?;
        let mut rng = load::randomness()?;
        let (query, pending) = querier
            .ask(records, target, &mut rng)
            .map_err(|error| Failure::of(path, &error, "give templates of the agreed shape, one of each person"))?;
        let place = Failure::in_file(path);
        let (content, pending) =
            (query.to_bytes(agreement).map_err(&place)?, pending.to_bytes(agreement).map_err(&place)?);
        let request = self.record.request(party, agreement, terms, &query, &content, &mut rng)?;
        let failed = |error| party::store_failure(&self.config, &error);
        let number = request.number.clone();
        let prepared = cotejo::service::store::OutboxRequest {
            number: number.clone(),
            agreement: request.agreement,
            custodian: party.rest.custodian.url.clone(),
            statement: outbox.sign(&request).map_err(failed)?,
            query: Some(content.to_vec()),
            pending: Some(pending),
            stage: Stage::Prepared,
            job: None,
            reply: None,
            answer: None,
        };
        interrupt::check()?;
        if !outbox.prepare(&prepared, party::now()).map_err(failed)? {
            let what = format!("'{number}' was used before");
            let remedy = format!("choose another number, or go on with that request: cotejo ask --resume {number}");
            return Err(Failure::new("--number", what, remedy));
        }
        console.note(format_args!("request {number}: {} encrypted", count(query.layouts.len(), "probe")));
        Ok(number)
    }
}
