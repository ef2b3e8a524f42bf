//! Evaluation keys that no honest querier makes: what an answer tells under them is what its flood leaves, a residue modulo t of each number.

use std::collections::BTreeSet;

use super::exactness::{N, Subject, agreement, keys, rng, uneven};
use super::malformed::{answer_under, nothing_kept, phases, query};
use crate::agreement::{Disclosure, Terms};
use crate::functional::Reference;
use crate::parameters::bgv::{INSECURE_BGV, PLAINTEXT_MODULUS};
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::bgv::residues::residue;
use crate::scheme::{Evaluator as _, Randomness};
use crate::template::Bits;

const BITS: usize = 32;

/// Which keyswitch key is bad.
#[derive(Clone, Copy)]
enum Bad {
    Relinearisation,
    Rotation,
}

/// The keys of tests with something that is no error in the first digit of one of them.
fn keys_but(bad: Bad) -> PreparedKey {
    let mut public = keys().0.public(&mut rng(70));
    public.switches[bad as usize][0].iter_mut().take(7).for_each(|residue| *residue ^= 1);
    Bgv::prepare_key(public, &INSECURE_BGV)
}

/// Two galleries that nobody of whom matches a probe, and what their answers' phases are under keys.
fn phases_of_misses(key: &PreparedKey, disclosure: Disclosure, answers: u8) -> [Vec<i64>; 2] {
    let agreement = agreement(Terms::hamming(BITS, 2), disclosure);
    let code = |seed: usize| Bits::new((0..BITS).map(|bit| ((bit * bit + seed * bit) / 3).is_multiple_of(2))).unwrap();
    [1, 2].map(|first| {
        let subjects: Vec<Subject> =
            (0..9).map(|person| vec![(None, Reference::Bits(code(10 * first + person)))]).collect();
        let mut rng = rng(71);
        // Every bit is 0.
        let query = query((0..N).map(|_| residue(1)), 0, &mut rng);
        let mut all = Vec::new();
        for _ in 0..answers {
            // The same order of slots, and another flood.
            let randomness = Randomness::drawn(1, &mut rng);
            let gallery = nothing_kept(&agreement);
            all.extend(phases(&answer_under(key, &agreement, (&subjects, false), &query, &gallery, &randomness)));
        }
        all
    })
}

/// Four counts on each gallery under keys.
fn counts(key: &PreparedKey) -> [Vec<u32>; 2] {
    let counts = phases_of_misses(key, Disclosure::Count, 4).map(|of| of.into_iter().map(residue).collect());
    println!("counts of nobody: {counts:?}");
    counts
}

fn distinct(counts: &[u32]) -> BTreeSet<u32> {
    counts.iter().copied().collect()
}

/// What is read is a function of the gallery: one number, or another where phase and flood together pass the modulus.
#[test]
fn a_bad_rotation_key_reads_a_residue_of_the_gallery() {
    assert_eq!(counts(&keys().1), [vec![0; 4], vec![0; 4]]);
    let [one, other] = counts(&keys_but(Bad::Rotation)).map(|counts| distinct(&counts));
    assert!(one.len() <= 2 && other.len() <= 2 && one.is_disjoint(&other) && !one.contains(&0));
}

/// Tests of a probe square it, so that a template fails them.
#[test]
fn a_bad_relinearisation_key_is_answered_by_uniform_numbers() {
    for counts in counts(&keys_but(Bad::Relinearisation)) {
        assert_eq!(distinct(&counts).len(), 4);
    }
}

/// Of every coefficient of a ring element what is left of the phase once its residue is taken off.
#[test]
fn beside_residues_bad_keys_read_nothing() {
    let t = i64::from(PLAINTEXT_MODULUS);
    for bad in [Bad::Relinearisation, Bad::Rotation] {
        for phases in phases_of_misses(&keys_but(bad), Disclosure::Each, 4) {
            let multiples: Vec<i64> = phases.into_iter().map(|phase| (phase - i64::from(residue(phase))) / t).collect();
            let (least, most) = (multiples.iter().min().unwrap(), multiples.iter().max().unwrap());
            let span = most - least + 1;
            let scaled = multiples.iter().map(|multiple| ((multiple - least) * (t - 1) / span) as u32);
            assert!(multiples.len() == 4 * N && uneven(scaled).abs() < 5.0);
        }
    }
}
