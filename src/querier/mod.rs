//! The querier: SECRET probes, SECRET key. Asks, and reads the answer.
//!
//! Knows nothing of galleries: see `tests/boundaries`.

mod derive;
mod key;
mod origin;
mod pending;
mod sealed;

use std::borrow::Cow;

use rand::CryptoRng;

use crate::functional::{Probe, ProbeError};
use crate::remedy::Remedy;
use crate::scheme::{Holder, Opened};
use crate::template::{Record, SubjectId, group_by_subject};
use crate::wire::{Query, QueryId, Target};
pub(crate) use derive::Underivable;
pub use key::{KeySeed, SecretKey};
pub use origin::Origin;
pub use pending::{AnswerError, Pending, Verdict};
pub use sealed::SealError;

/// One authority that asks.
pub struct Querier<S: Holder> {
    agreement: Opened,
    key: SecretKey<S>,
}

/// Why a query cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Nothing to ask about.
    #[error("there is no probe")]
    NoProbes,
    /// More probes than agreed.
    #[error("{actual} probes where the agreement admits {limit} in a query (limits.probes_per_query)")]
    TooManyProbes {
        /// Probes that a query may hold, by the agreement.
        limit: usize,
        /// Probes that were given.
        actual: usize,
    },
    /// The key is of another parameter set than agreed: the query would not have the agreed security.
    #[error("the key is of parameter set {actual}, but the agreement says {expected}")]
    OtherParameters {
        /// Name of the agreed set.
        expected: String,
        /// Name of the key's set.
        actual: String,
    },
    /// A probe is refused.
    #[error("probe '{subject}': {source}")]
    Probe {
        /// Whose it is.
        subject: SubjectId,
        /// What is wrong with the template or its eye.
        source: ProbeError,
    },
    /// The seed of the query could not be derived.
    #[error(transparent)]
    Underivable(#[from] Underivable),
}

impl Remedy for AskError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Probe { source, .. } => return source.remedy(),
            Self::Underivable(error) => return error.remedy(),
            Self::NoProbes => "give at least one template",
            Self::TooManyProbes { .. } => "split them",
            Self::OtherParameters { .. } => "make keys under this agreement",
        };
        Some(remedy.into())
    }
}

/// Probes as they are encrypted, with whose they are.
type Prepared = (Vec<SubjectId>, Vec<Probe>);

impl<S: Holder> Querier<S> {
    /// A querier with its key.
    pub fn new(agreement: &Opened, key: SecretKey<S>) -> Self {
        Self { agreement: agreement.clone(), key }
    }

    /// Stages 1 to 3: encrypts probes. Send the query; keep what is pending.
    ///
    /// Records of the same subject are one probe: the two eyes of a person, where the agreement tells them apart.
    ///
    /// # Errors
    ///
    /// [`AskError`] for no probe, too many, or one that is refused.
    pub fn ask(
        &self,
        records: Vec<Record>,
        target: Target,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Query<S>, Pending), AskError> {
        Ok(self.encrypt(self.prepare(records)?, target, rng))
    }

    fn prepare(&self, records: Vec<Record>) -> Result<Prepared, AskError> {
        let (expected, actual) = (self.agreement.parameters(), self.key.parameters());
        if expected != actual {
            return Err(AskError::OtherParameters {
                expected: expected.name().to_owned(),
                actual: actual.name().to_owned(),
            });
        }
        let groups = group_by_subject(records.into_iter().map(|record| (record.subject.clone(), record)));
        let limit = self.agreement.terms().limits.probes_per_query;
        match groups.len() {
            0 => return Err(AskError::NoProbes),
            actual if actual > limit => return Err(AskError::TooManyProbes { limit, actual }),
            _ => {}
        }
        let functional = self.agreement.functional();
        let mut subjects = Vec::with_capacity(groups.len());
        let mut probes = Vec::with_capacity(groups.len());
        for (subject, records) in groups {
            let probe = Probe::new(functional, &records)
                .map_err(|source| AskError::Probe { subject: subject.clone(), source })?;
            subjects.push(subject);
            probes.push(probe);
        }
        Ok((subjects, probes))
    }

    fn encrypt(&self, (subjects, probes): Prepared, target: Target, rng: &mut dyn CryptoRng) -> (Query<S>, Pending) {
        let functional = self.agreement.functional();
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let query = Query {
            id: QueryId(id),
            key: self.key.id(),
            agreement: self.agreement.digest(),
            target: target.clone(),
            layouts: probes.iter().map(Probe::layout).collect(),
            ciphertext: S::encrypt(self.key.key(), functional, &probes, rng),
        };
        let pending = Pending::new(query.id, self.key.id(), target, subjects);
        (query, pending)
    }

    /// The agreement that is asked under.
    pub(crate) fn agreement(&self) -> &Opened {
        &self.agreement
    }

    /// The key, for reading answers.
    pub fn key(&self) -> &SecretKey<S> {
        &self.key
    }
}
