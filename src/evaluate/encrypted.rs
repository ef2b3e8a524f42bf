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
use crate::custodian::Gallery;
use crate::exchange::{AdmittedKey, Custodian, EvaluationKey, ExchangeError, Querier};
use crate::querier::Verdict;
use crate::remedy::Remedy;
use crate::scheme::{Opened, Progress};
use crate::template::{Record, RecordError, SubjectId};

/// Why there are no encrypted verdicts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptedError {
    /// A step of an exchange fails.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A reference that the data set admitted is not enrolled.
    #[error("a reference that was admitted before is refused by the gallery")]
    Enrolment,
    /// A number makes no identifier.
    #[error(transparent)]
    Identifier(#[from] RecordError),
}

impl Remedy for EncryptedError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Exchange(error) => error.remedy(),
            Self::Enrolment | Self::Identifier(_) => None,
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
    let mut terms = agreement.terms().clone().with_disclosure(Disclosure::Each);
    if let ComparisonTerms::FractionalHamming { eyes, .. } = &mut terms.comparison {
        *eyes = EyeRule::Ignored;
    }
    terms.limits.references = references.max(1);
    terms.limits.references_per_subject = 1;
    Opened::of(terms)
}

/// The pairs that were drawn, and the verdicts on them.
pub struct DrawnVerdicts {
    /// The pairs.
    pub selection: Selection,
    /// One verdict a reference, of each unit of the selection, in order.
    pub verdicts: Vec<Vec<bool>>,
}

/// Units that a thread works on before their verdicts are handed on.
const UNITS_A_THREAD: usize = 4;

/// Both parties, in one program, under keys that follow from a seed and are thrown away.
pub struct Encrypted<'a> {
    agreement: &'a Opened,
    dataset: &'a Dataset,
    querier: Querier,
    key: AdmittedKey,
    seed: u64,
    budget_bytes: u64,
}

impl<'a> Encrypted<'a> {
    /// Makes keys under an agreement of [`pairwise`]. `budget_bytes` is what may be kept of an encoded gallery.
    ///
    /// # Errors
    ///
    /// [`EncryptedError`] where keys cannot be made.
    pub(crate) fn new(
        agreement: &'a Opened,
        dataset: &'a Dataset,
        seed: u64,
        budget_bytes: u64,
    ) -> Result<Self, EncryptedError> {
        let (querier, key) = Querier::generate(agreement, &mut generator(seed, 0))?;
        let key = EvaluationKey::read(key.as_slice(), agreement).map_err(ExchangeError::from)?.expand();
        Ok(Self { agreement, dataset, querier, key, seed, budget_bytes })
    }

    /// The verdicts on each unit from number `first` on, in order, given to `done` one after the other until it says to stop.
    ///
    /// # Errors
    ///
    /// [`EncryptedError`] where a step of an exchange fails, or is stopped by `progress`.
    pub(crate) fn judge(
        &self,
        selection: &Selection,
        first: usize,
        progress: &dyn Progress,
        done: &mut dyn FnMut(usize, Vec<bool>) -> GoOn,
    ) -> Result<(), EncryptedError> {
        let units: Vec<(usize, &Unit)> = selection.units.iter().enumerate().skip(first).collect();
        if selection.whole_gallery {
            let gallery = self.gallery(0..self.dataset.references().len())?;
            let custodian = self.custodian(gallery)?;
            for some in units.chunks(self.probes_a_query()) {
                let numbers = some.iter().map(|&(number, _)| number);
                if !numbers.zip(self.ask(&custodian, some, progress)?).all(|(number, verdicts)| done(number, verdicts))
                {
                    break;
                }
            }
            return Ok(());
        }
        let apart = |&(number, unit): &(usize, &Unit)| {
            let gallery = self.gallery(unit.references.iter().map(|against| against.place))?;
            let verdicts = self.ask(&self.custodian(gallery)?, &[(number, unit)], progress)?;
            Ok((number, verdicts.into_iter().next().unwrap_or_default()))
        };
        // A unit of a few pairs does not keep all threads busy.
        for some in units.chunks(UNITS_A_THREAD * rayon::current_num_threads()) {
            let judged: Vec<_> = some.par_iter().map(apart).collect::<Result<_, EncryptedError>>()?;
            if !judged.into_iter().all(|(number, verdicts)| done(number, verdicts)) {
                break;
            }
        }
        Ok(())
    }

    fn gallery(&self, places: impl IntoIterator<Item = usize>) -> Result<Gallery, EncryptedError> {
        let samples = places.into_iter().filter_map(|place| self.dataset.references().get(place));
        let records: Vec<Record> =
            samples.enumerate().map(|(number, sample)| record(number, sample)).collect::<Result<_, _>>()?;
        let wanted = records.len();
        let gallery = Gallery::enrol(self.agreement, records).gallery.filter(|gallery| gallery.len() == wanted);
        gallery.ok_or(EncryptedError::Enrolment)
    }

    fn custodian(&self, gallery: Gallery) -> Result<Custodian, EncryptedError> {
        Ok(Custodian::keeping(self.agreement, gallery, self.budget_bytes)?)
    }

    /// Probes that share a query: one, but where probes share blocks as many as fill one.
    fn probes_a_query(&self) -> usize {
        let most = self.agreement.terms().limits.probes_per_query.max(1);
        let block = self.agreement.parameters().hybrid().map_or(1, |set| set.block_size());
        (block / self.dataset.references().len().max(1)).clamp(1, most)
    }

    /// The verdicts of some units, in order, of one query.
    fn ask(
        &self,
        custodian: &Custodian,
        units: &[(usize, &Unit)],
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<bool>>, EncryptedError> {
        let first = units.first().map_or(0, |&(number, _)| number);
        let mut rng = generator(self.seed, first as u64 + 1);
        let samples = units.iter().filter_map(|(_, unit)| self.dataset.probes().get(unit.probe));
        let records = samples.enumerate().map(|(place, sample)| record(place, sample)).collect::<Result<_, _>>()?;
        let (query, pending) = self.querier.ask(records, &mut rng)?;
        let question = custodian.read_query(query.as_slice()).map_err(ExchangeError::from)?;
        let answer = custodian.answer(&self.key, &question, &mut rng, progress)?;
        let verdicts = pending.read(&answer)?.into_iter().map(|(_, verdict)| match verdict {
            Verdict::Each(verdicts) => verdicts,
            _ => Vec::new(),
        });
        Ok(verdicts.collect())
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
