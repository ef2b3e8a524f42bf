//! What a log holds of each request.

use std::collections::{BTreeMap, HashMap};

use crate::agreement::Code;
use crate::service::audit::{Entry, Event, Role};
use crate::service::protocol::{Acknowledgement, Receipt, Reply, Request};
use crate::service::signing::{Hash, PublicKey, Signed, Statement};
use crate::service::time::Time;

/// What of a log is compared. Reads it from its first entry to its last; holds some hundred bytes a request.
#[derive(Default)]
pub struct Statements {
    pub(super) owner: Option<(Code, Role)>,
    pub(super) registered: BTreeMap<PublicKey, Code>,
    pub(super) requests: HashMap<Hash, Held>,
    /// Contents of entries before this are erased.
    pub(super) erased_before: Option<Time>,
}

/// What a log holds of a request.
#[derive(Clone, Default)]
pub(super) struct Held {
    /// Who asked, and under which number; none where neither the request nor the reply is left.
    pub(super) asked: Option<(Code, Code)>,
    pub(super) request: Option<Said>,
    pub(super) receipt: Option<Said>,
    pub(super) reply: Option<Said>,
    pub(super) acknowledgement: Option<Said>,
    /// The reply that is acknowledged.
    pub(super) acknowledged: Option<Hash>,
}

/// A statement as it stands in a log.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) digest: Hash,
    pub(super) signer: PublicKey,
    pub(super) entry: u64,
    /// When it was made or logged, whichever is earlier.
    pub(super) time: Time,
}

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
    pub(super) fn excuses(&self, said: &Said) -> bool {
        self.erased_before.is_some_and(|before| said.time < before.plus_days(CLOCK_SLACK_DAYS))
    }

    pub(super) fn knows(&self, party: &Code) -> bool {
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
    pub(super) fn first_entry(&self) -> Option<u64> {
        let said = [&self.request, &self.receipt, &self.reply, &self.acknowledgement];
        said.into_iter().flatten().map(|said| said.entry).min()
    }
}
