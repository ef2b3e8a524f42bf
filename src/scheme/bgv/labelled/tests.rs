//! What leaves: which sums there are, that they are read back, and that nothing else can be read of them.

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use super::folding::{self, Folding, Member, fold};
use super::reading::{Read, read, totals};
use super::*;
use crate::parameters::bgv::{INSECURE_BGV, PLAINTEXT_MODULUS};
use crate::scheme::bgv::arithmetic::Ledger;
use crate::scheme::bgv::laboratory::{Parties, uneven};
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::noise::TAIL_LOG2;
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::sampling::{Generator, any_residue, generator};

/// Slots of a block.
const N: usize = 2048;

/// Primes that verdicts are folded over: as under a set that has no more to spare.
const LIMBS: usize = 5;

fn parties() -> Parties {
    Parties::new(&INSECURE_BGV, &mut ChaCha20Rng::seed_from_u64(1))
}

fn drawn(seed: u64) -> Generator {
    generator(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn handle(number: usize) -> Handle {
    Handle::new(format!("{number:032}")).unwrap()
}

/// The slots of an answer that is not locked, about one block whose verdicts are these numbers: 0 where there is none. Everybody has a handle.
fn slots(parties: &Parties, layout: Layout, verdicts: &[(usize, u32)], seed: u64) -> Vec<u32> {
    let labels: Vec<Option<Label>> = (0..N).map(|slot| Some(Label::of(Some(&handle(slot))))).collect();
    let folding = folded(parties, layout, verdicts, &labels, seed);
    opened(parties, folding, seed)
}

/// The same, for subjects with these labels.
fn folded(
    parties: &Parties,
    layout: Layout,
    verdicts: &[(usize, u32)],
    labels: &[Option<Label>],
    seed: u64,
) -> Folding {
    let mut rng = drawn(seed);
    let mut slots = vec![0; N];
    verdicts.iter().for_each(|&(slot, verdict)| slots[slot] = verdict);
    let verdict = parties.encrypted(&slots, &mut rng).expand(0).unwrap();
    let mut folding = Folding::draw(layout, N, &mut rng);
    fold(&parties.key, &verdict, &mut [(&mut folding, &members(0, labels))], LIMBS, &()).unwrap();
    folding
}

/// Whoever stands in the slots of a block.
fn members(block: usize, labels: &[Option<Label>]) -> Vec<Member> {
    let member =
        |(slot, label): (usize, &Option<Label>)| label.map(|label| Member { slot, number: block * N + slot, label });
    labels.iter().enumerate().filter_map(member).collect()
}

fn opened(parties: &Parties, folding: Folding, seed: u64) -> Vec<u32> {
    let mut rng = drawn(seed + 1000);
    let folded = folding.finish(&parties.key, &mut Lock::open(), &mut rng).unwrap().ciphertext;
    let phase = parties.secret.phase(folded.parts.each_ref().map(|part| &**part));
    parties.ring.decode(phase.into_iter().map(residue).collect())
}

#[test]
fn up_to_as_many_handles_as_are_agreed_are_read_back() {
    let parties = parties();
    let hits = [(0, 1), (N - 1, 1), (N / 2, 1), (77, 1), (78, 1), (1500, 1), (64, 1), (128, 1), (900, 1)];
    for (most, count) in [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (4, 3), (8, 8)] {
        let layout = Layout::new(most);
        let mut expected: Vec<_> = hits[..count].iter().map(|&(slot, _)| Some(handle(slot))).collect();
        expected.sort();
        assert!(
            read(layout, &slots(&parties, layout, &hits[..count], 3), N) == Read::Handles(expected),
            "{count} of {most}"
        );
    }
    for most in [1, 2, 8] {
        let layout = Layout::new(most);
        assert!(read(layout, &slots(&parties, layout, &hits[..most + 1], 4), N) == Read::Above, "{most}");
    }
}

/// Keys of counts that are not the probe's, of misses and of probes with more hits than are agreed; and what these keys are for, of the latter.
fn numbers_that_nobody_reads(layout: Layout, probes: u64) -> [Vec<u32>; 3] {
    let parties = parties();
    let keys = |counts: std::ops::RangeInclusive<usize>| {
        LOCK_CHECKS + KEY_NUMBERS * counts.start()..LOCK_CHECKS + KEY_NUMBERS * (counts.end() + 1)
    };
    let (mut of_misses, mut of_many, mut padded) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0..probes {
        let miss = totals(layout, &slots(&parties, layout, &[], seed));
        of_misses.extend(&miss[keys(1..=layout.hits)]);
        // A factor for each hit: 1, but that it is quick to have many.
        let many = [(seed as usize % 1000, 1), (1999, layout.hits as u32)];
        let many = totals(layout, &slots(&parties, layout, &many, seed + 10_000));
        of_many.extend(&many[keys(0..=layout.hits)]);
        padded.extend(&many[layout.first_padded()..layout.numbers()]);
    }
    [of_misses, of_many, padded]
}

#[test]
fn misses_and_more_hits_than_are_agreed_tell_nothing_of_anybody() {
    for numbers in numbers_that_nobody_reads(Layout::new(8), 24) {
        assert!(numbers.len() > 1_500 && uneven(numbers).abs() < 5.0);
    }
}

#[test]
#[ignore = "ten thousand probes, minutes"]
fn ten_thousand_misses_tell_nothing_of_anybody() {
    for numbers in numbers_that_nobody_reads(Layout::new(1), 10_000) {
        assert!(numbers.len() >= 80_000 && uneven(numbers).abs() < 5.0);
    }
}

/// What is reckoned of the sums before they are flooded bounds what they are, and is not far from it.
#[test]
fn the_noise_of_sums_is_as_reckoned() {
    let parties = parties();
    for most in [1, 16] {
        let layout = Layout::new(most);
        let labels: Vec<Option<Label>> = (0..N).map(|slot| Some(Label::of(Some(&handle(slot))))).collect();
        let sums = folded(&parties, layout, &[(5, 1), (1999, 1)], &labels, 9).sums.unwrap();
        let ledger = Ledger::new(parties.ring.chain);
        let fresh = parties.encrypted(&[0; N], &mut drawn(1)).expand(0).unwrap().state;
        let reckoned = folding::weighed(&ledger, parties.ring.chain, fresh, layout, 1);
        let sums = sums.divided(&parties.ring, LIMBS - parties.ring.set.public_limbs());
        let largest = parties.opened(&sums).phase.into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs())).log2();
        println!("{most} hits: phases below 2^{largest:.1}, reckoned 2^{:.1}", reckoned.noise + TAIL_LOG2);
        assert!((0.0..6.0).contains(&(reckoned.noise + TAIL_LOG2 - largest)), "{most}");
    }
}

/// So many hits that their number is one of those agreed, modulo t: what is read is nobody's, and said to be nothing.
#[test]
fn a_number_of_hits_that_wraps_around_is_taken_for_no_handle_and_for_no_miss() {
    let parties = parties();
    for most in [1, 2] {
        for count in 0..=most as u32 {
            let layout = Layout::new(most);
            let verdicts = [(3, 40_000), (1700, PLAINTEXT_MODULUS - 40_000 + count)];
            assert!(read(layout, &slots(&parties, layout, &verdicts, 5), N) == Read::Nothing, "{count} of {most}");
            // Also where all of them are called alike.
            let nameless = vec![Some(Label::of(None)); N];
            let folding = folded(&parties, layout, &verdicts, &nameless, 6);
            assert!(read(layout, &opened(&parties, folding, 6), N) == Read::Nothing, "{count} of {most}, nameless");
        }
    }
}

/// Blocks that end over other primes and with other factors, in any order.
#[test]
fn verdicts_of_blocks_that_are_not_alike_are_folded_together() {
    let parties = parties();
    let (engine, layout) = (parties.engine(), Layout::new(2));
    let mut rng = drawn(6);
    let mut block = |slot: usize, limbs: usize, factor: u32| {
        let slots: Vec<u32> = (0..N).map(|other| u32::from(other == slot)).collect();
        let fresh = parties.encrypted(&slots, &mut rng).expand(0).unwrap();
        let value = super::super::arithmetic::Arithmetic::combine(&engine, &[(&fresh, 1)], 0, factor);
        value.divided(&parties.ring, 32 - limbs)
    };
    let blocks = [block(5, 20, 1), block(N, 3, 9), block(600, 4, 1234)];
    let label = |block: usize, slot: usize| Some(Label::of(Some(&handle(block * N + slot))));
    for start in 0..blocks.len() {
        let mut rng = drawn(7);
        let mut folding = Folding::draw(layout, 3 * N, &mut rng);
        for number in (0..3).map(|index| (start + index) % 3) {
            let labels: Vec<Option<Label>> = (0..N).map(|slot| label(number, slot)).collect();
            let members = members(number, &labels);
            fold(&parties.key, &blocks[number], &mut [(&mut folding, &members)], LIMBS, &()).unwrap();
        }
        let folded = folding.finish(&parties.key, &mut Lock::open(), &mut rng).unwrap().ciphertext;
        let phase = parties.secret.phase(folded.parts.each_ref().map(|part| &**part));
        let slots = parties.ring.decode(phase.into_iter().map(residue).collect());
        let expected = vec![Some(handle(5)), Some(handle(2 * N + 600))];
        assert!(read(layout, &slots, 3 * N) == Read::Handles(expected), "from {start}");
    }
}

/// Sums that nobody's hits have are taken for nothing.
#[test]
fn random_sums_are_nothing() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    for most in [1, 2, 5] {
        assert!(read(Layout::new(most), &any_residue(N, &mut rng), N) == Read::Nothing);
    }
}

/// As [`Layout`] says, and as docs/protocol.md counts them.
#[test]
fn every_sum_has_a_class_of_its_own() {
    for (hits, numbers, classes) in [(1, 44, 64), (2, 72, 128), (4, 128, 128), (8, 240, 256), (16, 464, 512)] {
        let layout = Layout::new(hits);
        assert_eq!((layout.numbers(), layout.classes()), (numbers, classes));
        let all: Vec<Number> = (0..classes).map_while(|class| layout.number(class)).collect();
        assert_eq!(all.len(), numbers);
        let kind = |of: fn(&Number) -> bool| all.iter().filter(|number| of(number)).count();
        assert_eq!(kind(|number| matches!(number, Number::Key { .. })), 8 * (hits + 1));
        assert_eq!(kind(|number| matches!(number, Number::Label { .. })), 18 * hits);
        assert_eq!(kind(|number| matches!(number, Number::Location { .. })), 2 * (hits + 1));
        for (index, number) in all.iter().enumerate() {
            let zeros = matches!(number, Number::Check | Number::KeyCheck);
            assert!(zeros || !all[..index].contains(number), "{number:?}");
        }
    }
}

proptest! {
    #[test]
    fn a_label_is_read_back(text in "[!-~]{1,32}") {
        let handle = Handle::new(text).unwrap();
        prop_assert!(Label::of(Some(&handle)).handle() == Ok(Some(handle)));
    }

    /// Whatever is altered, but for a chance of 2^-16, which the checks of the key come before.
    #[test]
    fn an_altered_label_is_none(word in 0..WORDS, by in 1u32..65_537) {
        let mut label = Label::of(Some(&Handle::new("B-2026/000117").unwrap()));
        let Pair(numbers) = &mut label.0[word / 2];
        numbers[word % 2] = (numbers[word % 2] + by) % 65_537;
        prop_assert!(label.handle() == Err(NoLabel));
    }
}

#[test]
fn nobody_has_no_label_and_a_subject_without_a_handle_has_one() {
    assert!(Label([Pair::ZERO; PAIRS]).handle() == Err(NoLabel));
    assert!(Label::of(None).handle() == Ok(None));
}
