//! What is kept of a request, and how far it came.

use crate::agreement::Code;
use crate::service::protocol::{Reply, Request};
use crate::service::signing::{Hash, Name, Signed};
use crate::service::store::StoreError;
use crate::service::store::values::Row;

/// How far a request came: the column `stage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestState {
    /// Encrypted and signed; the custodian may have it.
    Prepared,
    /// The custodian has given a receipt.
    Accepted,
    /// The reply is here, and its answer if it has one.
    Replied,
    /// The custodian knows that it is.
    Acknowledged,
    /// The verdicts were told; query, answer and who was asked about are gone.
    Done,
    /// Nobody goes on with it; query, answer and who was asked about are gone.
    Abandoned,
}

impl RequestState {
    const ALL: [Self; 6] =
        [Self::Prepared, Self::Accepted, Self::Replied, Self::Acknowledged, Self::Done, Self::Abandoned];

    /// As it is kept, and said.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Accepted => "accepted",
            Self::Replied => "replied",
            Self::Acknowledged => "acknowledged",
            Self::Done => "done",
            Self::Abandoned => "abandoned",
        }
    }
}

impl std::str::FromStr for RequestState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(())
    }
}

/// A request and all that is kept of it.
pub struct OutboxRequest {
    /// The request's number.
    pub number: Code,
    /// Under which agreement.
    pub agreement: Hash,
    /// Where the custodian is.
    pub custodian: String,
    /// As it was signed.
    pub statement: Signed<Request>,
    /// The query's file.
    pub query: Option<Vec<u8>>,
    /// Who was asked about: [`crate::querier::Pending`]. Secret.
    pub pending: Option<zeroize::Zeroizing<Vec<u8>>>,
    /// How far it came.
    pub state: RequestState,
    /// The custodian's job.
    pub job: Option<Name>,
    /// As the custodian signed it.
    pub reply: Option<Signed<Reply>>,
    /// The answer's file.
    pub answer: Option<Vec<u8>>,
    /// What the answer said: [`crate::querier::Querier::seal`]. None before it was read, and after it was forgotten.
    pub verdicts: Option<Vec<u8>>,
    /// With which the query can be made again: [`crate::querier::Origin`].
    pub nonce: Option<[u8; 32]>,
}

/// A request, as a list shows it.
pub struct ListedRequest {
    /// Number of its entry in the querier's log, by which requests are ordered. Another one once it is signed anew.
    pub sequence: u64,
    /// As it was signed.
    pub request: Request,
    /// How far it came.
    pub state: RequestState,
    /// Whether its verdicts can be told.
    pub has_verdicts: bool,
    /// Whether it is about canaries.
    pub is_about_canaries: bool,
}

/// The columns that [`request`] reads, in their order.
pub(super) const COLUMNS: &str =
    "number, agreement, custodian, request, query, pending, stage, job, reply, answer, verdicts, nonce";

/// Reads [`COLUMNS`].
pub(super) fn request(mut row: Row) -> Result<OutboxRequest, StoreError> {
    Ok(OutboxRequest {
        number: row.parsed()?,
        agreement: row.parsed()?,
        custodian: row.text()?,
        statement: Signed::from_json(&row.text()?).map_err(|_| StoreError::Damaged("request"))?,
        query: row.maybe_bytes()?,
        pending: row.maybe_bytes()?.map(zeroize::Zeroizing::new),
        state: row.parsed()?,
        job: row.maybe_text()?.map(|job| job.parse()).transpose().map_err(|_| StoreError::Damaged("job"))?,
        reply: match row.maybe_text()? {
            Some(text) => Some(Signed::from_json(&text).map_err(|_| StoreError::Damaged("reply"))?),
            None => None,
        },
        answer: row.maybe_bytes()?,
        verdicts: row.maybe_bytes()?,
        nonce: match row.maybe_bytes()? {
            Some(bytes) => Some(bytes.try_into().map_err(|_| StoreError::Damaged("nonce"))?),
            None => None,
        },
    })
}

/// The columns that [`listed`] reads, in their order.
pub(super) const LISTED: &str = "sequence, request, stage, CAST(CASE WHEN verdicts IS NULL THEN 0 ELSE 1 END AS BIGINT), \
                                 CAST(CASE WHEN EXISTS (SELECT 1 FROM about WHERE about.name = 'canaries ' || requests.number) \
                                 THEN 1 ELSE 0 END AS BIGINT)";

/// Reads [`LISTED`].
pub(super) fn listed(mut row: Row) -> Result<ListedRequest, StoreError> {
    let damaged = |_| StoreError::Damaged("request");
    Ok(ListedRequest {
        sequence: row.count()?,
        request: Signed::from_json(&row.text()?).and_then(|statement| statement.verify(None)).map_err(damaged)?,
        state: row.parsed()?,
        has_verdicts: row.int()? != 0,
        is_about_canaries: row.int()? != 0,
    })
}
