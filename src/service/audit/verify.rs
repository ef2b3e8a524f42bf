//! Checking a log, entry after entry.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{Entry, EntryError, Event, Head, Role};
use crate::agreement::Code;
use crate::service::protocol::{ReplyOutcome, Request};
use crate::service::signing::{Hash, PublicKey, Signed, Statement};
use crate::service::time::Time;

/// Reads a log from its first entry to its last.
pub struct Verifier {
    key: Option<PublicKey>,
    /// Noted earlier, and not found yet.
    noted: Vec<(u64, Hash)>,
    party: Option<(Code, Role)>,
    registered: BTreeMap<Code, Vec<PublicKey>>,
    requests: HashMap<Hash, Progress>,
    erased: u64,
    /// The last entry without content.
    last_missing: Option<(u64, Time)>,
    /// What was erased according to the log: everything before this time, which is up to this number.
    erasure: Option<(Time, u64)>,
    /// Statements about requests that are not in the log: only an erasure excuses them.
    unknown: Vec<(u64, Time)>,
    counts: Counts,
    first: Option<Time>,
    head: Head,
    findings: Vec<Finding>,
    suppressed: u64,
}

/// How far a request came.
#[derive(Default)]
struct Progress {
    receipt: bool,
    reply: Option<Hash>,
    acknowledged: bool,
}

/// Statements that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests.
    pub requests: u64,
    /// Receipts.
    pub receipts: u64,
    /// Replies with an answer.
    pub answers: u64,
    /// Replies without one.
    pub unanswered: u64,
    /// Acknowledgements.
    pub acknowledgements: u64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// At which entry; the last where it is about the whole.
    pub entry: u64,
    /// What.
    pub problem: Problem,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// There is no entry at all.
    #[error("the log is empty")]
    Empty,
    /// Entries are missing, or stand twice.
    #[error("number {expected} is expected here: entries are missing or out of order")]
    Number {
        /// The number that follows.
        expected: u64,
    },
    /// The entry, or the one before it, is not what was written.
    #[error("the chain is broken: this entry or the one before it was altered")]
    Chain,
    /// Not signed by the log's owner.
    #[error("the signature is not that of the log's owner")]
    Signature,
    /// Earlier than the entry before.
    #[error("its time is before that of the entry before it")]
    Time,
    /// The content is not the one that was logged.
    #[error("the content was altered")]
    Content,
    /// The content is of another version.
    #[error("the content is not one that this program writes")]
    Form,
    /// A log begins with whose it is, once.
    #[error("a log begins with an entry that says whose it is, and has one such entry")]
    Opening,
    /// Gone, without an entry that tells of it.
    #[error("the content is gone, and no later entry tells that it was erased")]
    Missing,
    /// An erasure that tells something impossible.
    #[error("this erasure tells of entries that it does not follow")]
    Erasure,
    /// A signed statement that does not hold.
    #[error("the {statement} in it does not hold: {reason}")]
    Statement {
        /// Its kind.
        statement: &'static str,
        /// Why.
        reason: String,
    },
    /// Signed by somebody who is not registered as that party.
    #[error("the {statement} in it is not signed by a registered key of its party")]
    Signer {
        /// Its kind.
        statement: &'static str,
    },
    /// The same statement about a request again.
    #[error("a second {statement} of one request")]
    Twice {
        /// Its kind.
        statement: &'static str,
    },
    /// About a request that is not in the log.
    #[error("a statement about a request that is not in the log")]
    Unknown,
    /// A reply that does not echo its request.
    #[error("the reply does not echo the request that it names")]
    Echo,
    /// The entry that an auditor noted earlier.
    #[error("the entry noted earlier is not in this log: it was cut, or written anew")]
    Noted,
    /// An acknowledgement of another reply than the one in the log.
    #[error("the acknowledgement names another reply than the log holds")]
    OtherReply,
}

/// What checking found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whose log it is.
    pub party: Option<Code>,
    /// In which role.
    pub role: Option<Role>,
    /// The key that its entries must be signed with.
    pub key: Option<PublicKey>,
    /// How many entries there are.
    pub entries: u64,
    /// How many of them have lost their content to an erasure.
    pub erased: u64,
    /// Time of the first.
    pub first: Option<Time>,
    /// Time of the last.
    pub last: Option<Time>,
    /// The end, to be noted: see [`Head`].
    pub head: String,
    /// The statements in it.
    pub statements: Counts,
    /// Requests without a reply.
    pub open: u64,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub further_findings: u64,
}

impl Report {
    /// Whether all is as it should be.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Findings that are listed; a log that is broken throughout need not fill the memory.
const LISTED_FINDINGS: usize = 1000;
/// A request may be replied to so long after it was made.
const LONGEST_WAIT_DAYS: u32 = 31;

impl Verifier {
    /// For a log that must be signed with `key` (where none is known, nothing but the chain shows that entries belong together) and
    /// must hold the entries that were `noted` earlier.
    pub fn new(key: Option<PublicKey>, noted: impl IntoIterator<Item = (u64, Hash)>) -> Self {
        Self {
            key,
            noted: noted.into_iter().collect(),
            party: None,
            registered: BTreeMap::new(),
            requests: HashMap::new(),
            erased: 0,
            last_missing: None,
            erasure: None,
            unknown: Vec::new(),
            counts: Counts::default(),
            first: None,
            head: Head::NONE,
            findings: Vec::new(),
            suppressed: 0,
        }
    }

    /// The next entry.
    pub fn entry(&mut self, entry: &Entry) {
        let expected = self.head.number + 1;
        if entry.number != expected {
            self.find(entry.number, Problem::Number { expected });
        }
        if !entry.follows(&self.head.hash) {
            self.find(entry.number, Problem::Chain);
        }
        if self.key.is_some_and(|key| !entry.is_signed_by(&key)) {
            self.find(entry.number, Problem::Signature);
        }
        if entry.time < self.head.time {
            self.find(entry.number, Problem::Time);
        }
        self.noted.retain(|noted| *noted != (entry.number, entry.hash));
        match entry.event() {
            Ok(Some(event)) => self.event(entry, event),
            Ok(None) => {
                self.erased += 1;
                self.last_missing = Some((entry.number, entry.time));
            }
            Err(EntryError::Digest) => self.find(entry.number, Problem::Content),
            Err(EntryError::Form) => self.find(entry.number, Problem::Form),
        }
        self.first.get_or_insert(entry.time);
        self.head = entry.head();
    }

    /// The log ends here.
    pub fn finish(mut self) -> Report {
        let last = self.head.number;
        if last == 0 {
            self.find(0, Problem::Empty);
        } else if self.party.is_none() {
            self.find(1, Problem::Opening);
        }
        if let Some((number, time)) = self.last_missing
            && !self.erasure.is_some_and(|(before, through)| number <= through && time < before)
        {
            self.find(number, Problem::Missing);
        }
        for (number, made) in std::mem::take(&mut self.unknown) {
            if self.erasure.is_none_or(|(before, _)| made >= before) {
                self.find(number, Problem::Unknown);
            }
        }
        for (number, _) in std::mem::take(&mut self.noted) {
            self.find(number, Problem::Noted);
        }
        let (party, role) = self.party.unzip();
        Report {
            party,
            role,
            key: self.key,
            entries: last,
            erased: self.erased,
            first: self.first,
            last: self.first.map(|_| self.head.time),
            head: self.head.to_string(),
            statements: self.counts,
            open: self.requests.values().filter(|progress| progress.reply.is_none()).count() as u64,
            findings: self.findings,
            further_findings: self.suppressed,
        }
    }

    fn find(&mut self, entry: u64, problem: Problem) {
        match self.findings.len() {
            LISTED_FINDINGS.. => self.suppressed += 1,
            _ => self.findings.push(Finding { entry, problem }),
        }
    }

    fn event(&mut self, entry: &Entry, event: Event) {
        let number = entry.number;
        match event {
            Event::Opened { party, role } if number == 1 => self.party = Some((party, role)),
            Event::Opened { .. } => self.find(number, Problem::Opening),
            Event::Registered { party, key } => self.registered.entry(party).or_default().push(key),
            Event::Erased { before, through, .. } => {
                if through >= number || before > entry.time {
                    self.find(number, Problem::Erasure);
                } else {
                    self.erasure = self.erasure.max(Some((before, through)));
                }
            }
            Event::Request { statement } => self.request(entry, &statement),
            Event::Receipt { statement } => {
                self.counts.receipts += 1;
                if let Some(receipt) =
                    self.holds(number, &statement, |verifier| verifier.is_custodian(statement.signer()))
                {
                    self.progress(
                        entry,
                        &receipt.request,
                        None,
                        |progress| std::mem::replace(&mut progress.receipt, true),
                        "receipt",
                    );
                }
            }
            Event::Reply { statement } => {
                if let Some(reply) =
                    self.holds(number, &statement, |verifier| verifier.is_custodian(statement.signer()))
                {
                    match reply.outcome {
                        ReplyOutcome::Answered { .. } => self.counts.answers += 1,
                        ReplyOutcome::Unanswered { .. } => self.counts.unanswered += 1,
                    }
                    let made = Some(reply.request.time);
                    let digest = statement.digest();
                    let replied = |progress: &mut Progress| progress.reply.replace(digest).is_some();
                    self.progress(entry, &reply.request_digest, made, replied, "reply");
                    if echoed(&reply.request) != Some(reply.request_digest) {
                        self.find(number, Problem::Echo);
                    }
                }
            }
            Event::Acknowledgement { statement } => {
                self.counts.acknowledgements += 1;
                if let Some(said) =
                    self.holds(number, &statement, |verifier| verifier.is_requester(None, statement.signer()))
                {
                    let acknowledged = |progress: &mut Progress| std::mem::replace(&mut progress.acknowledged, true);
                    self.progress(entry, &said.request, None, acknowledged, "acknowledgement");
                    let reply = self.requests.get(&said.request).and_then(|progress| progress.reply);
                    if reply.is_some_and(|reply| reply != said.reply) {
                        self.find(number, Problem::OtherReply);
                    }
                }
            }
            Event::KeyAdmitted { .. }
            | Event::Refused { .. }
            | Event::Deleted { .. }
            | Event::Gallery { .. }
            | Event::Breaker { .. } => {}
        }
    }

    fn request(&mut self, entry: &Entry, statement: &Signed<Request>) {
        self.counts.requests += 1;
        let number = entry.number;
        let Ok(request) = statement.verify(None) else {
            drop(self.holds(number, statement, |_| true));
            return;
        };
        if !self.is_requester(Some(&request.requester), statement.signer()) {
            self.find(number, Problem::Signer { statement: Request::KIND });
        }
        if self.requests.insert(statement.digest(), Progress::default()).is_some() {
            self.find(number, Problem::Twice { statement: Request::KIND });
        }
    }

    /// The statement, if its signature holds and is that of the party that makes such statements.
    fn holds<T: Statement>(&mut self, number: u64, statement: &Signed<T>, by: impl Fn(&Self) -> bool) -> Option<T> {
        if !by(self) {
            self.find(number, Problem::Signer { statement: T::KIND });
        }
        let verified = statement.verify(None);
        verified
            .inspect_err(|error| {
                self.find(number, Problem::Statement { statement: T::KIND, reason: error.to_string() })
            })
            .ok()
    }

    /// Notes how far a request came; `made` is when it was made, where the statement says so.
    fn progress(
        &mut self,
        entry: &Entry,
        request: &Hash,
        made: Option<Time>,
        before: impl FnOnce(&mut Progress) -> bool,
        statement: &'static str,
    ) {
        match self.requests.get_mut(request) {
            None => {
                let made = made.unwrap_or_else(|| entry.time.minus_days(LONGEST_WAIT_DAYS));
                if self.unknown.len() < LISTED_FINDINGS {
                    self.unknown.push((entry.number, made));
                }
            }
            Some(progress) => {
                if before(progress) {
                    self.find(entry.number, Problem::Twice { statement });
                }
            }
        }
    }

    fn owner_is(&self, role: Role, signer: PublicKey) -> bool {
        matches!(&self.party, Some((_, owner)) if *owner == role) && self.key.is_none_or(|key| key == signer)
    }

    fn is_custodian(&self, signer: PublicKey) -> bool {
        self.owner_is(Role::Custodian, signer)
            || self.is_role(Role::Querier) && self.registered.values().flatten().any(|key| *key == signer)
    }

    fn is_requester(&self, requester: Option<&Code>, signer: PublicKey) -> bool {
        let registered = match requester {
            Some(requester) => self.registered.get(requester).is_some_and(|keys| keys.contains(&signer)),
            None => self.registered.values().flatten().any(|key| *key == signer),
        };
        self.owner_is(Role::Querier, signer) || self.is_role(Role::Custodian) && registered
    }

    fn is_role(&self, role: Role) -> bool {
        matches!(&self.party, Some((_, owner)) if *owner == role)
    }
}

/// The digest of the statement that such a request makes.
fn echoed(request: &Request) -> Option<Hash> {
    crate::service::signing::digest_of(request)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::service::protocol::{Acknowledgement, Receipt, Reply, tests::request};
    use crate::service::signing::{Name, SigningKey};

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    struct Log {
        entries: Vec<Entry>,
        rng: ChaCha20Rng,
    }

    impl Log {
        fn add(&mut self, time: i64, event: Event) {
            let head = self.entries.last().map_or(Head::NONE, Entry::head);
            self.entries.push(Entry::new(event, Time::from_millis(time), &head, &key(1), &mut self.rng));
        }

        /// A custodian's log of three requests that were answered, and one that was not yet.
        fn sample() -> Self {
            let mut log = Self { entries: Vec::new(), rng: ChaCha20Rng::seed_from_u64(9) };
            log.add(1, Event::Opened { party: "B".parse().unwrap(), role: Role::Custodian });
            log.add(2, Event::Registered { party: "A-BORDER".parse().unwrap(), key: key(2).public() });
            for number in 1..=4 {
                log.ask(number, 1000 * number as i64, number < 4);
            }
            log
        }

        fn ask(&mut self, number: u64, time: i64, answered: bool) {
            let now = Time::from_millis(time);
            let asked = request(&number.to_string(), now);
            let statement = Signed::new(&asked, &key(2)).unwrap();
            let digest = statement.digest();
            self.add(time, Event::Request { statement });
            let receipt = Receipt { request: digest, job: Name([number as u8; 16]), time: now };
            self.add(time, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() });
            if answered {
                let outcome = ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4 };
                let reply = Reply { request: asked, request_digest: digest, number, time: now, outcome };
                let statement = Signed::new(&reply, &key(1)).unwrap();
                let reply = statement.digest();
                self.add(time + 1, Event::Reply { statement });
                let said = Acknowledgement { request: digest, reply, time: now };
                self.add(time + 2, Event::Acknowledgement { statement: Signed::new(&said, &key(2)).unwrap() });
            }
        }

        fn report(&self) -> Report {
            let mut verifier = Verifier::new(Some(key(1).public()), None);
            self.entries.iter().for_each(|entry| verifier.entry(entry));
            verifier.finish()
        }

        fn problems(&self) -> Vec<Problem> {
            self.report().findings.into_iter().map(|finding| finding.problem).collect()
        }

        fn erase(&mut self, before: i64, at: i64) {
            let mut through = 0;
            for entry in &mut self.entries {
                if entry.time.millis() < before {
                    through = entry.number;
                    if entry.event().unwrap().is_some_and(|event| event.is_erasable()) {
                        entry.content = None;
                    }
                }
            }
            self.add(at, Event::Erased { before: Time::from_millis(before), through, contents: 0 });
        }
    }

    #[test]
    fn a_sound_log_is_found_sound() {
        let report = Log::sample().report();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.entries, report.statements.requests, report.statements.answers, report.open), (16, 4, 3, 1));
    }

    #[test]
    fn every_altered_field_of_every_entry_is_found() {
        let sound = Log::sample();
        for index in 0..sound.entries.len() {
            let changes: [fn(&mut Entry); 6] = [
                |entry| entry.number += 1,
                |entry| entry.time = Time::from_millis(entry.time.millis() + 1),
                |entry| entry.content = entry.content.as_ref().map(|text| text.replacen("salt", "sa1t", 1)),
                |entry| entry.content = None,
                |entry| entry.content_digest.0[0] ^= 1,
                |entry| entry.signature.0[3] ^= 1,
            ];
            for (which, change) in changes.iter().enumerate() {
                let mut log = Log::sample();
                change(&mut log.entries[index]);
                assert!(!log.report().is_sound(), "entry {index}, change {which}");
            }
        }
    }

    #[test]
    fn missing_repeated_and_reordered_entries_are_found() {
        for index in 0..Log::sample().entries.len() - 1 {
            let mut log = Log::sample();
            log.entries.remove(index);
            assert!(!log.report().is_sound(), "{index} removed");
            let mut log = Log::sample();
            log.entries.swap(index, index + 1);
            assert!(!log.report().is_sound(), "{index} swapped");
            let mut log = Log::sample();
            let again = log.entries[index].clone();
            log.entries.insert(index, again);
            assert!(!log.report().is_sound(), "{index} repeated");
        }
        // The end that is missing shows only beside what was noted.
        let mut log = Log::sample();
        let noted = log.entries.pop().unwrap();
        assert!(log.report().is_sound());
        let mut verifier = Verifier::new(None, Some((noted.number, noted.hash)));
        log.entries.iter().for_each(|entry| verifier.entry(entry));
        assert_eq!(verifier.finish().findings.pop().unwrap().problem, Problem::Noted);
    }

    #[test]
    fn an_erased_log_is_sound_and_only_what_the_erasure_tells_of_may_be_missing() {
        let mut log = Log::sample();
        log.erase(2500, 9000);
        let report = log.report();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.erased, report.statements.requests), (8, 2));
        // A content that is younger.
        log.entries[11].content = None;
        assert!(log.problems().contains(&Problem::Missing));
        // An erasure that tells of its own future.
        let mut log = Log::sample();
        log.add(9000, Event::Erased { before: Time::from_millis(99_999), through: 3, contents: 0 });
        assert_eq!(log.problems(), [Problem::Erasure]);
    }

    #[test]
    fn statements_by_others_twice_or_about_nothing_are_found() {
        let mut log = Log::sample();
        log.ask(4, 4000, false);
        assert_eq!(log.problems(), [Problem::Twice { statement: "request" }]);

        let mut log = Log::sample();
        let stranger = Signed::new(&request("9", Time::ZERO), &key(3)).unwrap();
        log.add(9000, Event::Request { statement: stranger });
        assert_eq!(log.problems(), [Problem::Signer { statement: "request" }]);

        let mut log = Log::sample();
        let receipt = Receipt { request: Hash([1; 32]), job: Name([1; 16]), time: Time::ZERO };
        log.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(1)).unwrap() });
        assert_eq!(log.problems(), [Problem::Unknown]);
        let mut log = Log::sample();
        log.add(9000, Event::Receipt { statement: Signed::new(&receipt, &key(2)).unwrap() });
        assert_eq!(log.problems(), [Problem::Signer { statement: "receipt" }, Problem::Unknown]);
    }

    #[test]
    fn an_acknowledgement_of_another_reply_is_found() {
        let mut log = Log::sample();
        log.ask(5, 5000, false);
        let asked = Signed::new(&request("5", Time::from_millis(5000)), &key(2)).unwrap().digest();
        let outcome = ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4 };
        let asked_whole = request("5", Time::from_millis(5000));
        let reply = Reply { request: asked_whole, request_digest: asked, number: 5, time: Time::ZERO, outcome };
        log.add(6000, Event::Reply { statement: Signed::new(&reply, &key(1)).unwrap() });
        let said = Acknowledgement { request: asked, reply: Hash([5; 32]), time: Time::ZERO };
        log.add(6001, Event::Acknowledgement { statement: Signed::new(&said, &key(2)).unwrap() });
        assert_eq!(log.problems(), [Problem::OtherReply]);
    }

    #[test]
    fn an_empty_log_and_one_of_nobody_are_no_logs() {
        assert_eq!(Verifier::new(None, None).finish().findings[0].problem, Problem::Empty);
        let mut log = Log::sample();
        log.entries.clear();
        log.add(1, Event::Registered { party: "A".parse().unwrap(), key: key(2).public() });
        assert_eq!(log.problems(), [Problem::Opening]);
    }
}
