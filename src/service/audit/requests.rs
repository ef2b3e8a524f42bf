//! The table of requests: what a log tells, a row a request.

use std::collections::{BTreeSet, HashMap};

use serde::{Serialize, Serializer};

use super::reading::{Parties, Stated, Told, Whose};
use super::{Entry, Reading, Role};
use crate::agreement::Code;
use crate::service::protocol::{Acknowledgement, Line, Reason, Receipt, Reply, ReplyOutcome, Request};
use crate::service::signing::{Hash, Name, PublicKey};
use crate::service::time::Time;

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// There is an answer. What it says is known to the requester alone.
    Answered,
    /// There is none.
    Unanswered(Reason),
    /// There is no reply in the log.
    Open,
    /// There is none, and the querier goes on with it no more.
    Abandoned,
}

/// As one word: `answered`, `open`, `abandoned`, or the reason.
impl Serialize for RowOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Answered => serializer.serialize_str("answered"),
            Self::Open => serializer.serialize_str("open"),
            Self::Abandoned => serializer.serialize_str("abandoned"),
            Self::Unanswered(reason) => reason.serialize(serializer),
        }
    }
}

/// A request with what came of it, in the words of Regulation (EU) 2024/982, Art. 15, 24, 33 and 40. Never a verdict: no log holds one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRow {
    /// Who asked.
    pub requesting_authority: Code,
    /// Who was asked; none where a querier's log knows several custodians and none of them has replied.
    pub responding_authority: Option<Code>,
    /// Number of the request, by the requesting authority.
    pub request_number: Code,
    /// When it was made, by the requesting authority's clock.
    pub request_date_and_time: Time,
    /// For which of the agreed purposes.
    pub purpose: Code,
    /// Where the justification is on file.
    pub justification: Option<Line>,
    /// Category of the case.
    pub case_category: Option<Code>,
    /// The staff member who asked, by number.
    pub officer: Option<Code>,
    /// How many persons were asked about.
    pub number_of_probes: u32,
    /// Digest of the agreement.
    pub agreement: Hash,
    /// The job that answered it; none where it was not accepted.
    pub job: Option<Name>,
    /// Number of the reply, by the responding authority.
    pub reply_number: Option<u64>,
    /// When the reply was made, by the responding authority's clock.
    pub reply_date_and_time: Option<Time>,
    /// What came of the request.
    pub outcome: RowOutcome,
    /// The version of the gallery that was searched.
    pub gallery_version: Option<u64>,
    /// Bits that the answer discloses at most.
    pub bits_disclosed: Option<u64>,
    /// When the requesting authority said that the reply had arrived, by its clock.
    pub acknowledged_date_and_time: Option<Time>,
    /// Number of the log entry of the request; none where that was erased and only the reply, which echoes the request, is left.
    pub entry: Option<u64>,
}

impl RequestRow {
    /// The fields, as they are named and in their order.
    pub(crate) const FIELDS: [&str; 18] = [
        "requesting_authority",
        "responding_authority",
        "request_number",
        "request_date_and_time",
        "purpose",
        "justification",
        "case_category",
        "officer",
        "number_of_probes",
        "agreement",
        "job",
        "reply_number",
        "reply_date_and_time",
        "outcome",
        "gallery_version",
        "bits_disclosed",
        "acknowledged_date_and_time",
        "entry",
    ];

    fn new(request: Request, entry: Option<u64>) -> Self {
        Self {
            requesting_authority: request.requester,
            responding_authority: None,
            request_number: request.number,
            request_date_and_time: request.time,
            purpose: request.purpose,
            justification: request.justification,
            case_category: request.case_category,
            officer: request.officer,
            number_of_probes: request.probes,
            agreement: request.agreement,
            job: None,
            reply_number: None,
            reply_date_and_time: None,
            outcome: RowOutcome::Open,
            gallery_version: None,
            bits_disclosed: None,
            acknowledged_date_and_time: None,
            entry,
        }
    }
}

/// Reads a log from its first entry to its last, and makes the table. What cannot be read, or is signed wrongly, is left out:
/// [`super::Verifier`] tells of it.
#[derive(Default)]
pub struct Requests {
    parties: Parties,
    rows: Vec<RequestRow>,
    positions: HashMap<Hash, usize>,
}

impl Requests {
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
        let Some(told) = reading.told() else { return };
        self.parties.read(told);
        match told {
            Told::Request(stated) => self.request(reading.entry.number, stated),
            Told::Receipt(stated) => self.receipt(stated),
            Told::Reply(stated) => self.reply(stated),
            Told::Acknowledgement(stated) => self.acknowledgement(stated),
            Told::Abandoned { request, .. } => self.abandoned(request),
            Told::Opened(_)
            | Told::Registered { .. }
            | Told::Succession(_)
            | Told::OperatorRegistered { .. }
            | Told::OperatorRemoved { .. }
            | Told::Refused { .. }
            | Told::Breaker { .. }
            | Told::Clock { .. }
            | Told::Diverged { .. }
            | Told::Trusted { .. }
            | Told::KeyAdmitted { .. }
            | Told::Canaries { .. }
            | Told::Gallery { .. }
            | Told::Erased(_)
            | Told::Else => {}
        }
    }

    /// The log ends here: its requests in the order in which they stand in it.
    pub fn finish(mut self) -> Vec<RequestRow> {
        let custodian = match self.parties.owner.take() {
            Some(Whose { party, role: Role::Custodian }) => Some(party),
            // A querier who knows one custodian asks that one.
            _ => {
                let parties: BTreeSet<&Code> = self.parties.registered().collect();
                parties.first().filter(|_| parties.len() == 1).map(|party| (*party).clone())
            }
        };
        for row in &mut self.rows {
            row.responding_authority = row.responding_authority.take().or_else(|| custodian.clone());
        }
        self.rows
    }

    fn request(&mut self, entry: u64, stated: &Stated<Request>) {
        if let Some(request) = stated.held() {
            self.row(stated.digest, || RequestRow::new(request.clone(), Some(entry)));
        }
    }

    fn receipt(&mut self, stated: &Stated<Receipt>) {
        let Some(receipt) = stated.held() else { return };
        let responding = self.responding(stated.signer);
        if let Some(row) = self.find(&receipt.request) {
            row.job.get_or_insert(receipt.job);
            row.responding_authority = row.responding_authority.take().or(responding);
        }
    }

    fn reply(&mut self, stated: &Stated<Reply>) {
        let Some(reply) = stated.held() else { return };
        let responding = self.responding(stated.signer);
        let row = self.row(reply.request_digest, || RequestRow::new(reply.request.clone(), None));
        let Some(row) = row else { return };
        if !matches!(row.outcome, RowOutcome::Open | RowOutcome::Abandoned) {
            return;
        }
        row.reply_number = Some(reply.number);
        row.reply_date_and_time = Some(reply.time);
        row.responding_authority = row.responding_authority.take().or(responding);
        match reply.outcome {
            ReplyOutcome::Answered { gallery, bits, .. } => {
                row.outcome = RowOutcome::Answered;
                row.gallery_version = Some(gallery);
                row.bits_disclosed = Some(bits);
            }
            ReplyOutcome::Unanswered { reason } => row.outcome = RowOutcome::Unanswered(reason),
        }
    }

    fn acknowledgement(&mut self, stated: &Stated<Acknowledgement>) {
        if let Some(said) = stated.held()
            && let Some(row) = self.find(&said.request)
        {
            row.acknowledged_date_and_time.get_or_insert(said.time);
        }
    }

    fn abandoned(&mut self, request: &Hash) {
        if let Some(row) = self.find(request)
            && row.outcome == RowOutcome::Open
        {
            row.outcome = RowOutcome::Abandoned;
        }
    }

    /// The custodian that a querier has registered under this key; a custodian's own log need not ask.
    fn responding(&self, signer: PublicKey) -> Option<Code> {
        let querier = self.parties.owner.as_ref().is_some_and(|owner| owner.role == Role::Querier);
        self.parties.of_key(&signer).filter(|_| querier).cloned()
    }

    fn find(&mut self, request: &Hash) -> Option<&mut RequestRow> {
        self.rows.get_mut(*self.positions.get(request)?)
    }

    /// The row of a request, made where there is none yet.
    fn row(&mut self, request: Hash, make: impl FnOnce() -> RequestRow) -> Option<&mut RequestRow> {
        let position = *self.positions.entry(request).or_insert_with(|| {
            self.rows.push(make());
            self.rows.len() - 1
        });
        self.rows.get_mut(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::samples::{Exchange, Log, Reached};

    fn rows(log: &Log) -> Vec<RequestRow> {
        let mut requests = Requests::new();
        log.entries.iter().for_each(|entry| requests.entry(entry));
        requests.finish()
    }

    fn exchange() -> Exchange {
        let mut exchange = Exchange::sample();
        exchange.cancel(5, 5000);
        exchange.ask(6, 6000, Reached::Made);
        exchange
    }

    #[test]
    fn both_logs_make_the_same_table_but_for_what_did_not_arrive() {
        let exchange = exchange();
        let (custodian, querier) = (rows(&exchange.custodian), rows(&exchange.querier));
        assert_eq!((custodian.len(), querier.len()), (5, 6));
        for (ours, theirs) in custodian.iter().zip(&querier) {
            assert_eq!(ours, &RequestRow { entry: ours.entry, ..theirs.clone() });
            assert_eq!(ours.responding_authority, Some("B".parse().unwrap()));
            assert_eq!(ours.requesting_authority.as_str(), "A-BORDER");
        }
        let outcomes: Vec<RowOutcome> = querier.iter().map(|row| row.outcome).collect();
        use RowOutcome::{Answered, Open, Unanswered};
        assert_eq!(outcomes, [Answered, Answered, Answered, Open, Unanswered(Reason::Cancelled), Open]);
        assert_eq!(
            (querier[0].bits_disclosed, querier[0].gallery_version, querier[0].reply_number),
            (Some(4), Some(1), Some(1))
        );
        assert_eq!(querier[4].bits_disclosed, None);
        assert_eq!((querier[5].job, querier[5].responding_authority.is_some()), (None, true));
    }

    #[test]
    fn an_abandoned_request_is_called_that() {
        let mut exchange = Exchange::new();
        for (number, reached) in [(1, Reached::Made), (2, Reached::Accepted)] {
            let request = exchange.ask(number, 1000, reached);
            exchange.abandon(request, 2000);
        }
        let outcomes: Vec<RowOutcome> = rows(&exchange.querier).iter().map(|row| row.outcome).collect();
        assert_eq!(outcomes, [RowOutcome::Abandoned; 2]);
        assert_eq!(serde_json::to_value(outcomes[0]).unwrap(), "abandoned");
    }

    #[test]
    fn fields_are_named_in_their_order_and_none_is_a_verdict() {
        let rows = rows(&exchange().custodian);
        let text = serde_json::to_string(&rows[4]).unwrap();
        let places: Vec<usize> =
            RequestRow::FIELDS.iter().map(|field| text.find(&format!("\"{field}\":")).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        let object = serde_json::to_value(&rows[4]).unwrap();
        assert_eq!(object.as_object().unwrap().len(), RequestRow::FIELDS.len());
        assert_eq!((&object["outcome"], &object["gallery_version"]), (&"cancelled".into(), &serde_json::Value::Null));
        for word in ["hit", "match", "verdict", "score"] {
            assert!(!RequestRow::FIELDS.iter().any(|field| field.contains(word)), "{word}");
        }
    }

    #[test]
    fn a_reply_tells_of_a_request_that_was_erased() {
        let mut exchange = Exchange::new();
        exchange.ask(1, 1000, Reached::Delivered);
        exchange.ask(2, 2000, Reached::Delivered);
        exchange.custodian.erase(2005, 9000);
        let rows = rows(&exchange.custodian);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].request_number.as_str(), rows[0].entry, rows[0].job), ("2", None, None));
        assert_eq!((rows[0].outcome, rows[0].acknowledged_date_and_time.is_some()), (RowOutcome::Answered, true));
    }

    #[test]
    fn a_querier_of_several_custodians_knows_by_the_signature_who_was_asked() {
        let mut exchange = Exchange::new();
        exchange.querier.register("D", 4);
        exchange.ask(1, 1000, Reached::Accepted);
        exchange.ask(2, 2000, Reached::Made);
        let rows = rows(&exchange.querier);
        assert_eq!(rows[0].responding_authority, Some("B".parse().unwrap()));
        assert_eq!(rows[1].responding_authority, None);
    }
}
