//! Verdicts of real exchanges on the drawn pairs: keys, query, answer and verdict, through the bytes that cross.
//!
//! They are taken under the agreement's comparison and parameter set, but with disclosure `each`, one subject a reference and eyes not told
//! apart, so that each pair has a verdict of its own.

use std::borrow::Cow;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::dataset::{Dataset, Sample};
use super::sample::{Selection, Unit};
use crate::agreement::{AgreementError, ComparisonTerms, Disclosure, EyeRule};
use crate::custodian::{self, AdmittedKey, Custodian, Gallery};
use crate::querier::{self, AskError, Querier, SecretKey, Verdict};
use crate::remedy::Remedy;
use crate::scheme::{Evaluator, Holder, Opened, OtherScheme, Progress};
use crate::template::{Record, RecordError, SubjectId};
use crate::wire::{Answer, EvaluationKey, Query, Target, WireError};

/// Why there are no encrypted verdicts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The comparison does not fit its parameter set once every pair has a verdict.
    #[error("{0}")]
    Opened(#[from] AgreementError),
    /// The agreement is on another scheme.
    #[error(transparent)]
    Scheme(#[from] OtherScheme),
    /// A message is refused by its receiver.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// No query can be made.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// There is no answer.
    #[error(transparent)]
    Answer(#[from] custodian::AnswerError),
    /// The answer is refused.
    #[error(transparent)]
    Read(#[from] querier::AnswerError),
    /// A reference that the data set admitted is not enrolled.
    #[error("a reference that was admitted before is refused by the gallery")]
    Enrolment,
    /// A number makes no identifier.
    #[error(transparent)]
    Identifier(#[from] RecordError),
}

impl Remedy for ExchangeError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Opened(error) => error.remedy(),
            Self::Wire(error) => error.remedy(),
            Self::Ask(error) => error.remedy(),
            Self::Answer(error) => error.remedy(),
            Self::Read(error) => error.remedy(),
            Self::Scheme(_) | Self::Enrolment | Self::Identifier(_) => None,
        }
    }
}

/// Whether to go on, decided after each unit.
pub type GoOn = bool;

/// The agreement under which pairs have verdicts of their own; its integers are those of the given one.
///
/// # Errors
///
/// [`AgreementError`] where the parameter set, admitted for the agreed disclosure, does not admit `each`.
pub fn pairwise(agreement: &Opened, references: usize) -> Result<Opened, AgreementError> {
    let mut terms = agreement.terms().clone();
    terms.disclosure = Disclosure::Each;
    if let ComparisonTerms::FractionalHamming { eyes, .. } = &mut terms.comparison {
        *eyes = EyeRule::Ignored;
    }
    terms.limits.references = references.max(1);
    terms.limits.references_per_subject = 1;
    Opened::of(terms)
}

/// Units that a thread works on before their verdicts are handed on.
const UNITS_A_THREAD: usize = 4;

/// Both parties, in one program, under keys that follow from a seed and are thrown away.
pub struct Exchange<'a, S: Holder<SecretKey: Sync> + Evaluator> {
    agreement: &'a Opened,
    dataset: &'a Dataset,
    querier: Querier<S>,
    key: AdmittedKey<S>,
    seed: u64,
    budget_bytes: u64,
}

impl<'a, S: Holder<SecretKey: Sync> + Evaluator> Exchange<'a, S> {
    /// Makes keys under an agreement of [`pairwise`]. `budget_bytes` is what may be kept of an encoded gallery.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`] for an agreement on another scheme.
    pub fn new(
        agreement: &'a Opened,
        dataset: &'a Dataset,
        seed: u64,
        budget_bytes: u64,
    ) -> Result<Self, ExchangeError> {
        let (secret, public) = SecretKey::<S>::generate(agreement, &mut generator(seed, 0))?;
        let public = EvaluationKey::<S>::read(public.to_bytes(agreement).as_slice(), agreement)?;
        let key = AdmittedKey::new(public);
        Ok(Self { agreement, dataset, querier: Querier::new(agreement, secret), key, seed, budget_bytes })
    }

    /// The verdicts on each unit from number `first` on, in order, given to `done` one after the other until it says to stop.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`] where a step of an exchange fails, or is stopped by `progress`.
    pub fn judge(
        &self,
        selection: &Selection,
        first: usize,
        progress: &dyn Progress,
        done: &mut dyn FnMut(usize, Vec<bool>) -> GoOn,
    ) -> Result<(), ExchangeError> {
        let units: Vec<(usize, &Unit)> = selection.units.iter().enumerate().skip(first).collect();
        if selection.whole_gallery {
            let gallery = self.gallery(0..self.dataset.references().len())?;
            let custodian = self.custodian(&gallery)?;
            for (number, unit) in units {
                if !done(number, self.ask(&custodian, number, unit, progress)?) {
                    break;
                }
            }
            return Ok(());
        }
        let apart = |&(number, unit): &(usize, &Unit)| {
            let gallery = self.gallery(unit.references.iter().map(|against| against.place))?;
            let verdicts = self.ask(&self.custodian(&gallery)?, number, unit, progress)?;
            Ok((number, verdicts))
        };
        // A unit of a few pairs does not keep all threads busy.
        for some in units.chunks(UNITS_A_THREAD * rayon::current_num_threads()) {
            let judged: Vec<_> = some.par_iter().map(apart).collect::<Result<_, ExchangeError>>()?;
            if !judged.into_iter().all(|(number, verdicts)| done(number, verdicts)) {
                break;
            }
        }
        Ok(())
    }

    fn gallery(&self, places: impl IntoIterator<Item = usize>) -> Result<Gallery, ExchangeError> {
        let samples = places.into_iter().filter_map(|place| self.dataset.references().get(place));
        let records: Vec<Record> =
            samples.enumerate().map(|(number, sample)| record(number, sample)).collect::<Result<_, _>>()?;
        let wanted = records.len();
        let gallery = Gallery::enrol(self.agreement, records).gallery.filter(|gallery| gallery.len() == wanted);
        gallery.ok_or(ExchangeError::Enrolment)
    }

    fn custodian<'g>(&'g self, gallery: &'g Gallery) -> Result<Custodian<'g, S>, ExchangeError> {
        Ok(Custodian::new(self.agreement, gallery, self.budget_bytes)?)
    }

    fn ask(
        &self,
        custodian: &Custodian<'_, S>,
        number: usize,
        unit: &Unit,
        progress: &dyn Progress,
    ) -> Result<Vec<bool>, ExchangeError> {
        let agreement = self.agreement;
        let mut rng = generator(self.seed, number as u64 + 1);
        let Some(sample) = self.dataset.probes().get(unit.probe) else { return Ok(Vec::new()) };
        let (query, pending) = self.querier.ask(vec![record(0, sample)?], Target::Gallery, &mut rng)?;
        let query = Query::<S>::read(query.to_bytes(agreement)?.as_slice(), agreement, Some(self.key.id()))?;
        let answer = custodian.answer(&self.key, &query, &mut rng, progress)?;
        let answer = answer.to_bytes(agreement)?;
        let answer = Answer::<S>::read(answer.as_slice(), agreement, Some(self.querier.key().id()))?;
        match pending.read(&self.querier, &answer)?.pop() {
            Some((_, Verdict::Each(verdicts))) => Ok(verdicts),
            _ => Ok(Vec::new()),
        }
    }
}

/// A record of a name that is its number: no two are of one subject.
fn record<T>(number: usize, sample: &Sample<T>) -> Result<Record, RecordError> {
    let subject = SubjectId::try_from(number.to_string())?;
    Ok(Record { subject, eye: None, template: sample.template.as_ref().clone() })
}

/// Keys and ciphertexts of an evaluation follow from its seed, so that a report can be made again.
fn generator(seed: u64, stream: u64) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}
