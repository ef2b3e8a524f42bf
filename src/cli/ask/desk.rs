//! Goes on with requests, and tells what comes of them.

use std::time::Duration;

use crate::agreement::Code;
use crate::exchange::Querier as Encrypting;
use crate::scheme::Opened;
use crate::service::audit::Signers;
use crate::service::client::{Asking, Client, Concluded};
use crate::service::protocol::{GalleryRoot, Reason, Reply, ReplyOutcome};
use crate::service::signing::Hash;
use crate::service::store::{Outbox, OutboxRequest, RequestState};
use serde_json::{Value, json};

use super::Args;
use super::before::Before;
use super::ending::{Ending, Untold, abandoned, forgotten, not_told, unknown};
use super::told::Told;
use super::watch::OnConsole;
use crate::cli::Outcome;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::{files, load, party};

/// All that is needed to go on with requests.
pub struct Desk<'a> {
    pub args: &'a Args,
    pub agreement: &'a Opened,
    pub querier: Encrypting,
    pub before: Vec<Before>,
    pub client: Client,
    pub custodian: Code,
    pub custodian_signers: Signers,
    pub key_content: Vec<u8>,
    pub outbox: Outbox,
    pub console: &'a Console,
}

/// A request with its verdicts, for programs and for people.
pub struct Answered {
    told: Told,
    /// The custodian's number.
    reply: Option<u64>,
    document: Value,
}

impl Desk<'_> {
    /// Tells what comes of each request, one after the other: what one has ended with does not take away what others have told.
    pub fn tell_all(
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
    pub fn begin_table(&self) -> Result<(), Failure> {
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
    pub fn conclude(&mut self, number: &Code) -> Result<Answered, Untold> {
        let before = self.request(number, "--resume")?;
        let watch = OnConsole::new(self.console);
        let limit = self.querier.answer_limit_bytes();
        let key_content = match self.before_of(&before) {
            Some(before) => &files::read(&before.retired.folder.join(load::EVALUATION_KEY))?,
            None => &self.key_content,
        };
        let mut asking = Asking {
            client: &self.client,
            outbox: &mut self.outbox,
            custodian: &self.custodian,
            custodian_signers: &self.custodian_signers,
            key_content,
            answer_limit_bytes: limit,
            patience: Duration::from_secs(self.args.patience),
            clock: &party::now,
            watch: &watch,
        };
        let concluded = asking.conclude(number).map_err(|error| Untold::of(&error, number))?;
        watch.finish();
        if let ReplyOutcome::Unanswered { reason } = concluded.reply.outcome {
            self.done(number)?;
            let charged = match reason {
                Reason::Cancelled => "of a day the first ten cancelled ones are not charged",
                _ => "nothing was charged",
            };
            let what = format!("the custodian has replied without an answer: {reason}; {charged}");
            let why = Failure::new(format_args!("request {number}"), what, "make a new request, or ask the custodian");
            return Err(Untold { ending: Ending::Unanswered, why });
        }
        let told = self.kept(&concluded.request)?;
        let (reply, again) = (&concluded.reply, before.verdicts.is_some());
        let accepted = self.outbox.receipt(number).map_err(|error| party::store_failure(&self.args.config, &error))?;
        // Verified when it arrived.
        let accepted = accepted.and_then(|receipt| receipt.verify(None).ok()?.gallery);
        self.console.note(format_args!(
            "request {number}, reply {} of {}: {} about {}, {}{}",
            reply.number,
            reply.time,
            count(told.hits, "hit"),
            count(told.said.len(), "probe"),
            searched(reply, accepted),
            if again { "; kept since an earlier run" } else { "" },
        ));
        let canaries = self.outbox.is_about_canaries(number);
        if canaries.map_err(|error| party::store_failure(&self.args.config, &error))? {
            self.tell_canaries(number, &told);
        }
        if let Some(why) = is_contradicted(reply, accepted) {
            self.console.warn(format_args!(
                "request {number}: {why}. Both are signed, and stand in our log: 'cotejo audit verify' shows it; ask the custodian"
            ));
        }
        Ok(Answered {
            document: document(number, Some((&concluded, accepted)), &told, again),
            reply: Some(reply.number),
            told,
        })
    }

    /// Who of the donors was not found, loudly.
    fn tell_canaries(&self, number: &Code, told: &Told) {
        let missed: Vec<String> =
            told.said.iter().filter(|said| !said.hit()).map(|said| format!("'{}'", said.probe())).collect();
        let asked = told.said.len();
        match missed.len() {
            0 => self.console.note(format_args!("request {number}: all {asked} canaries were found; our log notes it")),
            number_missed => self.console.warn(format_args!(
                "request {number}: {number_missed} of {asked} canaries NOT FOUND: {}. Ask once more with another sample of each: a sample \
                 may be a poor one. Who is missed again may have been skipped, removed or exempted: have the custodian prove of \
                 many ids who is enrolled ('gallery prove', against the root of this answer): one alone would name the canary",
                missed.join(", ")
            )),
        }
    }

    /// The verdicts of a request that was replied to: those that are kept, or those of its answer, which are kept from here on.
    fn kept(&mut self, request: &OutboxRequest) -> Result<Told, Untold> {
        let number = &request.number;
        if let Some(sealed) = &request.verdicts {
            return Ok(self.unseal(number, sealed)?);
        }
        let querier = self.before_of(request).map_or(&self.querier, |before| &before.querier);
        let Some(told) = Told::read(querier, request)? else {
            self.done(number)?;
            return Err(Untold { ending: Ending::Forgotten, why: forgotten(number) });
        };
        let sealed = told.seal(&self.querier, number)?;
        let counts = (told.said.len() as u64, told.hits as u64);
        let kept = self.outbox.keep(number, &sealed, counts, party::now());
        kept.map_err(|error| party::store_failure(&self.args.config, &error))?;
        Ok(told)
    }

    /// Verdicts that are kept under the key of today, or still under one of before.
    fn unseal(&self, number: &Code, sealed: &[u8]) -> Result<Told, Failure> {
        let today = Told::unseal(&self.querier, number, sealed);
        today.or_else(|failure| {
            let kept = self.before.iter().find_map(|before| Told::unseal(&before.querier, number, sealed).ok());
            kept.ok_or(failure)
        })
    }

    /// The key of before that a request was encrypted with, if it was with one.
    fn before_of(&self, request: &OutboxRequest) -> Option<&Before> {
        let key = request.statement.verify(None).ok()?.key;
        self.before.iter().find(|before| before.retired.key == key)
    }

    /// The verdicts that are kept of a request.
    pub fn show(&mut self, number: &Code) -> Result<Answered, Untold> {
        let request = self.request(number, "--show")?;
        let Some(sealed) = &request.verdicts else {
            let (ending, why) = match request.state {
                RequestState::Done => (Ending::Forgotten, forgotten(number)),
                RequestState::Abandoned => (Ending::Forgotten, abandoned(number)),
                _ => (Ending::Waiting, not_told(number)),
            };
            return Err(Untold { ending, why });
        };
        let told = self.unseal(number, sealed)?;
        // Verified when it arrived.
        let reply = request.reply.as_ref().and_then(|reply| reply.verify(None).ok()).map(|reply| reply.number);
        Ok(Answered { document: document(number, None, &told, true), reply, told })
    }
}

/// Which version was searched, and which was when the request was accepted, if that is another.
fn searched(reply: &Reply, accepted: Option<GalleryRoot>) -> String {
    let version = match reply.outcome {
        ReplyOutcome::Answered { gallery, .. } => gallery,
        ReplyOutcome::Unanswered { .. } => 0,
    };
    let root = reply.gallery().map_or_else(String::new, |gallery| format!(", root {}", gallery.root));
    let before = accepted.filter(|accepted| accepted.version != version);
    let before = before.map_or_else(String::new, |before| {
        format!("; when it was accepted it was version {}, root {}", before.version, before.root)
    });
    format!("gallery version {version}{root}{before}")
}

/// How a reply contradicts the receipt of its request in what was searched, if it does.
fn is_contradicted(reply: &Reply, accepted: Option<GalleryRoot>) -> Option<String> {
    let (ReplyOutcome::Answered { gallery: version, .. }, accepted) = (&reply.outcome, accepted?) else { return None };
    if *version < accepted.version {
        return Some(format!(
            "the custodian has searched version {version} of its gallery, where it was version {} when it accepted the request",
            accepted.version
        ));
    }
    let other = *version == accepted.version && reply.gallery() != Some(accepted);
    other.then(|| format!("the custodian's receipt and reply name two roots for version {version} of its gallery"))
}

/// What came of a request, for programs.
fn document(number: &Code, concluded: Option<(&Concluded, Option<GalleryRoot>)>, told: &Told, again: bool) -> Value {
    let mut document = json!({
        "number": number,
        "ending": if told.hits > 0 { Ending::Hit } else { Ending::NoHit },
        "kept_before": again,
        "hits": told.hits,
        "verdicts": told.said,
    });
    if let (Some((concluded, accepted)), Some(fields)) = (concluded, document.as_object_mut()) {
        fields.insert("gallery_when_accepted".to_owned(), json!(accepted));
        fields.insert("reply".to_owned(), json!(concluded.reply));
        fields.insert("acknowledged".to_owned(), json!(concluded.acknowledged));
    }
    document
}
