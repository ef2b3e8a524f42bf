//! Two logs of one exchange side by side: what one party cannot leave out, because the other holds it, signed.
//!
//! A log whose owner wrote it anew, without a request, is sound by itself. Beside the other party's log it is not: each statement is in
//! both. Check both with [`super::Verifier`] first; what cannot be read, or is signed wrongly, is left out here.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{Entry, Event, Role};
use crate::agreement::Code;
use crate::service::protocol::{Acknowledgement, Receipt, Reply, Request};
use crate::service::signing::{Hash, PublicKey, Signed, Statement};
use crate::service::time::Time;

/// What of a log is compared. Reads it from its first entry to its last; holds some hundred bytes a request.
#[derive(Default)]
pub struct Statements {
    owner: Option<(Code, Role)>,
    registered: BTreeMap<PublicKey, Code>,
    requests: HashMap<Hash, Held>,
    /// Contents of entries before this are erased.
    erased_before: Option<Time>,
}

/// What a log holds of a request.
#[derive(Clone, Default)]
struct Held {
    /// Who asked, and under which number; none where neither the request nor the reply is left.
    asked: Option<(Code, Code)>,
    request: Option<Said>,
    receipt: Option<Said>,
    reply: Option<Said>,
    acknowledgement: Option<Said>,
    /// The reply that is acknowledged.
    acknowledged: Option<Hash>,
}

/// A statement as it stands in a log.
#[derive(Clone, Copy)]
struct Said {
    digest: Hash,
    signer: PublicKey,
    entry: u64,
    /// When it was made or logged, whichever is earlier.
    time: Time,
}

/// Why two logs cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// Nobody's.
    #[error("a log that does not say whose it is; give a log from its first entry on")]
    Owner,
    /// Both a custodian's, or both a querier's.
    #[error("both logs are a {0}'s; give a custodian's and a querier's")]
    Role(Role),
}

/// Two logs side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Who was asked.
    pub custodian: Code,
    /// Who asked.
    pub querier: Code,
    /// Requests of this querier to this custodian that either log holds.
    pub requests: u64,
    /// Statements that are in both logs and the same.
    pub same: u64,
    /// Statements that one log lacks because it has erased what was so old.
    pub excused: u64,
    /// Requests in the querier's log that another custodian accepted; they are not compared.
    pub elsewhere: u64,
    /// What is not as it should be.
    pub findings: Vec<Discrepancy<Disagreement>>,
    /// Findings beyond those listed.
    pub further_findings: u64,
    /// What differs because it is under way.
    pub notes: Vec<Discrepancy<Note>>,
    /// Notes beyond those listed.
    pub further_notes: u64,
}

/// What the logs do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discrepancy<T> {
    /// The request's number; none where it is about the whole, or no longer known.
    pub number: Option<Code>,
    /// Digest of the request's statement; none where it is about the whole.
    pub request: Option<Hash>,
    /// The entry in the custodian's log.
    pub custodian_entry: Option<u64>,
    /// The entry in the querier's log.
    pub querier_entry: Option<u64>,
    /// What it is.
    pub what: T,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Disagreement {
    /// The other party is not registered.
    #[error("the {log}'s log does not know {party}, whose log is the other one")]
    Stranger {
        /// Whose log.
        log: Role,
        /// Owner of the other log.
        party: Code,
    },
    /// One log lacks what the other holds, signed.
    #[error("the {log}'s log lacks the {statement}, which the other log holds")]
    Missing {
        /// Kind of the statement.
        statement: &'static str,
        /// Whose log lacks it.
        log: Role,
    },
    /// Two statements where there can be one.
    #[error("the {statement} in one log is not the {statement} in the other")]
    Different {
        /// Kind of the statements.
        statement: &'static str,
    },
    /// One statement, two signers.
    #[error("the {statement} is signed with one key in one log and with another key in the other")]
    Signer {
        /// Kind of the statement.
        statement: &'static str,
    },
    /// An acknowledgement of something else.
    #[error("the acknowledgement in the {log}'s log names another reply than the logs hold")]
    OtherReply {
        /// Whose log.
        log: Role,
    },
}

/// What differs because it is under way: no fault of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// Made, and not accepted.
    #[error("made, but not accepted: it was refused, given up, or has not arrived")]
    NotAccepted,
    /// Accepted, and the querier does not know yet.
    #[error("accepted, but the receipt has not arrived")]
    ReceiptNotArrived,
    /// The reply waits.
    #[error("replied to, but the reply is not fetched yet")]
    NotFetched,
    /// The acknowledgement has not arrived.
    #[error("acknowledged, but the acknowledgement is not delivered yet")]
    NotDelivered,
}

/// Findings, and notes, that are listed.
const LISTED: usize = 1000;
/// Clocks of two parties may differ by so much where the age of what was erased is told.
const CLOCK_SLACK_DAYS: u32 = 1;

impl Statements {
    /// Before the first entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next entry.
    pub fn entry(&mut self, entry: &Entry) {
        let Ok(Some(event)) = entry.event() else { return };
        match event {
            Event::Opened { party, role } => {
                self.owner.get_or_insert((party, role));
            }
            Event::Registered { party, key } => {
                self.registered.insert(key, party);
            }
            Event::Erased { before, .. } => self.erased_before = self.erased_before.max(Some(before)),
            Event::Request { statement } => self.request(entry, &statement),
            Event::Receipt { statement } => self.receipt(entry, &statement),
            Event::Reply { statement } => self.reply(entry, &statement),
            Event::Acknowledgement { statement } => self.acknowledgement(entry, &statement),
            Event::KeyAdmitted { .. }
            | Event::Refused { .. }
            | Event::Deleted { .. }
            | Event::Gallery { .. }
            | Event::Breaker { .. } => {}
        }
    }

    // A second statement of one request is a finding of the log itself; here the first counts.

    fn request(&mut self, entry: &Entry, statement: &Signed<Request>) {
        let Ok(request) = statement.verify(None) else { return };
        let held = self.requests.entry(statement.digest()).or_default();
        held.request.get_or_insert(Said::new(statement, entry, request.time));
        held.asked.get_or_insert((request.requester, request.number));
    }

    fn receipt(&mut self, entry: &Entry, statement: &Signed<Receipt>) {
        let Ok(receipt) = statement.verify(None) else { return };
        let held = self.requests.entry(receipt.request).or_default();
        held.receipt.get_or_insert(Said::new(statement, entry, receipt.time));
    }

    fn reply(&mut self, entry: &Entry, statement: &Signed<Reply>) {
        let Ok(reply) = statement.verify(None) else { return };
        let held = self.requests.entry(reply.request_digest).or_default();
        held.reply.get_or_insert(Said::new(statement, entry, reply.time));
        held.asked.get_or_insert((reply.request.requester, reply.request.number));
    }

    fn acknowledgement(&mut self, entry: &Entry, statement: &Signed<Acknowledgement>) {
        let Ok(said) = statement.verify(None) else { return };
        let held = self.requests.entry(said.request).or_default();
        held.acknowledgement.get_or_insert(Said::new(statement, entry, said.time));
        held.acknowledged.get_or_insert(said.reply);
    }

    /// Whether a statement may be gone from this log for its age.
    fn excuses(&self, said: &Said) -> bool {
        self.erased_before.is_some_and(|before| said.time < before.plus_days(CLOCK_SLACK_DAYS))
    }

    fn knows(&self, party: &Code) -> bool {
        self.registered.values().any(|registered| registered == party)
    }
}

impl Said {
    fn new<T: Statement>(statement: &Signed<T>, entry: &Entry, made: Time) -> Self {
        let (digest, signer) = (statement.digest(), statement.signer());
        Self { digest, signer, entry: entry.number, time: made.min(entry.time) }
    }
}

impl Held {
    fn first_entry(&self) -> Option<u64> {
        let said = [&self.request, &self.receipt, &self.reply, &self.acknowledgement];
        said.into_iter().flatten().map(|said| said.entry).min()
    }
}

/// Lays two logs side by side; which is whose, they say themselves.
///
/// # Errors
///
/// [`CompareError`] where they are not a custodian's and a querier's.
pub fn compare(ours: Statements, theirs: Statements) -> Result<Comparison, CompareError> {
    let role = |log: &Statements| log.owner.as_ref().map(|(_, role)| *role).ok_or(CompareError::Owner);
    let (custodian, querier) = match (role(&ours)?, role(&theirs)?) {
        (Role::Custodian, Role::Querier) => (ours, theirs),
        (Role::Querier, Role::Custodian) => (theirs, ours),
        (role, _) => return Err(CompareError::Role(role)),
    };
    let name = |log: &Statements| log.owner.clone().map(|(party, _)| party).ok_or(CompareError::Owner);
    let comparing = Comparing {
        result: Comparison {
            custodian: name(&custodian)?,
            querier: name(&querier)?,
            requests: 0,
            same: 0,
            excused: 0,
            elsewhere: 0,
            findings: Vec::new(),
            further_findings: 0,
            notes: Vec::new(),
            further_notes: 0,
        },
        custodian: &custodian,
        querier: &querier,
    };
    Ok(comparing.run())
}

struct Comparing<'a> {
    custodian: &'a Statements,
    querier: &'a Statements,
    result: Comparison,
}

/// What the two logs hold of one request.
struct Pair<'a> {
    request: Hash,
    custodian: &'a Held,
    querier: &'a Held,
}

impl Comparing<'_> {
    fn run(mut self) -> Comparison {
        self.parties();
        let none = Held::default();
        let both = self.custodian.requests.iter().map(|(request, held)| Pair {
            request: *request,
            custodian: held,
            querier: self.querier.requests.get(request).unwrap_or(&none),
        });
        let querier_alone =
            self.querier.requests.iter().filter(|(request, _)| !self.custodian.requests.contains_key(*request));
        let querier_alone =
            querier_alone.map(|(request, held)| Pair { request: *request, custodian: &none, querier: held });
        let mut pairs: Vec<Pair<'_>> = both.chain(querier_alone).collect();
        // As they stand in the custodian's log; then those that do not, as in the querier's.
        pairs.sort_unstable_by_key(|pair| {
            let place = pair.custodian.first_entry();
            (place.is_none(), place.or_else(|| pair.querier.first_entry()), pair.request)
        });
        for pair in &pairs {
            if self.is_elsewhere(pair) {
                self.result.elsewhere += 1;
            } else if self.is_querier_s(pair) {
                self.result.requests += 1;
                self.pair(pair);
            }
        }
        self.result
    }

    /// Each log must know the owner of the other.
    fn parties(&mut self) {
        let strangers = [
            (Role::Custodian, self.custodian.knows(&self.result.querier), self.result.querier.clone()),
            (Role::Querier, self.querier.knows(&self.result.custodian), self.result.custodian.clone()),
        ];
        for (log, _, party) in strangers.into_iter().filter(|(_, known, _)| !known) {
            let what = Disagreement::Stranger { log, party };
            let whole = Discrepancy { number: None, request: None, custodian_entry: None, querier_entry: None, what };
            list(&mut self.result.findings, &mut self.result.further_findings, whole);
        }
    }

    /// Whether the querier asked somebody else: its log knows whose key the receipt is signed with.
    fn is_elsewhere(&self, pair: &Pair<'_>) -> bool {
        let signed = pair.querier.receipt.or(pair.querier.reply);
        let responding = signed.and_then(|said| self.querier.registered.get(&said.signer));
        let here = &self.result.custodian;
        pair.custodian.first_entry().is_none()
            && self.querier.knows(here)
            && responding.is_some_and(|party| party != here)
    }

    /// Whether the request is one of this querier's; the custodian has others.
    fn is_querier_s(&self, pair: &Pair<'_>) -> bool {
        match pair.custodian.asked.as_ref() {
            Some((requester, _)) => *requester == self.result.querier || pair.querier.first_entry().is_some(),
            None => pair.querier.first_entry().is_some(),
        }
    }

    fn pair(&mut self, pair: &Pair<'_>) {
        let Pair { custodian, querier, .. } = *pair;
        let accepted = custodian.first_entry().is_some() || querier.receipt.is_some() || querier.reply.is_some();
        if let (false, Some(made)) = (accepted, querier.request) {
            return self.note(pair, made, Note::NotAccepted);
        }
        self.statement(pair, Request::KIND, custodian.request, querier.request, None);
        let underway = custodian.receipt.filter(|_| querier.request.is_some() && querier.reply.is_none());
        let underway = underway.map(|_| (Role::Querier, Note::ReceiptNotArrived));
        self.statement(pair, Receipt::KIND, custodian.receipt, querier.receipt, underway);
        // Who has acknowledged a reply has fetched it.
        let waits = custodian.acknowledgement.is_none() && querier.acknowledgement.is_none();
        let underway = waits.then_some((Role::Querier, Note::NotFetched));
        self.statement(pair, Reply::KIND, custodian.reply, querier.reply, underway);
        let underway = Some((Role::Custodian, Note::NotDelivered));
        self.statement(pair, Acknowledgement::KIND, custodian.acknowledgement, querier.acknowledgement, underway);
        let reply = custodian.reply.or(querier.reply);
        for (log, held) in [(Role::Custodian, custodian), (Role::Querier, querier)] {
            if let (Some(reply), Some(acknowledged)) = (reply, held.acknowledged)
                && acknowledged != reply.digest
            {
                self.find(pair, (custodian.acknowledgement, querier.acknowledgement), Disagreement::OtherReply { log });
            }
        }
    }

    /// One statement in both logs; `underway` says whose log may lack it, and what that means.
    fn statement(
        &mut self,
        pair: &Pair<'_>,
        statement: &'static str,
        custodian: Option<Said>,
        querier: Option<Said>,
        underway: Option<(Role, Note)>,
    ) {
        let (there, log) = match (custodian, querier) {
            (None, None) => return,
            (Some(ours), Some(theirs)) => {
                return if ours.digest != theirs.digest {
                    self.find(pair, (custodian, querier), Disagreement::Different { statement });
                } else if ours.signer != theirs.signer {
                    self.find(pair, (custodian, querier), Disagreement::Signer { statement });
                } else {
                    self.result.same += 1;
                };
            }
            (Some(there), None) => (there, Role::Querier),
            (None, Some(there)) => (there, Role::Custodian),
        };
        let lacking = if log == Role::Custodian { self.custodian } else { self.querier };
        if lacking.excuses(&there) {
            self.result.excused += 1;
            return;
        }
        match underway.filter(|(whose, _)| *whose == log) {
            Some((_, note)) => self.note(pair, there, note),
            None => self.find(pair, (custodian, querier), Disagreement::Missing { statement, log }),
        }
    }

    fn find(&mut self, pair: &Pair<'_>, (custodian, querier): (Option<Said>, Option<Said>), what: Disagreement) {
        let found = pair.discrepancy(custodian.map(|said| said.entry), querier.map(|said| said.entry), what);
        list(&mut self.result.findings, &mut self.result.further_findings, found);
    }

    fn note(&mut self, pair: &Pair<'_>, said: Said, note: Note) {
        let (custodian, querier) = match note {
            Note::NotAccepted | Note::NotDelivered => (None, Some(said.entry)),
            Note::ReceiptNotArrived | Note::NotFetched => (Some(said.entry), None),
        };
        let noted = pair.discrepancy(custodian, querier, note);
        list(&mut self.result.notes, &mut self.result.further_notes, noted);
    }
}

impl Pair<'_> {
    fn discrepancy<T>(&self, custodian_entry: Option<u64>, querier_entry: Option<u64>, what: T) -> Discrepancy<T> {
        let asked = self.querier.asked.as_ref().or(self.custodian.asked.as_ref());
        let number = asked.map(|(_, number)| number.clone());
        Discrepancy { number, request: Some(self.request), custodian_entry, querier_entry, what }
    }
}

impl Comparison {
    /// Whether the logs agree in all but what is under way.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

fn list<T>(listed: &mut Vec<T>, further: &mut u64, item: T) {
    match listed.len() {
        LISTED.. => *further += 1,
        _ => listed.push(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::samples::{Exchange, Log, Stage, key};
    use crate::service::protocol::{ReplyOutcome, tests::request};

    fn read(log: &Log) -> Statements {
        let mut statements = Statements::new();
        log.entries.iter().for_each(|entry| statements.entry(entry));
        statements
    }

    fn compared(exchange: &Exchange) -> Comparison {
        let comparison = compare(read(&exchange.custodian), read(&exchange.querier)).unwrap();
        let turned = compare(read(&exchange.querier), read(&exchange.custodian)).unwrap();
        assert_eq!(serde_json::to_string(&comparison).unwrap(), serde_json::to_string(&turned).unwrap());
        comparison
    }

    fn findings(exchange: &Exchange) -> Vec<Disagreement> {
        compared(exchange).findings.into_iter().map(|found| found.what).collect()
    }

    fn notes(exchange: &Exchange) -> Vec<Note> {
        let comparison = compared(exchange);
        assert_eq!(comparison.findings, []);
        comparison.notes.into_iter().map(|noted| noted.what).collect()
    }

    fn kind(event: &Event) -> Option<&'static str> {
        match event {
            Event::Request { .. } => Some("request"),
            Event::Receipt { .. } => Some("receipt"),
            Event::Reply { .. } => Some("reply"),
            Event::Acknowledgement { .. } => Some("acknowledgement"),
            _ => None,
        }
    }

    #[test]
    fn logs_of_one_exchange_agree() {
        let exchange = Exchange::sample();
        let comparison = compared(&exchange);
        assert!(comparison.is_sound() && comparison.notes.is_empty(), "{comparison:?}");
        assert_eq!((comparison.requests, comparison.same, comparison.excused), (4, 14, 0));
        assert_eq!((comparison.custodian.as_str(), comparison.querier.as_str()), ("B", "A-BORDER"));
    }

    #[test]
    fn what_is_under_way_is_noted_and_nobody_s_fault() {
        for (stage, expected) in [
            (Stage::Made, vec![Note::NotAccepted]),
            (Stage::Received, vec![Note::ReceiptNotArrived]),
            (Stage::Accepted, vec![]),
            (Stage::Replied, vec![Note::NotFetched]),
            (Stage::Fetched, vec![]),
            (Stage::Acknowledged, vec![Note::NotDelivered]),
            (Stage::Delivered, vec![]),
        ] {
            let mut exchange = Exchange::sample();
            exchange.ask(7, 7000, stage);
            assert_eq!(notes(&exchange), expected);
        }
    }

    #[test]
    fn each_statement_that_either_party_leaves_out_is_found() {
        for omitted in ["request", "receipt", "reply", "acknowledgement"] {
            for log in [Role::Custodian, Role::Querier] {
                let mut exchange = Exchange::sample();
                let mut left = 1;
                let cheat = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
                cheat.rewrite(|event| {
                    let leave = kind(&event) == Some(omitted) && std::mem::take(&mut left) == 1;
                    (!leave).then_some(event)
                });
                let expected = Disagreement::Missing { statement: omitted, log };
                // An acknowledgement that the custodian leaves out may not have arrived: only the querier loses by that.
                match (omitted, log) {
                    ("acknowledgement", Role::Custodian) => assert_eq!(notes(&exchange), [Note::NotDelivered]),
                    _ => assert_eq!(findings(&exchange), [expected], "{omitted} of {log}"),
                }
            }
        }
    }

    #[test]
    fn a_request_that_either_party_leaves_out_as_if_it_had_never_been_is_found() {
        for log in [Role::Custodian, Role::Querier] {
            let mut exchange = Exchange::sample();
            let place = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
            // The second of three: four statements.
            let mut seen = BTreeMap::new();
            place.rewrite(|event| {
                let nth: &mut u32 = seen.entry(kind(&event).unwrap_or_default()).or_default();
                *nth += 1;
                (kind(&event).is_none() || *nth != 2).then_some(event)
            });
            let comparison = compared(&exchange);
            assert!(!comparison.is_sound());
            assert!(comparison.findings.iter().all(|found| found.number == Some("2".parse().unwrap())));
            assert_eq!(comparison.findings[0].what, Disagreement::Missing { statement: "request", log });
        }
    }

    #[test]
    fn a_log_whose_end_was_cut_is_found_beside_the_other() {
        for cut in 1..12 {
            let mut exchange = Exchange::sample();
            exchange.custodian.entries.truncate(exchange.custodian.entries.len() - cut);
            assert!(exchange.custodian.is_sound());
            assert!(!compared(&exchange).is_sound(), "custodian, {cut}");
        }
        // A querier that cuts its log cannot have forgotten a request; a receipt may be under way.
        for cut in 2..12 {
            let mut exchange = Exchange::sample();
            exchange.querier.entries.truncate(exchange.querier.entries.len() - cut);
            assert!(!compared(&exchange).is_sound(), "querier, {cut}");
        }
    }

    #[test]
    fn statements_that_were_made_anew_are_found() {
        // The custodian signs another reply for its own log; likewise a receipt.
        let mut exchange = Exchange::sample();
        exchange.ask(7, 7000, Stage::Fetched);
        exchange.custodian.rewrite(|event| match event {
            Event::Reply { statement } => {
                let reply = statement.verify(None).unwrap();
                let outcome = match reply.request.number.as_str() {
                    "7" => ReplyOutcome::Answered { answer_digest: Hash([9; 32]), gallery: 1, bits: 4 },
                    _ => return Some(Event::Reply { statement }),
                };
                Some(Event::Reply { statement: Signed::new(&Reply { outcome, ..reply }, &key(1)).unwrap() })
            }
            other => Some(other),
        });
        assert_eq!(findings(&exchange), [Disagreement::Different { statement: "reply" }]);

        // One that was acknowledged shows twice.
        let mut exchange = Exchange::sample();
        exchange.querier.rewrite(|event| match event {
            Event::Acknowledgement { statement } => {
                let said = Acknowledgement { reply: Hash([1; 32]), ..statement.verify(None).unwrap() };
                Some(Event::Acknowledgement { statement: Signed::new(&said, &key(2)).unwrap() })
            }
            other => Some(other),
        });
        let found = findings(&exchange);
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(found.contains(&Disagreement::Different { statement: "acknowledgement" }));
        assert!(found.contains(&Disagreement::OtherReply { log: Role::Querier }));

        let mut exchange = Exchange::sample();
        exchange.custodian.rewrite(|event| match event {
            Event::Receipt { statement } => {
                let receipt = statement.verify(None).unwrap();
                let receipt = Receipt { time: receipt.time.plus_days(1), ..receipt };
                Some(Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() })
            }
            other => Some(other),
        });
        assert_eq!(findings(&exchange), vec![Disagreement::Different { statement: "receipt" }; 4]);
    }

    #[test]
    fn a_statement_under_another_key_is_found() {
        let mut exchange = Exchange::new();
        exchange.custodian.register("A-BORDER", 8);
        exchange.ask(1, 1000, Stage::Delivered);
        exchange.custodian.rewrite(|event| match event {
            Event::Request { statement } => {
                Some(Event::Request { statement: Signed::new(&statement.verify(None).unwrap(), &key(8)).unwrap() })
            }
            other => Some(other),
        });
        assert_eq!(findings(&exchange), [Disagreement::Signer { statement: "request" }]);
    }

    #[test]
    fn erasure_excuses_what_is_older_and_nothing_else() {
        const DAY_MS: i64 = 86_400_000;
        for log in [Role::Custodian, Role::Querier] {
            let mut exchange = Exchange::new();
            exchange.ask(1, DAY_MS, Stage::Delivered);
            exchange.ask(2, 9 * DAY_MS, Stage::Delivered);
            let place = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
            place.erase(5 * DAY_MS, 20 * DAY_MS);
            let comparison = compared(&exchange);
            assert!(comparison.is_sound() && comparison.notes.is_empty(), "{comparison:?}");
            assert_eq!((comparison.requests, comparison.same, comparison.excused), (2, 4, 4));
            // Where something younger is gone as well, that is found.
            let place = if log == Role::Custodian { &mut exchange.custodian } else { &mut exchange.querier };
            for entry in &mut place.entries {
                if entry.event().unwrap().is_some_and(|event| event.is_erasable()) {
                    entry.content = None;
                }
            }
            assert_eq!(compared(&exchange).findings.len(), if log == Role::Custodian { 3 } else { 4 });
        }
        // Both have erased, by clocks of their own.
        let mut exchange = Exchange::new();
        exchange.ask(1, 5 * DAY_MS, Stage::Delivered);
        exchange.custodian.erase(5 * DAY_MS + 15, 20 * DAY_MS);
        exchange.querier.erase(5 * DAY_MS + 1, 20 * DAY_MS);
        assert!(compared(&exchange).is_sound());
    }

    #[test]
    fn other_queriers_and_other_custodians_are_left_alone() {
        let mut exchange = Exchange::sample();
        let asked = Request { requester: "C".parse().unwrap(), ..request("1", Time::from_millis(9000)) };
        exchange.custodian.add(9000, Event::Request { statement: Signed::new(&asked, &key(3)).unwrap() });
        exchange.querier.register("D", 4);
        let asked = Signed::new(&request("9", Time::from_millis(9000)), &key(2)).unwrap();
        let receipt = Receipt {
            request: asked.digest(),
            job: crate::service::signing::Name([0; 16]),
            time: Time::from_millis(9000),
        };
        exchange.querier.add(9000, Event::Request { statement: asked });
        exchange.querier.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(4)).unwrap() });
        let comparison = compared(&exchange);
        assert!(comparison.is_sound() && comparison.notes.is_empty(), "{comparison:?}");
        assert_eq!((comparison.requests, comparison.elsewhere), (4, 1));
    }

    #[test]
    fn logs_of_strangers_and_of_one_role_do_not_pass() {
        let exchange = Exchange::sample();
        let again = || compare(read(&exchange.custodian), read(&exchange.custodian)).err();
        assert_eq!(again(), Some(CompareError::Role(Role::Custodian)));
        assert_eq!(compare(read(&exchange.querier), Statements::new()).err(), Some(CompareError::Owner));
        let mut stranger = Exchange::new();
        stranger.querier = Log::new("Z", Role::Querier, 5);
        stranger.querier.register("B", 1);
        let found = findings(&stranger);
        assert_eq!(found, [Disagreement::Stranger { log: Role::Custodian, party: "Z".parse().unwrap() }]);
        // A custodian that has wiped its log of a querier.
        let mut exchange = Exchange::sample();
        exchange.custodian.entries.truncate(1);
        let found = findings(&exchange);
        assert_eq!(found.len(), 1 + 4 + 4 + 3, "{found:?}");
    }
}
