//! A real exchange with keys of a set, between two parties of this process, against the clear oracle.

use cotejo::agreement::{ComparisonTerms, Disclosure, Modality, Terms};
use cotejo::custodian::{AdmittedKey, AnswerError, Custodian, Gallery, Subject};
use cotejo::functional::oracle::{self, Oracle};
use cotejo::functional::{Functional, Probe, SampleLayout, pairs};
use cotejo::querier::{Querier, SecretKey, Verdict};
use cotejo::scheme::tfhe::noise::GrayZone;
use cotejo::scheme::{Evaluator, Holder, Opened, Unanswered};
use cotejo::template::synthetic::{Model, Population};
use cotejo::template::{Bits, Eye, IrisCode, RealVector, Record, SubjectId, Template};
use cotejo::wire::{Answer, EvaluationKey, Query, Target};
use serde::Serialize;

use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::{interrupt, load};

/// People in the gallery.
const SUBJECTS: u32 = 12;
/// Somebody who is not among them.
const STRANGER: u32 = 1_000;
/// A pair that flips more often than this lies in the gray zone, and proves nothing.
const CERTAIN: f64 = 1e-9;

/// What came of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// Pairs of a probe and a subject; under `any` and `count` probes.
    pub verdicts: usize,
    /// Hits among them, in the clear.
    pub hits: usize,
    /// Of those, so near the threshold that noise may tip them: not counted as wrong.
    pub in_gray_zone: usize,
    /// Encrypted verdicts that differ from the clear oracle's.
    pub wrong: usize,
}

impl Trial {
    /// For people.
    pub fn sentence(&self) -> String {
        format!(
            "a real exchange: {}, {} in the clear, {} in the gray zone, {} decrypted wrongly",
            count(self.verdicts, "verdict"),
            count(self.hits, "hit"),
            self.in_gray_zone,
            self.wrong
        )
    }

    /// Why the set is refused, if it is.
    pub fn refusal(&self) -> Option<String> {
        (self.wrong > 0).then(|| format!("wrong verdicts in a real exchange: {} of {}", self.wrong, self.verdicts))
    }
}

/// The same comparison for a small gallery: under `each`, which says most, or else as it is.
pub fn terms(terms: &Terms) -> [Terms; 2] {
    [Disclosure::Each, terms.disclosure].map(|disclosure| {
        let mut small = Terms { disclosure, ..terms.clone() };
        small.limits.references = small.limits.references.min(100);
        small
    })
}

/// One exchange; seconds, or minutes for the largest sets.
pub fn run<S: Holder + Evaluator>(agreement: &Opened, console: &Console) -> Result<Trial, Failure> {
    let defect = |error: &dyn std::fmt::Display| Failure::new("params check", error, "report this as a defect");
    let mut rng = load::randomness()?;
    let people = People::new(agreement)?;
    let references = (0..SUBJECTS).map(|subject| people.records(subject, 0, subject)).collect::<Result<Vec<_>, _>>()?;
    let gallery = Gallery::enrol(agreement, references.into_iter().flatten()).gallery;
    let gallery =
        gallery.ok_or_else(|| Failure::new("params check", "nobody can be enrolled", "choose another comparison"))?;
    let probes = people.probes(agreement.functional())?;
    console.note(format_args!("making keys of parameter set {} ...", agreement.parameters().name()));
    interrupt::check()?;
    let (secret, public) = SecretKey::<S>::generate(agreement, &mut rng).map_err(|error| defect(&error))?;
    let public = public.to_bytes(agreement);
    let key = EvaluationKey::<S>::read(public.as_slice(), agreement).map_err(|error| defect(&error))?;
    let key = AdmittedKey::new(key);
    interrupt::check()?;
    let querier = Querier::new(agreement, secret);
    let (query, pending) = querier.ask(probes.clone(), Target::Gallery, &mut rng).map_err(|error| defect(&error))?;
    let query = query.to_bytes(agreement).map_err(|error| defect(&error))?;
    let query = Query::<S>::read(query.as_slice(), agreement, Some(key.id())).map_err(|error| defect(&error))?;
    let custodian = Custodian::<S>::new(agreement, &gallery, 0).map_err(|error| defect(&error))?;
    let meter = console.meter("try", S::STEP, custodian.steps(&query));
    let answer = custodian.answer(&key, &query, &mut rng, &meter);
    meter.finish();
    let answer = answer.map_err(|error| match error {
        AnswerError::Unanswered(Unanswered::Stopped(_)) => Failure::Interrupted,
        _ => defect(&error),
    })?;
    let answer = answer.to_bytes(agreement).map_err(|error| defect(&error))?;
    let answer =
        Answer::<S>::read(answer.as_slice(), agreement, Some(querier.key().id())).map_err(|error| defect(&error))?;
    let verdicts = pending.read(&querier, &answer).map_err(|error| defect(&error))?;
    let subjects = gallery.subjects().collect::<Result<Vec<_>, _>>().map_err(|error| defect(&error))?;
    let mut trial = Trial { verdicts: 0, hits: 0, in_gray_zone: 0, wrong: 0 };
    for (id, verdict) in verdicts {
        let records: Vec<Record> = probes.iter().filter(|probe| probe.subject == id).cloned().collect();
        let probe = Probe::new(agreement.functional(), &records).map_err(|error| defect(&error))?;
        trial.count(agreement, &probe, &subjects, &verdict);
    }
    Ok(trial)
}

impl Trial {
    /// Holds the verdict on one probe against the clear oracle.
    fn count(&mut self, agreement: &Opened, probe: &Probe, subjects: &[Subject], verdict: &Verdict) {
        let functional = agreement.functional();
        let zone = GrayZone::of(agreement);
        let clear: Vec<(bool, bool)> = subjects
            .iter()
            .map(|subject| {
                let hit = oracle::subject_verdict(functional, probe, &subject.references);
                (hit, is_certain(functional, &zone, probe, subject))
            })
            .collect();
        let hits = clear.iter().filter(|(hit, _)| *hit).count();
        let all_certain = clear.iter().all(|(_, certain)| *certain);
        let judged: Vec<(bool, bool, bool)> = match verdict {
            Verdict::Each(bits) => {
                bits.iter().zip(&clear).map(|(&bit, &(hit, certain))| (bit == hit, hit, certain)).collect()
            }
            Verdict::Any(bit) => vec![(*bit == (hits > 0), hits > 0, all_certain)],
            Verdict::Count(count) => vec![(*count == hits, hits > 0, all_certain)],
        };
        self.verdicts += judged.len();
        for (right, hit, certain) in judged {
            self.hits += usize::from(hit);
            self.in_gray_zone += usize::from(!certain);
            self.wrong += usize::from(certain && !right);
        }
    }
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
struct People {
    population: Population,
    eyes: &'static [Option<Eye>],
    /// Vectors of length 1 times this.
    scale: f64,
}

impl People {
    fn new(agreement: &Opened) -> Result<Self, Failure> {
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
        let population = Population::new(model, agreement.shape(), 1);
        let population =
            population.map_err(|error| Failure::new("params check", error, "choose another comparison (--metric)"))?;
        Ok(Self { population, eyes, scale })
    }

    /// One sample of somebody, of each eye, under a number of its own.
    fn records(&self, person: u32, sample: u16, number: u32) -> Result<Vec<Record>, Failure> {
        let defect = |error: &dyn std::fmt::Display| Failure::new("params check", error, "report this as a defect");
        let record = |(eye, &named): (usize, &Option<Eye>)| {
            let record = self.population.record(2 * person + eye as u32, sample).map_err(|error| defect(&error))?;
            let subject = SubjectId::try_from(format!("{number}")).map_err(|error| defect(&error))?;
            let template = self.scaled(record.template).map_err(|error| defect(&error))?;
            Ok(Record { subject, eye: named, template })
        };
        self.eyes.iter().enumerate().map(record).collect()
    }

    fn scaled(&self, template: Template) -> Result<Template, cotejo::template::TemplateError> {
        match template {
            Template::Vector(vector) if self.scale != 1.0 => {
                let scaled = vector.coordinates().iter().map(|x| x * self.scale).collect();
                RealVector::new(scaled).map(Template::Vector)
            }
            other => Ok(other),
        }
    }

    /// Another sample of somebody, somebody's own reference, the opposite of somebody, and a stranger; less whom the agreement refuses.
    fn probes(&self, functional: &Functional) -> Result<Vec<Record>, Failure> {
        let defect = |error: &dyn std::fmt::Display| Failure::new("params check", error, "report this as a defect");
        let mut opposite = self.records(2, 0, 102)?;
        for record in &mut opposite {
            record.template = negated(&record.template).map_err(|error| defect(&error))?;
        }
        let people = [self.records(0, 1, 100)?, self.records(1, 0, 101)?, opposite, self.records(STRANGER, 0, 103)?];
        Ok(people.into_iter().filter(|records| Probe::new(functional, records).is_ok()).flatten().collect())
    }
}

/// As far from a template as can be.
fn negated(template: &Template) -> Result<Template, cotejo::template::TemplateError> {
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
