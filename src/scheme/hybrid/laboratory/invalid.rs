//! What a querier gains that encrypts what is no template: before its probes were tested, and with tests. And that templates pass.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::exactness::parties;
use super::samples::Parties;
use crate::agreement::{Decimal, Disclosure, EyeRule, SchemeChoice, TemplateTerms, Terms};
use crate::functional::{Reference, SampleLayout};
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::hybrid::{HYBRID_2600, INSECURE_HYBRID};
use crate::planning;
use crate::scheme::bgv::aggregate::Summed;
use crate::scheme::bgv::distance::Block;
use crate::scheme::bgv::residues::residue;
use crate::scheme::exchange::{SHAPE, iris, random};
use crate::scheme::hybrid::Hybrid;
use crate::scheme::hybrid::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use crate::scheme::hybrid::evaluator::Search;
use crate::scheme::hybrid::keys::PreparedKey;
use crate::scheme::hybrid::validity::{Examination, Examined, MASK_SCALE, Packing, Tests};
use crate::scheme::tfhe::distance::EncryptedTemplate;
use crate::scheme::{Crossing, Disclosed, Evaluator as _, Extent, Holder, Opened, Parts, Randomness, Scheme, Task};
use crate::template::{Bits, Eye, RealVector, Template, TemplateShape};

const BITS: usize = 512;
const THRESHOLD: u32 = 180;
const PEOPLE: usize = 20;

type Person = [(Option<Eye>, Reference); 1];

fn agreed(terms: Terms, disclosure: Disclosure) -> Opened {
    let mut terms = Terms { disclosure, ..terms };
    terms.encryption.parameter_set = "insecure-hybrid-test".to_owned();
    terms.encryption.scheme = Hybrid::ID.into();
    terms.limits.references = 1_000;
    terms.limits.hits_per_probe = (disclosure == Disclosure::Labelled).then_some(2);
    planning::open(terms).unwrap()
}

fn codes(disclosure: Disclosure) -> Opened {
    agreed(Terms::hamming(BITS, THRESHOLD), disclosure)
}

fn code(rng: &mut ChaCha20Rng) -> Vec<bool> {
    (0..BITS).map(|_| rng.random()).collect()
}

/// With the first so many bits the other way round.
fn at_distance(code: &[bool], distance: usize) -> Vec<bool> {
    code.iter().enumerate().map(|(index, &bit)| bit ^ (index < distance)).collect()
}

fn coordinates(code: &[bool]) -> Vec<i64> {
    code.iter().map(|&bit| if bit { -1 } else { 1 }).collect()
}

fn gallery(agreement: &Opened, codes: &[Vec<bool>]) -> Vec<Person> {
    let reference = |code: &Vec<bool>| {
        let template = Template::Bits(Bits::new(code.iter().copied()).unwrap());
        [(None, agreement.functional().reference(&template).unwrap())]
    };
    codes.iter().map(reference).collect()
}

/// Coordinates as they are encrypted.
fn scaled(agreement: &Opened, coordinates: &[i64]) -> Vec<u64> {
    let step = INSECURE_HYBRID.step(agreement.functional());
    coordinates.iter().map(|&t| (t as u64).wrapping_mul(step)).collect()
}

/// Phases of the coordinates of some probes, as a query.
fn encrypt(agreement: &Opened, probes: &[Vec<u64>], rng: &mut ChaCha20Rng) -> EncryptedProbes {
    let bodies = INSECURE_HYBRID.query().bodies(agreement.functional().coordinates());
    let padded = |probe: &Vec<u64>| probe.iter().copied().chain(std::iter::repeat(0)).take(bodies).collect::<Vec<_>>();
    let plain: Vec<u64> = probes.iter().flat_map(padded).collect();
    EncryptedProbes { encrypted: parties().secret.probe.encrypt(&plain, rng) }
}

/// What is told of probes: what it decrypts to, and the numbers that left under `any` and `count`.
struct Told {
    disclosed: Vec<Disclosed>,
    numbers: Vec<u32>,
}

impl Told {
    fn bits(&self, probe: usize) -> &[bool] {
        let Disclosed::Bits(bits) = &self.disclosed[probe] else { panic!("bits") };
        bits
    }
}

/// What the querier is told of a gallery, with tests of its probes or as before there were any.
fn told(agreement: &Opened, gallery: &Vec<Person>, probes: &[Vec<u64>], tested: bool, rng: &mut ChaCha20Rng) -> Told {
    told_under(&parties().key, agreement, gallery, (probes, tested), rng)
}

/// The same under any public keys.
fn told_under(
    key: &PreparedKey,
    agreement: &Opened,
    gallery: &Vec<Person>,
    (probes, tested): (&[Vec<u64>], bool),
    rng: &mut ChaCha20Rng,
) -> Told {
    let functional = agreement.functional();
    let disclosure = agreement.terms().disclosure;
    let layouts = vec![SampleLayout::Single; probes.len()];
    let task = Task {
        functional,
        disclosure,
        layouts: &layouts,
        subjects: gallery,
        one_subject: false,
        references_per_subject: 1,
    };
    let (query, randomness) = (encrypt(agreement, probes, rng), Randomness::drawn(1, rng));
    let search = Search::new(key, &task, &query, &randomness, &());
    let search = if tested { search.tested() } else { search };
    let answer = search.answer(&mut Parts::default()).unwrap();
    let extent = Extent {
        functional,
        disclosure,
        probes: probes.len(),
        samples: probes.len(),
        verdicts_per_probe: task.verdicts_per_probe(),
    };
    // As it crosses.
    let answer = EncryptedVerdicts::decode(&answer.encode().unwrap(), &INSECURE_HYBRID, &extent).unwrap();
    let secret = &parties().secret;
    let numbers = match &answer {
        EncryptedVerdicts::Samples(probes) => {
            probes.iter().flatten().map(|sample| residue(secret.ring.lwe_phase(sample))).collect()
        }
        EncryptedVerdicts::Slots { key, .. } | EncryptedVerdicts::Handles { key, .. } => {
            assert_eq!(key.len(), if tested { 8 } else { 0 });
            Vec::new()
        }
    };
    Told { disclosed: Hybrid::decrypt(secret, &extent, &answer), numbers }
}

/// What an attack reads of each person without tests; with tests it reads nothing: under `each` no slot can be read, and what leaves otherwise is
/// uniform, of these people as of nobody alike.
fn attacked(phases: &[u64], codes: &[Vec<bool>], rng: &mut ChaCha20Rng) -> Vec<bool> {
    let each = self::codes(Disclosure::Each);
    let people = gallery(&each, codes);
    let probe = [phases.to_vec()];
    let before = told(&each, &people, &probe, false, rng).bits(0).to_vec();
    let after = told(&each, &people, &probe, true, rng);
    assert!(after.bits(0).iter().all(|&bit| !bit), "with tests nothing is read");
    for disclosure in [Disclosure::Any, Disclosure::Count] {
        let agreement = self::codes(disclosure);
        let mut numbers: Vec<u32> = (0..2).flat_map(|_| told(&agreement, &people, &probe, true, rng).numbers).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert!(numbers.len() == 2 && numbers.iter().all(|&number| number > PEOPLE as u32), "{disclosure} {numbers:?}");
    }
    before
}

/// These people, and strangers.
fn among_strangers(people: &[Vec<bool>], rng: &mut ChaCha20Rng) -> Vec<Vec<bool>> {
    let mut codes = people.to_vec();
    codes.resize_with(PEOPLE, || code(rng));
    codes
}

fn phi(code: &[bool], probe: &[i64]) -> i64 {
    let product: i64 = coordinates(code).iter().zip(probe).map(|(a, b)| a * b).sum();
    product + 2 * i64::from(THRESHOLD) + 1 - BITS as i64
}

/// Before: who is within 243 bits hits, where 180 are agreed on, or nearly everybody. Six times a template passes with 2^-30.
#[test]
fn a_probe_times_six_or_more_lowers_no_threshold() {
    let mut rng = ChaCha20Rng::seed_from_u64(71);
    let probe = code(&mut rng);
    let agreement = codes(Disclosure::Each);
    for (factor, distance) in [(6, 240), (8, 244), (64, 254)] {
        let longer: Vec<i64> = coordinates(&probe).iter().map(|t| factor * t).collect();
        let codes = among_strangers(&[at_distance(&probe, distance), at_distance(&probe, distance + 6)], &mut rng);
        let before = attacked(&scaled(&agreement, &longer), &codes, &mut rng);
        assert!(before[0], "{factor}");
        // Out of range a polynomial says anything.
        let read = codes.iter().zip(&before).filter(|(code, _)| (20..500).contains(&phi(code, &longer).abs()));
        assert!(read.clone().all(|(code, &bit)| bit == (phi(code, &longer) > 0)), "{factor}");
        assert!(factor == 64 || read.count() > 12, "{factor}");
    }
}

/// Before: half of the torus in one coordinate makes another polynomial of every score. After: nothing of it is left.
#[test]
fn a_probe_whose_scores_wrap_around_the_torus_reads_nothing() {
    let mut rng = ChaCha20Rng::seed_from_u64(72);
    let probe = code(&mut rng);
    let agreement = codes(Disclosure::Each);
    let mut phases = scaled(&agreement, &coordinates(&probe));
    phases[0] = phases[0].wrapping_add(1 << 63);
    let codes = among_strangers(std::slice::from_ref(&probe), &mut rng);
    let before = attacked(&phases, &codes, &mut rng);
    assert!(!before[0], "who is searched misses");
}

/// Before: of 64 people added up in one probe those that are enrolled hit, and few others. After: nothing is read.
#[test]
fn sixty_four_people_in_one_probe_find_nobody() {
    let mut rng = ChaCha20Rng::seed_from_u64(73);
    let agreement = codes(Disclosure::Each);
    let people: Vec<Vec<bool>> = (0..64).map(|_| code(&mut rng)).collect();
    let mut sum = vec![0; BITS];
    for person in &people {
        sum.iter_mut().zip(coordinates(person)).for_each(|(sum, t)| *sum += t);
    }
    let codes = among_strangers(&people[..10], &mut rng);
    let before = attacked(&scaled(&agreement, &sum), &codes, &mut rng);
    let hits = |bits: &[bool]| bits.iter().filter(|&&bit| bit).count();
    assert!(hits(&before[..10]) >= 7 && hits(&before[10..]) <= 6, "{before:?}");
}

/// Before: one large coordinate reads that bit of everybody. After: nothing is read.
#[test]
fn a_probe_of_one_large_coordinate_reads_no_bit() {
    let mut rng = ChaCha20Rng::seed_from_u64(74);
    let agreement = codes(Disclosure::Each);
    let mut probe = vec![0; BITS];
    probe[37] = 304;
    let codes = among_strangers(&[], &mut rng);
    let before = attacked(&scaled(&agreement, &probe), &codes, &mut rng);
    assert_eq!(before, codes.iter().map(|code| !code[37]).collect::<Vec<_>>());
}

/// Of a query of several probes, under `any` and `count` each is told by its own; under `each` and `labelled` one malformed probe voids what is told of
/// all.
#[test]
fn a_malformed_probe_beside_a_template_voids_its_own_numbers_and_all_slots() {
    let mut rng = ChaCha20Rng::seed_from_u64(75);
    let probe = code(&mut rng);
    for disclosure in [Disclosure::Any, Disclosure::Count, Disclosure::Each, Disclosure::Labelled] {
        let agreement = codes(disclosure);
        let people = gallery(&agreement, &among_strangers(&[probe.clone(), at_distance(&probe, 150)], &mut rng));
        let honest = scaled(&agreement, &coordinates(&probe));
        let mut half = honest.clone();
        half[9] = half[9].wrapping_add(1 << 63);
        // Of five probes the tests take two blocks.
        let probes = [honest.clone(), half, honest.clone(), honest.clone(), honest];
        let told = told(&agreement, &people, &probes, true, &mut rng);
        for of in [0, 2, 4] {
            match (disclosure, &told.disclosed[of]) {
                (Disclosure::Labelled, disclosed) => assert_eq!(disclosed, &Disclosed::Nothing),
                (Disclosure::Each, Disclosed::Bits(bits)) => assert!(bits.iter().all(|&bit| !bit)),
                (Disclosure::Any, Disclosed::Bits(bits)) => assert_eq!(bits, &[true]),
                (_, disclosed) => assert_eq!(disclosed, &Disclosed::Count(2)),
            }
        }
        assert!(told.numbers.get(1).is_none_or(|&number| number > PEOPLE as u32));
    }
}

/// A key whose s is that of nobody in a quarter of its slots: tests read slots that it does not know, so that a template fails them.
#[test]
fn a_key_with_another_secret_in_some_slots_is_told_uniform_numbers() {
    let mut rng = ChaCha20Rng::seed_from_u64(76);
    let secret = &parties().secret;
    let (n, slots) = (INSECURE_HYBRID.query().lwe_dimension(), INSECURE_HYBRID.block_size());
    let bits = secret.probe.bits();
    let other = (0..slots).map(|slot| match (slot % n, slot < 3 * slots / 4) {
        (place, true) => bits[place] as u32,
        (place, false) => 1 - bits[place] as u32,
    });
    let mut public = secret.public(&mut rng);
    public.secret = secret.ring.encrypt_slots(other, &mut rng);
    let key = Hybrid::prepare_key(public, &INSECURE_HYBRID);
    let agreement = codes(Disclosure::Count);
    let probe = code(&mut rng);
    let people = gallery(&agreement, &among_strangers(&[], &mut rng));
    // Of one probe, and of as many as take another packing.
    for probes in [1, 5] {
        let asked = vec![scaled(&agreement, &coordinates(&probe)); probes];
        let mut numbers: Vec<u32> =
            (0..2).flat_map(|_| told_under(&key, &agreement, &people, (&asked, true), &mut rng).numbers).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let read = numbers.iter().filter(|&&number| number <= PEOPLE as u32).count();
        assert!(numbers.len() == 2 * probes && read == 0, "{numbers:?}");
    }
}

/// v of probes, each alone, opened.
fn tested(agreement: &Opened, probes: &[Vec<u64>], rng: &mut ChaCha20Rng) -> Vec<u32> {
    let key = &parties().key;
    let functional = agreement.functional();
    let tests = Tests::of(&INSECURE_HYBRID, functional).unwrap().with_coefficients();
    let query = encrypt(agreement, probes, rng).encrypted;
    let (coordinates, transform) = (functional.coordinates(), &key.transform);
    let templates =
        EncryptedTemplate::expand(&INSECURE_HYBRID.query(), coordinates, query.seed, query.bodies, transform);
    let templates: Vec<Vec<EncryptedTemplate>> = templates.into_iter().map(|template| vec![template]).collect();
    let randomness = Randomness::drawn(1, rng);
    let examination = Examination { key, tests: &tests, templates: &templates, randomness: &randomness };
    let blocks = (0..examination.blocks()).map(|block| examination.block(block, &()).unwrap().unwrap());
    let examined = Examined::new(blocks.collect(), examination.slots());
    let mut summed = Summed::default();
    for probe in 0..probes.len() {
        summed.push(&key.ring, examined.test(key, probe..probe + 1, rng).unwrap(), rng);
    }
    summed.samples.iter().map(|sample| residue(parties().secret.ring.lwe_phase(sample))).collect()
}

/// Of every metric: templates at random, and the longest along one coordinate; and what is twelve times as long does not.
#[test]
fn templates_of_every_metric_pass_and_what_is_far_longer_does_not() {
    let mut rng = ChaCha20Rng::seed_from_u64(82);
    let one: Decimal = "1.0".parse().unwrap();
    let vectors = |terms: Terms| Terms { template: TemplateTerms::Vector { dimension: 100 }, ..terms };
    let all = [
        Terms::hamming(BITS, THRESHOLD),
        Terms::hamming(64, 8),
        iris(SHAPE, 2, EyeRule::Ignored),
        Terms::face(100),
        vectors(Terms::inner_product(100, one, "0.1".parse().unwrap())),
        vectors(Terms::squared_euclidean(100, one, "0.15".parse().unwrap())),
    ];
    for terms in all {
        let agreement = agreed(terms, Disclosure::Any);
        let functional = agreement.functional();
        let template = match agreement.shape() {
            TemplateShape::Vector(dimension) => {
                let along = (0..dimension).map(|index| if index == 7 { 1.0 } else { 0.0 }).collect();
                Template::Vector(RealVector::new(along).unwrap())
            }
            shape => random(shape, &mut rng),
        };
        let honest = functional.probe_coordinates(&functional.probe(&template).unwrap());
        let (coordinates, longest) = functional.longest_probe();
        let length = honest[..coordinates].iter().map(|&t| (t as f64).powi(2)).sum::<f64>().sqrt();
        let mut longer = honest.clone();
        longer[..coordinates].iter_mut().for_each(|t| *t *= (12.0 * longest / length).ceil() as i64);
        let told = tested(&agreement, &[scaled(&agreement, &honest), scaled(&agreement, &longer)], &mut rng);
        let projections = Tests::of(&INSECURE_HYBRID, functional).unwrap().projections;
        println!("{:?}: {projections:?}", agreement.terms().comparison);
        assert!(told[0] == 0 && told[1] != 0, "{:?}: {told:?}", agreement.terms().comparison);
    }
}

/// Every slot of a block of tests, at the ends of the range and beside them, at the ends of t, and at random; and of a block of few.
#[test]
fn tests_are_0_in_range_and_nowhere_else() {
    let mut rng = ChaCha20Rng::seed_from_u64(83);
    let key = &parties().key;
    let tests = Tests::of(&INSECURE_HYBRID, codes(Disclosure::Any).functional()).unwrap().with_coefficients();
    let (within, t) = (tests.projections.within, i64::from(PLAINTEXT_MODULUS));
    let (n, slots) = (INSECURE_HYBRID.query().lwe_dimension(), INSECURE_HYBRID.block_size());
    let ends = [within, within + 1, -within - 1, -within - 2, t / 2, -(t / 2), 0, -1];
    for (packing, rows) in [(Packing::Full, slots), (Packing::Few(tests.steps), tests.steps.few(slots))] {
        let values: Vec<i64> = (0..rows)
            .map(|row| match row % 16 {
                special @ 0..8 => ends[special],
                8..12 => rng.random_range(-within - 1..=within),
                _ => rng.random_range(-(t / 2)..=t / 2),
            })
            .collect();
        let masks: Vec<i16> = (0..rows * n).map(|_| rng.random()).collect();
        let mut block = Block::new(tests.steps, rows, residue(MASK_SCALE), 1);
        block.fill(|row, weights| {
            let mask = masks.chunks_exact(n).nth(row)?;
            weights.copy_from_slice(mask);
            let bits = parties().secret.probe.bits();
            let inner: i64 = mask.iter().zip(bits).map(|(&a, &s)| i64::from(a) * s as i64).sum();
            Some(2 * (values.get(row)? + inner) + 1)
        });
        let judged = tests.judged(key, &block, packing).unwrap();
        let phase = parties().secret.ring.wide_phase(&judged);
        let measured = phase.iter().map(|v| v * v).sum::<f64>().sqrt().log2() - (slots as f64).log2() / 2.0;
        println!("{rows} rows: noise 2^{measured:.1} of 2^{:.1}, {} primes", judged.state.noise, tests.limbs);
        assert!(measured < judged.state.noise);
        let opened = key.ring.ring.decode(phase.iter().map(|&v| residue(v as i64)).collect());
        let mut places: Vec<usize> = (0..rows).map(|row| packing.slot(slots, row)).collect();
        for (value, &place) in values.iter().zip(&places) {
            assert_eq!(opened[place] == 0, (-within - 1..=within).contains(value), "{packing:?} {value}");
        }
        places.sort_unstable();
        places.dedup();
        assert!(places.len() == rows && places.iter().all(|&place| place < slots));
    }
}

/// An answer with tests beside the same without, of faces under a production set.
#[test]
#[ignore = "minutes: blocks of a production set, with tests and without"]
fn what_tests_cost() {
    let mut rng = ChaCha20Rng::seed_from_u64(84);
    let parties = Parties::new(&HYBRID_2600, &mut rng);
    for (disclosure, probes, people) in [
        (Disclosure::Count, 1, 1_000),
        (Disclosure::Count, 16, 2_000),
        (Disclosure::Each, 1, 1_000),
        (Disclosure::Any, 1, 33_000),
    ] {
        let mut terms = Terms { disclosure, ..Terms::face(512) }.with_scheme(SchemeChoice::Hybrid);
        terms.limits.references = 60_000;
        terms.encryption.parameter_set = "hybrid-1024-2600".to_owned();
        let agreement = planning::open(terms).unwrap();
        let functional = agreement.functional();
        let face = random(agreement.shape(), &mut rng);
        let reference = functional.reference(&face).unwrap();
        let gallery: Vec<Person> = (0..people).map(|_| [(None, reference.clone())]).collect();
        let coordinates = functional.probe_coordinates(&functional.probe(&face).unwrap());
        let step = HYBRID_2600.step(functional);
        let plain: Vec<u64> =
            (0..probes).flat_map(|_| coordinates.iter().map(|&t| (t as u64).wrapping_mul(step))).collect();
        let query = EncryptedProbes { encrypted: parties.secret.probe.encrypt(&plain, &mut rng) };
        let layouts = vec![SampleLayout::Single; probes];
        let task = Task {
            functional,
            disclosure,
            layouts: &layouts,
            subjects: &gallery,
            one_subject: false,
            references_per_subject: 1,
        };
        let randomness = Randomness::drawn(1, &mut rng);
        let tests = Tests::of(&HYBRID_2600, functional).unwrap();
        let seconds = |tested: bool| {
            let start = std::time::Instant::now();
            let search = Search::new(&parties.key, &task, &query, &randomness, &());
            let search = if tested { search.tested() } else { search };
            let answer = search.answer(&mut Parts::default()).unwrap();
            let seconds = start.elapsed().as_secs_f64();
            if let EncryptedVerdicts::Samples(samples) = &answer {
                let told = samples.iter().flatten().map(|sample| residue(parties.secret.ring.lwe_phase(sample)));
                assert!(told.into_iter().all(|told| disclosure == Disclosure::Any || told as usize == people));
            }
            (seconds, answer.encode().unwrap().len())
        };
        let (before, after) = (seconds(false), seconds(true));
        println!(
            "{disclosure}, {probes} probes of {people}: {before:.1?} s and bytes without, {after:.1?} with; W = {}, {} primes",
            tests.projections.within, tests.limbs
        );
    }
}
