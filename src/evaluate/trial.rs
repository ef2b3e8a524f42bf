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

/// People in the gallery whom the probes are made of.
const KNOWN: u32 = 3;
/// Further people in the gallery, next to the threshold to the stranger.
const BESIDE: u32 = 12;
/// Somebody who is not among them, and the number of their probe.
const STRANGER: u32 = 1_000;
const STRANGERS_PROBE: u32 = 103;
/// How far from the threshold, in deviations of the noise. So far out noise tips one verdict in 740: two of twelve hardly ever. A threshold
/// that is off tips half of them, noise three times as wide two.
const DEVIATIONS: f64 = 3.0;
/// A pair that flips more often than this lies in the gray zone.
const CERTAIN: f64 = 1e-9;
/// So many flips that they come up less often than this are not those that were predicted.
const UNLIKELY: f64 = 1e-6;

/// What came of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Trial {
    /// Pairs of a probe and a subject; under `any` and `count` probes.
    pub verdicts: usize,
    /// Hits among them, in the clear.
    pub hits: usize,
    /// Verdicts so near the threshold that noise may tip them.
    pub in_gray_zone: usize,
    /// Of those, encrypted verdicts that differ from the clear oracle's.
    pub flipped: usize,
    /// How many are predicted to.
    pub expected_flips: f64,
    /// Encrypted verdicts outside the gray zone that differ from the clear oracle's.
    pub wrong: usize,
    /// For each verdict in the gray zone, the probability that noise tips it.
    #[serde(skip)]
    flips: Vec<f64>,
}

/// The same comparison for a small gallery: under `each`, which says most, or else as it is.
pub(crate) fn small_terms(terms: &Terms) -> [Terms; 2] {
    [Disclosure::Each, terms.disclosure].map(|disclosure| {
        let mut small = terms.clone().with_disclosure(disclosure);
        small.limits.references = small.limits.references.min(100);
        small
    })
}

impl Trial {
    /// Whether no verdict was wrong, and no more were tipped than noise explains.
    pub(crate) fn is_sound(&self) -> bool {
        self.wrong == 0 && self.flips_as_predicted()
    }

    /// Whether no more verdicts were tipped than noise explains.
    pub(crate) fn flips_as_predicted(&self) -> bool {
        self.flipped == 0 || self.chance() > UNLIKELY
    }

    /// Probability that noise as it is predicted tips so many verdicts, or more.
    fn chance(&self) -> f64 {
        // Of 0, 1, 2, ... flips, one verdict after the other.
        let mut counts = vec![1.0];
        for flip in &self.flips {
            let stays = counts.iter().map(|count| count * (1.0 - flip)).chain([0.0]);
            let tips = std::iter::once(0.0).chain(counts.iter().map(|count| count * flip));
            counts = stays.zip(tips).map(|(stays, tips)| stays + tips).collect();
        }
        counts.iter().skip(self.flipped).sum()
    }

    /// Holds the verdict on one probe against the clear oracle.
    pub(crate) fn judge(&mut self, agreement: &Opened, probe: &Probe, subjects: &[Subject], verdict: &Verdict) {
        let zone = GrayZone::of(agreement);
        let clear: Vec<Clear> =
            subjects.iter().map(|subject| Clear::of(agreement.functional(), &zone, probe, subject)).collect();
        let hits = clear.iter().filter(|clear| clear.hit).count();
        match verdict {
            Verdict::Each(bits) => {
                bits.iter().zip(clear).for_each(|(&bit, clear)| self.count(bit == clear.hit, clear));
            }
            Verdict::Any(bit) => {
                let no_hit = clear.iter().map(|clear| 1.0 - clear.hits()).product::<f64>();
                let any = Clear::new(hits > 0, 1.0 - no_hit);
                self.count(*bit == any.hit, any);
            }
            Verdict::Handles(_) | Verdict::MoreThan(_) => {
                // Verdicts are exact where there are handles. Subjects of a trial have none.
                let most = agreement.functional().hits_per_probe();
                let right = match verdict {
                    Verdict::Handles(handles) => handles.len() == hits,
                    _ => hits > most,
                };
                self.count(right, Clear { hit: hits > 0, flip: 0.0 });
            }
            Verdict::Count(count) => {
                let all_stay = clear.iter().map(|clear| 1.0 - clear.flip).product::<f64>();
                self.count(*count == hits, Clear { hit: hits > 0, flip: 1.0 - all_stay });
            }
        }
    }

    fn count(&mut self, right: bool, clear: Clear) {
        self.verdicts += 1;
        self.hits += usize::from(clear.hit);
        if clear.flip < CERTAIN {
            self.wrong += usize::from(!right);
            return;
        }
        self.in_gray_zone += 1;
        self.flipped += usize::from(!right);
        self.expected_flips += clear.flip;
        self.flips.push(clear.flip);
    }
}

/// What the clear oracle says, and the probability that noise tips it.
#[derive(Clone, Copy)]
struct Clear {
    hit: bool,
    flip: f64,
}

impl Clear {
    /// What hits with such a probability under encryption.
    fn new(hit: bool, hits: f64) -> Self {
        Self { hit, flip: if hit { 1.0 - hits } else { hits } }
    }

    /// Of a subject with all its references; the noises of pairs are taken as independent.
    fn of(functional: &Functional, zone: &GrayZone, probe: &Probe, subject: &Subject) -> Self {
        let hit = oracle::subject_verdict(functional, probe, &subject.references);
        if functional.is_exact() {
            return Self { hit, flip: 0.0 };
        }
        let pair = |&(sample, reference): &(usize, usize)| {
            let (sample, (_, reference)) = (probe.samples().get(sample)?, subject.references.get(reference)?);
            let oracle = Oracle::new(functional, sample);
            let compared = oracle.compare(reference);
            let flip = zone.pair_flip_probability(&compared, &oracle.phis(reference));
            Some(Self { hit: compared.hit, flip }.hits())
        };
        let groups = pairs(functional.eyes(), probe.layout(), &subject.references);
        let some = |group: &Vec<_>| 1.0 - group.iter().filter_map(pair).map(|hits| 1.0 - hits).product::<f64>();
        Self::new(hit, groups.iter().map(some).product())
    }

    /// Probability of a hit under encryption.
    fn hits(self) -> f64 {
        if self.hit { 1.0 - self.flip } else { self.flip }
    }
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

    /// The references of everybody who is enrolled: the people of the probes, and others next to the threshold to the stranger, half of them
    /// hits. Whom no mixture brings there is just anybody.
    ///
    /// # Errors
    ///
    /// [`SyntheticError`] where a template cannot be made.
    pub(crate) fn references(&self, agreement: &Opened) -> Result<Vec<Record>, SyntheticError> {
        let stranger = self.stranger()?;
        let mut references = Vec::new();
        for person in 0..KNOWN + BESIDE {
            let mut own = self.records(person, 0, person)?;
            let strangers = stranger.iter().filter(|_| person >= KNOWN);
            for (record, stranger) in own.iter_mut().zip(strangers) {
                let beside = beside(agreement, [&stranger.template, &record.template], person % 2 == 0)?;
                record.template = beside.unwrap_or_else(|| record.template.clone());
            }
            references.extend(own);
        }
        Ok(references)
    }

    fn stranger(&self) -> Result<Vec<Record>, SyntheticError> {
        self.records(STRANGER, 0, STRANGERS_PROBE)
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
        let people = [self.records(0, 1, 100)?, self.records(1, 0, 101)?, opposite, self.stranger()?];
        Ok(people.into_iter().filter(|records| Probe::new(functional, records).is_ok()).flatten().collect())
    }
}

/// A mixture of a probe's template and another that is next to the threshold to the probe, on either side; none where no mixture is.
fn beside(agreement: &Opened, [probe, other]: [&Template; 2], hit: bool) -> Result<Option<Template>, SyntheticError> {
    let functional = agreement.functional();
    let distance = DEVIATIONS * GrayZone::of(agreement).phi_deviation();
    let goal = if hit { distance } else { -distance };
    let Ok(sample) = functional.probe(probe) else { return Ok(None) };
    let oracle = Oracle::new(functional, &sample);
    let phi = |template: &Template| Some(oracle.compare(&functional.reference(template).ok()?).phi as f64);
    // In few dimensions a stranger may be close: the opposite is not.
    let others = [other.clone(), negated(other)?];
    let other = others.iter().find(|other| phi(other).is_some_and(|phi| phi < -distance));
    let Some(other) = other else { return Ok(None) };
    // How much of it is the other: phi falls from that of the probe itself. The nearest on the right side is taken.
    let (mut near, mut far, mut best, mut found) = (0.0, 1.0, f64::INFINITY, None);
    for _ in 0..40 {
        let middle = 0.5 * (near + far);
        let mixture = mixed(probe, other, middle)?;
        let Some(phi) = phi(&mixture) else { break };
        *(if phi > goal { &mut near } else { &mut far }) = middle;
        if (phi > 0.0) == hit && (phi - goal).abs() < best {
            (best, found) = ((phi - goal).abs(), Some(mixture));
        }
    }
    Ok(found)
}

/// A template of which `share` is another's: coordinates in between, or so many bits of it.
fn mixed(own: &Template, other: &Template, share: f64) -> Result<Template, TemplateError> {
    let bits = |own: &Bits, other: &Bits| {
        let kept = ((1.0 - share) * own.iter().count() as f64).round() as usize;
        Bits::new(own.iter().take(kept).chain(other.iter().skip(kept)))
    };
    match (own, other) {
        (Template::Vector(own), Template::Vector(other)) => {
            let both = own.coordinates().iter().zip(other.coordinates());
            RealVector::new(both.map(|(x, y)| (1.0 - share) * x + share * y).collect()).map(Template::Vector)
        }
        (Template::Bits(own), Template::Bits(other)) => bits(own, other).map(Template::Bits),
        (Template::Iris(own), Template::Iris(other)) => {
            let code = bits(own.code(), other.code())?;
            IrisCode::new(own.shape(), code, own.mask().clone()).map(Template::Iris)
        }
        // People of one population have templates of one kind.
        _ => Ok(own.clone()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{EyeRule, IRIS_MPC_SHAPE};
    use crate::custodian::Gallery;
    use crate::parameters::ParameterSet;
    use crate::planning;

    /// Comparisons of every metric under `each`, under sets with noise and without.
    fn agreements() -> Vec<Opened> {
        let decimal = |text: &str| text.parse().unwrap();
        let eyes = |rule| {
            let mut terms = Terms::iris(IRIS_MPC_SHAPE);
            if let ComparisonTerms::FractionalHamming { eyes, .. } = &mut terms.comparison {
                *eyes = rule;
            }
            terms
        };
        let terms = [
            (Terms::face(512), "tfhe-896-2048"),
            (Terms::face(512), "hybrid-1024-1600"),
            (Terms::face(32), "insecure-test"),
            (Terms::hamming(512, 180), "tfhe-896-2048"),
            (Terms::hamming(64, 15), "insecure-bgv-test"),
            (Terms::inner_product(64, decimal("1.0"), decimal("0.5")), "tfhe-896-2048"),
            (Terms::squared_euclidean(128, decimal("1.0"), decimal("1.1")), "tfhe-896-2048"),
            (eyes(EyeRule::Ignored), "tfhe-896-2048"),
            (eyes(EyeRule::Any), "tfhe-896-2048"),
            (eyes(EyeRule::All), "tfhe-896-2048"),
        ];
        let open = |(terms, set): (Terms, &str)| {
            let mut terms = terms.with_scheme(ParameterSet::by_name(set).unwrap().scheme().into());
            terms.encryption.parameter_set = set.to_owned();
            terms.disclosure = Disclosure::Each;
            planning::open(terms).unwrap()
        };
        terms.into_iter().map(open).collect()
    }

    /// The gallery, the probe of the stranger, and what the oracle says of both.
    fn stranger(agreement: &Opened) -> (Vec<Subject>, Probe, Vec<bool>) {
        let people = People::new(agreement).unwrap();
        let gallery = Gallery::enrol(agreement, people.references(agreement).unwrap()).gallery.unwrap();
        let subjects: Vec<_> = gallery.subjects().map(Result::unwrap).collect();
        let probe = Probe::new(agreement.functional(), &people.stranger().unwrap()).unwrap();
        let hits = |subject: &Subject| oracle::subject_verdict(agreement.functional(), &probe, &subject.references);
        let clear = subjects.iter().map(hits).collect();
        (subjects, probe, clear)
    }

    fn judged(agreement: &Opened, verdict: impl Fn(usize, bool) -> bool) -> Trial {
        let (subjects, probe, clear) = stranger(agreement);
        let bits = clear.into_iter().enumerate().map(|(place, hit)| verdict(place, hit)).collect();
        let mut trial = Trial::default();
        trial.judge(agreement, &probe, &subjects, &Verdict::Each(bits));
        trial
    }

    #[test]
    fn twelve_subjects_are_beside_the_threshold_to_the_stranger_half_of_them_hits() {
        for agreement in agreements() {
            let terms = agreement.terms();
            let trial = judged(&agreement, |_, hit| hit);
            assert_eq!((trial.verdicts, trial.wrong, trial.flipped), (15, 0, 0), "{terms:?}");
            let (_, _, clear) = stranger(&agreement);
            assert_eq!(clear[KNOWN as usize..].iter().filter(|&&hit| hit).count(), 6, "{terms:?}");
            if agreement.functional().is_exact() {
                let (subjects, probe, _) = stranger(&agreement);
                let oracle = Oracle::new(agreement.functional(), &probe.samples()[0]);
                let phis = subjects.iter().map(|subject| oracle.compare(&subject.references[0].1).phi);
                assert_eq!(phis.filter(|phi| phi.abs() <= 3).count(), 12, "{terms:?}");
                continue;
            }
            println!("{:?} {}: {:.6?}", terms.modality, agreement.parameters().name(), trial.flips);
            assert_eq!(trial.in_gray_zone, 12, "{terms:?}");
            // Three deviations, or the step next to them, of one eye, of either, or of both.
            assert!(trial.flips.iter().all(|&flip| (1e-7..1e-2).contains(&flip)), "{:?}", trial.flips);
        }
    }

    #[test]
    fn what_noise_does_not_explain_is_unsound() {
        for agreement in agreements() {
            let trial =
                |turned: fn(usize, bool) -> bool| judged(&agreement, move |place, hit| hit != turned(place, hit));
            assert!(trial(|_, _| false).is_sound());
            // Somebody far from the threshold.
            assert!(!trial(|place, _| place == 0).is_sound());
            // The threshold is off, to either side.
            let (low, high) = (trial(|place, hit| place >= 3 && !hit), trial(|place, hit| place >= 3 && hit));
            assert!(!low.is_sound() && !high.is_sound(), "{low:?}");
            match agreement.functional().is_exact() {
                true => assert_eq!((low.wrong, low.in_gray_zone), (6, 0)),
                false => {
                    assert_eq!((low.wrong, low.flipped), (0, 6));
                    // As noise does now and then.
                    let one = trial(|place, _| place == 3);
                    assert!(one.is_sound() && one.flipped == 1, "{one:?}");
                }
            }
        }
    }

    #[test]
    fn the_chance_of_flips_is_that_of_independent_ones() {
        let trial = |flipped| Trial { flipped, flips: vec![0.5, 0.25, 0.5], ..Trial::default() };
        let chances = [0, 1, 2, 3].map(|flipped| trial(flipped).chance());
        assert_eq!(chances, [1.0, 1.0 - 3.0 / 16.0, 1.0 - 3.0 / 16.0 - 7.0 / 16.0, 1.0 / 16.0]);
    }
}
