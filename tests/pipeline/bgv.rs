//! Scheme `bgv` end to end on each of its production sets: every verdict equals the oracle's, at the threshold and one bit beside it too.
//!
//! A block costs what it costs, however few references it holds; so galleries have some two thousand, all of them hard.

use cotejo::agreement::{Disclosure, SchemeChoice, Terms};
use cotejo::custodian::Gallery;
use cotejo::planning;
use cotejo::querier::Verdict;
use cotejo::scheme::Opened;
use cotejo::scheme::bgv::Bgv;
use cotejo::template::{Bits, Record, SubjectId, Template};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::anew::{by_the_oracle, exchange};
use crate::rng;

fn record(name: String, bits: &[bool]) -> Record {
    let template = Template::Bits(Bits::new(bits.iter().copied()).unwrap());
    Record { subject: SubjectId::try_from(name).unwrap(), eye: None, template }
}

/// The same with so many bits flipped.
fn at(bits: &[bool], distance: usize, rng: &mut impl Rng) -> Vec<bool> {
    let mut places: Vec<usize> = (0..bits.len()).collect();
    places.shuffle(rng);
    let mut bits = bits.to_vec();
    places.iter().take(distance).for_each(|&place| bits[place] ^= true);
    bits
}

fn agreement(set: &str, (bits, threshold): (usize, u32), disclosure: Disclosure) -> Opened {
    let mut terms = Terms::hamming(bits, threshold).with_scheme(SchemeChoice::Bgv);
    terms.encryption.parameter_set = set.to_owned();
    terms.disclosure = disclosure;
    let agreement = planning::open(terms).unwrap();
    assert!(agreement.parameters().is_secure());
    agreement
}

/// Two probes under `each`; the references are at the threshold and beside it of the first or the second, equal, opposite, or anybody.
fn hold_each(set: &str, (bits, threshold): (usize, u32), references: usize) {
    let agreement = agreement(set, (bits, threshold), Disclosure::Each);
    let mut rng = rng(4);
    let probes: [Vec<bool>; 2] = std::array::from_fn(|_| (0..bits).map(|_| rng.random()).collect());
    let records = (0..references).map(|number| {
        let probe = &probes[number % 2];
        let distance = match number / 2 % 5 {
            0 => threshold as usize,
            1 => threshold as usize + 1,
            2 => rng.random_range(0..=bits),
            3 => [0, bits][number / 10 % 2],
            _ => bits / 2,
        };
        record(number.to_string(), &at(probe, distance, &mut rng))
    });
    let records: Vec<Record> = records.collect();
    let gallery = Gallery::enrol(&agreement, records).gallery.unwrap();
    let probes: Vec<Record> =
        probes.iter().enumerate().map(|(number, bits)| record(format!("p{number}"), bits)).collect();
    for (probe, verdict) in probes.iter().zip(exchange::<Bgv>(&agreement, &gallery, &probes).verdicts) {
        let Verdict::Each(bits) = verdict else { panic!("{verdict:?}") };
        let expected = by_the_oracle(&agreement, &gallery, probe);
        let hits = expected.iter().filter(|&&bit| bit).count();
        assert!(hits > references / 8 && hits < references / 2, "{hits} hits");
        let wrong: Vec<usize> = (0..references).filter(|&slot| bits[slot] != expected[slot]).take(5).collect();
        assert!(wrong.is_empty() && bits.len() == references, "{}: wrong at {wrong:?}", probe.subject);
    }
}

#[test]
fn small_galleries_are_judged_after_one_squaring() {
    hold_each("bgv-8192-210", (128, 40), 2_000);
}

#[test]
fn short_codes_are_judged_at_the_threshold_and_beside_it() {
    hold_each("bgv-32768-540", (128, 40), 2_000);
}

#[test]
fn longer_codes_are_judged_at_the_threshold_and_beside_it() {
    hold_each("bgv-32768-690", (512, 180), 2_000);
}

#[test]
fn longer_codes_are_judged_alike_on_the_smaller_set_for_them() {
    hold_each("bgv-32768-600", (512, 180), 2_000);
}

#[test]
fn long_codes_are_judged_at_the_threshold_and_beside_it() {
    hold_each("bgv-32768-720", (2_048, 680), 1_000);
}

#[test]
fn codes_with_many_hits_are_judged_at_the_threshold_and_beside_it() {
    hold_each("bgv-32768-810", (2_048, 1_000), 1_000);
}

/// `any` on the deepest set: a gallery all beside the threshold, for one probe with one reference at it.
#[test]
fn one_reference_at_the_threshold_is_found_among_many_beside_it() {
    let (bits, threshold) = (512, 180);
    let agreement = agreement("bgv-32768-840", (bits, threshold), Disclosure::Any);
    let mut rng = rng(5);
    let probe: Vec<bool> = (0..bits).map(|_| rng.random()).collect();
    let distances = (0..2_000).map(|number| threshold as usize + usize::from(number != 1_234));
    let records: Vec<Record> = distances
        .enumerate()
        .map(|(number, distance)| record(number.to_string(), &at(&probe, distance, &mut rng)))
        .collect();
    let stranger = at(&probe, bits / 2, &mut rng);
    let gallery = Gallery::enrol(&agreement, records).gallery.unwrap();
    let probes = vec![record("known".to_owned(), &probe), record("stranger".to_owned(), &stranger)];
    let expected: Vec<bool> =
        probes.iter().map(|probe| by_the_oracle(&agreement, &gallery, probe).contains(&true)).collect();
    assert_eq!(expected, [true, false]);
    let verdicts = exchange::<Bgv>(&agreement, &gallery, &probes).verdicts;
    assert_eq!(verdicts, [Verdict::Any(true), Verdict::Any(false)]);
}
