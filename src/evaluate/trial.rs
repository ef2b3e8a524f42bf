//! Whether a parameter set decides as it should: made-up people, and verdicts on them held against the clear oracle.

use serde::Serialize;

use crate::agreement::{ComparisonTerms, Disclosure, Modality, Terms};
use crate::custodian::Subject;
use crate::functional::oracle::{self, Oracle};
use crate::functional::{Functional, Probe, SampleLayout, pairs};
use crate::querier::Verdict;
use crate::scheme::GrayZone;
use crate::scheme::Opened;
use crate::template::synthetic::{Model, Population, SyntheticError};
use crate::template::{Bits, Eye, IrisCode, RealVector, Record, SubjectId, Template, TemplateError};

/// People in the gallery.
const SUBJECTS: u32 = 12;
/// Somebody who is not among them.
const STRANGER: u32 = 1_000;
/// A pair that flips more often than this lies in the gray zone, and proves nothing.
const CERTAIN: f64 = 1e-9;

/// What came of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Trial {
    /// Pairs of a probe and a subject; under `any` and `count` probes.
    pub verdicts: usize,
    /// Hits among them, in the clear.
    pub hits: usize,
    /// Of those, so near the threshold that noise may tip them: not counted as wrong.
    pub in_gray_zone: usize,
    /// Encrypted verdicts that differ from the clear oracle's.
    pub wrong: usize,
}

/// The same comparison for a small gallery: under `each`, which says most, or else as it is.
pub(crate) fn small_terms(terms: &Terms) -> [Terms; 2] {
    [Disclosure::Each, terms.disclosure].map(|disclosure| {
        let mut small = Terms { disclosure, ..terms.clone() };
        small.limits.references = small.limits.references.min(100);
        small
    })
}

impl Trial {
    /// Whether no verdict was wrong.
    pub(crate) fn is_sound(&self) -> bool {
        self.wrong == 0
    }

    /// Holds the verdict on one probe against the clear oracle.
    pub(crate) fn judge(&mut self, agreement: &Opened, probe: &Probe, subjects: &[Subject], verdict: &Verdict) {
        let functional = agreement.functional();
        let zone = GrayZone::of(agreement);
        let clear: Vec<Clear> = subjects
            .iter()
            .map(|subject| Clear {
                hit: oracle::subject_verdict(functional, probe, &subject.references),
                certain: is_certain(functional, &zone, probe, subject),
            })
            .collect();
        let hits = clear.iter().filter(|clear| clear.hit).count();
        let any = Clear { hit: hits > 0, certain: clear.iter().all(|clear| clear.certain) };
        match verdict {
            Verdict::Each(bits) => {
                bits.iter().zip(&clear).for_each(|(&bit, clear)| self.count(bit == clear.hit, clear))
            }
            Verdict::Any(bit) => self.count(*bit == any.hit, &any),
            Verdict::Count(count) => self.count(*count == hits, &any),
        }
    }

    fn count(&mut self, right: bool, clear: &Clear) {
        self.verdicts += 1;
        self.hits += usize::from(clear.hit);
        self.in_gray_zone += usize::from(!clear.certain);
        self.wrong += usize::from(clear.certain && !right);
    }
}

/// What the clear oracle says.
struct Clear {
    hit: bool,
    /// Whether noise leaves it alone.
    certain: bool,
}

/// Whether noise leaves the verdict on a subject alone.
fn is_certain(functional: &Functional, zone: &GrayZone, probe: &Probe, subject: &Subject) -> bool {
    let pairs = pairs(functional.eyes(), probe.layout(), &subject.references);
    pairs.into_iter().flatten().all(|(sample, reference)| {
        match (probe.samples().get(sample), subject.references.get(reference)) {
            (Some(sample), Some((_, reference))) if !functional.is_exact() => {
                let oracle = Oracle::new(functional, sample);
                zone.pair_flip_probability(&oracle.compare(reference), &oracle.phis(reference)) < CERTAIN
            }
            _ => true,
        }
    })
}

/// Made-up people of the agreed shape.
pub(crate) struct People {
    population: Population,
    eyes: &'static [Option<Eye>],
    /// Vectors of length 1 times this.
    scale: f64,
}

impl People {
    /// People whose templates suit an agreement.
    ///
    /// # Errors
    ///
    /// [`SyntheticError`] for a shape that no model makes.
    pub(crate) fn new(agreement: &Opened) -> Result<Self, SyntheticError> {
        let terms = agreement.terms();
        let (model, scale) = match &terms.comparison {
            ComparisonTerms::FractionalHamming { rotations, .. } => (Model::Iris { tilt_columns: *rotations }, 1.0),
            ComparisonTerms::Hamming { .. } => (Model::Bits, 1.0),
            ComparisonTerms::Cosine { .. } if terms.modality == Modality::Fingerprint => (Model::Fingerprint, 1.0),
            ComparisonTerms::Cosine { .. } => (Model::Face, 1.0),
            ComparisonTerms::InnerProduct { maximum_norm, .. }
            | ComparisonTerms::SquaredEuclidean { maximum_norm, .. } => (Model::Vector, maximum_norm.to_f64()),
        };
        let eyes = SampleLayout::fullest(terms.comparison.eyes()).eyes();
        let population = Population::new(model, agreement.shape(), 1)?;
        Ok(Self { population, eyes, scale })
    }

    /// One sample of somebody, of each eye, under a number of its own.
    fn records(&self, person: u32, sample: u16, number: u32) -> Result<Vec<Record>, SyntheticError> {
        let record = |(eye, &named): (usize, &Option<Eye>)| {
            let record = self.population.record(2 * person + eye as u32, sample)?;
            let subject = SubjectId::try_from(format!("{number}"))?;
            let template = self.scaled(record.template)?;
            Ok(Record { subject, eye: named, template })
        };
        self.eyes.iter().enumerate().map(record).collect()
    }

    fn scaled(&self, template: Template) -> Result<Template, TemplateError> {
        match template {
            Template::Vector(vector) if self.scale != 1.0 => {
                let scaled = vector.coordinates().iter().map(|x| x * self.scale).collect();
                RealVector::new(scaled).map(Template::Vector)
            }
            other => Ok(other),
        }
    }

    /// The references of everybody who is enrolled.
    ///
    /// # Errors
    ///
    /// [`SyntheticError`] where a template cannot be made.
    pub(crate) fn references(&self) -> Result<Vec<Record>, SyntheticError> {
        let everybody: Result<Vec<_>, _> = (0..SUBJECTS).map(|subject| self.records(subject, 0, subject)).collect();
        Ok(everybody?.into_iter().flatten().collect())
    }

    /// Another sample of somebody, somebody's own reference, the opposite of somebody, and a stranger; less whom the agreement refuses.
    ///
    /// # Errors
    ///
    /// [`SyntheticError`] where a template cannot be made.
    pub(crate) fn probes(&self, functional: &Functional) -> Result<Vec<Record>, SyntheticError> {
        let mut opposite = self.records(2, 0, 102)?;
        for record in &mut opposite {
            record.template = negated(&record.template)?;
        }
        let people = [self.records(0, 1, 100)?, self.records(1, 0, 101)?, opposite, self.records(STRANGER, 0, 103)?];
        Ok(people.into_iter().filter(|records| Probe::new(functional, records).is_ok()).flatten().collect())
    }
}

/// As far from a template as can be.
fn negated(template: &Template) -> Result<Template, TemplateError> {
    match template {
        Template::Bits(bits) => Bits::new(bits.iter().map(|bit| !bit)).map(Template::Bits),
        Template::Vector(vector) => {
            RealVector::new(vector.coordinates().iter().map(|x| -x).collect()).map(Template::Vector)
        }
        Template::Iris(iris) => {
            let code = Bits::new(iris.code().iter().map(|bit| !bit))?;
            IrisCode::new(iris.shape(), code, iris.mask().clone()).map(Template::Iris)
        }
    }
}
