//! What a log holds of each request.

use std::collections::HashMap;

use crate::agreement::Code;
use crate::service::audit::reading::{Parties, Stated, Told};
use crate::service::audit::{Entry, Reading};
use crate::service::protocol::{Abandonment, Acknowledgement, Receipt, Reply, Request};
use crate::service::signing::{Hash, PublicKey};
use crate::service::time::Time;

/// What of a log is compared. Reads it from its first entry to its last; holds some hundred bytes a request.
#[derive(Default)]
pub struct Statements {
    pub(super) parties: Parties,
    pub(super) requests: HashMap<Hash, Held>,
    /// Contents of entries before this are erased.
    pub(super) erased_before: Option<Time>,
    /// Times of entries without content, ascending.
    pub(super) erased: Vec<Time>,
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
        self.read(&Reading::of(entry));
    }

    /// The next entry, for those who have read it already.
    pub(crate) fn read(&mut self, reading: &Reading<'_>) {
        let (entry, Some(told)) = (reading.entry, reading.told()) else {
            if matches!(reading.told, Ok(None)) {
                self.erased.push(reading.entry.time);
            }
            return;
        };
        self.parties.read(told);
        match told {
            Told::Erased(erasure) => self.erased_before = self.erased_before.max(Some(erasure.before)),
            Told::Request(stated) => self.request(entry, stated),
            Told::Receipt(stated) => self.receipt(entry, stated),
            Told::Reply(stated) => self.reply(entry, stated),
            Told::Acknowledgement(stated) => self.acknowledgement(entry, stated),
            Told::Abandoned { request, statement } => self.abandoned(entry, request, statement.as_ref()),
            Told::Opened(_)
            | Told::Registered { .. }
            | Told::Succession(_)
            | Told::OperatorRegistered { .. }
            | Told::OperatorRemoved { .. }
            | Told::Refused { .. }
            | Told::KeyAdmitted { .. }
            | Told::Gallery { .. }
            | Told::Breaker { .. }
            | Told::Clock { .. }
            | Told::Else => {}
        }
    }

    // A second statement of one request is a finding of the log itself; here the first counts.

    fn request(&mut self, entry: &Entry, stated: &Stated<Request>) {
        let Some(request) = stated.held() else { return };
        let held = self.requests.entry(stated.digest).or_default();
        held.request.get_or_insert(Said::new(stated, entry, request.time));
        held.asked.get_or_insert_with(|| Asked::of(request));
    }

    fn receipt(&mut self, entry: &Entry, stated: &Stated<Receipt>) {
        let Some(receipt) = stated.held() else { return };
        let held = self.requests.entry(receipt.request).or_default();
        held.receipt.get_or_insert(Said::new(stated, entry, receipt.time));
    }

    fn reply(&mut self, entry: &Entry, stated: &Stated<Reply>) {
        let Some(reply) = stated.held() else { return };
        let held = self.requests.entry(reply.request_digest).or_default();
        held.reply.get_or_insert(Said::new(stated, entry, reply.time));
        held.asked.get_or_insert_with(|| Asked::of(&reply.request));
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

    /// Whether a statement may be gone from this log for its age.
    pub(super) fn excuses(&self, said: &Said) -> bool {
        self.erased_before.is_some_and(|before| said.time < before.plus_days(CLOCK_SLACK_DAYS))
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
        Self { requester: request.requester.clone(), number: request.number.clone() }
    }
}

impl Said {
    fn new<T>(stated: &Stated<T>, entry: &Entry, made: Time) -> Self {
        Self { digest: stated.digest, signer: stated.signer, entry: entry.number, time: made.min(entry.time) }
    }
}

impl Held {
    pub(super) fn first_entry(&self) -> Option<u64> {
        let said = [&self.request, &self.receipt, &self.reply, &self.acknowledgement];
        said.into_iter().flatten().map(|said| said.entry).min()
    }
}
