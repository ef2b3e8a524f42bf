//! The two logs of one exchange, for tests.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::{Entry, Event, Head, Role, Verifier};
use crate::service::protocol::{
    Acknowledgement, GalleryRoot, Reason, Receipt, Reply, ReplyOutcome, Request, tests::request,
};
use crate::service::signing::{Hash, Name, PublicKey, Signed, SigningKey};
use crate::service::time::Time;
use crate::service::tree::{Growing, TreeHead};

/// The custodian B signs with key 1, the querier A-BORDER with key 2, another querier with key 3.
pub(crate) fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

/// A log that is being written.
pub(crate) struct Log {
    pub entries: Vec<Entry>,
    key: SigningKey,
    rng: ChaCha20Rng,
}

impl Log {
    pub(crate) fn new(party: &str, role: Role, seed: u64) -> Self {
        let mut log = Self { entries: Vec::new(), key: key(seed), rng: ChaCha20Rng::seed_from_u64(100 + seed) };
        log.add(0, Event::Opened { party: party.parse().unwrap(), role });
        log
    }

    pub(crate) fn add(&mut self, time: i64, event: Event) {
        let head = self.entries.last().map_or(Head::NONE, Entry::head);
        self.entries.push(Entry::new(event, Time::from_millis(time), &head, &self.key, &mut self.rng).unwrap());
    }

    /// What its entries are signed with.
    pub(crate) fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// The log as a tree.
    pub(crate) fn head(&self) -> TreeHead {
        let mut tree = Growing::default();
        self.entries.iter().for_each(|entry| tree.push(&entry.hash));
        tree.head()
    }

    pub(crate) fn register(&mut self, party: &str, seed: u64) {
        self.add(
            0,
            Event::Registered {
                party: party.parse().unwrap(),
                key: key(seed).public(),
                introduced: None,
                ml_dsa: Vec::new(),
            },
        );
    }

    /// Erases what is older, as the store does.
    pub(crate) fn erase(&mut self, before: i64, at: i64) {
        let erasure = take_contents(&mut self.entries, before);
        self.add(at, erasure);
    }

    /// Writes the log anew, without the events that `keep` does not keep: what an owner who cheats can do.
    pub(crate) fn rewrite(&mut self, mut change: impl FnMut(Event) -> Option<Event>) {
        let entries = std::mem::take(&mut self.entries);
        for entry in entries {
            if let Some(event) = change(entry.event().unwrap().unwrap()) {
                self.add(entry.time.millis(), event);
            }
        }
        assert!(self.is_sound(), "a log that was written anew is sound by itself");
    }

    pub(crate) fn is_sound(&self) -> bool {
        let mut verifier = Verifier::new(Some(self.key.public()), None).retaining(0);
        self.entries.iter().for_each(|entry| verifier.entry(entry));
        let report = verifier.finish();
        // A rewritten log may lack what its statements are about, acknowledge what it does not hold, or have other times.
        use super::LogProblem::{Dated, DatedReply, OtherReply, Unknown};
        report
            .findings
            .iter()
            .all(|finding| matches!(finding.problem, Unknown | OtherReply | Dated { .. } | DatedReply { .. }))
    }
}

/// Takes away the contents of what is older, as the store does, and makes the event that tells of it.
pub(crate) fn take_contents(entries: &mut [Entry], before: i64) -> Event {
    let (mut through, mut contents) = (0, 0);
    for entry in entries.iter_mut().filter(|entry| entry.time.millis() < before) {
        through = entry.number;
        if entry.event().unwrap().is_some_and(|event| event.is_erasable()) {
            entry.content = None;
            contents += 1;
        }
    }
    Event::Erased { before: Time::from_millis(before), through, contents, consents: Vec::new(), orders: Vec::new() }
}

/// How far a request comes.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Reached {
    Made,
    Received,
    Accepted,
    Replied,
    Fetched,
    Acknowledged,
    Delivered,
}

/// Both logs.
pub(crate) struct Exchange {
    pub custodian: Log,
    pub querier: Log,
    replies: u64,
    /// Whether the custodian's statements tell of its log.
    showing: bool,
    /// What receipts tell of the gallery.
    pub gallery: Option<GalleryRoot>,
    /// The custodian's key.
    pub signs: u64,
}

impl Exchange {
    pub(crate) fn new() -> Self {
        let mut custodian = Log::new("B", Role::Custodian, 1);
        custodian.register("A-BORDER", 2);
        custodian.register("C", 3);
        let mut querier = Log::new("A-BORDER", Role::Querier, 2);
        querier.register("B", 1);
        Self { custodian, querier, replies: 0, showing: false, gallery: None, signs: 1 }
    }

    /// From here on the custodian's statements tell of its log.
    pub(crate) fn showing(self) -> Self {
        Self { showing: true, ..self }
    }

    fn shown(&self) -> Option<TreeHead> {
        self.showing.then(|| self.custodian.head())
    }

    /// Three requests that were answered, and one that is open.
    pub(crate) fn sample() -> Self {
        let mut exchange = Self::new();
        for number in 1..=4 {
            let reached = if number < 4 { Reached::Delivered } else { Reached::Accepted };
            exchange.ask(number, 1000 * i64::from(number), reached);
        }
        exchange
    }

    pub(crate) fn ask(&mut self, number: u8, time: i64, reached: Reached) -> Hash {
        let outcome =
            ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4, parts: None, root: None };
        self.follow(request(&number.to_string(), Time::from_millis(time)), outcome, reached)
    }

    /// The querier goes on with a request no more.
    pub(crate) fn abandon(&mut self, request: Hash, time: i64) {
        self.querier.add(time, Event::Abandoned { request, statement: None });
    }

    pub(crate) fn cancel(&mut self, number: u8, time: i64) -> Hash {
        let outcome = ReplyOutcome::Unanswered { reason: Reason::Cancelled };
        self.follow(request(&number.to_string(), Time::from_millis(time)), outcome, Reached::Delivered)
    }

    /// Takes a request so far: the querier's entries a millisecond from the custodian's.
    pub(crate) fn follow(&mut self, asked: Request, outcome: ReplyOutcome, reached: Reached) -> Hash {
        let time = asked.time.millis();
        let at = |later| Time::from_millis(time + later);
        let statement = Signed::new(&asked, &key(2)).unwrap();
        let digest = statement.digest();
        self.querier.add(time, Event::Request { statement: statement.clone() });
        if reached >= Reached::Received {
            self.custodian.add(time + 1, Event::Request { statement });
            let receipt = Receipt {
                request: digest,
                job: Name([asked.number.as_str().as_bytes()[0]; 16]),
                time: at(1),
                log: self.shown(),
                randomness: None,
                gallery: self.gallery,
            };
            let statement = Signed::new(&receipt, &key(self.signs)).unwrap();
            self.custodian.add(time + 1, Event::Receipt { statement: statement.clone() });
            if reached >= Reached::Accepted {
                self.querier.add(time + 2, Event::Receipt { statement });
            }
        }
        if reached >= Reached::Replied {
            self.replies += 1;
            let log = self.shown();
            let number = log.map_or(self.replies, |log| log.size + 1);
            let reply = Reply { request: asked, request_digest: digest, number, time: at(10), outcome, log };
            let statement = Signed::new(&reply, &key(self.signs)).unwrap();
            let said = Acknowledgement { request: digest, reply: statement.digest(), time: at(20) };
            let acknowledgement = Signed::new(&said, &key(2)).unwrap();
            self.custodian.add(time + 10, Event::Reply { statement: statement.clone() });
            if reached >= Reached::Fetched {
                self.querier.add(time + 20, Event::Reply { statement });
            }
            if reached >= Reached::Acknowledged {
                self.querier.add(time + 20, Event::Acknowledgement { statement: acknowledgement.clone() });
            }
            if reached >= Reached::Delivered {
                self.custodian.add(time + 21, Event::Acknowledgement { statement: acknowledgement });
            }
        }
        digest
    }
}
