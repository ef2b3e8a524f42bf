//! Every slot against the clear oracle, on galleries made to be hard: all at the threshold, all one beside it, all equal to the probe, all opposite.
//!
//! References are made as integers, not as templates, so that phi is exactly 1 or -1.

use std::borrow::Cow;
use std::sync::OnceLock;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::agreement::{ComparisonTerms, Disclosure, SchemeChoice, TemplateTerms, Terms};
use crate::functional::{Functional, Probe, ProbeSample, Reference, oracle};
use crate::parameters::bgv::{INSECURE_BGV, PLAINTEXT_MODULUS};
use crate::planning;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::answer::MANY_SAMPLES;
use crate::scheme::bgv::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use crate::scheme::bgv::holder::SecretKey;
use crate::scheme::bgv::kept::PreparedGallery;
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::{
    Crossing as _, Disclosed, Evaluator as _, Extent, Holder as _, Opened, Parts, Randomness, Scheme as _, Subjects,
    Task,
};
use crate::template::{
    Bits, Eye, IrisCode, IrisShape, MaskSharing, RealVector, Record, SubjectId, Template, TemplateShape,
};

/// All unit tests of the crate have the allocator of the program: scheme `bgv` takes and gives back megabytes at every step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Slots of a block.
pub(super) const N: usize = 2048;

pub(super) type Subject = Vec<(Option<Eye>, Reference)>;

pub(super) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(in crate::scheme::bgv) fn keys() -> &'static (SecretKey, PreparedKey) {
    static KEYS: OnceLock<(SecretKey, PreparedKey)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let (secret, public) = Bgv::generate(&INSECURE_BGV, &mut rng(1));
        (secret, Bgv::prepare_key(public, &INSECURE_BGV))
    })
}

/// Pearson's statistic of numbers modulo t among 64 intervals, in deviations from its mean of 63.
pub(in crate::scheme::bgv) fn uneven(numbers: impl IntoIterator<Item = u32>) -> f64 {
    let mut counts = [0.0f64; 64];
    let mut all = 0.0;
    for number in numbers {
        counts[(u64::from(number) * 64 / u64::from(PLAINTEXT_MODULUS)) as usize] += 1.0;
        all += 1.0;
    }
    let expected = all / 64.0;
    let statistic: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
    println!("{all} numbers: {statistic:.0} of 63");
    (statistic - 63.0) / 126f64.sqrt()
}

pub(super) fn agreement(terms: Terms, disclosure: Disclosure) -> Opened {
    admitting(terms, disclosure, if disclosure == Disclosure::Any { 100_000 } else { 65_536 })
}

/// Under the set for tests, with galleries of so many references at most.
pub(super) fn admitting(terms: Terms, disclosure: Disclosure, references: usize) -> Opened {
    let mut terms = Terms { disclosure, ..terms.with_scheme(SchemeChoice::Bgv) };
    match &mut terms.comparison {
        ComparisonTerms::Cosine { probe_norm, reference_norm, .. } => {
            (*probe_norm, *reference_norm) = (Some(16), Some(16));
        }
        ComparisonTerms::InnerProduct { scale, .. } | ComparisonTerms::SquaredEuclidean { scale, .. } => {
            *scale = Some("15.0".parse().unwrap());
        }
        ComparisonTerms::Hamming { .. } | ComparisonTerms::FractionalHamming { .. } => {}
    }
    terms.encryption.parameter_set = "insecure-bgv-test".to_owned();
    terms.limits.hits_per_probe = (disclosure == Disclosure::Labelled).then_some(2);
    terms.limits.references = references;
    planning::open(terms).unwrap()
}

pub(super) fn probe(functional: &Functional, template: Template) -> Probe {
    of_eyes(functional, [(None, template)])
}

/// One person's probe, of the eyes that are there.
pub(super) fn of_eyes(functional: &Functional, samples: impl IntoIterator<Item = (Option<Eye>, Template)>) -> Probe {
    let subject = SubjectId::try_from("p".to_owned()).unwrap();
    let records = samples.into_iter().map(|(eye, template)| Record { subject: subject.clone(), eye, template });
    Probe::new(functional, &records.collect::<Vec<_>>()).unwrap()
}

/// Room for the diagonals of every gallery of these tests.
const EVERYTHING: u64 = 1 << 32;

/// A query and what it is compared with.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) agreement: &'a Opened,
    pub(super) subjects: &'a dyn Subjects,
    pub(super) probes: &'a [Probe],
    pub(super) one_subject: bool,
}

impl Question<'_> {
    fn disclosure(&self) -> Disclosure {
        let agreed = self.agreement.terms().disclosure;
        if self.one_subject { Bgv::of_one_subject(agreed) } else { agreed }
    }

    /// What the querier reads of the answer, and the answer's length; everything through its bytes.
    pub(super) fn answered(
        &self,
        (secret, key): &(SecretKey, PreparedKey),
        gallery: &PreparedGallery,
        rng: &mut ChaCha20Rng,
    ) -> (Vec<Disclosed>, usize) {
        let (set, functional, disclosure) = (secret.set, self.agreement.functional(), self.disclosure());
        let layouts: Vec<_> = self.probes.iter().map(Probe::layout).collect();
        let task = Task {
            functional,
            disclosure,
            layouts: &layouts,
            subjects: self.subjects,
            one_subject: self.one_subject,
            references_per_subject: self.agreement.terms().limits.references_per_subject,
        };
        let (probes, verdicts_per_probe) = (self.probes.len(), task.verdicts_per_probe());
        let samples = self.probes.iter().map(|probe| probe.samples().len()).sum();
        let extent = Extent { functional, disclosure, probes, samples, verdicts_per_probe };
        let query = Bgv::encrypt(secret, functional, self.probes, rng).encode().unwrap();
        let query = EncryptedProbes::decode(&query, &set, &extent).unwrap();
        let randomness = Randomness::drawn(1, rng);
        let answer = Bgv::answer(key, gallery, &task, &query, &randomness, &mut Parts::default(), &())
            .unwrap()
            .encode()
            .unwrap();
        let length = answer.len();
        let answer = EncryptedVerdicts::decode(&answer, &set, &extent).unwrap();
        (Bgv::decrypt(secret, &extent, &answer), length)
    }

    /// The same query so many times: the first makes diagonals as they are needed, the second keeps them, others find them.
    pub(super) fn repeated(&self, times: usize) -> Vec<(Vec<Disclosed>, usize)> {
        let mut rng = rng(2);
        let gallery = Bgv::prepare_gallery(&INSECURE_BGV, self.agreement.functional(), EVERYTHING);
        (0..times).map(|_| self.answered(keys(), &gallery, &mut rng)).collect()
    }

    /// Every verdict against the oracle's, with diagonals of every age.
    pub(super) fn hold(&self, times: usize, what: &str) {
        let functional = self.agreement.functional();
        for (time, (disclosed, _)) in self.repeated(times).into_iter().enumerate() {
            let what = format!("{what}, time {time}");
            for (number, (probe, disclosed)) in self.probes.iter().zip(disclosed).enumerate() {
                let what = format!("{what}, probe {number}");
                let verdict = |index| {
                    let references = self.subjects.references(index);
                    self.subjects.may_match(index) && oracle::subject_verdict(functional, probe, &references)
                };
                let bits: Vec<bool> = (0..self.subjects.len()).map(verdict).collect();
                let hits = bits.iter().filter(|&&bit| bit).count();
                let expected = match self.disclosure() {
                    Disclosure::Each => Disclosed::Bits(bits),
                    Disclosure::Any => Disclosed::Bits(vec![hits > 0]),
                    Disclosure::Count => Disclosed::Count(hits),
                    Disclosure::Labelled => {
                        let most = if self.one_subject { 1 } else { functional.hits_per_probe() };
                        let hit = bits.iter().enumerate().filter(|(_, hit)| **hit);
                        let mut handles: Vec<_> =
                            hit.map(|(index, _)| self.subjects.handle(index).map(Cow::into_owned)).collect();
                        handles.sort();
                        if hits > most { Disclosed::MoreHits } else { Disclosed::Handles(handles) }
                    }
                };
                if let (Disclosed::Bits(a), Disclosed::Bits(b)) = (&expected, &disclosed) {
                    let wrong: Vec<usize> = (0..a.len()).filter(|&i| a[i] != b[i]).take(5).collect();
                    assert!(wrong.is_empty() && a.len() == b.len(), "{what}: slots {wrong:?}, {hits} hits");
                }
                assert_eq!(expected, disclosed, "{what}");
            }
        }
    }
}

/// References of one metric about one probe.
struct Hard {
    /// phi = 1.
    last_hits: Vec<Reference>,
    /// phi = -1.
    first_misses: Vec<Reference>,
    equal: Reference,
    opposite: Reference,
    /// Anything else that the metric has to say.
    random: Vec<Reference>,
}

impl Hard {
    /// The galleries: what they are, a full block and a part of one, or only a few, each with an equal in the last slot or not.
    fn galleries(&self) -> Vec<(&'static str, Vec<Subject>)> {
        let cycle = |pool: &[Reference], count: usize| -> Vec<Subject> {
            pool.iter().cycle().take(count).map(|reference| vec![(None, reference.clone())]).collect()
        };
        let one = std::slice::from_ref;
        let everything =
            [&self.last_hits, &self.first_misses, &self.random, one(&self.equal), one(&self.opposite)].concat();
        let mut mixed = cycle(&everything, N + 300);
        mixed.shuffle(&mut rng(5));
        let last_of_a_block = [cycle(&self.first_misses, N - 1), cycle(&self.last_hits, 1)].concat();
        vec![
            ("mixed", mixed),
            ("all at the threshold", cycle(&self.last_hits, 37)),
            ("all one beside the threshold", cycle(&self.first_misses, N)),
            ("one hit, in the last slot", last_of_a_block),
            ("all equal", cycle(one(&self.equal), N)),
            ("all opposite", cycle(one(&self.opposite), 5)),
        ]
    }
}

/// Every gallery under `each`, and those that `any` and `count` could be wrong about; two probes for the mixed one. The hardest with
/// fresh diagonals and with kept ones.
fn hold_everywhere(terms: &Terms, template: &Template, hard: impl Fn(&Functional, &Probe) -> Hard) {
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count] {
        let agreement = agreement(terms.clone(), disclosure);
        let functional = agreement.functional();
        let of = |template: &Template| probe(functional, template.clone());
        let hard = hard(functional, &of(template));
        for (what, gallery) in hard.galleries() {
            let probes = match (what, disclosure) {
                ("mixed", Disclosure::Each) => vec![of(template), of(template)],
                ("mixed", Disclosure::Any) => continue,
                ("all at the threshold" | "all equal" | "all opposite", Disclosure::Count) => continue,
                _ => vec![of(template)],
            };
            let question = Question { agreement: &agreement, subjects: &gallery, probes: &probes, one_subject: false };
            let times = if ["mixed", "one hit, in the last slot"].contains(&what) { 2 } else { 1 };
            question.hold(times, &format!("{} {disclosure}: {what}", terms.comparison.metric()));
        }
    }
}

fn phi(functional: &Functional, probe: &Probe, reference: &Reference) -> i64 {
    oracle::Oracle::new(functional, &probe.samples()[0]).compare(reference).phi
}

pub(super) fn bits_at(probe: &Bits, distance: usize, rng: &mut ChaCha20Rng) -> Reference {
    let mut places: Vec<usize> = (0..probe.len()).collect();
    places.shuffle(rng);
    let mut bits: Vec<bool> = probe.iter().collect();
    places.iter().take(distance).for_each(|&place| bits[place] ^= true);
    Reference::Bits(Bits::new(bits).unwrap())
}

#[test]
fn every_slot_is_right_by_hamming_distance() {
    let mut rng = rng(3);
    let bits = Bits::new((0..50).map(|_| rng.random())).unwrap();
    hold_everywhere(&Terms::hamming(50, 13), &Template::Bits(bits.clone()), |functional, probe| {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let mut at = |distance| (0..20).map(|_| bits_at(&bits, distance, &mut rng)).collect::<Vec<_>>();
        let (last_hits, first_misses) = (at(13), at(14));
        assert_eq!(phi(functional, probe, &last_hits[0]), 1);
        assert_eq!(phi(functional, probe, &first_misses[0]), -1);
        let (equal, opposite) = (at(0).remove(0), at(50).remove(0));
        let random = (0..=50).flat_map(|distance| at(distance).into_iter().take(2)).collect();
        Hard { last_hits, first_misses, equal, opposite, random }
    });
}

/// Integers near a start for which the metric's phi is exactly as wanted, found by small steps that a length admits.
fn integers_at(functional: &Functional, probe: &Probe, start: &[i16], wanted: i64, rng: &mut ChaCha20Rng) -> Reference {
    let mut here = start.to_vec();
    let admitted = |y: &[i16]| Reference::from_bytes(functional, &Reference::Integers(y.to_vec()).to_bytes(functional));
    let distance = |y: &[i16]| (phi(functional, probe, &Reference::Integers(y.to_vec())) - wanted).abs();
    for _ in 0..200_000 {
        if distance(&here) == 0 {
            return Reference::Integers(here);
        }
        let mut next = here.clone();
        for _ in 0..rng.random_range(1..=2) {
            let place = rng.random_range(0..next.len());
            next[place] += if rng.random() { 1 } else { -1 };
        }
        if distance(&next) <= distance(&here) && admitted(&next).is_some() {
            here = next;
        }
    }
    panic!("no vector with phi {wanted}");
}

fn hold_vectors(terms: &Terms) {
    let mut rng = rng(3);
    let mut vector = |length: f64| {
        let x: Vec<f64> = (0..40).map(|_| rng.random_range(-1.0..1.0)).collect();
        let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
        Template::Vector(RealVector::new(x.into_iter().map(|x| x * length / norm).collect()).unwrap())
    };
    let template = vector(0.99);
    let others: Vec<Template> = (0..40).map(|i| vector(0.99 - f64::from(i) * 0.01)).collect();
    hold_everywhere(terms, &template, |functional, probe| {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let ProbeSample::Integers(x) = &probe.samples()[0] else { panic!() };
        let x: Vec<i16> = x.iter().map(|&x| x as i16).collect();
        let mut at = |wanted| {
            let made = (0..8).map(|_| integers_at(functional, probe, &x, wanted, &mut rng));
            made.collect::<Vec<_>>()
        };
        let (last_hits, first_misses) = (at(1), at(-1));
        let random = others.iter().filter_map(|template| functional.reference(template).ok()).collect::<Vec<_>>();
        assert!(random.len() > 5);
        let opposite = Reference::Integers(x.iter().map(|x| -x).collect());
        Hard { last_hits, first_misses, equal: Reference::Integers(x), opposite, random }
    });
}

#[test]
fn every_slot_is_right_by_cosine() {
    hold_vectors(&Terms { template: TemplateTerms::Vector { dimension: 40 }, ..Terms::face(40) });
}

#[test]
fn every_slot_is_right_by_inner_product() {
    hold_vectors(&Terms::inner_product(40, "1.0".parse().unwrap(), "0.3".parse().unwrap()));
}

#[test]
fn every_slot_is_right_by_squared_euclidean_distance() {
    hold_vectors(&Terms::squared_euclidean(40, "1.0".parse().unwrap(), "0.5".parse().unwrap()));
}

pub(super) const SHAPE: IrisShape = IrisShape { rows: 2, columns: 16, channels: 2, mask: MaskSharing::ByPair };

/// A code that has so many valid pairs in common with a probe, and differs in so many of their bits.
pub(super) fn iris_at(probe: &IrisCode, pairs: usize, differing: usize, rng: &mut ChaCha20Rng) -> Reference {
    let multiplicity = SHAPE.mask_multiplicity();
    let mut places: Vec<usize> = (0..SHAPE.mask_bits()).collect();
    places.shuffle(rng);
    let valid = |place: usize| probe.mask().iter().nth(place * multiplicity).unwrap();
    let (common, others): (Vec<usize>, Vec<usize>) = places.into_iter().partition(|&place| valid(place));
    assert!(common.len() >= pairs && differing <= 2 * pairs);
    let common = &common[..pairs];
    // Valid where the probe is not: counts for nothing.
    let mask: Vec<bool> = (0..SHAPE.bits())
        .map(|bit| common.contains(&(bit / multiplicity)) || others.contains(&(bit / multiplicity)))
        .collect();
    let mut code: Vec<bool> = (0..SHAPE.bits()).map(|_| rng.random()).collect();
    let mut judged: Vec<usize> = (0..SHAPE.bits()).filter(|bit| common.contains(&(bit / multiplicity))).collect();
    judged.shuffle(rng);
    let clear: Vec<bool> = probe.code().iter().collect();
    judged.iter().enumerate().for_each(|(number, &bit)| code[bit] = clear[bit] ^ (number < differing));
    Reference::Iris(IrisCode::new(SHAPE, Bits::new(code).unwrap(), Bits::new(mask).unwrap()).unwrap())
}

/// Hit iff 3 differing < common, and at least 20 bits are common.
fn hold_irises(rotations: u32) {
    let mut rng = rng(3);
    let code = Bits::new((0..SHAPE.bits()).map(|_| rng.random())).unwrap();
    let pairs: Vec<bool> = (0..SHAPE.mask_bits()).map(|pair| pair % 8 != 0).collect();
    let mask = pairs.iter().flat_map(|&pair| [pair; 2]);
    let iris = IrisCode::new(SHAPE, code, Bits::new(mask).unwrap()).unwrap();
    let mut terms = Terms::iris(SHAPE);
    if let ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations: most, .. } =
        &mut terms.comparison
    {
        (*threshold, *minimum_common_bits, *most) = ("0.333333333".parse().unwrap(), 20, rotations);
    }
    hold_everywhere(&terms, &Template::Iris(iris.clone()), |functional, probe| {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let mut at = |pairs, differing| iris_at(&iris, pairs, differing, &mut rng);
        // 2 (common - 3 differing) - 1.
        let last_hits: Vec<_> =
            [(11, 7), (14, 9), (17, 11), (20, 13)].map(|(pairs, differing)| at(pairs, differing)).into();
        let first_misses: Vec<_> =
            [(12, 8), (15, 10), (18, 12), (27, 18)].map(|(pairs, differing)| at(pairs, differing)).into();
        if rotations == 0 {
            assert!(last_hits.iter().all(|reference| phi(functional, probe, reference) == 1));
            assert!(first_misses.iter().all(|reference| phi(functional, probe, reference) == -1));
        }
        let (equal, opposite) = (at(28, 0), at(28, 56));
        // Equal, with as many common bits as agreed, or one pair less; and anything.
        let mut random = vec![at(10, 0), at(9, 0), at(1, 0), at(1, 2), at(0, 0)];
        random.extend((0..200).map(|number| at(number % 28 + 1, number * 7 % 20 % (2 * (number % 28) + 2))));
        Hard { last_hits, first_misses, equal, opposite, random }
    });
}

#[test]
fn every_slot_is_right_for_masked_irises() {
    hold_irises(0);
}

#[test]
fn every_slot_is_right_for_masked_irises_with_rotations() {
    hold_irises(1);
}

/// An agreement on each metric, `any`.
pub(in crate::scheme::bgv) fn agreed() -> Vec<Opened> {
    let mut iris = Terms::iris(SHAPE);
    if let ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, .. } = &mut iris.comparison {
        (*threshold, *minimum_common_bits, *rotations) = ("0.333333333".parse().unwrap(), 20, 0);
    }
    let (one, half) = ("1.0".parse().unwrap(), "0.5".parse().unwrap());
    let metrics = [
        Terms::hamming(50, 13),
        iris,
        Terms { template: TemplateTerms::Vector { dimension: 40 }, ..Terms::face(40) },
        Terms::inner_product(40, one, "0.3".parse().unwrap()),
        Terms::squared_euclidean(40, one, half),
    ];
    metrics.map(|terms| agreement(terms, Disclosure::Any)).into()
}

/// An agreement on faces of so many coordinates, of this length.
pub(in crate::scheme::bgv) fn faces(dimension: usize, length: u32) -> Opened {
    let mut terms = Terms { disclosure: Disclosure::Each, ..Terms::face(dimension).with_scheme(SchemeChoice::Bgv) };
    if let ComparisonTerms::Cosine { probe_norm, reference_norm, .. } = &mut terms.comparison {
        (*probe_norm, *reference_norm) = (Some(length), Some(length));
    }
    terms.encryption.parameter_set = "insecure-bgv-test".to_owned();
    planning::open(terms).unwrap()
}

/// As [`random_template`], as it is encrypted.
pub(in crate::scheme::bgv) fn templates(functional: &Functional, rng: &mut ChaCha20Rng) -> ProbeSample {
    functional.probe(&random_template(functional, rng)).unwrap()
}

/// A random template of a comparison; of an iris about a seventh is masked.
pub(super) fn random_template(functional: &Functional, rng: &mut ChaCha20Rng) -> Template {
    match functional.shape() {
        TemplateShape::Bits(bits) => Template::Bits(Bits::new((0..bits).map(|_| rng.random())).unwrap()),
        TemplateShape::Iris(shape) => {
            let code = Bits::new((0..shape.bits()).map(|_| rng.random())).unwrap();
            let groups: Vec<bool> = (0..shape.mask_bits()).map(|_| rng.random_bool(0.85)).collect();
            let mask = groups.iter().flat_map(|&group| std::iter::repeat_n(group, shape.mask_multiplicity()));
            Template::Iris(IrisCode::new(shape, code, Bits::new(mask).unwrap()).unwrap())
        }
        TemplateShape::Vector(dimension) => {
            let x: Vec<f64> = (0..dimension).map(|_| rng.random_range(-1.0..1.0)).collect();
            let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            Template::Vector(RealVector::new(x.into_iter().map(|x| 0.99 * x / norm).collect()).unwrap())
        }
    }
}

/// Subjects that need no memory of their own.
struct Crowd {
    len: usize,
    hits: usize,
    hit: Subject,
    miss: Subject,
}

impl Subjects for Crowd {
    fn len(&self) -> usize {
        self.len
    }

    fn references(&self, index: usize) -> std::borrow::Cow<'_, crate::scheme::SubjectReferences> {
        std::borrow::Cow::Borrowed(if index < self.hits { &self.hit } else { &self.miss })
    }
}

fn crowd(len: usize, hits: usize) -> (Template, Crowd) {
    let bits = Bits::new((0..16).map(|i| i % 3 == 0)).unwrap();
    let at = |distance| vec![(None, bits_at(&bits, distance, &mut rng(6)))];
    (Template::Bits(bits.clone()), Crowd { len, hits, hit: at(2), miss: at(3) })
}

/// As many hits as the plaintext modulus: their plain sum would be 0.
#[test]
fn any_finds_hits_that_add_up_to_nothing() {
    let agreement = agreement(Terms::hamming(16, 2), Disclosure::Any);
    for (hits, verdict) in [(65_537, true), (1, true), (0, false)] {
        let (template, crowd) = crowd(66_000, hits);
        let probes = [probe(agreement.functional(), template)];
        let question = Question { agreement: &agreement, subjects: &crowd, probes: &probes, one_subject: false };
        for (disclosed, length) in question.repeated(2) {
            assert_eq!(disclosed, [Disclosed::Bits(vec![verdict])], "{hits}");
            assert_eq!(length, MANY_SAMPLES * INSECURE_BGV.answer_sample_bytes());
        }
    }
}

/// One less than the plaintext modulus, and none.
#[test]
fn a_count_is_exact_up_to_the_largest_that_can_be_told() {
    let agreement = agreement(Terms::hamming(16, 2), Disclosure::Count);
    for hits in [65_536, 0] {
        let (template, crowd) = crowd(65_536, hits);
        let probes = [probe(agreement.functional(), template)];
        let question = Question { agreement: &agreement, subjects: &crowd, probes: &probes, one_subject: false };
        for (disclosed, length) in question.repeated(2) {
            assert_eq!(disclosed, [Disclosed::Count(hits)]);
            assert_eq!(length, INSECURE_BGV.answer_sample_bytes());
        }
    }
}
