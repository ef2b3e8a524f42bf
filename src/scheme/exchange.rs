//! The same exchanges over every scheme: whole queries through the wire, held against the clear oracle.

use std::sync::Mutex;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::bgv::{Bgv, admit};
use super::clear::Clear;
use super::hybrid::Hybrid;
use super::tfhe::Tfhe;
use super::{Disclosed, Evaluator, Extent, Holder, OtherScheme, Parts, Progress, Randomness, Scheme, Task};
use crate::agreement::{ComparisonTerms, Disclosure, EyeRule, SchemeChoice, SchemeId, TemplateTerms, Terms};
use crate::custodian::{AdmittedKey, AnswerError, Custodian, Damage, Gallery};
use crate::functional::{Probe, SampleLayout, demand_of, oracle};
use crate::parameters::bgv::{BgvSet, INSECURE_BGV};
use crate::parameters::custom::OwnSet;
use crate::parameters::{Dimensions, ParameterSet, SetMark};
use crate::planning;
use crate::querier::{AskError, Pending, Querier, SecretKey, Verdict};
use crate::scheme::Opened;
use crate::template::{
    Bits, Eye, Filed, Handle, IrisCode, IrisShape, MaskSharing, RealVector, Record, SubjectId, Template, TemplateShape,
    group_by_subject,
};
use crate::wire::{Answer, EvaluationKey, Query, Target, WireError, inspect};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

fn agreement(mut terms: Terms) -> Opened {
    terms.encryption.parameter_set = "insecure-test".to_owned();
    planning::open(terms).unwrap()
}

/// Under the set for tests of scheme `bgv` with half its ring, the smallest that holds every template made here; irises at a third, which is
/// exact in small integers.
fn exact(mut terms: Terms) -> Opened {
    let mut set = OwnSet::like(ParameterSet::by_name("insecure-bgv-test").unwrap(), "half-a-ring");
    if let Dimensions::Bgv(dimensions) = &mut set.dimensions {
        dimensions.ring_log2 = 10;
    }
    if let ComparisonTerms::FractionalHamming { threshold, .. } = &mut terms.comparison {
        *threshold = "0.333333333".parse().unwrap();
    }
    let mut terms = terms.with_own_set(set);
    // The finest rounding that fits would make polynomials of some thousand coefficients.
    match &mut terms.comparison {
        ComparisonTerms::Cosine { probe_norm, reference_norm, .. } => {
            (*probe_norm, *reference_norm) = (Some(32), Some(32));
        }
        ComparisonTerms::InnerProduct { scale, .. } | ComparisonTerms::SquaredEuclidean { scale, .. } => {
            *scale = Some("32.0".parse().unwrap());
        }
        ComparisonTerms::Hamming { .. } | ComparisonTerms::FractionalHamming { .. } => {}
    }
    terms.limits.references = 60_000;
    planning::open(of_the_shortest_chain(terms)).unwrap()
}

/// The same terms under the fewest primes that their own set of scheme `bgv` needs: the least to compute with, and nothing to spare.
pub(super) fn of_the_shortest_chain(terms: Terms) -> Terms {
    let of = |limbs: usize| {
        let mut terms = terms.clone();
        if let Some(OwnSet { dimensions: Dimensions::Bgv(set), .. }) = &mut terms.encryption.set {
            set.limbs = limbs;
        }
        terms
    };
    let lengths: Vec<usize> = (6..32).collect();
    let too_short = lengths.partition_point(|&limbs| planning::open(of(limbs)).is_err());
    of(lengths.get(too_short).copied().unwrap_or(32))
}

pub(super) fn record(subject: &str, eye: Option<Eye>, template: Template) -> Record {
    Record { subject: SubjectId::try_from(subject.to_owned()).unwrap(), eye, template }
}

/// A scheme's set for tests.
pub(super) fn test_set(scheme: SchemeId) -> &'static str {
    match scheme {
        SchemeId::Tfhe => "insecure-test",
        SchemeId::Bgv => "insecure-bgv-test",
        SchemeId::Hybrid => "insecure-hybrid-test",
    }
}

pub(super) const SHAPE: IrisShape = IrisShape { rows: 4, columns: 32, channels: 4, mask: MaskSharing::ByPair };
/// A smaller one, of which code and mask fit half of 1,024 slots.
const SMALL_SHAPE: IrisShape = IrisShape { rows: 2, ..SHAPE };

/// With a quarter of the bits in common at least.
pub(super) fn iris(shape: IrisShape, rotations: u32, eyes: EyeRule) -> Terms {
    let mut terms = Terms::iris(shape);
    if let ComparisonTerms::FractionalHamming { rotations: r, eyes: e, minimum_common_bits, .. } = &mut terms.comparison
    {
        (*r, *e, *minimum_common_bits) = (rotations, eyes, shape.bits() as u32 / 4);
    }
    terms
}

pub(super) fn random(shape: TemplateShape, rng: &mut ChaCha20Rng) -> Template {
    match shape {
        TemplateShape::Bits(length) => Template::Bits(Bits::new((0..length).map(|_| rng.random())).unwrap()),
        TemplateShape::Vector(dimension) => {
            let x = (0..dimension).map(|_| rng.random_range(-0.08..0.08)).collect();
            Template::Vector(RealVector::new(x).unwrap())
        }
        TemplateShape::Iris(shape) => {
            let code = Bits::new((0..shape.bits()).map(|_| rng.random())).unwrap();
            Template::Iris(masked(shape, code, rng))
        }
    }
}

fn masked(shape: IrisShape, code: Bits, rng: &mut ChaCha20Rng) -> IrisCode {
    let pairs: Vec<bool> = (0..shape.mask_bits()).map(|_| rng.random_bool(0.85)).collect();
    let mask = pairs.iter().flat_map(|&bit| std::iter::repeat_n(bit, shape.mask_multiplicity()));
    IrisCode::new(shape, code, Bits::new(mask).unwrap()).unwrap()
}

/// Another sample of the same person: a tenth of the bits flipped, a little noise, the head tilted by so many columns.
fn again(template: &Template, tilt: i32, rng: &mut ChaCha20Rng) -> Template {
    let mut flip =
        |bits: &Bits| Bits::new(bits.iter().map(|bit| bit ^ rng.random_bool(0.1)).collect::<Vec<_>>()).unwrap();
    match template {
        Template::Bits(bits) => Template::Bits(flip(bits)),
        Template::Iris(iris) => {
            let code = flip(iris.rolled(tilt).code());
            Template::Iris(masked(iris.shape(), code, rng))
        }
        Template::Vector(x) => {
            let x = x.coordinates().iter().map(|x| x + rng.random_range(-0.03..0.03)).collect();
            Template::Vector(RealVector::new(x).unwrap())
        }
    }
}

/// Agreements of every metric, eye rule and disclosure, at thresholds far from all the pairs made here.
fn agreements(agreement: fn(Terms) -> Opened, shape: IrisShape, rotations: u32) -> Vec<Opened> {
    let iris = |most: u32, eyes| iris(shape, most.min(rotations), eyes);
    let several = |mut terms: Terms| {
        terms.limits.references_per_subject = 3;
        terms
    };
    let with = |disclosure, mut terms: Terms| {
        terms.disclosure = disclosure;
        terms
    };
    let vector = |terms: Terms| Terms { template: TemplateTerms::Vector { dimension: 100 }, ..terms };
    let one = "1.0".parse().unwrap();
    vec![
        agreement(Terms::face(100)),
        agreement(with(Disclosure::Each, several(Terms::face(100)))),
        agreement(with(Disclosure::Count, Terms::fingerprint(100))),
        agreement(with(Disclosure::Each, Terms::hamming(300, 90))),
        agreement(several(Terms::hamming(300, 90))),
        agreement(vector(Terms::inner_product(100, one, "0.1".parse().unwrap()))),
        agreement(vector(Terms::squared_euclidean(100, one, "0.15".parse().unwrap()))),
        agreement(iris(0, EyeRule::Ignored)),
        agreement(with(Disclosure::Each, iris(3, EyeRule::Ignored))),
        agreement(iris(2, EyeRule::Any)),
        agreement(with(Disclosure::Each, several(iris(2, EyeRule::All)))),
        agreement(with(Disclosure::Count, several(iris(7, EyeRule::All)))),
    ]
}

/// A gallery of `subjects` and three probes: the second subject again, the last again, a stranger.
fn people(agreement: &Opened, subjects: usize) -> (Vec<Record>, Vec<Record>) {
    let mut rng = rng();
    let functional = agreement.functional();
    let eyes = SampleLayout::fullest(functional.eyes()).eyes();
    let tilt = (functional.rotations().len() as i32 / 2).min(2);
    let per_eye = agreement.terms().limits.references_per_subject.min(2);
    let (mut references, mut probes) = (Vec::new(), Vec::new());
    for subject in 0..=subjects {
        let name = format!("subject {subject}");
        for &eye in eyes {
            let first = random(agreement.shape(), &mut rng);
            if [1, subjects - 1, subjects].contains(&subject) {
                probes.push(record(&name, eye, again(&first, tilt, &mut rng)));
            }
            if subject < subjects {
                references.push(record(&name, eye, first));
                references.extend((1..per_eye).map(|_| record(&name, eye, random(agreement.shape(), &mut rng))));
            }
        }
    }
    (references, probes)
}

/// Counts what is reported.
struct Counter(Mutex<u64>);

impl Progress for Counter {
    fn advance(&self, steps: u64) {
        *self.0.lock().unwrap() += steps;
    }
    fn stop(&self) -> bool {
        false
    }
}

pub(super) struct Parties<S: Holder + Evaluator> {
    key: AdmittedKey<S>,
    secret: Vec<u8>,
}

impl<S: Holder + Evaluator> Parties<S> {
    pub(super) fn new(agreement: &Opened) -> Self {
        let (secret, public) = SecretKey::<S>::generate(agreement, &mut rng()).unwrap();
        let public = EvaluationKey::<S>::read(public.to_bytes(agreement).as_slice(), agreement).unwrap();
        Self { key: AdmittedKey::new(public), secret: secret.to_secret_bytes(agreement).to_vec() }
    }

    /// One whole exchange, everything through its file.
    fn exchange(
        &self,
        agreement: &Opened,
        gallery: &Gallery,
        probes: Vec<Record>,
        target: Target,
    ) -> Vec<(SubjectId, Verdict)> {
        self.exchange_with(agreement, &Custodian::<S>::new(agreement, gallery, 0).unwrap(), probes, target)
    }

    /// The same with a custodian that has answered before.
    pub(super) fn exchange_with(
        &self,
        agreement: &Opened,
        custodian: &Custodian<'_, S>,
        probes: Vec<Record>,
        target: Target,
    ) -> Vec<(SubjectId, Verdict)> {
        let mut rng = rng();
        let querier = Querier::new(agreement, SecretKey::<S>::read(self.secret.as_slice(), agreement).unwrap());
        let (query, pending) = querier.ask(probes, target, &mut rng).unwrap();
        let query = query.to_bytes(agreement).unwrap();
        let query = Query::<S>::read(query.as_slice(), agreement, Some(self.key.id())).unwrap();
        let counter = Counter(Mutex::new(0));
        let answer = custodian.answer(&self.key, &query, &mut rng, &counter).unwrap();
        assert_eq!(counter.0.into_inner().unwrap(), custodian.steps(&query), "steps as announced");
        let answer = answer.to_bytes(agreement).unwrap();
        let answer = Answer::<S>::read(answer.as_slice(), agreement, Some(querier.key().id())).unwrap();
        let pending = pending.to_bytes(agreement).unwrap();
        Pending::from_reader(pending.as_slice(), agreement).unwrap().read(&querier, &answer).unwrap()
    }
}

fn expected(agreement: &Opened, gallery: &Gallery, probes: &[Record]) -> Vec<(SubjectId, Verdict)> {
    let functional = agreement.functional();
    group_by_subject(probes.iter().map(|probe| (probe.subject.clone(), probe.clone())))
        .into_iter()
        .map(|(id, records)| {
            let probe = Probe::new(functional, &records).unwrap();
            let subjects = gallery.subjects().map(Result::unwrap);
            let bits: Vec<bool> =
                subjects.map(|s| oracle::subject_verdict(functional, &probe, &s.references)).collect();
            let verdict = match agreement.terms().disclosure {
                Disclosure::Any => Verdict::Any(bits.contains(&true)),
                Disclosure::Each => Verdict::Each(bits),
                Disclosure::Count => Verdict::Count(bits.iter().filter(|&&bit| bit).count()),
                Disclosure::Labelled => {
                    let subjects = gallery.subjects().map(Result::unwrap).zip(bits);
                    let mut handles: Vec<_> =
                        subjects.filter_map(|(subject, hit)| hit.then_some(subject.handle)).collect();
                    handles.sort();
                    match functional.hits_per_probe() {
                        most if handles.len() > most => Verdict::MoreThan(most),
                        _ => Verdict::Handles(handles),
                    }
                }
            };
            (id, verdict)
        })
        .collect()
}

fn every_exchange_agrees_with_the_oracle<S: Holder + Evaluator>(
    agreement: fn(Terms) -> Opened,
    shape: IrisShape,
    rotations: u32,
) {
    let agreements = agreements(agreement, shape, rotations);
    for (number, agreement) in agreements.iter().enumerate() {
        let parties = Parties::<S>::new(agreement);
        let (references, probes) = people(agreement, 15);
        let enrolment = Gallery::enrol(agreement, references);
        assert!(enrolment.refused.is_empty(), "{:?}", enrolment.refused);
        let gallery = enrolment.gallery.unwrap();
        let expected = expected(agreement, &gallery, &probes);
        assert_eq!(
            expected.iter().map(|(_, verdict)| verdict.hit()).collect::<Vec<_>>(),
            [true, true, false],
            "{number}"
        );
        assert_eq!(parties.exchange(agreement, &gallery, probes.clone(), Target::Gallery), expected, "{number}");

        // 1:1, against the right subject, another one, and one that is not enrolled. A block costs what a gallery costs: not for each.
        if S::STEP == "decision" && number % 4 != 0 {
            continue;
        }
        let probe: Vec<Record> = probes.iter().filter(|p| p.subject.as_str() == "subject 1").cloned().collect();
        for (name, hit) in [("subject 1", true), ("subject 2", false), ("nobody", false)] {
            let target = Target::Subject(SubjectId::try_from(name.to_owned()).unwrap());
            let verdicts = parties.exchange(agreement, &gallery, probe.clone(), target);
            assert_eq!(verdicts.len(), 1);
            assert_eq!(verdicts[0].1, Verdict::Any(hit), "{number} {name}");
        }
    }
}

#[test]
fn every_exchange_agrees_with_the_oracle_in_the_clear() {
    every_exchange_agrees_with_the_oracle::<Clear>(agreement, SHAPE, 7);
}

#[test]
fn every_exchange_agrees_with_the_oracle_under_tfhe() {
    every_exchange_agrees_with_the_oracle::<Tfhe>(agreement, SHAPE, 7);
}

#[test]
fn every_exchange_agrees_with_the_oracle_under_bgv() {
    every_exchange_agrees_with_the_oracle::<Bgv>(exact, SMALL_SHAPE, 1);
}

/// In blocks of half as many pairs as the test set has.
fn in_blocks(terms: Terms) -> Opened {
    let mut set = OwnSet::like(ParameterSet::by_name("insecure-hybrid-test").unwrap(), "short-blocks");
    if let Dimensions::Hybrid(dimensions) = &mut set.dimensions {
        (dimensions.probe_glwe_dimension, dimensions.block_log2) = (1, 9);
    }
    let mut terms = terms.with_own_set(set);
    terms.limits.references = 60_000;
    planning::open(terms).unwrap()
}

#[test]
fn every_exchange_agrees_with_the_oracle_under_hybrid() {
    every_exchange_agrees_with_the_oracle::<Hybrid>(in_blocks, SHAPE, 3);
}

/// Sets of the agreement's own, of other dimensions than any of this program's.
fn own(scheme: SchemeId) -> OwnSet {
    let mut own = OwnSet::like(ParameterSet::by_name(test_set(scheme)).unwrap(), "ours");
    match &mut own.dimensions {
        Dimensions::Tfhe(set) => {
            (set.query_glwe_dimension, set.query_polynomial_size, set.query_noise_log2) = (1, 256, 40);
            (set.glwe_dimension, set.polynomial_size) = (2, 1024);
            (set.bootstrap_base_log2, set.bootstrap_levels) = (15, 2);
            (set.keyswitch_base_log2, set.keyswitch_levels) = (5, 3);
            (set.answer_modulus_log2, set.washing_rounds) = (12, 6);
        }
        Dimensions::Bgv(set) => {
            (set.ring_log2, set.limbs, set.special, set.digit, set.baby_steps) = (10, 26, 5, 5, 32);
        }
        Dimensions::Hybrid(set) => {
            (set.probe_glwe_dimension, set.probe_polynomial_size, set.probe_noise_log2) = (1, 128, 40);
            (set.score_bound, set.block_log2, set.rotations) = (700, 9, 32);
            (set.primes, set.special_primes, set.digit_primes) = (26, 5, 5);
        }
    }
    own
}

/// Whole exchanges under a set of the agreement's own, whose mark is in the header of every file.
fn exchanges_under_a_set_of_its_own_agree_with_the_oracle<S: Holder + Evaluator>() {
    for (terms, disclosure) in [
        (Terms::hamming(64, 15), Disclosure::Each),
        (Terms::hamming(64, 15), Disclosure::Any),
        (Terms::hamming(64, 15), Disclosure::Count),
    ] {
        let mut terms = terms.with_own_set(own(S::ID));
        terms.disclosure = disclosure;
        terms.limits.references = 1_000;
        let agreement = planning::open(terms).unwrap();
        let mark = SetMark::of(agreement.parameters());
        assert_eq!(mark, SetMark::Own { scheme: S::ID, secure: false });
        let parties = Parties::<S>::new(&agreement);
        let (references, probes) = people(&agreement, 15);
        let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
        let expected = expected(&agreement, &gallery, &probes);
        assert_eq!(parties.exchange(&agreement, &gallery, probes.clone(), Target::Gallery), expected, "{disclosure}");

        let (secret, public) = SecretKey::<S>::generate(&agreement, &mut rng()).unwrap();
        let (secret_file, key_file) = (secret.to_secret_bytes(&agreement), public.to_bytes(&agreement));
        let querier = Querier::new(&agreement, secret);
        let (query, pending) = querier.ask(probes, Target::Gallery, &mut rng()).unwrap();
        let (query_file, pending_file) = (query.to_bytes(&agreement).unwrap(), pending.to_bytes(&agreement).unwrap());
        let key = AdmittedKey::new(EvaluationKey::<S>::read(key_file.as_slice(), &agreement).unwrap());
        let query = Query::<S>::read(query_file.as_slice(), &agreement, None).unwrap();
        let custodian = Custodian::<S>::new(&agreement, &gallery, 0).unwrap();
        let answer_file = custodian.answer(&key, &query, &mut rng(), &()).unwrap().to_bytes(&agreement).unwrap();
        let files = [&secret_file, &key_file, &query_file, &pending_file, &answer_file].map(|file| file.as_slice());
        for file in files.into_iter().chain([gallery.as_bytes()]) {
            let header = inspect(file).unwrap();
            assert_eq!((header.scheme, header.parameters), (Some(S::ID), Some(mark)), "{}", header.kind);
        }
        // An unmarked gallery under the same agreement is not one of ours.
        let header = gallery_without_mark(gallery.as_bytes());
        assert!(Gallery::open(header, &agreement).is_err());
    }
}

/// A gallery's file with its mark taken off, and the checksum of its header made right.
fn gallery_without_mark(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    let mut bytes = bytes.to_vec();
    bytes[11..14].fill(0);
    let link = sha2::Sha256::digest(&bytes[..96]);
    bytes[96..128].copy_from_slice(&link);
    bytes
}

#[test]
fn exchanges_under_a_set_of_its_own_agree_with_the_oracle_under_tfhe() {
    exchanges_under_a_set_of_its_own_agree_with_the_oracle::<Tfhe>();
}

#[test]
fn exchanges_under_a_set_of_its_own_agree_with_the_oracle_under_bgv() {
    exchanges_under_a_set_of_its_own_agree_with_the_oracle::<Bgv>();
}

#[test]
fn exchanges_under_a_set_of_its_own_agree_with_the_oracle_under_hybrid() {
    exchanges_under_a_set_of_its_own_agree_with_the_oracle::<Hybrid>();
}

/// The shortest chain that an agreement on `any` fits leaves no bits for a number that is multiplied by a constant in the end.
#[test]
fn a_block_and_a_subject_are_asked_about_under_the_shortest_chain_that_admits_a_gallery() {
    let set = |limbs| {
        let mut own = OwnSet::like(ParameterSet::by_name("insecure-bgv-test").unwrap(), "shortest");
        if let Dimensions::Bgv(set) = &mut own.dimensions {
            (set.ring_log2, set.baby_steps, set.limbs) = (8, 16, limbs);
        }
        own
    };
    let mut comparison = Terms::hamming(64, 15);
    comparison.limits.references = 1_000;
    let demand = demand_of(&comparison, true).unwrap();
    assert_eq!(demand.aligned, -97..=31);
    let is_admitted = |limbs: &usize| {
        let set = BgvSet { ring_log2: 8, baby_steps: 16, limbs: *limbs, ..INSECURE_BGV };
        admit(&set, &demand).is_ok()
    };
    let shortest = (6..32).find(is_admitted).unwrap();
    let mut terms = Terms::hamming(64, 15).with_own_set(set(shortest));
    terms.limits.references = 1_000;
    let agreement = planning::open(terms).unwrap();
    assert_eq!(agreement.functional().phi_range(), demand.aligned);
    let parties = Parties::<Bgv>::new(&agreement);
    let (references, probes) = people(&agreement, 15);
    let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
    let expected = expected(&agreement, &gallery, &probes);
    assert_eq!(parties.exchange(&agreement, &gallery, probes.clone(), Target::Gallery), expected);
    let probe: Vec<Record> = probes.into_iter().filter(|p| p.subject.as_str() == "subject 1").collect();
    for (name, hit) in [("subject 1", true), ("subject 2", false), ("nobody", false)] {
        let target = Target::Subject(SubjectId::try_from(name.to_owned()).unwrap());
        let verdicts = parties.exchange(&agreement, &gallery, probe.clone(), target);
        assert_eq!(verdicts[0].1, Verdict::Any(hit), "{name}");
    }
}

/// Keys of one set of an agreement's own are not keys of another, though their files bear the same mark.
#[test]
fn keys_of_another_set_of_ones_own_are_refused() {
    let under = |rounds| {
        let mut set = own(SchemeId::Tfhe);
        if let Dimensions::Tfhe(set) = &mut set.dimensions {
            set.washing_rounds = rounds;
        }
        planning::open(Terms::hamming(64, 15).with_own_set(set)).unwrap()
    };
    let (ours, theirs) = (under(6), under(7));
    let (secret, public) = SecretKey::<Tfhe>::generate(&theirs, &mut rng()).unwrap();
    let bytes = public.to_bytes(&theirs);
    let refused = EvaluationKey::<Tfhe>::read(bytes.as_slice(), &ours).err();
    assert_eq!(refused, Some(WireError::Agreement { expected: ours.digest(), actual: theirs.digest() }));
    let (references, probes) = people(&ours, 3);
    let refused = Querier::new(&ours, secret).ask(probes, Target::Gallery, &mut rng()).err();
    assert!(matches!(refused, Some(AskError::OtherParameters { .. })), "{refused:?}");
    // A key that was admitted under other terms than the custodian's.
    let (secret, public) = SecretKey::<Tfhe>::generate(&ours, &mut rng()).unwrap();
    let gallery = Gallery::enrol(&ours, references).gallery.unwrap();
    let (_, probes) = people(&ours, 3);
    let (mut query, _) = Querier::new(&ours, secret).ask(probes, Target::Gallery, &mut rng()).unwrap();
    let foreign = AdmittedKey::new(EvaluationKey::<Tfhe>::read(bytes.as_slice(), &theirs).unwrap());
    query.key = foreign.id();
    let custodian = Custodian::<Tfhe>::new(&ours, &gallery, 0).unwrap();
    let refused = custodian.answer(&foreign, &query, &mut rng(), &()).err();
    assert_eq!(refused, Some(AnswerError::OtherTerms));
    drop(public);
}

/// More subjects than one wave and more waves than one gate takes.
#[test]
fn a_tree_of_many_waves_finds_one_hit_and_no_hit() {
    let agreement = agreement(Terms::hamming(16, 2));
    let parties = Parties::<Tfhe>::new(&agreement);
    let bits = |word: u16| Template::Bits(Bits::new((0..16).map(|i| word >> i & 1 == 1)).unwrap());
    for hit in [false, true] {
        let references =
            (0..4000).map(|i| record(&i.to_string(), None, bits(if hit && i == 2321 { 0 } else { 0xff0f })));
        let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
        let verdicts = parties.exchange(&agreement, &gallery, vec![record("p", None, bits(0))], Target::Gallery);
        assert_eq!(verdicts[0].1, Verdict::Any(hit));
    }
}

/// A block holds 512 pairs, so that two of five probes begin in one block and end in the next.
#[test]
fn each_of_many_probes_is_told_of_its_own_pairs_in_whatever_blocks_they_lie() {
    const SUBJECTS: usize = 300;
    // Any two of these differ in 24 bits, and in 52 from a stranger.
    let code = |probe: usize| Template::Bits(Bits::new((0..64).map(|bit| bit / 12 == probe)).unwrap());
    let stranger = Template::Bits(Bits::new([true; 64]).unwrap());
    // Whom the second finds stand in the second block alone, whom the fourth finds in both of its blocks.
    let hits: [&[usize]; 5] = [&[0], &[298, 299], &[], &[1, 2, 250], &[297]];
    let finds = |subject: &usize| (0..hits.len()).find(|&probe| hits[probe].contains(subject));
    let templates = (0..SUBJECTS).map(|subject| finds(&subject).map_or(stranger.clone(), code));
    let references: Vec<Record> = templates.enumerate().map(|(i, code)| record(&i.to_string(), None, code)).collect();
    let probes: Vec<Record> = (0..hits.len()).map(|probe| record(&format!("p{probe}"), None, code(probe))).collect();
    for disclosure in [Disclosure::Any, Disclosure::Count, Disclosure::Each] {
        let agreement = in_blocks(Terms { disclosure, ..Terms::hamming(64, 15) });
        let parties = Parties::<Hybrid>::new(&agreement);
        let gallery = Gallery::enrol(&agreement, references.clone()).gallery.unwrap();
        let told = parties.exchange(&agreement, &gallery, probes.clone(), Target::Gallery);
        assert_eq!(told, expected(&agreement, &gallery, &probes), "{disclosure}");
        for ((_, verdict), hits) in told.iter().zip(hits) {
            match verdict {
                Verdict::Any(hit) => assert_eq!(*hit, !hits.is_empty()),
                Verdict::Count(count) => assert_eq!(*count, hits.len()),
                Verdict::Each(bits) => assert_eq!(bits.iter().filter(|&&hit| hit).count(), hits.len()),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A block in which somebody has several references is judged by another circuit than one in which nobody has. Of 600 subjects in blocks of 512
/// pairs the sixth alone has several: the second of two probes is asked about in blocks of both kinds, and finds somebody in each.
#[test]
fn blocks_of_different_shapes_are_added_up_for_one_probe() {
    const FOUND: [(usize, usize); 3] = [(5, 1), (520, 0), (550, 1)];
    let shapes = [
        Terms::hamming(300, 90),
        iris(SHAPE, 1, EyeRule::Ignored),
        iris(SHAPE, 0, EyeRule::Any),
        iris(SHAPE, 0, EyeRule::All),
    ];
    let disclosures = [Disclosure::Any, Disclosure::Count, Disclosure::Each];
    for (terms, disclosure) in shapes.iter().flat_map(|terms| disclosures.map(|disclosure| (terms, disclosure))) {
        let mut terms = Terms { disclosure, ..terms.clone() };
        terms.limits.references_per_subject = 2;
        let agreement = in_blocks(terms);
        let mut rng = rng();
        let (mut references, mut probes) = (Vec::new(), Vec::new());
        for &eye in SampleLayout::fullest(agreement.functional().eyes()).eyes() {
            let asked = [0, 1].map(|_| random(agreement.shape(), &mut rng));
            for subject in 0..600 {
                let name = format!("subject {subject}");
                if subject == 5 {
                    references.push(record(&name, eye, random(agreement.shape(), &mut rng)));
                }
                let template = match FOUND.iter().find(|(found, _)| *found == subject) {
                    Some(&(_, probe)) => again(&asked[probe], 0, &mut rng),
                    None => random(agreement.shape(), &mut rng),
                };
                references.push(record(&name, eye, template));
            }
            probes.extend(asked.into_iter().zip(["p0", "p1"]).map(|(template, name)| record(name, eye, template)));
        }
        let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
        let told = Parties::<Hybrid>::new(&agreement).exchange(&agreement, &gallery, probes.clone(), Target::Gallery);
        assert_eq!(told, expected(&agreement, &gallery, &probes), "{disclosure}");
        if disclosure == Disclosure::Count {
            assert_eq!(told.iter().map(|(_, verdict)| verdict.clone()).collect::<Vec<_>>(), [1, 2].map(Verdict::Count));
        }
    }
}

/// Equal codes with fewer common bits than agreed miss, with the mask shared (theta up to 0.4) and with a mask of its own (above).
#[test]
fn too_few_common_bits_miss_under_encryption_too() {
    for theta in ["0.3", "0.45"] {
        let mut terms = iris(SHAPE, 2, EyeRule::Ignored);
        if let ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, .. } = &mut terms.comparison {
            (*threshold, *minimum_common_bits) = (theta.parse().unwrap(), 200);
        }
        let agreement = agreement(terms);
        let parties = Parties::<Tfhe>::new(&agreement);
        let covering = |bits: std::ops::Range<usize>| {
            let code = Bits::new((0..512).map(|_| true)).unwrap();
            let mask = Bits::new((0..512).map(|bit| bits.contains(&bit))).unwrap();
            Template::Iris(IrisCode::new(SHAPE, code, mask).unwrap())
        };
        // The gray zone of the count is a few bits of 512.
        for (common, hit) in [(160, false), (240, true), (300, true)] {
            let references = vec![record("r", None, covering(300 - common..512))];
            let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
            let probe = vec![record("p", None, covering(0..300))];
            let verdicts = parties.exchange(&agreement, &gallery, probe, Target::Gallery);
            assert_eq!(verdicts[0].1, Verdict::Any(hit), "{theta}: {common} common bits");
        }
    }
}

/// A probe of one eye under `any`: subjects with only the other eye cannot hit, and cost nothing.
#[test]
fn a_probe_of_one_eye_meets_that_eye_alone() {
    let agreement = agreement(iris(SHAPE, 2, EyeRule::Any));
    let parties = Parties::<Tfhe>::new(&agreement);
    let mut rng = rng();
    let (left, right) = (random(agreement.shape(), &mut rng), random(agreement.shape(), &mut rng));
    let references = vec![
        record("right only", Some(Eye::Right), left.clone()),
        record("both", Some(Eye::Left), left.clone()),
        record("both", Some(Eye::Right), right.clone()),
    ];
    let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
    for (eye, template, hit) in
        [(Eye::Left, &left, true), (Eye::Left, &right, false), (Eye::Right, &right, true), (Eye::Right, &left, true)]
    {
        let probe = vec![record("p", Some(eye), again(template, 2, &mut rng))];
        assert_eq!(expected(&agreement, &gallery, &probe)[0].1, Verdict::Any(hit));
        let verdicts = parties.exchange(&agreement, &gallery, probe, Target::Gallery);
        assert_eq!(verdicts[0].1, Verdict::Any(hit), "{eye}");
    }
    let only_right = vec![record("right only", Some(Eye::Right), left.clone())];
    let gallery = Gallery::enrol(&agreement, only_right).gallery.unwrap();
    let probe = vec![record("p", Some(Eye::Left), left)];
    assert_eq!(parties.exchange(&agreement, &gallery, probe, Target::Gallery)[0].1, Verdict::Any(false));
}

/// `count` must not say who: the hit is not where the subject is.
#[test]
fn count_shuffles_the_bits_of_each() {
    let mut terms = Terms::hamming(64, 8);
    terms.disclosure = Disclosure::Count;
    let agreement = agreement(terms);
    let functional = agreement.functional();
    let set = &Tfhe::agreed_set(&agreement).unwrap();
    let (secret, public) = Tfhe::generate(set, &mut rng());
    let key = Tfhe::prepare_key(public, set);
    let bits = |bit: bool| Template::Bits(Bits::new((0..64).map(|_| bit)).unwrap());
    let subjects: Vec<_> = (0..20).map(|i| vec![(None, functional.reference(&bits(i == 5)).unwrap())]).collect();
    let probe = Probe::new(functional, &[record("p", None, bits(true))]).unwrap();
    let layouts = [probe.layout()];
    let task = Task {
        functional,
        disclosure: Disclosure::Count,
        layouts: &layouts,
        subjects: &subjects,
        one_subject: false,
        references_per_subject: 1,
    };
    let mut rng = rng();
    let probes = Tfhe::encrypt(&secret, functional, &[probe], &mut rng);
    let mut place = || {
        let answer =
            Tfhe::answer(&key, &(), &task, &probes, &Randomness::drawn(1, &mut rng), &mut Parts::default(), &())
                .unwrap();
        let disclosure = Disclosure::Count;
        let extent = Extent { functional, disclosure, probes: 1, samples: 1, verdicts_per_probe: 20 };
        let [Disclosed::Bits(bits)] = &Tfhe::decrypt(&secret, &extent, &answer)[..] else { panic!() };
        assert_eq!(bits.iter().filter(|&&bit| bit).count(), 1);
        bits.iter().position(|&bit| bit)
    };
    assert!((0..6).map(|_| place()).any(|place| place != Some(5)));
}

#[test]
fn the_finer_set_works_too() {
    let mut terms = Terms::face(100);
    terms.encryption.parameter_set = "tfhe-896-4096".to_owned();
    let agreement = planning::open(terms).unwrap();
    let parties = Parties::<Tfhe>::new(&agreement);
    let (references, probes) = people(&agreement, 15);
    let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
    let expected = expected(&agreement, &gallery, &probes);
    assert_eq!(parties.exchange(&agreement, &gallery, probes, Target::Gallery), expected);
}

#[test]
fn a_key_of_another_parameter_set_is_not_used() {
    let weak = agreement(Terms::face(100));
    let strong = planning::open(Terms::face(100)).unwrap();
    let parties = Parties::<Tfhe>::new(&weak);
    let querier = Querier::new(&strong, SecretKey::<Tfhe>::read(parties.secret.as_slice(), &weak).unwrap());
    let (references, probes) = people(&weak, 3);
    assert!(matches!(
        querier.ask(probes.clone(), Target::Gallery, &mut rng()),
        Err(crate::querier::AskError::OtherParameters { .. })
    ));
    let gallery = Gallery::enrol(&weak, references).gallery.unwrap();
    let querier = Querier::new(&weak, SecretKey::<Tfhe>::read(parties.secret.as_slice(), &weak).unwrap());
    let (query, _) = querier.ask(probes, Target::Gallery, &mut rng()).unwrap();
    let answer = Custodian::<Tfhe>::new(&strong, &gallery, 0).unwrap().answer(&parties.key, &query, &mut rng(), &());
    assert!(matches!(answer, Err(AnswerError::OtherTerms)));
}

#[test]
fn a_stopped_answer_says_so() {
    struct Stop;
    impl Progress for Stop {
        fn advance(&self, _: u64) {}
        fn stop(&self) -> bool {
            true
        }
    }
    let agreement = agreement(Terms::hamming(16, 2));
    let parties = Parties::<Tfhe>::new(&agreement);
    let (references, probes) = people(&agreement, 3);
    let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
    let querier = Querier::new(&agreement, SecretKey::<Tfhe>::read(parties.secret.as_slice(), &agreement).unwrap());
    let (query, _) = querier.ask(probes, Target::Gallery, &mut rng()).unwrap();
    let answer =
        Custodian::<Tfhe>::new(&agreement, &gallery, 0).unwrap().answer(&parties.key, &query, &mut rng(), &Stop);
    assert!(matches!(answer, Err(AnswerError::Unanswered(super::Unanswered::Stopped(_)))));
}

#[test]
fn an_agreement_on_another_scheme_is_refused_by_every_reader_and_maker() {
    let of_tfhe = agreement(Terms::hamming(16, 2));
    let of_bgv = planning::open(Terms::hamming(16, 2).with_scheme(SchemeChoice::Bgv)).unwrap();
    let other = OtherScheme { expected: SchemeId::Bgv, actual: SchemeId::Tfhe };
    let wire = WireError::Scheme(other);
    let (references, _) = people(&of_tfhe, 3);
    let gallery = Gallery::enrol(&of_bgv, references).gallery.unwrap();
    assert_eq!(Custodian::<Tfhe>::new(&of_bgv, &gallery, 0).err(), Some(other));
    assert_eq!(SecretKey::<Tfhe>::generate(&of_bgv, &mut rng()).err(), Some(wire.clone()));
    let nothing: &[u8] = &[];
    assert_eq!(SecretKey::<Tfhe>::read(nothing, &of_bgv).err(), Some(wire.clone()));
    assert_eq!(EvaluationKey::<Tfhe>::read(nothing, &of_bgv).err(), Some(wire.clone()));
    assert_eq!(Query::<Tfhe>::read(nothing, &of_bgv, None).err(), Some(wire.clone()));
    assert_eq!(Answer::<Tfhe>::read(nothing, &of_bgv, None).err(), Some(wire));
}

#[test]
fn an_answer_that_discloses_other_than_asked_is_refused() {
    let mut terms = Terms::hamming(16, 2);
    terms.disclosure = Disclosure::Each;
    let agreement = agreement(terms);
    let parties = Parties::<Clear>::new(&agreement);
    let (references, probes) = people(&agreement, 3);
    let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
    let querier = Querier::new(&agreement, SecretKey::<Clear>::read(parties.secret.as_slice(), &agreement).unwrap());
    let subject = Target::Subject(gallery.subjects().next().unwrap().unwrap().id.clone());
    for (target, actual) in [(Target::Gallery, Disclosure::Any), (subject, Disclosure::Each)] {
        let (query, pending) = querier.ask(probes.clone(), target, &mut rng()).unwrap();
        let custodian = Custodian::<Clear>::new(&agreement, &gallery, 0).unwrap();
        let mut answer = custodian.answer(&parties.key, &query, &mut rng(), &()).unwrap();
        let expected = std::mem::replace(&mut answer.disclosure, actual);
        let refused = pending.read(&querier, &answer);
        assert_eq!(refused, Err(crate::querier::AnswerError::Disclosure { expected, actual }));
    }
}

#[test]
fn files_of_another_key_are_refused() {
    let agreement = agreement(Terms::hamming(16, 2));
    let ours = Parties::<Tfhe>::new(&agreement);
    let (theirs, _) = SecretKey::<Tfhe>::generate(&agreement, &mut ChaCha20Rng::seed_from_u64(8)).unwrap();
    let (references, probes) = people(&agreement, 3);
    let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
    let theirs = Querier::new(&agreement, theirs);
    let (query, _) = theirs.ask(probes.clone(), Target::Gallery, &mut rng()).unwrap();
    let answer = Custodian::<Tfhe>::new(&agreement, &gallery, 0).unwrap().answer(&ours.key, &query, &mut rng(), &());
    assert!(matches!(answer, Err(AnswerError::OtherKey { .. })));

    let querier = Querier::new(&agreement, SecretKey::<Tfhe>::read(ours.secret.as_slice(), &agreement).unwrap());
    let (query, _) = querier.ask(probes.clone(), Target::Gallery, &mut rng()).unwrap();
    let answer =
        Custodian::<Tfhe>::new(&agreement, &gallery, 0).unwrap().answer(&ours.key, &query, &mut rng(), &()).unwrap();
    let (_, other_query) = querier.ask(probes.clone(), Target::Gallery, &mut rng()).unwrap();
    let (_, other_key) = theirs.ask(probes, Target::Gallery, &mut ChaCha20Rng::seed_from_u64(9)).unwrap();
    assert!(matches!(other_query.read(&theirs, &answer), Err(crate::querier::AnswerError::OtherKey { .. })));
    assert!(matches!(other_key.read(&querier, &answer), Err(crate::querier::AnswerError::OtherKey { .. })));
    let (_, other_query) =
        querier.ask(people(&agreement, 3).1, Target::Gallery, &mut ChaCha20Rng::seed_from_u64(9)).unwrap();
    assert!(matches!(other_query.read(&querier, &answer), Err(crate::querier::AnswerError::OtherQuery { .. })));
}

/// A subject that cannot be read would look like one that does not match.
fn a_gallery_that_is_damaged_or_empty_gives_no_answer<S: Holder + Evaluator>() {
    for disclosure in [Disclosure::Any, Disclosure::Each] {
        let agreement = agreement(Terms { disclosure, ..Terms::hamming(64, 8) });
        let parties = Parties::<S>::new(&agreement);
        let (references, probes) = people(&agreement, 3);
        let functional = agreement.functional();
        let stored = functional.reference(&references[1].template).unwrap().to_bytes(functional);
        let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
        let querier = Querier::new(&agreement, SecretKey::<S>::read(parties.secret.as_slice(), &agreement).unwrap());
        let answer = |gallery: &Gallery, target: Target| {
            let (query, _) = querier.ask(probes.clone(), target, &mut rng()).unwrap();
            Custodian::new(&agreement, gallery, 0).unwrap().answer(&parties.key, &query, &mut rng(), &()).map(|_| ())
        };
        let subject = |name: &str| Target::Subject(SubjectId::try_from(name.to_owned()).unwrap());
        for target in [Target::Gallery, subject("subject 1"), subject("nobody")] {
            assert_eq!(answer(&gallery, target), Ok(()));
        }

        let mut damaged = gallery.as_bytes().to_vec();
        let place = damaged.windows(stored.len()).position(|window| window == stored).unwrap();
        damaged[place] ^= 1;
        let damaged = Gallery::open(damaged, &agreement).unwrap();
        let damage = Damage { segment: 1, part: "records" };
        for target in [Target::Gallery, subject("subject 1")] {
            assert_eq!(answer(&damaged, target), Err(AnswerError::Damaged(damage)));
        }
        assert_eq!(answer(&damaged, subject("nobody")), Ok(()));

        let everybody: Vec<_> = gallery.subjects().map(|subject| subject.unwrap().id).collect();
        let change = gallery.remove(&everybody).unwrap().unwrap();
        let empty = change.applied_to(gallery.as_bytes()).unwrap();
        let empty = Gallery::open(empty, &agreement).unwrap();
        for target in [Target::Gallery, subject("subject 1")] {
            assert_eq!(answer(&empty, target), Err(AnswerError::EmptyGallery));
        }
    }
}

#[test]
fn a_gallery_that_is_damaged_or_empty_gives_no_answer_in_the_clear() {
    a_gallery_that_is_damaged_or_empty_gives_no_answer::<Clear>();
}

#[test]
fn a_gallery_that_is_damaged_or_empty_gives_no_answer_under_tfhe() {
    a_gallery_that_is_damaged_or_empty_gives_no_answer::<Tfhe>();
}

/// Before anything is computed, and with the numbers.
#[test]
fn a_query_whose_answer_could_disclose_more_than_agreed_is_refused() {
    for (disclosure, each) in [(Disclosure::Any, 1), (Disclosure::Each, 6), (Disclosure::Count, 3)] {
        let agreed = |bits| {
            let mut terms = Terms { disclosure, ..Terms::hamming(64, 8) };
            terms.limits.bits_per_query = bits;
            agreement(terms)
        };
        for (limit, refused) in [(None, false), (Some(3 * each), false), (Some(3 * each - 1), true)] {
            let agreement = agreed(limit);
            let parties = Parties::<Clear>::new(&agreement);
            let (references, probes) = people(&agreement, 6);
            let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
            let querier =
                Querier::new(&agreement, SecretKey::<Clear>::read(parties.secret.as_slice(), &agreement).unwrap());
            let custodian = Custodian::<Clear>::new(&agreement, &gallery, 0).unwrap();
            let ask = |target| querier.ask(probes.clone(), target, &mut rng()).unwrap().0;
            let counter = Counter(Mutex::new(0));
            let answer = custodian.answer(&parties.key, &ask(Target::Gallery), &mut rng(), &counter).map(|_| ());
            let expected = AnswerError::TooManyBits {
                bits: 3 * each,
                limit: limit.unwrap_or_default(),
                probes: 3,
                admitted: limit.unwrap_or_default() / each,
            };
            assert_eq!(answer, if refused { Err(expected) } else { Ok(()) }, "{disclosure} {limit:?}");
            assert_eq!(counter.0.into_inner().unwrap(), if refused { 0 } else { 3 });
            // In 1:1 a bit a probe, whoever it is about.
            for name in ["subject 1", "nobody"] {
                let target = Target::Subject(SubjectId::try_from(name.to_owned()).unwrap());
                assert_eq!(custodian.disclosed_bits(&target, 3), 3);
                assert_eq!(custodian.check_bits(&ask(target)).is_ok(), limit.is_none_or(|limit| limit >= 3));
            }
        }
    }
}

/// Through every file: handles over the gallery and about one subject, of an exempt person none, and of more hits than are agreed nothing.
fn handles_cross_and_are_those_of_the_custodian<S: Holder + Evaluator>(agreed: fn(Terms) -> Opened) {
    let code = |probe: usize| Template::Bits(Bits::new((0..64).map(|bit| bit / 12 == probe)).unwrap());
    let mut terms = Terms { disclosure: Disclosure::Labelled, ..Terms::hamming(64, 15) };
    terms.limits.hits_per_probe = Some(2);
    let agreement = agreed(terms);
    let parties = Parties::<S>::new(&agreement);
    let handle = |text: &str| Handle::new(text).ok();
    let filed = [("a", 0, "B-1"), ("b", 0, "B-2"), ("c", 1, ""), ("d", 2, "B-4"), ("e", 2, "B-5"), ("f", 2, "B-6")];
    let filed =
        filed.map(|(subject, probe, text)| Filed { record: record(subject, None, code(probe)), handle: handle(text) });
    let gallery = Gallery::enrol(&agreement, filed).gallery.unwrap();
    let probes: Vec<Record> = (0..4).map(|probe| record(&format!("p{probe}"), None, code(probe))).collect();
    let verdicts = |told: Vec<(SubjectId, Verdict)>| told.into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>();
    let told = verdicts(parties.exchange(&agreement, &gallery, probes.clone(), Target::Gallery));
    let both = Verdict::Handles(vec![handle("B-1"), handle("B-2")]);
    let nobody = Verdict::Handles(Vec::new());
    assert_eq!(told, [both, Verdict::Handles(vec![None]), Verdict::MoreThan(2), nobody.clone()]);
    assert_eq!(
        told.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["hit: B-1, B-2", "hit: (no handle)", "more than 2 hits", "no hit"]
    );
    let id = |text: &str| SubjectId::try_from(text.to_owned()).unwrap();
    let exempting = Custodian::<S>::new(&agreement, &gallery, 0).unwrap().exempting(&[id("a"), id("e")].into());
    let left = [Verdict::Handles(vec![handle("B-2")]), Verdict::Handles(vec![handle("B-4"), handle("B-6")])];
    let some = [probes[0].clone(), probes[2].clone()].to_vec();
    assert_eq!(verdicts(parties.exchange_with(&agreement, &exempting, some, Target::Gallery)), left);
    for (whom, probe, verdict) in [
        ("b", 0, Verdict::Handles(vec![handle("B-2")])),
        ("a", 0, nobody.clone()),
        ("b", 1, nobody.clone()),
        ("nobody", 0, nobody),
    ] {
        let told =
            parties.exchange_with(&agreement, &exempting, vec![probes[probe].clone()], Target::Subject(id(whom)));
        assert_eq!(verdicts(told), [verdict], "{whom} {probe}");
    }

    // An answer for fewer hits than are agreed is none.
    let querier = Querier::new(&agreement, SecretKey::<S>::read(parties.secret.as_slice(), &agreement).unwrap());
    let (query, pending) = querier.ask(vec![probes[0].clone()], Target::Gallery, &mut rng()).unwrap();
    let mut answer = exempting.answer(&parties.key, &query, &mut rng(), &()).unwrap();
    answer.verdicts_per_probe = 1;
    let refused = pending.read(&querier, &answer).unwrap_err();
    assert_eq!(refused, crate::querier::AnswerError::Bits { expected: 2, actual: 1 });
}

#[test]
fn handles_cross_and_are_those_of_the_custodian_under_bgv() {
    handles_cross_and_are_those_of_the_custodian::<Bgv>(exact);
}

#[test]
fn handles_cross_and_are_those_of_the_custodian_under_hybrid() {
    handles_cross_and_are_those_of_the_custodian::<Hybrid>(in_blocks);
}

/// Whatever is compared under `hybrid`: vectors, rotations, common bits, either eye or both, several references, three probes in a block.
#[test]
fn handles_of_every_comparison_agree_with_the_oracle_under_hybrid() {
    let several = |mut terms: Terms| {
        terms.limits.references_per_subject = 2;
        terms
    };
    let (one, decimal) = ("1.0".parse().unwrap(), |text: &str| text.parse().unwrap());
    let compared = [
        several(Terms::face(100)),
        Terms::inner_product(100, one, decimal("0.1")),
        Terms::squared_euclidean(100, one, decimal("0.15")),
        several(iris(SHAPE, 1, EyeRule::Any)),
        several(iris(SHAPE, 0, EyeRule::All)),
    ];
    for terms in compared {
        let mut terms = Terms { disclosure: Disclosure::Labelled, ..terms };
        terms.limits.hits_per_probe = Some(1);
        let agreement = in_blocks(terms);
        let parties = Parties::<Hybrid>::new(&agreement);
        let (references, probes) = people(&agreement, 15);
        let filed = references.into_iter().map(|record| Filed {
            handle: Handle::new(format!("of {}", record.subject).replace(' ', "-")).ok(),
            record,
        });
        let gallery = Gallery::enrol(&agreement, filed).gallery.unwrap();
        let expected = expected(&agreement, &gallery, &probes);
        let handles = |name: &str| Verdict::Handles(vec![Handle::new(name).ok()]);
        let told: Vec<&Verdict> = expected.iter().map(|(_, verdict)| verdict).collect();
        assert_eq!(told, [&handles("of-subject-1"), &handles("of-subject-14"), &Verdict::Handles(Vec::new())]);
        let what = agreement.terms().comparison.metric();
        assert_eq!(parties.exchange(&agreement, &gallery, probes.clone(), Target::Gallery), expected, "{what}");
        let probe: Vec<Record> = probes.iter().filter(|p| p.subject.as_str() == "subject 1").cloned().collect();
        for (name, verdict) in [("subject 1", told[0]), ("subject 2", told[2])] {
            let target = Target::Subject(SubjectId::try_from(name.to_owned()).unwrap());
            let [(_, told)] = &parties.exchange(&agreement, &gallery, probe.clone(), target)[..] else { panic!() };
            assert_eq!(told, verdict, "{what}, {name}");
        }
    }
}

/// By what is at fault: a block too short for the sums, or primes too few for another product.
#[test]
fn handles_that_a_set_of_hybrid_has_no_room_for_are_refused_by_name() {
    let opened = |disclosure, hits: usize, primes: usize| {
        let mut set = OwnSet::like(ParameterSet::by_name("insecure-hybrid-test").unwrap(), "short-blocks");
        if let Dimensions::Hybrid(dimensions) = &mut set.dimensions {
            (dimensions.block_log2, dimensions.primes) = (9, primes);
        }
        let mut terms = Terms { disclosure, ..Terms::hamming(64, 15) }.with_own_set(set);
        terms.limits.hits_per_probe = (disclosure == Disclosure::Labelled).then_some(hits);
        terms.limits.references = 60_000;
        planning::open(terms).map(|_| ())
    };
    assert_eq!(opened(Disclosure::Labelled, 8, 30), Ok(()));
    let error = opened(Disclosure::Labelled, 9, 30).unwrap_err().to_string();
    assert!(error.starts_with("limits.hits_per_probe: does not fit"), "{error}");
    let primes: Vec<usize> = (7..30).collect();
    let least = |disclosure| primes[primes.partition_point(|&primes| opened(disclosure, 1, primes).is_err())];
    let (count, labelled) = (least(Disclosure::Count), least(Disclosure::Labelled));
    println!("count from {count} primes on, labelled from {labelled}");
    let error = opened(Disclosure::Labelled, 1, labelled - 1).unwrap_err().to_string();
    assert!(error.starts_with("encryption.parameter_set: does not fit"), "{error}");
    assert!((count..=count + 2).contains(&labelled));
}

/// The same under `tfhe`, of one hit a probe.
#[test]
fn handles_cross_under_tfhe() {
    let code = |probe: usize| Template::Bits(Bits::new((0..64).map(|bit| bit / 12 == probe)).unwrap());
    let mut terms = Terms { disclosure: Disclosure::Labelled, ..Terms::hamming(64, 15) };
    terms.encryption.parameter_set = test_set(Tfhe::ID).to_owned();
    (terms.limits.references, terms.limits.hits_per_probe) = (100, Some(1));
    let agreement = planning::open(terms).unwrap();
    let parties = Parties::<Tfhe>::new(&agreement);
    let handle = |text: &str| Handle::new(text).ok();
    let filed = [("a", 0, "B-1"), ("b", 0, "B-2"), ("c", 1, ""), ("d", 2, "B-4")];
    let filed =
        filed.map(|(subject, probe, text)| Filed { record: record(subject, None, code(probe)), handle: handle(text) });
    let gallery = Gallery::enrol(&agreement, filed).gallery.unwrap();
    let probes: Vec<Record> = (0..4).map(|probe| record(&format!("p{probe}"), None, code(probe))).collect();
    let verdicts = |told: Vec<(SubjectId, Verdict)>| told.into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>();
    let of = |text: &str| Verdict::Handles(vec![handle(text)]);
    let nobody = Verdict::Handles(Vec::new());
    let told = verdicts(parties.exchange(&agreement, &gallery, probes.clone(), Target::Gallery));
    assert_eq!(told, [Verdict::MoreThan(1), of(""), of("B-4"), nobody.clone()]);
    let id = |text: &str| SubjectId::try_from(text.to_owned()).unwrap();
    let exempting = Custodian::<Tfhe>::new(&agreement, &gallery, 0).unwrap().exempting(&[id("a"), id("d")].into());
    let some = [probes[0].clone(), probes[2].clone()].to_vec();
    assert_eq!(
        verdicts(parties.exchange_with(&agreement, &exempting, some, Target::Gallery)),
        [of("B-2"), nobody.clone()]
    );
    for (whom, probe, verdict) in
        [("b", 0, of("B-2")), ("a", 0, nobody.clone()), ("b", 1, nobody.clone()), ("nobody", 0, nobody)]
    {
        let told =
            parties.exchange_with(&agreement, &exempting, vec![probes[probe].clone()], Target::Subject(id(whom)));
        assert_eq!(verdicts(told), [verdict], "{whom} {probe}");
    }
}

/// Terms that ask for handles, and those that a scheme does not serve.
#[test]
fn terms_that_disclose_handles_say_of_how_many_hits() {
    let refused = |scheme: SchemeChoice, disclosure: Disclosure, hits: Option<usize>| {
        let mut terms = Terms { disclosure, ..Terms::hamming(64, 15) }.with_scheme(scheme);
        terms.limits.hits_per_probe = hits;
        planning::open(planning::settle(&terms).map(|settled| settled.terms)?).map(|_| ())
    };
    let error = |scheme, disclosure, hits| refused(scheme, disclosure, hits).unwrap_err().to_string();
    assert_eq!(refused(SchemeChoice::Auto, Disclosure::Labelled, Some(1)), Ok(()));
    assert_eq!(refused(SchemeChoice::Bgv, Disclosure::Labelled, Some(16)), Ok(()));
    assert_eq!(refused(SchemeChoice::Hybrid, Disclosure::Labelled, Some(16)), Ok(()));
    for (scheme, disclosure, hits, said) in [
        (SchemeChoice::Bgv, Disclosure::Labelled, None, "limits.hits_per_probe: is missing"),
        (SchemeChoice::Bgv, Disclosure::Labelled, Some(0), "must be between 1 and 16"),
        (SchemeChoice::Bgv, Disclosure::Labelled, Some(17), "must be between 1 and 16"),
        (SchemeChoice::Bgv, Disclosure::Count, Some(1), "does not go with disclosure = \"count\""),
        (SchemeChoice::Tfhe, Disclosure::Labelled, Some(2), "limits.hits_per_probe: must be 1 under scheme tfhe"),
        // As many as terms admit where nothing is said.
        (
            SchemeChoice::Tfhe,
            Disclosure::Labelled,
            Some(1),
            "limits.references: scheme tfhe tells handles of at most 1000",
        ),
        (SchemeChoice::Hybrid, Disclosure::Labelled, Some(17), "must be between 1 and 16"),
    ] {
        let error = error(scheme, disclosure, hits);
        assert!(error.contains(said), "{said}: {error}");
    }
}
