//! What the tests of a probe do not see, against galleries that are searched with tests: what remains of `invalid`.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::invalid::{
    BITS, Count, Person, agreed, code, codes, coordinates, encrypt, gallery, keys, own_mask, scaled, task, told,
};
use crate::agreement::{Decimal, Disclosure, EyeRule, TemplateTerms, Terms};
use crate::functional::{Metric, ProbeSample};
use crate::parameters::Marked;
use crate::parameters::tfhe::{INSECURE_TEST, TFHE_896_2048};
use crate::planning;
use crate::scheme::exchange::{SHAPE, iris};
use crate::scheme::tfhe::Tfhe;
use crate::scheme::tfhe::validity::{BOOTSTRAPS, TESTED_FROM, Tests};
use crate::scheme::{Evaluator, Opened, Parts, Randomness, Task};
use crate::template::{Bits, IrisCode, RealVector, Template};

/// Each person's phi of a probe, and six deviations of its noise.
fn phis(agreement: &Opened, gallery: &[Person], probe: &[i64]) -> Vec<(i64, f64)> {
    let functional = agreement.functional();
    let phi = |[(_, reference)]: &Person| {
        let form = functional.form(reference, 0);
        (form.evaluate(probe), 6.0 * INSECURE_TEST.phi_deviation(functional, form.norm()))
    };
    gallery.iter().map(phi).collect()
}

/// How many hit and how many miss, of those whom noise does not decide on; each of them is told as its phi is.
fn read(phis: &[(i64, f64)], told: &[bool]) -> [usize; 2] {
    let clear = || phis.iter().zip(told).filter(|((phi, margin), _)| phi.abs() as f64 > *margin);
    clear().for_each(|((phi, _), &bit)| assert_eq!(bit, *phi > 0, "{phi}"));
    [true, false].map(|hit| clear().filter(|(_, bit)| **bit == hit).count())
}

/// A vector of this length.
fn vector(length: f64, rng: &mut ChaCha20Rng) -> Template {
    let mut x: Vec<f64> = (0..100).map(|_| (0..12).map(|_| rng.random_range(-0.5..0.5)).sum()).collect();
    let all = x.iter().map(|x: &f64| x * x).sum::<f64>().sqrt();
    x.iter_mut().for_each(|x| *x *= length / all);
    Template::Vector(RealVector::new(x).unwrap())
}

/// Squared Euclidean distances: the last coordinate is not tested. It makes of one coordinate a comparison with any number, of everybody; and
/// half of the torus in it turns every verdict the other way round.
#[test]
fn the_last_coordinate_of_a_squared_distance_reads_everybody() {
    let mut rng = ChaCha20Rng::seed_from_u64(90);
    let one: Decimal = "1.0".parse().unwrap();
    let terms = Terms::squared_euclidean(100, one, "0.15".parse().unwrap());
    let agreement = agreed(Terms { template: TemplateTerms::Vector { dimension: 100 }, ..terms }, Disclosure::Each);
    let functional = agreement.functional();
    let people: Vec<Template> = (0..TESTED_FROM).map(|_| vector(0.999, &mut rng)).collect();
    let person = |person: &Template| [(None, functional.reference(person).unwrap())];
    let gallery: Vec<Person> = people.iter().map(person).collect();
    let Metric::SquaredEuclidean { threshold, .. } = *functional.metric() else { panic!() };
    for least in [15, -20] {
        let (tested, longest) = functional.longest_probe();
        let mut probe = vec![0; tested + 1];
        probe[7] = longest as i64;
        let square = (0.999f64 * 256.0).powi(2) as i64;
        probe[tested] = longest as i64 * least + 2 * (threshold - square);
        let told = told(&agreement, &gallery, &scaled(&agreement, &probe), &mut rng);
        let [hits, misses] = read(&phis(&agreement, &gallery, &probe), &told);
        assert!(hits > 10 && misses > 10 && hits + misses > 60, "{hits} {misses}");
    }
    let probe = functional.probe_coordinates(&functional.probe(&people[0]).unwrap());
    let mut phases = scaled(&agreement, &probe);
    let last = phases.last_mut().unwrap();
    *last = last.wrapping_add(1 << 63);
    let inverted = told(&agreement, &gallery, &phases, &mut rng);
    assert!(!inverted[0] && inverted[1..].iter().all(|&bit| bit));
}

/// Irises: one coordinate of the code beside a mask that does not belong to it is one bit of everybody. With an own mask no length is needed;
/// with one for both uses it must outweigh the least mask that has enough bits in common, which it can where codes are short.
#[test]
fn a_code_of_one_bit_beside_a_full_mask_reads_it_of_everybody() {
    let mut rng = ChaCha20Rng::seed_from_u64(91);
    let (bits, unit) = (SHAPE.bits(), Decimal::ONE);
    let mut full = || {
        let bits = |bits: Vec<bool>| Bits::new(bits).unwrap();
        let code = bits((0..SHAPE.bits()).map(|_| rng.random()).collect());
        IrisCode::new(SHAPE, code, bits(vec![true; SHAPE.bits()])).unwrap()
    };
    let codes: Vec<IrisCode> = (0..TESTED_FROM).map(|_| full()).collect();
    let mut rng = ChaCha20Rng::seed_from_u64(92);
    // The bit's weight, and the part of a full mask that is beside it.
    for (terms, weight, part) in [(own_mask(0), 20, 0.0), (iris(SHAPE, 0, EyeRule::Ignored), 53, 0.27)] {
        let agreement = agreed(terms, Disclosure::Each);
        let functional = agreement.functional();
        let mut probe = functional.probe_coordinates(&ProbeSample::Iris(codes[0].clone()));
        probe[..bits].fill(0);
        probe[37] = weight * unit;
        probe[bits..bits + SHAPE.mask_bits()].iter_mut().for_each(|t| *t = (*t as f64 * part) as i64);
        let person = |code: &IrisCode| [(None, functional.reference(&Template::Iris(code.clone())).unwrap())];
        let gallery: Vec<Person> = codes.iter().map(person).collect();
        let told = told(&agreement, &gallery, &scaled(&agreement, &probe), &mut rng);
        let [hits, misses] = read(&phis(&agreement, &gallery, &probe), &told);
        assert!(hits > 30 && hits + misses == TESTED_FROM, "{part}: {hits} {misses}");
        let bit: Vec<bool> = codes.iter().map(|code| !code.code().iter().nth(37).unwrap()).collect();
        assert_eq!(told, bit);
    }
}

/// m codes added up are a vector sqrt(m) times as long as one: four are within what passes, sixteen are not.
#[test]
fn four_people_in_one_probe_are_searched_at_once_and_sixteen_are_not() {
    let mut rng = ChaCha20Rng::seed_from_u64(93);
    let agreement = codes(Disclosure::Each);
    let people: Vec<Vec<bool>> = (0..TESTED_FROM).map(|_| code(&mut rng)).collect();
    let gallery = gallery(&agreement, &people);
    for many in [4, 16, 25] {
        let mut sum = vec![0; BITS];
        for person in &people[..many] {
            sum.iter_mut().zip(coordinates(person)).for_each(|(sum, t)| *sum += t);
        }
        let told = told(&agreement, &gallery, &scaled(&agreement, &sum), &mut rng);
        if many == 4 {
            let [hits, misses] = read(&phis(&agreement, &gallery, &sum), &told);
            assert!(hits >= 4 && misses > 90 && told[..4].iter().all(|&bit| bit), "{hits} {misses}");
        } else {
            assert!(told.iter().all(|&bit| !bit), "{many}: {told:?}");
        }
    }
}

/// Nine bits of one's choice, each a third as large as one alone must be: whoever has all of them is told.
#[test]
fn whoever_has_a_pattern_of_nine_bits_is_told_of_everybody() {
    let mut rng = ChaCha20Rng::seed_from_u64(97);
    let agreement = codes(Disclosure::Each);
    let mut people: Vec<Vec<bool>> = (0..TESTED_FROM).map(|_| code(&mut rng)).collect();
    let pattern = people[0][..9].to_vec();
    people[1..6].iter_mut().for_each(|person| person[..9].copy_from_slice(&pattern));
    let mut probe = vec![0; BITS];
    probe.iter_mut().zip(coordinates(&pattern)).for_each(|(t, sign)| *t = 18 * sign);
    let told = told(&agreement, &gallery(&agreement, &people), &scaled(&agreement, &probe), &mut rng);
    let has: Vec<bool> = people.iter().map(|person| person[..9] == pattern[..]).collect();
    assert_eq!(told, has);
}

/// Codes that leave no room for random integers are not tested, and tests cost nothing there: one coordinate reads its bit of everybody.
#[test]
fn short_codes_are_not_tested_and_cost_no_bootstrap_more() {
    let mut rng = ChaCha20Rng::seed_from_u64(94);
    let set = Marked::never_crossing(INSECURE_TEST);
    for (length, threshold) in [(64, 31), (32, 8)] {
        for disclosure in [Disclosure::Each, Disclosure::Any] {
            let agreement = agreed(Terms::hamming(length, threshold), disclosure);
            assert_eq!(Tests::of(&INSECURE_TEST, agreement.functional(), 1).coins, 0);
            let people: Vec<Vec<bool>> =
                (0..TESTED_FROM).map(|_| (0..length).map(|_| rng.random()).collect()).collect();
            let gallery = gallery(&agreement, &people);
            let searched = task(&agreement, &gallery);
            let steps = Tfhe::steps(&set, &searched);
            assert_eq!(steps, Tfhe::steps(&set, &Task { one_subject: true, ..task(&agreement, &gallery) }));
            let mut probe = vec![0; length];
            probe[5] = length as i64 - 2 * i64::from(threshold) - 1 + 8;
            let phases = scaled(&agreement, &probe);
            let (probes, randomness) = (encrypt(&agreement, &phases, &mut rng), Randomness::drawn(1, &mut rng));
            let count = Count::default();
            Tfhe::answer(&keys().prepared, &(), &searched, &probes, &randomness, &mut Parts::default(), &count)
                .unwrap();
            assert_eq!(count.0.into_inner(), steps);
            let told = told(&agreement, &gallery, &phases, &mut rng);
            match disclosure {
                Disclosure::Each => assert_eq!(told, people.iter().map(|code| !code[5]).collect::<Vec<_>>()),
                _ => assert_eq!(told, [true]),
            }
        }
    }
}

/// Tests cost as many bootstraps as they say, and none a subject, but where half a flood takes a round more: only of verdicts that no gate makes.
#[test]
fn only_a_verdict_that_no_gate_makes_is_ever_washed_once_more_for_its_tests() {
    let mut rng = ChaCha20Rng::seed_from_u64(95);
    let set = Marked::never_crossing(TFHE_896_2048);
    let more = |mut terms: Terms, references: usize, template: Template| {
        (terms.disclosure, terms.limits.references) = (Disclosure::Each, references);
        let agreement = planning::open(terms).unwrap();
        let reference = || [(None, agreement.functional().reference(&template).unwrap())];
        let gallery: Vec<Person> = (0..TESTED_FROM).map(|_| reference()).collect();
        let untested = Task { one_subject: true, ..task(&agreement, &gallery) };
        Tfhe::steps(&set, &task(&agreement, &gallery)) - Tfhe::steps(&set, &untested)
    };
    let bits = |length: usize| Bits::new(vec![true; length]).unwrap();
    let eye = IrisCode::new(SHAPE, bits(SHAPE.bits()), bits(SHAPE.bits())).unwrap();
    let person = Template::Bits(Bits::new(code(&mut rng)).unwrap());
    for (references, round) in [(2_117, 0), (2_118, 1), (4_235, 1), (4_236, 0), (1_730_800, 1)] {
        let of_codes = more(Terms::hamming(BITS, 180), references, person.clone());
        assert_eq!(of_codes, BOOTSTRAPS + round * TESTED_FROM as u64, "{references}");
        let of_eyes = more(iris(SHAPE, 0, EyeRule::Ignored), references, Template::Iris(eye.clone()));
        assert_eq!(of_eyes, BOOTSTRAPS, "{references}");
    }
}
