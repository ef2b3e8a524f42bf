//! Checking a log, entry after entry.

mod agreed;
mod canaries;
mod erasure;
mod galleries;
mod orders;
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::consent::RETENTION_DAYS;
use super::order::{Measure, Order};
use super::reading::{Erasure, Stated, Told, Whose};
use super::succession::{Succession, beside};
use super::{Entry, EntryError, Head, Ledger, Reading, Role};
use crate::agreement::{Code, Terms};
use crate::service::lattice::LatticeKey;
use crate::service::protocol::limits::TIME_TOLERANCE_MS;
use crate::service::protocol::{Abandonment, Acknowledgement, Receipt, Reply, ReplyOutcome, Request, Standing};
use crate::service::signing::{Hash, PublicKey, Statement, StatementError};
use crate::service::time::Time;
use crate::service::tree::{Growing, TreeHead};
use agreed::Agreed;
use erasure::Erasures;
use galleries::Galleries;
use orders::Orders;
pub use report::{Counts, Finding, LogProblem, Report};

/// Reads a log from its first entry to its last.
pub struct Verifier {
    /// The owner's keys as far as the log was read, the one that signs last.
    keys: Vec<PublicKey>,
    /// Noted earlier, and not found yet.
    noted: Vec<TreeHead>,
    /// All entries before the one that is read.
    tree: Growing,
    owner: Option<Whose>,
    registered: BTreeMap<Code, Vec<PublicKey>>,
    /// What each party signs with a second time, as far as the log was read.
    lattice: BTreeMap<Code, Vec<LatticeKey>>,
    /// Keys of parties that the one of before has introduced.
    introduced: HashSet<PublicKey>,
    /// Keys of parties that had another, and that nobody has introduced.
    reregistered: u64,
    requests: HashMap<Hash, Progress>,
    erased: u64,
    erasures: Erasures,
    /// How often the clock had been ahead.
    corrections: u64,
    /// How often a custodian has shown another log than before, and how often that was gone on from.
    diverged: u64,
    trusted: u64,
    orders: Orders,
    agreed: Agreed,
    galleries: Galleries,
    /// Statements about requests that are not in the log: only an erasure excuses them.
    unknown: Vec<Place>,
    /// Numbers of replies, by whose they are: in a querier's log.
    numbers: HashMap<Option<Code>, HashSet<u64>>,
    /// By the clock of whoever checks.
    now: Option<Time>,
    counts: Counts,
    first: Option<Time>,
    head: Head,
    findings: Vec<Finding>,
    suppressed: u64,
    /// Whether any of them is about the log itself.
    broken: bool,
}

/// An entry, and the time that decides whether an erasure excuses it.
#[derive(Clone, Copy)]
struct Place {
    entry: u64,
    time: Time,
}

/// How far a request came.
#[derive(Default)]
struct Progress {
    /// When it was made, as it says.
    made: Time,
    /// Under which agreement.
    agreement: Option<Hash>,
    /// The version of the gallery that was searched when it was accepted.
    gallery: Option<u64>,
    /// Persons it asks about.
    probes: u64,
    /// Whether the log tells that they were canaries.
    canaries: bool,
    receipt: bool,
    reply: Option<Hash>,
    acknowledged: bool,
    abandoned: bool,
}

impl Progress {
    /// Whether there is no reply, and one may come.
    fn is_open(&self) -> bool {
        self.reply.is_none() && !self.abandoned
    }
}

/// Findings that are listed; a log that is broken throughout need not fill the memory.
const LISTED_FINDINGS: usize = 1000;
/// What a custodian admits between a request's time and its receipt's, and the second that either is rounded by.
const DATED_MS: i64 = TIME_TOLERANCE_MS + 1000;
/// A request may be replied to so long after it was made.
const LONGEST_WAIT_DAYS: u32 = 31;

impl Verifier {
    /// For a log that must be signed with `key` to begin with, and from there on with whatever key that one introduces (where none is known, nothing but the chain shows that entries belong together) and
    /// must hold the heads that were `noted` earlier.
    pub fn new(key: Option<PublicKey>, noted: impl IntoIterator<Item = TreeHead>) -> Self {
        Self {
            keys: key.into_iter().collect(),
            noted: noted.into_iter().collect(),
            tree: Growing::default(),
            owner: None,
            registered: BTreeMap::new(),
            lattice: BTreeMap::new(),
            introduced: HashSet::new(),
            reregistered: 0,
            requests: HashMap::new(),
            erased: 0,
            erasures: Erasures::new(RETENTION_DAYS),
            corrections: 0,
            diverged: 0,
            trusted: 0,
            orders: Orders::default(),
            agreed: Agreed::default(),
            galleries: Galleries::default(),
            unknown: Vec::new(),
            numbers: HashMap::new(),
            now: None,
            counts: Counts::default(),
            first: None,
            head: Head::NONE,
            findings: Vec::new(),
            suppressed: 0,
            broken: false,
        }
    }

    /// Contents are kept for so many days, as agreed: [`RETENTION_DAYS`] where nothing else is said.
    pub fn retaining(self, days: u32) -> Self {
        Self { erasures: Erasures::new(days), ..self }
    }

    /// It is checked at this time: a log that is of a later one makes of what is young what is old enough to be erased.
    pub fn at(self, now: Time) -> Self {
        Self { now: Some(now), ..self }
    }

    /// Holds the log to an agreement, which has this digest, as well: quotas, disclosed bits, keys, and what its requests say. To
    /// nothing, where it says nothing of a service.
    pub fn under(mut self, agreement: Hash, terms: &Terms) -> Self {
        self.agreed.add(agreement, terms);
        self
    }

    /// The next entry.
    pub fn entry(&mut self, entry: &Entry) {
        self.read(&Reading::of(entry));
    }

    /// The next entry, for those who have read it already.
    pub(crate) fn read(&mut self, reading: &Reading<'_>) {
        let entry = reading.entry;
        self.chain(reading);
        if reading.is_erasable {
            self.erasures.standing(entry.number);
        }
        match &reading.told {
            Ok(Some(told)) => self.told(entry, told),
            Ok(None) => {
                self.erased += 1;
                self.erasures.missing(entry.number, entry.time);
            }
            Err(EntryError::Digest) => self.find(entry.number, LogProblem::Content),
            Err(EntryError::Form) => self.find(entry.number, LogProblem::Form),
        }
        for problem in self.agreed.read(reading, self.is_role(Role::Custodian)) {
            self.find(entry.number, problem);
        }
        self.first.get_or_insert(entry.time);
        self.head = entry.head();
        self.tree.push(&entry.hash);
        if self.noted.iter().any(|noted| noted.size == entry.number) {
            let head = self.tree.head();
            self.noted.retain(|noted| *noted != head);
        }
    }

    /// Whether an entry is the one that follows.
    fn chain(&mut self, reading: &Reading<'_>) {
        let entry = reading.entry;
        let expected = self.head.number.saturating_add(1);
        if entry.number != expected {
            self.find(entry.number, LogProblem::Number { expected });
        }
        if !entry.follows(&self.head.hash) {
            self.find(entry.number, LogProblem::Chain);
        }
        if self.keys.last().is_some_and(|key| !entry.is_signed_by(key)) {
            self.find(entry.number, LogProblem::Signature);
        }
        match reading.told() {
            Some(Told::Clock { ahead }) => {
                self.corrections += 1;
                if *ahead != self.head.time || entry.time > *ahead {
                    self.find(entry.number, LogProblem::Time);
                }
                // What was old enough by a clock that was ahead need not have been.
                let early = self.erasures.corrected(entry.time);
                early.into_iter().for_each(|number| self.find(number, LogProblem::ErasureByClock));
            }
            _ if entry.time < self.head.time => self.find(entry.number, LogProblem::Time),
            _ => {}
        }
    }

    /// Whether the log is one of this role, as far as it was read.
    pub(crate) fn is_of(&self, role: Role) -> bool {
        self.is_role(role)
    }

    /// The log ends here.
    pub fn finish(self) -> Report {
        self.finish_with(None)
    }

    /// The log ends here, and these are the tables of its database.
    pub(crate) fn finish_with(mut self, database: Option<&Ledger>) -> Report {
        let unchecked = self.agreed.unchecked();
        let ledger = std::mem::take(&mut self.agreed).into_ledger();
        let unequal = database.map(|database| ledger.compared(database, self.erasures.before()));
        for unequal in unequal.into_iter().flatten() {
            self.find(self.head.number, LogProblem::Unequal(unequal));
        }
        let last = self.head.number;
        if last == 0 {
            self.find(0, LogProblem::Empty);
        } else if self.owner.is_none() {
            self.find(1, LogProblem::Opening);
        }
        if let Some(now) = self.now.filter(|now| self.head.time > now.plus_days(1)) {
            self.find(last, LogProblem::Future { now });
        }
        if let Some(missing) = self.erasures.untold() {
            self.find(missing, LogProblem::Missing);
        }
        for about in std::mem::take(&mut self.unknown) {
            if !self.erasures.excuse(about.time) {
                self.find(about.entry, LogProblem::Unknown);
            }
        }
        for noted in std::mem::take(&mut self.noted) {
            self.find(noted.size, LogProblem::Noted);
        }
        let (party, role) = self.owner.map(|Whose { party, role }| (party, role)).unzip();
        Report {
            party,
            role,
            first_key: self.keys.first().copied().filter(|_| self.keys.len() > 1),
            key: self.keys.last().copied(),
            keys: self.keys,
            reregistered: self.reregistered,
            entries: last,
            erased: self.erased,
            corrections: self.corrections,
            diverged: self.diverged,
            trusted: self.trusted,
            first: self.first,
            last: self.first.map(|_| self.head.time),
            head: self.tree.head(),
            statements: self.counts,
            unchecked,
            open: self.requests.values().filter(|progress| progress.is_open()).count() as u64,
            findings: self.findings,
            further_findings: self.suppressed,
            whole: !self.broken,
        }
    }

    fn find(&mut self, entry: u64, problem: LogProblem) {
        self.broken |= problem.breaks();
        match self.findings.len() {
            LISTED_FINDINGS.. => self.suppressed += 1,
            _ => self.findings.push(Finding { entry, problem }),
        }
    }

    fn told(&mut self, entry: &Entry, told: &Told) {
        let number = entry.number;
        match told {
            Told::Opened(whose) if number == 1 => self.owner = Some(whose.clone()),
            Told::Opened(_) => self.find(number, LogProblem::Opening),
            Told::Registered { party, key, introduced, ml_dsa } => {
                self.twice(number, party, ml_dsa);
                self.registration(number, party, *key, introduced.as_ref());
            }
            Told::Succession(stated) => self.succession(number, stated),
            Told::Erased(erasure) => self.erased(entry, erasure),
            Told::Breaker { measure, orders, .. } => self.ordered(entry, measure, orders),
            Told::OperatorRegistered { .. } | Told::OperatorRemoved { .. } => {
                let problem = self.orders.told(told, self.keys.last().copied());
                problem.into_iter().for_each(|problem| self.find(number, problem));
            }
            Told::Request(stated) => self.request(entry, stated),
            Told::Receipt(stated) => self.receipt(entry, stated),
            Told::Reply(stated) => self.reply(entry, stated),
            Told::Acknowledgement(stated) => self.acknowledgement(entry, stated),
            Told::Abandoned { request, statement } => self.abandoned(entry, request, statement.as_ref()),
            // The custodian's log is another from here on, and numbers its entries anew.
            Told::Trusted { custodian } => {
                self.trusted += 1;
                for party in self.alike(custodian) {
                    self.galleries.forget(&party);
                    self.numbers.remove(&Some(party));
                }
            }
            Told::Canaries { request, asked, found } => self.canaries(entry, request, *asked, *found),
            Told::Gallery { agreement, version, root, .. } => self.galleries.entry(*agreement, *version, *root),
            Told::Diverged { shown } => {
                self.diverged += 1;
                if shown.is_none() {
                    let (statement, reason) = (Standing::KIND, StatementError::Signature.to_string());
                    self.find(number, LogProblem::Statement { statement, reason });
                }
            }
            Told::Refused { .. } | Told::KeyAdmitted { .. } | Told::Clock { .. } | Told::Else => {}
        }
    }

    /// Keys of second signatures are added, and the last one is not taken away.
    fn twice(&mut self, number: u64, party: &Code, lattice: &[LatticeKey]) {
        let before = self.lattice.insert(party.clone(), lattice.to_vec()).unwrap_or_default();
        if !before.is_empty() && !before.iter().any(|key| lattice.contains(key)) {
            self.find(number, LogProblem::SecondKey { party: party.clone() });
        }
    }

    /// Whether a statement of another party is signed a second time, where a key for that is registered.
    fn is_signed_twice<T: Statement>(&self, stated: &Stated<T>) -> Result<(), StatementError> {
        let Some(second) = &stated.second else { return Ok(()) };
        let of_signer = self.registered.iter().filter(|(_, keys)| keys.contains(&stated.signer));
        let required = of_signer.filter_map(|(party, keys)| {
            let current = keys.last()?;
            Some(beside(self.lattice.get(party)?, self.introduced.contains(current), *current == stated.signer))
        });
        let required = required.filter(|keys| !keys.is_empty());
        let mut tried = required.map(|keys| second.verify(keys));
        // Several may have one key.
        tried.next().map_or(Ok(()), |first| tried.fold(first, |found, next| found.or(next)))
    }

    /// Another key of a party than before is introduced by that one; where it was lost, it is not.
    fn registration(&mut self, number: u64, party: &Code, key: PublicKey, introduced: Option<&Stated<Succession>>) {
        let before = self.registered.get(party).and_then(|keys| keys.last()).copied();
        match (before, introduced) {
            (_, None) => self.reregistered += u64::from(before.is_some_and(|before| before != key)),
            (before, Some(stated)) => {
                let holds =
                    |said: &Succession| said.party == *party && said.successor == key && !self.is_role(said.role);
                match before == Some(stated.signer) && stated.held().is_some_and(holds) {
                    true => drop(self.introduced.insert(key)),
                    false => self.find(number, LogProblem::Introduction),
                }
            }
        }
        self.registered.entry(party.clone()).or_default().push(key);
    }

    /// The owner's key is introduced by the one of before.
    fn succession(&mut self, number: u64, stated: &Stated<Succession>) {
        let of_owner = |said: &&Succession| {
            self.owner.as_ref().is_some_and(|owner| owner.party == said.party && owner.role == said.role)
        };
        let signed = self.keys.last().is_none_or(|key| *key == stated.signer);
        match stated.held().filter(of_owner).filter(|_| signed).map(|said| said.successor) {
            // Where no key is known, none follows from what nobody vouches for.
            Some(successor) if !self.keys.is_empty() => self.keys.push(successor),
            Some(_) => {}
            None => self.find(number, LogProblem::Introduction),
        }
    }

    fn erased(&mut self, entry: &Entry, erasure: &Erasure) {
        let parties = self.registered.iter().filter_map(|(party, keys)| Some((party, keys.last()?)));
        let problems = self.erasures.told((entry.number, entry.time), erasure, self.owner.as_ref(), parties);
        problems.into_iter().for_each(|problem| self.find(entry.number, problem));
        self.ordered(entry, &Measure::Erase { before: erasure.before }, &erasure.orders);
    }

    fn ordered(&mut self, entry: &Entry, measure: &Measure, orders: &[Stated<Order>]) {
        let problems = self.orders.done(self.owner.as_ref(), measure, entry.time, orders);
        problems.into_iter().for_each(|problem| self.find(entry.number, problem));
    }

    fn request(&mut self, entry: &Entry, stated: &Stated<Request>) {
        self.counts.requests += 1;
        let number = entry.number;
        // Who made it, it says itself: where it does not hold, nothing is said.
        let signed = stated.held().is_none_or(|request| self.is_requester(Some(&request.requester), stated.signer));
        let begun = self.holds(number, stated, signed).map(|request| Progress {
            made: request.time,
            agreement: Some(request.agreement),
            probes: request.probes.into(),
            ..Progress::default()
        });
        if let Some(begun) = begun
            && self.requests.insert(stated.digest, begun).is_some()
        {
            self.find(number, LogProblem::Twice { statement: Request::KIND });
        }
    }

    fn receipt(&mut self, entry: &Entry, stated: &Stated<Receipt>) {
        self.counts.receipts += 1;
        let signed = self.is_custodian(stated.signer);
        if let Some(receipt) = self.holds(entry.number, stated, signed) {
            self.head_of(entry.number, receipt.log, Receipt::KIND);
            let made = self.requests.get(&receipt.request).map_or(receipt.time, |progress| progress.made);
            if made.millis().abs_diff(receipt.time.millis()) > DATED_MS.unsigned_abs() {
                self.find(entry.number, LogProblem::Dated { made, received: receipt.time });
            }
            self.receipt_of(entry.number, stated.signer, receipt);
            let received = |progress: &mut Progress| std::mem::replace(&mut progress.receipt, true);
            self.progress(entry, &receipt.request, None, received, Receipt::KIND);
        }
    }

    fn reply(&mut self, entry: &Entry, stated: &Stated<Reply>) {
        let signed = self.is_custodian(stated.signer);
        let Some(reply) = self.holds(entry.number, stated, signed) else { return };
        self.head_of(entry.number, reply.log, Reply::KIND);
        let unfit = match self.is_role(Role::Custodian) {
            true => reply.log.is_some() && reply.number != entry.number,
            false => {
                let by = self.authority(&stated.signer);
                reply.log.is_some() && !self.numbers.entry(by).or_default().insert(reply.number)
            }
        };
        if unfit {
            self.find(entry.number, LogProblem::ReplyNumber { number: reply.number });
        }
        // It follows its request, and its entry follows it; a custodian makes both at once. A request may be of a future that a clock
        // had come to before it was corrected.
        let (said, asked) = (reply.time, reply.request.time.min(entry.time));
        let early = said.millis().saturating_sub(asked.millis()) < DATED_MS.saturating_neg();
        let late = said.millis().saturating_sub(entry.time.millis()) > DATED_MS;
        let apart = entry.time.millis().saturating_sub(said.millis()) > DATED_MS && self.is_role(Role::Custodian);
        if early || late || apart {
            let at = if early { asked } else { entry.time };
            self.find(entry.number, LogProblem::DatedReply { said, at });
        }
        match reply.outcome {
            ReplyOutcome::Answered { .. } => self.counts.answers += 1,
            ReplyOutcome::Unanswered { .. } => self.counts.unanswered += 1,
        }
        self.searched(entry.number, stated.signer, reply);
        let replied = |progress: &mut Progress| progress.reply.replace(stated.digest).is_some();
        self.progress(entry, &reply.request_digest, Some(reply.request.time), replied, Reply::KIND);
        if echoed(&reply.request) != Some(reply.request_digest) {
            self.find(entry.number, LogProblem::Echo);
        }
    }

    /// What a custodian tells its requesters of its log is this log, as it was before the statement.
    fn head_of(&mut self, entry: u64, told: Option<TreeHead>, statement: &'static str) {
        if let Some(told) = told
            && self.is_role(Role::Custodian)
            && told != self.tree.head()
        {
            self.find(entry, LogProblem::Tree { statement });
        }
    }

    fn acknowledgement(&mut self, entry: &Entry, stated: &Stated<Acknowledgement>) {
        self.counts.acknowledgements += 1;
        let signed = self.is_requester(None, stated.signer);
        let Some(said) = self.holds(entry.number, stated, signed) else { return };
        let acknowledged = |progress: &mut Progress| std::mem::replace(&mut progress.acknowledged, true);
        self.progress(entry, &said.request, None, acknowledged, Acknowledgement::KIND);
        let reply = self.requests.get(&said.request).and_then(|progress| progress.reply);
        if reply.is_some_and(|reply| reply != said.reply) {
            self.find(entry.number, LogProblem::OtherReply);
        }
    }

    fn abandoned(&mut self, entry: &Entry, request: &Hash, statement: Option<&Stated<Abandonment>>) {
        self.counts.abandoned += 1;
        if let Some(stated) = statement {
            let signed = self.is_requester(None, stated.signer);
            let said = self.holds(entry.number, stated, signed);
            if said.is_some_and(|said| said.request != *request) {
                self.find(entry.number, LogProblem::Abandonment);
            }
        }
        let abandoned = |progress: &mut Progress| std::mem::replace(&mut progress.abandoned, true);
        if !self.is_role(Role::Custodian) {
            // However long after it was made: any erasure may have taken the request.
            return self.progress(entry, request, Some(Time::ZERO), abandoned, Abandonment::KIND);
        }
        // A custodian is told of it by a statement, whatever became of the request, and also where it has lost it.
        let twice = self.requests.get_mut(request).is_some_and(abandoned);
        if statement.is_none() || twice {
            self.find(entry.number, LogProblem::Abandonment);
        }
    }

    /// What a statement says, if its signature holds; a finding where it is not `signed` by its party.
    fn holds<'s, T: Statement>(&mut self, number: u64, stated: &'s Stated<T>, signed: bool) -> Option<&'s T> {
        if !signed {
            self.find(number, LogProblem::Signer { statement: T::KIND });
        }
        if let Err(error) = self.is_signed_twice(stated) {
            self.find(number, LogProblem::Statement { statement: T::KIND, reason: error.to_string() });
        }
        let held = stated.said.as_ref().inspect_err(|error| {
            self.find(number, LogProblem::Statement { statement: T::KIND, reason: error.to_string() });
        });
        held.ok()
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
        let custodian = self.is_role(Role::Custodian);
        match self.requests.get_mut(request) {
            None => {
                let made = made.unwrap_or_else(|| entry.time.minus_days(LONGEST_WAIT_DAYS));
                self.unknown.push(Place { entry: entry.number, time: made });
            }
            Some(progress) => {
                let over = if statement == Abandonment::KIND { progress.reply.is_some() } else { progress.abandoned };
                // A custodian may be told so when it has replied, and reply before it is told.
                let over = over && !custodian;
                if before(progress) {
                    self.find(entry.number, LogProblem::Twice { statement });
                } else if over {
                    self.find(entry.number, LogProblem::Abandonment);
                }
            }
        }
    }

    /// Whose key it is, or was; none where nobody is registered with it.
    fn authority(&self, key: &PublicKey) -> Option<Code> {
        self.registered.iter().find(|(_, keys)| keys.contains(key)).map(|(party, _)| party.clone())
    }

    /// A party, and all that were registered with a key of its: what it has signed may be filed under any of them.
    fn alike(&self, party: &Code) -> Vec<Code> {
        let own = self.registered.get(party).map(Vec::as_slice).unwrap_or_default();
        let shared = self.registered.iter().filter(|(_, keys)| keys.iter().any(|key| own.contains(key)));
        shared.map(|(party, _)| party.clone()).collect()
    }

    fn owner_is(&self, role: Role, signer: PublicKey) -> bool {
        self.is_role(role) && (self.keys.is_empty() || self.keys.contains(&signer))
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
        self.owner.as_ref().is_some_and(|owner| owner.role == role)
    }
}

/// The digest of the statement that such a request makes.
fn echoed(request: &Request) -> Option<Hash> {
    crate::service::signing::digest_of(request)
}

#[cfg(test)]
mod tests;
