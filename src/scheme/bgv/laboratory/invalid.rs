//! Probes that are no template: what each told of a gallery, in the clear, and that its answer is now uniform whatever the gallery.

use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

use super::exactness::{N, Question, SHAPE, Subject, agreement, bits_at, iris_at, keys, probe, rng};
use super::malformed::{answer, nothing_kept, phases, query};
use crate::agreement::{ComparisonTerms, Disclosure, SchemeChoice, Terms};
use crate::functional::{Functional, LinearForm, Reference, SampleLayout};
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::planning;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::answer::KEY_NUMBERS;
use crate::scheme::bgv::ciphertexts::ProbeVerdicts;
use crate::scheme::bgv::holder::SecretKey;
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::bgv::residues::{centred, divide_mod_t, multiply_mod_t, residue};
use crate::scheme::bgv::ring::Ring;
use crate::scheme::bgv::threshold::Polynomial;
use crate::scheme::repeated::Repeated;
use crate::scheme::{Disclosed, Evaluator as _, Extent, Holder as _, Opened, Parts, Randomness, Subjects, Task};
use crate::template::{Bits, IrisCode, Template};

const BITS: usize = 32;
const THRESHOLD: u32 = 8;

/// As many subjects as a block has slots: whatever the order of slots, the reference stands in all of them.
fn alike(bits: &Bits) -> Repeated {
    Repeated::new(Reference::Bits(bits.clone()), N)
}

/// Hit iff 3 differing < common, and at least 20 bits are common.
fn irises(disclosure: Disclosure) -> Opened {
    let mut terms = Terms::iris(SHAPE);
    if let ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, .. } = &mut terms.comparison
    {
        (*threshold, *minimum_common_bits, *rotations) = ("0.333333333".parse().unwrap(), 20, 0);
    }
    agreement(terms, disclosure)
}

fn iris(code: &[bool], valid: impl Fn(usize) -> bool) -> IrisCode {
    let mask = (0..SHAPE.bits()).map(|bit| valid(bit / SHAPE.mask_multiplicity()));
    IrisCode::new(SHAPE, Bits::new(code.iter().copied()).unwrap(), Bits::new(mask).unwrap()).unwrap()
}

fn sign(bit: bool) -> i64 {
    if bit { -1 } else { 1 }
}

/// The slots of an honest probe.
fn honest(bits: &Bits) -> Vec<i64> {
    bits.iter().map(sign).collect::<Vec<_>>().into_iter().cycle().take(N).collect()
}

/// phi in every slot, as a residue next to 0, where the same reference stands in all of them.
fn scores(slots: &[i64], form: &LinearForm) -> Vec<i64> {
    let (half, period) = (N / 2, form.weights.len().next_power_of_two());
    let score = |slot: usize| {
        let (row, column) = (slot / half * half, slot % half);
        let term = |i: usize| {
            let weight = form.weights.get((column + i) % period).copied().unwrap_or(0);
            i64::from(weight) * slots[row + (column + i) % half]
        };
        centred(residue((0..period).map(term).sum::<i64>() + form.bias))
    };
    (0..N).map(score).collect()
}

/// The count that left before probes were tested.
fn counted(functional: &Functional, slots: &[i64], gallery: &Repeated) -> u32 {
    let mut indicator = Polynomial::indicator((*functional.phi_range().end()).max(-*functional.phi_range().start()));
    indicator.compute();
    let form = functional.form(gallery.reference(), 0);
    let sum = scores(slots, &form).into_iter().map(|phi| u64::from(indicator.at(phi))).sum::<u64>();
    residue(sum as i64)
}

/// The numbers that leave.
fn numbers(agreement: &Opened, subjects: &dyn Subjects, slots: &[i64], rng: &mut ChaCha20Rng) -> Vec<u32> {
    let query = query(slots.iter().map(|&x| residue(x)), 0, rng);
    let answer = answer(agreement, (subjects, false), &query, &nothing_kept(agreement), &Randomness::drawn(1, rng));
    phases(&answer).into_iter().map(residue).collect()
}

fn random_bits(rng: &mut ChaCha20Rng) -> Bits {
    Bits::new((0..BITS).map(|_| rng.random())).unwrap()
}

fn negated(bits: &Bits) -> Bits {
    Bits::new(bits.iter().map(|bit| !bit)).unwrap()
}

/// A probe that is none, and two galleries that it told apart.
struct Attack {
    name: &'static str,
    slots: Vec<i64>,
    galleries: [Repeated; 2],
}

fn attacks(rng: &mut ChaCha20Rng) -> Vec<Attack> {
    let (one, other) = (random_bits(rng), random_bits(rng));
    let galleries = || [alike(&one), alike(&other)];
    let scaled = |factor: u32| {
        let scale = |x: i64| centred(multiply_mod_t(residue(x), factor));
        honest(&one).into_iter().map(scale).collect::<Vec<_>>()
    };
    // One bit of everybody: the others do not count, and it alone passes the threshold.
    let bias = i64::from(2 * THRESHOLD + 1) - BITS as i64;
    let reading = |place: usize| (0..N).map(|slot| if slot % BITS == place { -bias } else { 0 }).collect();
    let flipped = Bits::new(one.iter().enumerate().map(|(i, bit)| bit ^ (i == 5))).unwrap();
    let packed: Vec<Bits> =
        (0..N / BITS).map(|number| if number == 9 { one.clone() } else { random_bits(rng) }).collect();
    let mut beyond = honest(&one);
    beyond.iter_mut().step_by(BITS).for_each(|x| *x *= 3);
    let rows = [honest(&one)[..N / 2].to_vec(), honest(&other)[..N / 2].to_vec()].concat();
    let wrapping = honest(&one).into_iter().map(|x| x * 2999).collect();
    vec![
        Attack {
            name: "64 probes in one",
            slots: packed.iter().flat_map(|bits| bits.iter().map(sign)).collect(),
            galleries: galleries(),
        },
        Attack { name: "scaled by 2", slots: scaled(2), galleries: galleries() },
        Attack { name: "scaled by 1/2", slots: scaled(divide_mod_t(1, 2)), galleries: galleries() },
        Attack { name: "a coordinate beyond the range", slots: beyond, galleries: galleries() },
        Attack { name: "scores that wrap", slots: wrapping, galleries: galleries() },
        Attack {
            name: "another probe in the second row",
            slots: rows,
            galleries: [alike(&one), alike(&negated(&one))],
        },
        Attack { name: "one chosen bit of everybody", slots: reading(5), galleries: [alike(&one), alike(&flipped)] },
    ]
}

#[test]
fn a_probe_that_is_no_template_is_counted_as_a_number_that_says_nothing() {
    let agreement = agreement(Terms::hamming(BITS, THRESHOLD), Disclosure::Count);
    let functional = agreement.functional();
    let mut rng = rng(50);
    let bits = random_bits(&mut rng);
    let gallery = alike(&bits);
    assert_eq!(counted(functional, &honest(&bits), &gallery), N as u32);
    assert_eq!(numbers(&agreement, &gallery, &honest(&bits), &mut rng), [N as u32]);
    for Attack { name, slots, galleries } in attacks(&mut rng) {
        let before = galleries.each_ref().map(|gallery| counted(functional, &slots, gallery));
        let after = galleries.each_ref().map(|gallery| numbers(&agreement, gallery, &slots, &mut rng));
        println!("{name}: {before:?} before, {after:?} now");
        assert_ne!(before[0], before[1], "{name} told nothing");
        for (before, after) in before.iter().zip(&after) {
            assert!(after.len() == 1 && after[0] != *before, "{name}: {before} {after:?}");
        }
    }
}

/// Nothing is there, and yet the number is uniform: 0 for everybody before.
#[test]
fn a_probe_of_zeros_is_answered_like_any_that_is_no_template() {
    let mut rng = rng(51);
    let bits = random_bits(&mut rng);
    for disclosure in [Disclosure::Any, Disclosure::Count] {
        let agreement = agreement(Terms::hamming(BITS, THRESHOLD), disclosure);
        assert_eq!(counted(agreement.functional(), &[0; N], &alike(&bits)), 0);
        let numbers = numbers(&agreement, &alike(&bits), &[0; N], &mut rng);
        assert!(numbers.iter().all(|&number| number != 0), "{numbers:?}");
    }
}

/// A bit of everybody, by `any`: hit or miss said what it was.
#[test]
fn a_probe_that_reads_one_bit_hits_whatever_it_is() {
    let agreement = agreement(Terms::hamming(BITS, THRESHOLD), Disclosure::Any);
    let mut rng = rng(52);
    for Attack { name, slots, galleries } in attacks(&mut rng) {
        for gallery in &galleries {
            let one = numbers(&agreement, gallery, &slots, &mut rng);
            assert!(one.iter().any(|&number| number != 0), "{name}: {one:?}");
        }
    }
}

#[test]
fn honest_probes_are_answered_as_before_at_the_threshold_and_beside_it() {
    let mut rng = rng(53);
    for disclosure in [Disclosure::Any, Disclosure::Count] {
        let agreement = agreement(Terms::hamming(BITS, THRESHOLD), disclosure);
        for distance in [THRESHOLD as usize, THRESHOLD as usize + 1] {
            let bits = random_bits(&mut rng);
            let subjects: Vec<Subject> = (0..20).map(|_| vec![(None, bits_at(&bits, distance, &mut rng))]).collect();
            let probes = [probe(agreement.functional(), Template::Bits(bits))];
            let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: false };
            question.hold(1, "at the threshold");
            let alone = Question { subjects: &subjects[..1].to_vec(), one_subject: true, ..question };
            let hit = distance == THRESHOLD as usize;
            assert_eq!(alone.repeated(1)[0].0, [Disclosed::Bits(vec![hit])]);
        }
    }
}

/// Codes and masks that are not tied: what each told by its count in the clear, and nothing now.
#[test]
fn a_masked_code_that_is_none_is_counted_as_a_number_that_says_nothing() {
    let agreement = irises(Disclosure::Count);
    let functional = agreement.functional();
    let mut rng = rng(54);
    let code: Vec<bool> = (0..SHAPE.bits()).map(|_| rng.random()).collect();
    let flipped: Vec<bool> = code.iter().enumerate().map(|(i, &bit)| bit ^ (i == 7)).collect();
    let whole = iris(&code, |_| true);
    let galleries = [&whole, &iris(&flipped, |_| true)].map(|iris| Repeated::new(Reference::Iris(iris.clone()), N));
    let (bits, masks) = (SHAPE.bits(), SHAPE.mask_bits());
    let coordinates = |code: &dyn Fn(usize) -> i64, mask: &dyn Fn(usize) -> i64| -> Vec<i64> {
        let mut period: Vec<i64> = (0..bits).map(code).chain((0..masks).map(mask)).collect();
        period.resize(period.len().next_power_of_two(), 0);
        period.into_iter().cycle().take(N).collect()
    };
    let honest = |i: usize| 3 * sign(code[i]);
    // All that is common says -64; 66 of the one bit pass that, or do not.
    let one = coordinates(&|i| if i == 7 { 66 * sign(code[7]) } else { 0 }, &|_| 1);
    // 42 of 64 bits agree; the chosen one decides.
    let doubled = coordinates(&|i| if i < 22 { -honest(i) } else { honest(i) * if i == 30 { 7 } else { 1 } }, &|_| 1);
    let few = coordinates(&|i| if i / 2 == 3 { 3 * sign(code[i]) } else { 0 }, &|j| if j == 3 { 1 } else { 0 });
    let counted = |slots: &[i64], gallery: &Repeated| {
        let reference = gallery.reference();
        let phi = scores(slots, &functional.form(reference, 0));
        let common = scores(slots, &functional.common_bits_form(reference).unwrap());
        phi.into_iter().zip(common).filter(|&(phi, common)| phi > 0 && common > 0).count()
    };
    assert_eq!(counted(&coordinates(&honest, &|_| 1), &galleries[0]), N);
    for (name, slots) in [
        ("one chosen bit of everybody, under a whole mask", one),
        ("a bit that counts for seven", doubled),
        ("a mask that counts twice", coordinates(&honest, &|_| 2)),
        ("a code where its mask is not", coordinates(&honest, &|j| i64::from(j > 3))),
        ("half of a mask", coordinates(&honest, &|_| centred(divide_mod_t(1, 2)))),
        ("nothing of a code under a whole mask", coordinates(&|_| 0, &|_| 1)),
    ] {
        let before = galleries.each_ref().map(|gallery| counted(&slots, gallery));
        let after = galleries.each_ref().map(|gallery| numbers(&agreement, gallery, &slots, &mut rng));
        println!("{name}: {before:?} before, {after:?} now");
        for (before, after) in before.iter().zip(&after) {
            assert!(after.len() == 1 && after[0] as usize != *before, "{name}: {after:?}");
        }
    }
    // Templates, if hardly any: they miss, as too few bits are common.
    for (name, slots) in [("one bit alone", few), ("no mask at all", vec![0; N])] {
        let after = galleries.each_ref().map(|gallery| numbers(&agreement, gallery, &slots, &mut rng));
        assert!(after.iter().all(|numbers| numbers == &[0]), "{name}: {after:?}");
    }
}

#[test]
fn honest_masked_codes_are_answered_as_before_at_the_threshold_and_beside_it() {
    let mut rng = rng(55);
    for disclosure in [Disclosure::Any, Disclosure::Count, Disclosure::Each] {
        let agreement = irises(disclosure);
        for (pairs, differing) in [(14, 9), (15, 10), (32, 21), (10, 0), (9, 0)] {
            let code: Vec<bool> = (0..SHAPE.bits()).map(|_| rng.random()).collect();
            let probed = iris(&code, |_| true);
            let subjects: Vec<Subject> =
                (0..20).map(|_| vec![(None, iris_at(&probed, pairs, differing, &mut rng))]).collect();
            let probes = [probe(agreement.functional(), Template::Iris(probed))];
            let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: false };
            question.hold(1, "masked codes at the threshold");
        }
    }
}

/// The hits that are read of an answer under `each`, and what stands in its slots.
fn read(
    agreement: &Opened,
    (subjects, one_subject): (&dyn Subjects, bool),
    slots: &[i64],
    (secret, key): &(SecretKey, PreparedKey),
    rng: &mut ChaCha20Rng,
) -> (usize, Vec<u32>) {
    let (set, functional) = (secret.set, agreement.functional());
    let task = Task {
        functional,
        disclosure: Disclosure::Each,
        layouts: &[SampleLayout::Single],
        subjects,
        one_subject,
        references_per_subject: 1,
    };
    let verdicts_per_probe = task.verdicts_per_probe();
    let extent = Extent { functional, disclosure: Disclosure::Each, probes: 1, samples: 1, verdicts_per_probe };
    let query = secret.encrypt_slots(slots.iter().map(|&x| residue(x)), rng);
    let gallery = Bgv::prepare_gallery(&set, functional, 0);
    let answer =
        Bgv::answer(key, &gallery, &task, &query, &Randomness::drawn(1, rng), &mut Parts::default(), &()).unwrap();
    let Disclosed::Bits(bits) = Bgv::decrypt(secret, &extent, &answer).remove(0) else { panic!() };
    let ProbeVerdicts::Slots { key, elements } = &answer.probes[0] else { panic!() };
    assert_eq!(key.len(), KEY_NUMBERS);
    let ring = Ring::of(&set);
    let plaintext = |[c0, c1]: &[Vec<u32>; 2]| ring.decode(secret.phase([c0, c1]).into_iter().map(residue).collect());
    (bits.into_iter().filter(|&bit| bit).count(), elements.iter().flat_map(plaintext).collect())
}

/// Whether numbers are spread evenly: six deviations of a binomial count in each of sixteen buckets.
fn are_uniform(numbers: &[u32]) -> bool {
    let mut buckets = [0usize; 16];
    for &number in numbers {
        buckets[number as usize * 16 / PLAINTEXT_MODULUS as usize] += 1;
    }
    let expected = numbers.len() as f64 / 16.0;
    buckets.iter().all(|&count| (count as f64 - expected).abs() < 6.0 * expected.sqrt())
}

/// What hit in the clear before hits nobody now, whoever is enrolled: of a row of slots of its own, too.
#[test]
fn a_probe_that_is_no_template_reads_nothing_of_each() {
    let agreement = agreement(Terms::hamming(BITS, THRESHOLD), Disclosure::Each);
    let functional = agreement.functional();
    let mut rng = rng(56);
    let bits = random_bits(&mut rng);
    assert_eq!(read(&agreement, (&alike(&bits), false), &honest(&bits), keys(), &mut rng).0, N);
    for Attack { name, slots, galleries } in attacks(&mut rng) {
        for gallery in &galleries {
            let form = functional.form(gallery.reference(), 0);
            let before = scores(&slots, &form).into_iter().filter(|&phi| phi > 0 && phi <= 17).count();
            let (hits, numbers) = read(&agreement, (gallery, false), &slots, keys(), &mut rng);
            println!("{name}: {before} hits before, {hits} now");
            assert!(hits <= 1 && are_uniform(&numbers), "{name}: {hits}");
        }
    }
}

/// About one subject, and of masked codes.
#[test]
fn nor_does_one_about_a_single_subject_or_of_masked_codes() {
    let mut rng = rng(57);
    let bits = random_bits(&mut rng);
    let codes = agreement(Terms::hamming(BITS, THRESHOLD), Disclosure::Each);
    let subject: Vec<Subject> = vec![vec![(None, Reference::Bits(bits.clone()))]];
    let twice: Vec<i64> = honest(&bits).into_iter().map(|x| 2 * x).collect();
    for (slots, hits) in [(honest(&bits), 1), (twice, 0)] {
        assert_eq!(read(&codes, (&subject, true), &slots, keys(), &mut rng).0, hits);
    }
    let code: Vec<bool> = (0..SHAPE.bits()).map(|_| rng.random()).collect();
    let gallery = Repeated::new(Reference::Iris(iris(&code, |_| true)), N);
    let agreement = irises(Disclosure::Each);
    for (mask, hits) in [(1, N), (2, 0)] {
        let mut period: Vec<i64> = code.iter().map(|&bit| 3 * sign(bit)).collect();
        period.extend(std::iter::repeat_n(mask, SHAPE.mask_bits()));
        period.resize(period.len().next_power_of_two(), 0);
        let slots: Vec<i64> = period.into_iter().cycle().take(N).collect();
        assert_eq!(read(&agreement, (&gallery, false), &slots, keys(), &mut rng).0, hits, "mask of {mask}");
    }
}

/// The one-squaring variant, whose one squaring tests leave alone: they square the probe, and the search its scores.
#[test]
fn nor_does_one_under_the_set_of_one_squaring() {
    let mut terms =
        Terms { disclosure: Disclosure::Each, ..Terms::hamming(BITS, THRESHOLD).with_scheme(SchemeChoice::Bgv) };
    terms.encryption.parameter_set = "bgv-8192-210".to_owned();
    terms.limits.references = 1_000;
    let agreement = planning::open(terms).unwrap();
    let set = agreement.parameters().bgv().unwrap();
    let mut rng = rng(58);
    let (secret, public) = Bgv::generate(&set, &mut rng);
    let keys = (secret, Bgv::prepare_key(public, &set));
    let (bits, n) = (random_bits(&mut rng), set.ring_size());
    let at = |distance, rng: &mut ChaCha20Rng| -> Subject { vec![(None, bits_at(&bits, distance, rng))] };
    let subjects: Vec<Subject> = (0..40).map(|i| at(THRESHOLD as usize + i % 2, &mut rng)).collect();
    let repeated = |factor: i64| -> Vec<i64> {
        bits.iter().map(|bit| factor * sign(bit)).collect::<Vec<_>>().into_iter().cycle().take(n).collect()
    };
    let mut packed = repeated(1);
    packed.iter_mut().skip(n / 2).for_each(|x| *x = -*x);
    for (slots, expected) in [(repeated(1), 20), (repeated(2), 0), (packed, 0), (vec![0; n], 0)] {
        let (hits, numbers) = read(&agreement, (&subjects, false), &slots, &keys, &mut rng);
        assert_eq!(hits, expected);
        assert!(are_uniform(&numbers));
    }
}
