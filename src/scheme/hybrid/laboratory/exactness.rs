//! Blocks of hostile samples: every slot decides as floor(b - <a, s>) >= 0 does in the clear.

use std::sync::OnceLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::samples::{Parties, Samples};
use crate::agreement::Disclosure;
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::hybrid::{HYBRID_2600, HYBRID_6000, HybridSet, INSECURE_HYBRID};
use crate::scheme::bgv::circuit::Masks;
use crate::scheme::bgv::engine::{Ciphertext, Plaintext};
use crate::scheme::bgv::residues::{divide_mod_t, residue};
use crate::scheme::bgv::shape::Judgement;

/// Keys of the insecure set, made once.
pub(in crate::scheme::hybrid) fn parties() -> &'static Parties {
    static PARTIES: OnceLock<Parties> = OnceLock::new();
    PARTIES.get_or_init(|| Parties::new(&INSECURE_HYBRID, &mut ChaCha20Rng::seed_from_u64(4)))
}

/// Values at the threshold and beside it, at both ends, all alike in places, and at random.
fn hostile(set: &HybridSet, rng: &mut ChaCha20Rng) -> Vec<i64> {
    let largest = Samples::largest(set);
    let count = set.block_size();
    let of_slot = |slot: usize, rng: &mut ChaCha20Rng| match (slot * 8 / count, slot % 8) {
        // An eighth of the slots the same number.
        (0, _) => -1,
        (1, _) => 0,
        (_, 0) => 0,
        (_, 1) => -1,
        (_, 2) => 1,
        (_, 3) => largest,
        (_, 4) => -largest,
        (_, 5) => -2,
        _ => rng.random_range(-largest..=largest),
    };
    (0..count).map(|slot| of_slot(slot, rng)).collect()
}

/// The slots of a ciphertext, its factor taken off.
fn opened(parties: &Parties, ciphertext: &Ciphertext) -> Vec<u32> {
    let ring = &parties.key.ring.ring;
    let phase = parties.secret.ring.wide_phase(ciphertext);
    assert!(phase.iter().all(|v| v.abs() < 2f64.powi(53)), "a phase beyond what a float holds exactly");
    let slots = ring.decode(phase.iter().map(|&v| residue(v as i64)).collect());
    slots.into_iter().map(|v| divide_mod_t(v, ciphertext.state.factor)).collect()
}

/// Every slot of a block, under every disclosure; returns how many were looked at.
fn every_slot_is_right(parties: &Parties, disclosure: Disclosure, rng: &mut ChaCha20Rng) {
    let set = parties.key.set;
    let samples = Samples::new(parties, disclosure, hostile(&set, rng), rng).unwrap();
    let circuit = &samples.circuit;
    let engine = circuit.engine(&parties.key.ring);
    let score = samples.score(parties).unwrap();
    let ring = &*parties.key.ring.ring;
    let masks = if disclosure == Disclosure::Each { circuit.masks(false) } else { Masks::None };
    let masks = masks.draw(ring, rng);
    let masks: Vec<&Plaintext> = masks.iter().collect();
    let judged = circuit.judge(&engine, Judgement::Aligned, &score, &masks, 1);
    let verdict = circuit.verdict(&engine, vec![judged], &[]).pop().unwrap();
    // What is masked in the end is added up over blocks of all shapes.
    let is_masked = matches!(disclosure, Disclosure::Any | Disclosure::Count);
    assert!(!is_masked || verdict.state.limbs == set.ring().public_limbs());
    let slots = opened(parties, &verdict);
    let wrong = samples.values.iter().zip(&slots).filter(|&(&v, &slot)| match disclosure {
        Disclosure::Each => (v >= 0) != (slot == 0),
        Disclosure::Any | Disclosure::Count | Disclosure::Labelled => slot != u32::from(v >= 0),
    });
    assert_eq!(wrong.count(), 0, "{set:?} {disclosure}");
    assert!(slots.iter().all(|&slot| slot < PLAINTEXT_MODULUS));
    println!("{set:?} {disclosure}: {} slots, margin {:.0} bits", slots.len(), circuit.margin);
}

#[test]
fn every_slot_decides_as_the_clear_does() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count, Disclosure::Labelled] {
        every_slot_is_right(parties(), disclosure, &mut rng);
    }
}

/// One block of each of the sets that is used, on production parameters.
#[test]
fn every_slot_of_a_production_block_decides_as_the_clear_does() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let any = Parties::new(&HYBRID_2600, &mut rng);
    every_slot_is_right(&any, Disclosure::Any, &mut rng);
    // The keys of sets that differ in B alone are of one kind.
    let mut each = any;
    each.key.set = HYBRID_6000;
    every_slot_is_right(&each, Disclosure::Each, &mut rng);
}
