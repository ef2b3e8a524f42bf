//! What a request says beside the query.

use crate::agreement::{Code, ServiceTerms};
use crate::exchange::Pending;
use crate::scheme::Opened;
use crate::service::protocol::{Line, RecordError, Request};
use crate::service::signing::{Hash, Name};
use crate::service::tree::TreeHead;
use crate::wire::KeyId;
use rand::RngCore;

use super::Querier;
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};

/// The fields of a request that people fill in.
#[derive(clap::Args)]
pub struct Record {
    /// The request's number, ours to choose [default: the date and six random digits]
    #[arg(long, value_name = "CODE")]
    number: Option<Code>,
    /// For which of the agreed purposes [default: the only one]
    #[arg(long, value_name = "CODE")]
    purpose: Option<Code>,
    /// Where the justification is on file
    #[arg(long, value_name = "TEXT")]
    justification: Option<Line>,
    /// Category of the case
    #[arg(long, value_name = "CODE")]
    case_category: Option<Code>,
    /// Number of the staff member who asks
    #[arg(long, value_name = "CODE")]
    officer: Option<Code>,
}

/// The query that is asked.
pub struct Asked<'a> {
    pub pending: &'a Pending,
    pub key: KeyId,
    pub content: &'a [u8],
}

impl Record {
    /// The number that was given, or one of today.
    pub fn number(&self, rng: &mut impl RngCore) -> Result<Code, Failure> {
        let numbered = || format!("{}-{:06}", party::now().day(), rng.next_u32() % 1_000_000).parse().ok();
        let number = self.number.clone().or_else(numbered);
        number.ok_or_else(|| Failure::new("--number", "none could be chosen", "choose one"))
    }

    /// The request of a query.
    pub fn request(
        &self,
        party: &Party<Querier>,
        agreement: &Opened,
        terms: &ServiceTerms,
        number: &Code,
        seen: Option<TreeHead>,
        asked: &Asked<'_>,
    ) -> Result<Request, Failure> {
        let time = party::now().second();
        let purpose = match (&self.purpose, terms.purposes.as_slice()) {
            (Some(purpose), _) => purpose.clone(),
            (None, [only]) => only.clone(),
            (None, several) => {
                let known: Vec<&str> = several.iter().map(Code::as_str).collect();
                let what = format!("several purposes are agreed: {}", known.join(", "));
                return Err(Failure::new("--purpose", what, "name one of them"));
            }
        };
        let request = Request {
            requester: party.name().clone(),
            number: number.clone(),
            time,
            agreement: Hash(agreement.digest().0),
            purpose,
            justification: self.justification.clone(),
            case_category: self.case_category.clone(),
            officer: self.officer.clone(),
            key: Name(asked.key.0),
            query: Name(asked.pending.query().0),
            query_digest: Hash::of(asked.content),
            probes: u32::try_from(asked.pending.subjects().len()).unwrap_or(u32::MAX),
            seen,
        };
        match request.check(terms, request.agreement) {
            Ok(()) => Ok(request),
            Err(RecordError::Missing(field)) => Err(Failure::new(
                format_args!("--{field}"),
                "the agreement requires it of every request",
                format_args!("give it (--{field})"),
            )),
            Err(error) => Err(Failure::of("--purpose".as_ref(), &error, "name an agreed purpose")),
        }
    }
}
