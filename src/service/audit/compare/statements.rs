//! What a log holds of each request.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::agreement::Code;
use crate::service::audit::consent::{Consent, RETENTION_DAYS};
use crate::service::audit::reading::{Erasure, Parties, Stated, Told};
use crate::service::audit::{Entry, Reading, Role};
use crate::service::protocol::{Abandonment, Acknowledgement, GalleryRoot, Receipt, Reply, Request};
use crate::service::signing::{Hash, PublicKey};
use crate::service::time::Time;
use crate::service::tree::{Growing, TreeHead};

/// What of a log is compared. Reads it from its first entry to its last; holds some hundred bytes a request, and 32 an entry.
pub struct Statements {
    pub(super) parties: Parties,
    pub(super) requests: HashMap<Hash, Held>,
    /// The keys that the log was signed with; none where it was not checked with any.
    keys: BTreeSet<PublicKey>,
    retention_days: u32,
    erasures: Vec<Erased>,
    /// Times of entries without content, ascending.
    erased: Vec<Time>,
    /// Of each entry.
    hashes: Vec<Hash>,
    shown: Vec<Shown>,
    /// Roots of versions, as the entries of a custodian's log tell: none where they commit to nothing.
    galleries: BTreeMap<(Hash, u64), Option<Hash>>,
    /// Roots of versions that a custodian has signed.
    rooted: Vec<Rooted>,
    /// The last entry by which a querier went on from another log of a custodian than it had seen.
    trusted: HashMap<Code, u64>,
}

/// An erasure, and whose consent it tells of.
struct Erased {
    before: Time,
    /// Whether nobody had to consent to it.
    by_age: bool,
    /// Who has, and the keys that say so.
    consents: Vec<(Code, PublicKey)>,
}

/// A head of a custodian's log, as a signed statement tells.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) head: TreeHead,
    /// Who signed that: the custodian; or a querier, in what the custodian has accepted.
    signer: PublicKey,
    /// Where it stands.
    pub(super) entry: u64,
}

/// A root of a gallery's version, as a signed statement tells.
struct Rooted {
    agreement: Hash,
    gallery: GalleryRoot,
    signer: PublicKey,
    entry: u64,
}

/// What a log holds of a request.
#[derive(Clone, Default)]
pub(super) struct Held {
    /// Who asked, and under which number; none where neither the request nor the reply is left.
    pub(super) asked: Option<Asked>,
    pub(super) request: Option<Said>,
    pub(super) receipt: Option<Said>,
    pub(super) reply: Option<Said>,
    pub(super) acknowledgement: Option<Said>,
    /// The reply that is acknowledged.
    pub(super) acknowledged: Option<Hash>,
    /// That it was abandoned, where that was signed.
    pub(super) abandonment: Option<Said>,
    /// The entry by which it was abandoned.
    pub(super) abandoned: Option<u64>,
}

/// Who asked, and under which number.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) requester: Code,
    pub(super) number: Code,
    agreement: Hash,
}

/// A statement as it stands in a log.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) digest: Hash,
    pub(super) signer: PublicKey,
    pub(super) entry: u64,
    /// When it was made or logged, whichever is earlier; not before the request that it is about was.
    pub(super) time: Time,
}

/// Clocks of two parties may differ by so much where the age of what was erased is told.
const CLOCK_SLACK_DAYS: u32 = 1;

impl Default for Statements {
    fn default() -> Self {
        Self::new()
    }
}

impl Statements {
    /// Before the first entry.
    pub fn new() -> Self {
        Self {
            parties: Parties::default(),
            requests: HashMap::new(),
            keys: BTreeSet::new(),
            retention_days: RETENTION_DAYS,
            erasures: Vec::new(),
            erased: Vec::new(),
            hashes: Vec::new(),
            shown: Vec::new(),
            galleries: BTreeMap::new(),
            rooted: Vec::new(),
            trusted: HashMap::new(),
        }
    }

    /// Contents are kept for so many days, as agreed: [`RETENTION_DAYS`] where nothing else is said.
    pub fn retaining(self, days: u32) -> Self {
        Self { retention_days: days, ..self }
    }

    /// The log was signed with these keys, one after the other, as a verifier has found.
    pub fn signed_with(self, keys: &[PublicKey]) -> Self {
        Self { keys: keys.iter().copied().collect(), ..self }
    }

    /// The next entry.
    pub fn entry(&mut self, entry: &Entry) {
        self.read(&Reading::of(entry));
    }

    /// The next entry, for those who have read it already.
    pub(crate) fn read(&mut self, reading: &Reading<'_>) {
        let entry = reading.entry;
        self.hashes.push(entry.hash);
        let Some(told) = reading.told() else {
            if matches!(reading.told, Ok(None)) {
                self.erased.push(entry.time);
            }
            return;
        };
        self.parties.read(told);
        match told {
            Told::Erased(erasure) => self.erasure(entry, erasure),
            Told::Request(stated) => self.request(entry, stated),
            Told::Receipt(stated) => self.receipt(entry, stated),
            Told::Reply(stated) => self.reply(entry, stated),
            Told::Acknowledgement(stated) => self.acknowledgement(entry, stated),
            Told::Abandoned { request, statement } => self.abandoned(entry, request, statement.as_ref()),
            Told::Diverged { shown } => {
                self.shown.extend(shown.map(|(head, signer)| Shown { head, signer, entry: entry.number }));
            }
            Told::Gallery { agreement, version, root, .. } => {
                self.galleries.insert((*agreement, *version), *root);
            }
            Told::Trusted { custodian } => {
                self.trusted.insert(custodian.clone(), entry.number);
            }
            Told::Opened(_)
            | Told::Registered { .. }
            | Told::Succession(_)
            | Told::OperatorRegistered { .. }
            | Told::OperatorRemoved { .. }
            | Told::Refused { .. }
            | Told::KeyAdmitted { .. }
            | Told::Canaries { .. }
            | Told::Breaker { .. }
            | Told::Clock { .. }
            | Told::Else => {}
        }
    }

    fn erasure(&mut self, entry: &Entry, erasure: &Erasure) {
        let owner = self.parties.owner.as_ref();
        let to_this = |said: &Consent| {
            owner.is_some_and(|whose| said.covers(&said.party, (&whose.party, whose.role), erasure.before))
        };
        let consents = erasure.consents.iter().filter(|stated| stated.held().is_some_and(to_this));
        self.erasures.push(Erased {
            before: erasure.before,
            by_age: erasure.before.plus_days(self.retention_days) <= entry.time,
            consents: consents.filter_map(|stated| Some((stated.held()?.party.clone(), stated.signer))).collect(),
        });
    }

    fn show(&mut self, head: Option<TreeHead>, signer: PublicKey, entry: &Entry) {
        self.shown.extend(head.map(|head| Shown { head, signer, entry: entry.number }));
    }

    // A second statement of one request is a finding of the log itself; here the first counts.

    fn request(&mut self, entry: &Entry, stated: &Stated<Request>) {
        let Some(request) = stated.held() else { return };
        if self.parties.is_role(Role::Custodian) {
            self.show(request.seen, stated.signer, entry);
        }
        let held = self.requests.entry(stated.digest).or_default();
        held.request.get_or_insert(Said::new(stated, entry, request.time));
        held.asked.get_or_insert_with(|| Asked::of(request));
    }

    fn receipt(&mut self, entry: &Entry, stated: &Stated<Receipt>) {
        let Some(receipt) = stated.held() else { return };
        self.show(receipt.log, stated.signer, entry);
        let held = self.requests.entry(receipt.request).or_default();
        held.receipt.get_or_insert(Said::new(stated, entry, receipt.time));
        if let (Some(gallery), Some(Asked { agreement, .. })) = (receipt.gallery, &held.asked) {
            self.rooted.push(Rooted { agreement: *agreement, gallery, signer: stated.signer, entry: entry.number });
        }
    }

    fn reply(&mut self, entry: &Entry, stated: &Stated<Reply>) {
        let Some(reply) = stated.held() else { return };
        self.show(reply.log, stated.signer, entry);
        let held = self.requests.entry(reply.request_digest).or_default();
        // Whoever replies says when; when it was asked, the other one.
        held.reply.get_or_insert(Said::new(stated, entry, reply.time.max(reply.request.time)));
        held.asked.get_or_insert_with(|| Asked::of(&reply.request));
        if let Some(gallery) = reply.gallery() {
            let agreement = reply.request.agreement;
            self.rooted.push(Rooted { agreement, gallery, signer: stated.signer, entry: entry.number });
        }
    }

    fn acknowledgement(&mut self, entry: &Entry, stated: &Stated<Acknowledgement>) {
        let Some(said) = stated.held() else { return };
        let held = self.requests.entry(said.request).or_default();
        held.acknowledgement.get_or_insert(Said::new(stated, entry, said.time));
        held.acknowledged.get_or_insert(said.reply);
    }

    fn abandoned(&mut self, entry: &Entry, request: &Hash, statement: Option<&Stated<Abandonment>>) {
        // A custodian may be told of one that it has lost.
        let said = statement.and_then(|stated| Some((stated, stated.held()?)));
        if let Some((stated, said)) = said {
            let held = self.requests.entry(said.request).or_default();
            held.abandonment.get_or_insert(Said::new(stated, entry, said.time));
        }
        if let Some(held) = self.requests.get_mut(request) {
            held.abandoned.get_or_insert(entry.number);
        }
    }

    /// Before which time contents may be gone from this log, as far as the other party is concerned: for their age, or because it has
    /// consented, with a key that its log was signed with.
    pub(super) fn erased_before(&self, other: &Self) -> Option<Time> {
        let consented =
            |erased: &&Erased| erased.by_age || erased.consents.iter().any(|consent| other.has_signed(consent));
        self.erasures.iter().filter(consented).map(|erased| erased.before).max()
    }

    /// Whether an erasure tells of a consent that the other party has not signed.
    pub(super) fn invents_consents_of(&self, other: &Self) -> bool {
        let of_other =
            |(party, _): &&(Code, PublicKey)| other.parties.owner.as_ref().is_some_and(|owner| owner.party == *party);
        let mut consents = self.erasures.iter().flat_map(|erased| &erased.consents).filter(of_other);
        consents.any(|consent| !other.has_signed(consent))
    }

    /// Whether this party, with this key, is the owner of this log.
    fn has_signed(&self, (party, key): &(Code, PublicKey)) -> bool {
        let of_owner = self.parties.owner.as_ref().is_some_and(|owner| owner.party == *party);
        of_owner && (self.keys.is_empty() || self.keys.contains(key))
    }

    /// Heads that this custodian's log has been shown to have, by the size that they tell, which it does not have: each with where the
    /// `querier`'s log holds it, where it does.
    pub(super) fn denies(&self, querier: &Self) -> Vec<(TreeHead, Option<u64>)> {
        let is_of = |log: &Self, shown: &Shown, owner: &Self| {
            owner.parties.owner.as_ref().is_some_and(|owner| log.parties.is_key_of(&shown.signer, &owner.party))
        };
        // Whatever key this log is signed with: the querier knows whose that of the head was.
        let by_us = |shown: &&Shown| is_of(querier, shown, self);
        let by_querier = |shown: &&Shown| is_of(self, shown, querier);
        let theirs = querier.shown.iter().filter(by_us).map(|shown| (shown.head, Some(shown.entry)));
        let ours = self.shown.iter().filter(by_querier).map(|shown| (shown.head, None));
        let mut shown: Vec<_> = theirs.chain(ours).filter(|(head, _)| head.size > 0).collect();
        shown.sort_unstable_by_key(|(head, entry)| (head.size, *entry));
        let (mut tree, mut hashes) = (Growing::default(), self.hashes.iter());
        shown.retain(|(head, _)| {
            while tree.size() < head.size
                && let Some(hash) = hashes.next()
            {
                tree.push(hash);
            }
            tree.head() != *head
        });
        shown
    }

    /// Versions of galleries of which this custodian has signed another root to the `querier` than its log tells, or one that it does not
    /// tell: each with where the querier's log holds that, from `since` on.
    pub(super) fn roots_denied(&self, querier: &Self, since: Option<u64>) -> Vec<(u64, u64)> {
        let by_us = |rooted: &&Rooted| {
            self.parties.owner.as_ref().is_some_and(|owner| querier.parties.is_key_of(&rooted.signer, &owner.party))
        };
        let told = |rooted: &Rooted| self.galleries.get(&(rooted.agreement, rooted.gallery.version)).copied().flatten();
        let denied = querier.rooted.iter().filter(by_us).filter(|rooted| Some(rooted.entry) > since);
        let denied = denied.filter(|rooted| told(rooted) != Some(rooted.gallery.root));
        denied.map(|rooted| (rooted.gallery.version, rooted.entry)).collect()
    }

    /// The last entry by which this querier went on from another log of that custodian's than it had seen.
    pub(super) fn trusted(&self, custodian: &Code) -> Option<u64> {
        self.trusted.get(custodian).copied()
    }

    /// How many of such statements, made or logged at these times, cannot be among what was erased: there is no entry left over for each.
    pub(super) fn cannot_have_erased(&self, excused: &mut [Time]) -> u64 {
        excused.sort_unstable();
        let mut erased = self.erased.iter().rev().peekable();
        let mut lacking = 0_u64;
        // The latest first: each takes the latest entry that is left, which is no earlier than itself, or there is none for it.
        for said in excused.iter().rev() {
            if erased.next_if(|entry| entry.plus_days(CLOCK_SLACK_DAYS) >= *said).is_none() {
                lacking = lacking.saturating_add(1);
            }
        }
        lacking
    }

    pub(super) fn knows(&self, party: &Code) -> bool {
        self.parties.registered().any(|registered| registered == party)
    }
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self { requester: request.requester.clone(), number: request.number.clone(), agreement: request.agreement }
    }
}

impl Said {
    fn new<T>(stated: &Stated<T>, entry: &Entry, made: Time) -> Self {
        Self { digest: stated.digest, signer: stated.signer, entry: entry.number, time: made.min(entry.time) }
    }

    /// Whether it may be gone, where everything from before a time is, by the other party's clock.
    pub(super) fn is_older_than(&self, before: Time) -> bool {
        self.time < before.plus_days(CLOCK_SLACK_DAYS)
    }
}

impl Held {
    pub(super) fn first_entry(&self) -> Option<u64> {
        let said = [&self.request, &self.receipt, &self.reply, &self.acknowledgement];
        said.into_iter().flatten().map(|said| said.entry).min()
    }
}
