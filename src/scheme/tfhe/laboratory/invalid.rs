//! What a querier gains that encrypts what is no template, against galleries that are just too small for tests, and ones that are not.
//!
//! Each attack states what it reads of the smaller gallery; of the larger one it reads nothing: every verdict is a miss. What is not tested,
//! and reads the larger one as well, is in `passing`.

use std::f64::consts::PI;
use std::sync::LazyLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::specimen::{Parties, difference, phase};
use crate::agreement::{ComparisonTerms, Decimal, Disclosure, EyeRule, TemplateTerms, Terms};
use crate::functional::{ProbeSample, Reference, SampleLayout};
use crate::parameters::Marked;
use crate::parameters::tfhe::{INSECURE_TEST, TFHE_896_2048};
use crate::planning;
use crate::scheme::exchange::{SHAPE, iris, random};
use crate::scheme::tfhe::Tfhe;
use crate::scheme::tfhe::ciphertexts::EncryptedProbes;
use crate::scheme::tfhe::distance::EncryptedTemplate;
use crate::scheme::tfhe::holder::encrypted;
use crate::scheme::tfhe::query::SeededBodies;
use crate::scheme::tfhe::validity::{BOOTSTRAPS, COSINE, TESTED_FROM, TESTS, Tests};
use crate::scheme::{Disclosed, Evaluator, Extent, Holder, Opened, Parts, Progress, Randomness, Scheme, Task};
use crate::template::{Bits, Eye, IrisCode, RealVector, Template, TemplateShape};

pub(super) const BITS: usize = 512;
const THRESHOLD: u32 = 180;

pub(super) type Person = [(Option<Eye>, Reference); 1];

pub(super) fn keys() -> &'static Parties {
    static KEYS: LazyLock<Parties> =
        LazyLock::new(|| Parties::new(&Marked::never_crossing(INSECURE_TEST), &mut ChaCha20Rng::seed_from_u64(70)));
    &KEYS
}

pub(super) fn agreed(terms: Terms, disclosure: Disclosure) -> Opened {
    let mut terms = Terms { disclosure, ..terms };
    terms.encryption.parameter_set = "insecure-test".to_owned();
    planning::open(terms).unwrap()
}

pub(super) fn codes(disclosure: Disclosure) -> Opened {
    agreed(Terms::hamming(BITS, THRESHOLD), disclosure)
}

pub(super) fn task<'a>(agreement: &'a Opened, gallery: &'a Vec<Person>) -> Task<'a> {
    Task {
        functional: agreement.functional(),
        disclosure: agreement.terms().disclosure,
        layouts: &[SampleLayout::Single],
        subjects: gallery,
        one_subject: false,
        references_per_subject: 1,
    }
}

/// Phases of coordinates, encrypted as a query.
pub(super) fn encrypt(agreement: &Opened, phases: &[u64], rng: &mut ChaCha20Rng) -> EncryptedProbes {
    let mut plain = phases.to_vec();
    plain.resize(INSECURE_TEST.query().bodies(agreement.functional().coordinates()), 0);
    encrypted(&keys().query, &plain, rng)
}

/// What the querier is told of a gallery.
pub(super) fn told(agreement: &Opened, gallery: &Vec<Person>, phases: &[u64], rng: &mut ChaCha20Rng) -> Vec<bool> {
    let (task, probes) = (task(agreement, gallery), encrypt(agreement, phases, rng));
    let randomness = Randomness::drawn(1, rng);
    let answer = Tfhe::answer(&keys().prepared, &(), &task, &probes, &randomness, &mut Parts::default(), &()).unwrap();
    let (functional, disclosure) = (task.functional, task.disclosure);
    let extent =
        Extent { functional, disclosure, probes: 1, samples: 1, verdicts_per_probe: task.verdicts_per_probe() };
    let [Disclosed::Bits(bits)] = &Tfhe::decrypt(&keys().query, &extent, &answer)[..] else { panic!() };
    bits.clone()
}

/// Coordinates as they are encrypted.
pub(super) fn scaled(agreement: &Opened, coordinates: &[i64]) -> Vec<u64> {
    let step = INSECURE_TEST.step(agreement.functional());
    coordinates.iter().map(|&t| (t as u64).wrapping_mul(step)).collect()
}

pub(super) fn code(rng: &mut ChaCha20Rng) -> Vec<bool> {
    (0..BITS).map(|_| rng.random()).collect()
}

/// With the first so many bits the other way round.
fn at_distance(code: &[bool], distance: usize) -> Vec<bool> {
    code.iter().enumerate().map(|(index, &bit)| bit ^ (index < distance)).collect()
}

pub(super) fn coordinates(code: &[bool]) -> Vec<i64> {
    code.iter().map(|&bit| if bit { -1 } else { 1 }).collect()
}

pub(super) fn gallery(agreement: &Opened, codes: &[Vec<bool>]) -> Vec<Person> {
    let reference = |code: &Vec<bool>| {
        let template = Template::Bits(Bits::new(code.iter().copied()).unwrap());
        [(None, agreement.functional().reference(&template).unwrap())]
    };
    codes.iter().map(reference).collect()
}

/// These people, and strangers, so many in all.
pub(super) fn among_strangers(people: &[Vec<bool>], all: usize, rng: &mut ChaCha20Rng) -> Vec<Vec<bool>> {
    let mut codes = people.to_vec();
    codes.resize_with(all, || code(rng));
    codes
}

/// What an attack reads without tests; with tests it reads nothing.
fn attacked(phases: &[u64], people: &[Vec<bool>], rng: &mut ChaCha20Rng) -> (Vec<Vec<bool>>, Vec<bool>) {
    let agreement = codes(Disclosure::Each);
    let codes = among_strangers(people, TESTED_FROM, rng);
    let all = gallery(&agreement, &codes);
    let before = told(&agreement, &all[..TESTED_FROM - 1].to_vec(), phases, rng);
    let after = told(&agreement, &all, phases, rng);
    assert!(after.iter().all(|&bit| !bit), "with tests nothing is read: {after:?}");
    (codes, before)
}

/// Before: who is within 246 bits hits, where 180 are agreed on, and so does every sixth stranger. After: nobody hits.
#[test]
fn a_probe_times_eight_lowers_no_threshold() {
    let mut rng = ChaCha20Rng::seed_from_u64(71);
    let probe = code(&mut rng);
    let agreement = codes(Disclosure::Each);
    let coordinates: Vec<i64> = coordinates(&probe).iter().map(|t| 8 * t).collect();
    let (codes, before) = attacked(&scaled(&agreement, &coordinates), &[at_distance(&probe, 230)], &mut rng);
    let phi = |code: &Vec<bool>| {
        let differing = code.iter().zip(&probe).filter(|(a, b)| a != b).count() as i64;
        8 * (BITS as i64 - 2 * differing) + 2 * i64::from(THRESHOLD) + 1 - BITS as i64
    };
    assert!(before[0] && phi(&codes[0]) > 100);
    let read = codes.iter().zip(&before).filter(|(code, _)| phi(code).abs() > 10);
    assert!(read.clone().count() > 80 && read.clone().all(|(code, &bit)| bit == (phi(code) > 0)));
}

/// Before: half of the torus in one coordinate moves every phase by a half, so that everybody hits but who is searched. After: nobody does.
#[test]
fn a_probe_whose_scores_wrap_around_the_torus_inverts_no_verdict() {
    let mut rng = ChaCha20Rng::seed_from_u64(72);
    let probe = code(&mut rng);
    let agreement = codes(Disclosure::Each);
    let mut phases = scaled(&agreement, &coordinates(&probe));
    phases[0] = phases[0].wrapping_add(1 << 63);
    let (_, before) = attacked(&phases, std::slice::from_ref(&probe), &mut rng);
    assert!(!before[0] && before[1..].iter().all(|&bit| bit));
}

/// Before: of 64 people added up in one probe those that are enrolled hit, and few others. After: nobody does.
#[test]
fn sixty_four_probes_in_one_find_nobody() {
    let mut rng = ChaCha20Rng::seed_from_u64(73);
    let agreement = codes(Disclosure::Each);
    let people: Vec<Vec<bool>> = (0..64).map(|_| code(&mut rng)).collect();
    let mut sum = vec![0; BITS];
    for person in &people {
        sum.iter_mut().zip(coordinates(person)).for_each(|(sum, t)| *sum += t);
    }
    let (_, before) = attacked(&scaled(&agreement, &sum), &people[..20], &mut rng);
    let hits = |bits: &[bool]| bits.iter().filter(|&&bit| bit).count();
    assert!(hits(&before[..20]) >= 17 && hits(&before[20..]) <= 30, "{} {}", hits(&before[..20]), hits(&before[20..]));
}

/// Before: one large coordinate reads that bit of everybody. After: nothing is read.
#[test]
fn a_probe_of_one_large_coordinate_reads_no_bit() {
    let mut rng = ChaCha20Rng::seed_from_u64(74);
    let agreement = codes(Disclosure::Each);
    for sign in [1, -1] {
        let mut probe = vec![0; BITS];
        probe[37] = sign * 304;
        let (codes, before) = attacked(&scaled(&agreement, &probe), &[], &mut rng);
        let bits: Vec<bool> = codes[..TESTED_FROM - 1].iter().map(|code| code[37] == (sign < 0)).collect();
        assert_eq!(before, bits);
    }
}

/// Under the other disclosures likewise: what a large coordinate reads of a small gallery is that somebody has the bit, and how many have it.
#[test]
fn a_malformed_probe_is_told_a_miss_and_a_count_of_none() {
    let mut rng = ChaCha20Rng::seed_from_u64(75);
    for disclosure in [Disclosure::Any, Disclosure::Count] {
        let agreement = codes(disclosure);
        let codes = among_strangers(&[], TESTED_FROM, &mut rng);
        let all = gallery(&agreement, &codes);
        let mut probe = vec![0; BITS];
        probe[37] = 304;
        let phases = scaled(&agreement, &probe);
        let count = |bits: Vec<bool>| bits.into_iter().filter(|&bit| bit).count();
        let few = all[..TESTED_FROM - 1].to_vec();
        let having = codes[..TESTED_FROM - 1].iter().filter(|code| !code[37]).count();
        let expected = if disclosure == Disclosure::Any { 1 } else { having };
        assert_eq!(count(told(&agreement, &few, &phases, &mut rng)), expected, "{disclosure}");
        assert_eq!(count(told(&agreement, &all, &phases, &mut rng)), 0, "{disclosure}");
    }
}

/// Who is nine deviations of noise within the threshold hits, who is so much beyond does not, whoever else is there.
#[test]
fn templates_are_answered_as_before_beside_the_threshold() {
    let mut rng = ChaCha20Rng::seed_from_u64(76);
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count] {
        let agreement = codes(disclosure);
        for (people, hits) in [(vec![180 - 7, 0, 180 + 8], 2), (vec![180 + 8, 190], 0)] {
            let probe = code(&mut rng);
            let people: Vec<Vec<bool>> = people.into_iter().map(|distance| at_distance(&probe, distance)).collect();
            let gallery = gallery(&agreement, &among_strangers(&people, TESTED_FROM + 1, &mut rng));
            let bits = told(&agreement, &gallery, &scaled(&agreement, &coordinates(&probe)), &mut rng);
            let found = bits.iter().filter(|&&bit| bit).count();
            assert_eq!(found, if disclosure == Disclosure::Any { hits.min(1) } else { hits }, "{disclosure}");
            if disclosure == Disclosure::Each {
                assert_eq!([bits[0], bits[1]], [hits == 2, hits == 2]);
            }
        }
    }
}

/// All coordinates 0 are as short as can be, and pass; they miss, for want of common bits. A mask of ones is a template like any other.
#[test]
fn a_mask_of_zeros_misses_and_a_mask_of_ones_is_a_template() {
    let mut rng = ChaCha20Rng::seed_from_u64(77);
    let agreement = agreed(iris(SHAPE, 0, EyeRule::Ignored), Disclosure::Each);
    let functional = agreement.functional();
    let mut full = || {
        let bits = |bits: Vec<bool>| Bits::new(bits).unwrap();
        let code = bits((0..SHAPE.bits()).map(|_| rng.random()).collect());
        IrisCode::new(SHAPE, code, bits(vec![true; SHAPE.bits()])).unwrap()
    };
    let codes: Vec<IrisCode> = (0..TESTED_FROM).map(|_| full()).collect();
    let person = |code: &IrisCode| [(None, functional.reference(&Template::Iris(code.clone())).unwrap())];
    let gallery: Vec<Person> = codes.iter().map(person).collect();
    let own = functional.probe_coordinates(&ProbeSample::Iris(codes[0].clone()));
    let longest = functional.longest_probe().1;
    let length = own.iter().map(|&t| (t as f64).powi(2)).sum::<f64>().sqrt();
    assert!((length / longest - 1.0).abs() < 1e-9, "no template is longer than one of a full mask");
    let mut rng = ChaCha20Rng::seed_from_u64(78);
    let bits = told(&agreement, &gallery, &scaled(&agreement, &own), &mut rng);
    assert!(bits[0] && bits.iter().filter(|&&bit| bit).count() == 1);
    let nothing = vec![0i64; own.len()];
    assert!(told(&agreement, &gallery, &scaled(&agreement, &nothing), &mut rng).iter().all(|&bit| !bit));
    assert!(veto(&agreement, &nothing, &mut rng).abs() < 0.01);
    let eightfold: Vec<i64> = own.iter().map(|t| 8 * t).collect();
    assert!((veto(&agreement, &eightfold, &mut rng) + 0.25).abs() < 0.01);
}

/// Irises whose masks are encrypted once more, to count common bits.
pub(super) fn own_mask(rotations: u32) -> Terms {
    let mut terms = iris(SHAPE, rotations, EyeRule::Ignored);
    if let ComparisonTerms::FractionalHamming { threshold, .. } = &mut terms.comparison {
        *threshold = "0.45".parse().unwrap();
    }
    terms
}

/// The samples of an encrypted probe.
fn samples(agreement: &Opened, coordinates: &[i64], rng: &mut ChaCha20Rng) -> Vec<EncryptedTemplate> {
    let probes = encrypt(agreement, &scaled(agreement, coordinates), rng);
    keys().prepared.templates(agreement.functional(), &probes)
}

/// The phase of a veto.
fn veto(agreement: &Opened, coordinates: &[i64], rng: &mut ChaCha20Rng) -> f64 {
    let samples = samples(agreement, coordinates, rng);
    let randomness = Randomness::drawn(1, rng);
    let veto = keys().prepared.veto(agreement.functional(), &samples, &randomness, 0, &()).unwrap();
    difference(phase(&keys().output, &veto.0), 0)
}

/// Of every metric: templates at random, and the longest along one coordinate; and what is ten times as long does not.
#[test]
fn templates_of_every_metric_pass_and_what_is_far_longer_does_not() {
    let mut rng = ChaCha20Rng::seed_from_u64(82);
    let one: Decimal = "1.0".parse().unwrap();
    let vectors = |terms: Terms| Terms { template: TemplateTerms::Vector { dimension: 100 }, ..terms };
    let all = [
        Terms::hamming(BITS, THRESHOLD),
        Terms::hamming(100, 20),
        iris(SHAPE, 2, EyeRule::Ignored),
        own_mask(2),
        Terms::face(100),
        vectors(Terms::inner_product(100, one, "0.1".parse().unwrap())),
        vectors(Terms::squared_euclidean(100, one, "0.15".parse().unwrap())),
    ];
    for terms in all {
        let agreement = agreed(terms, Disclosure::Any);
        let functional = agreement.functional();
        let mut templates: Vec<Template> = (0..3).map(|_| random(agreement.shape(), &mut rng)).collect();
        if let TemplateShape::Vector(dimension) = agreement.shape() {
            let along = (0..dimension).map(|index| if index == 7 { 1.0 } else { 0.0 }).collect();
            templates.push(Template::Vector(RealVector::new(along).unwrap()));
        }
        for template in templates {
            let mut coordinates = functional.probe_coordinates(&functional.probe(&template).unwrap());
            let passed = veto(&agreement, &coordinates, &mut rng);
            let (tested, longest) = functional.longest_probe();
            let length = coordinates[..tested].iter().map(|&t| (t as f64).powi(2)).sum::<f64>().sqrt();
            let times = (10.0 * longest / length).ceil() as i64;
            coordinates[..tested].iter_mut().for_each(|t| *t *= times);
            let failed = veto(&agreement, &coordinates, &mut rng);
            let what = format!("{:?}: {passed:.3} {failed:.3}", agreement.terms().comparison);
            assert!(passed.abs() < 0.01 && (failed + 0.25).abs() < 0.01, "{what}");
        }
    }
}

/// Projections have the noise of their integers, cosines are those of their phases, and the sum has the noise that is predicted.
#[test]
fn projections_and_their_sum_have_the_predicted_noise() {
    let mut rng = ChaCha20Rng::seed_from_u64(79);
    let agreement = codes(Disclosure::Any);
    let (functional, keys, set) = (agreement.functional(), keys(), INSECURE_TEST);
    let tests = Tests::of(&set, functional, 1);
    let (mut scores, mut sums, mut x) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..20 {
        let coordinates = coordinates(&code(&mut rng));
        let samples = samples(&agreement, &coordinates, &mut rng);
        let randomness = Randomness::drawn(round, &mut rng);
        let projections = keys.prepared.projections(&tests, functional, &samples, &randomness, 0);
        let cosines = keys.prepared.bootstrapped(&projections, COSINE, &()).unwrap();
        let mut sum = 0.0;
        for (projection, cosine) in projections.iter().zip(&cosines) {
            let switched = difference(keys.switched(projection.sample(), &set), 0);
            let found = difference(phase(&keys.output, cosine), 0) * 4.0 * TESTS as f64;
            assert!((found - (2.0 * PI * switched).cos()).abs() < 0.02, "{found} {switched}");
            sum += (2.0 * PI * switched).cos();
            x.push(difference(phase(&keys.query, &projection.0), 0));
        }
        let excess = keys.prepared.excess(&cosines);
        let found = difference(keys.switched(excess.0.as_ref(), &set), 0) * 4.0 * TESTS as f64;
        sums.push(found - (sum - TESTS as f64 * (1.0 - set.shortfall())));
        for (number, projection) in projections.iter().enumerate() {
            let form = tests.drawn(&randomness, 0, number);
            let exact: i64 = form.weights.iter().zip(&coordinates).map(|(&w, t)| i64::from(w) * t).sum();
            let ideal = (exact as u64).wrapping_mul(set.step(functional));
            scores.push(difference(phase(&keys.query, &projection.0), ideal) / form.norm());
        }
    }
    let deviation = |errors: &[f64]| (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    let ratios = [
        deviation(&scores) / set.query_variance().sqrt(),
        deviation(&sums) / set.tests_deviation(),
        deviation(&x) / (tests.longest * (tests.coins as f64 / 2.0).sqrt()),
    ];
    println!("measured to predicted: {ratios:.3?}");
    assert!((0.85..1.15).contains(&ratios[0]) && (0.6..1.4).contains(&ratios[1]) && (0.85..1.1).contains(&ratios[2]));
}

/// Counts steps.
#[derive(Default)]
pub(super) struct Count(pub(super) std::sync::atomic::AtomicU64);

impl Progress for Count {
    fn advance(&self, steps: u64) {
        self.0.fetch_add(steps, std::sync::atomic::Ordering::Relaxed);
    }

    fn stop(&self) -> bool {
        false
    }
}

/// Tests cost as much as is announced and no more, and leave an answer a function of its randomness: on any number of threads, part by part.
#[test]
fn tests_of_a_probe_are_announced_and_made_again() {
    let mut rng = ChaCha20Rng::seed_from_u64(80);
    let set = Marked::never_crossing(INSECURE_TEST);
    let coordinates = coordinates(&code(&mut rng));
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count] {
        let agreement = codes(disclosure);
        let gallery = gallery(&agreement, &among_strangers(&[], TESTED_FROM, &mut rng));
        let all = task(&agreement, &gallery);
        let few = gallery[..TESTED_FROM - 1].to_vec();
        let [tested, untested] = [Tfhe::steps(&set, &all), Tfhe::steps(&set, &task(&agreement, &few))];
        // One subject more, beside the tests: a decision, and of each verdict the washing.
        let subject = untested / few.len() as u64;
        assert_eq!(tested - untested, BOOTSTRAPS + subject, "{disclosure}");
        let probes = encrypt(&agreement, &scaled(&agreement, &coordinates), &mut rng);
        let randomness = Randomness::drawn(1, &mut rng);
        let made = |threads: usize| {
            let (count, mut parts) = (Count::default(), Parts::default());
            let answer =
                || Tfhe::answer(&keys().prepared, &(), &all, &probes, &randomness, &mut parts, &count).unwrap();
            let answer = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(answer);
            assert_eq!(count.0.into_inner(), tested, "{disclosure}");
            (crate::scheme::Crossing::encode(&answer).unwrap(), parts.into_bytes())
        };
        let first = made(1);
        assert!(first == made(3), "{disclosure}");
        for number in 0..Tfhe::parts(&set, &all) {
            let part = Tfhe::part(&keys().prepared, &all, &probes, &randomness, number, &()).unwrap().unwrap();
            assert_eq!(part, first.1[32 * number..][..32], "{disclosure}");
        }
    }
}

/// What tests cost beside a search of 1,000 codes of 512 bits: docs/performance.md has the figures.
/// `cargo test --release --lib what_tests_cost_beside -- --ignored --nocapture`
#[test]
#[ignore = "a minute of searches, timed"]
fn what_tests_cost_beside_a_search() {
    let mut rng = ChaCha20Rng::seed_from_u64(81);
    let set = Marked::never_crossing(TFHE_896_2048);
    let (_, public) = Tfhe::generate(&set, &mut rng);
    let key = Tfhe::prepare_key(public, &set);
    for disclosure in [Disclosure::Any, Disclosure::Each] {
        let agreement =
            planning::open(Terms { disclosure, ..Terms::hamming(BITS, THRESHOLD) }.with_scheme(Tfhe::ID.into()));
        let agreement = agreement.unwrap();
        let gallery = gallery(&agreement, &among_strangers(&[], 1000, &mut rng));
        let tested = task(&agreement, &gallery);
        // A query that names a subject is not tested, and searches alike.
        let untested = Task { one_subject: true, ..task(&agreement, &gallery) };
        let bodies = (0..set.query().bodies(BITS)).map(|_| rng.random()).collect();
        let probes = EncryptedProbes::new(&set, SeededBodies { seed: 1, bodies });
        let randomness = Randomness::drawn(1, &mut rng);
        for _ in 0..if disclosure == Disclosure::Any { 3 } else { 1 } {
            let [without, with] = [&untested, &tested].map(|task| {
                let start = processor_seconds();
                Tfhe::answer(&key, &(), task, &probes, &randomness, &mut Parts::default(), &()).unwrap();
                (processor_seconds() - start, Tfhe::steps(&set, task))
            });
            println!(
                "{disclosure}: seconds of processors and bootstraps without {without:.3?}, with {with:.3?}, {:+.1} %",
                100.0 * (with.0 / without.0 - 1.0)
            );
        }
    }
}

/// Of all threads so far: less than wall time where others use the machine as well.
pub(super) fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
