//! An answer that is made again from the same randomness is the same, bit for bit: on another number of threads, with more memory, beside others.

use super::alike::{World, id, rng};
use super::bgv::Bgv;
use super::exchange::{SHAPE, iris, test_set};
use super::hybrid::Hybrid;
use super::tfhe::Tfhe;
use super::{Evaluator, Holder, Randomness};
use crate::agreement::{Disclosure, EyeRule, SchemeChoice, Terms};
use crate::custodian::Custodian;
use crate::wire::{Answer, Target};

fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn codes(scheme: SchemeChoice, disclosure: Disclosure) -> Terms {
    let mut terms = Terms { disclosure, ..Terms::hamming(64, 8) }.with_scheme(scheme);
    (terms.limits.references, terms.limits.references_per_subject) = (1000, 2);
    let hits = if scheme == SchemeChoice::Tfhe { 1 } else { 2 };
    terms.limits.hits_per_probe = (disclosure == Disclosure::Labelled).then_some(hits);
    terms
}

/// An answer's file, and the digests of its parts.
type Made = (Vec<u8>, Vec<u8>);

fn hold<S: Holder + Evaluator>(terms: Terms) {
    let what = format!("{} {:?}", test_set(S::ID), terms.disclosure);
    let world = World::<S>::new(terms);
    let querier = world.querier();
    for target in [Target::Gallery, Target::Subject(id("hit"))] {
        let (query, pending) = world.ask(&querier, &world.probe, target);
        let custodian = |memory| Custodian::<S>::new(&world.agreement, &world.gallery, memory).unwrap();
        let randomness = |seed: u8| Randomness::drawn(7, &mut rng(seed.into()));
        let answered = |threads, memory: u64, seed: u8, times: usize| -> Vec<Made> {
            let (custodian, randomness) = (custodian(memory), randomness(seed));
            let made = || {
                let (answer, parts) = custodian.answer_from(&world.key, &query, &randomness, &()).unwrap();
                (answer.to_bytes(&world.agreement).unwrap().to_vec(), parts.into_bytes())
            };
            on(threads, || (0..times).map(|_| made()).collect())
        };
        let first = answered(1, 0, 1, 1).remove(0);
        // Of several the first makes what the others find kept.
        for (threads, memory, times) in [(1, 0, 1), (2, 0, 1), (3, 1 << 30, 3)] {
            let again = answered(threads, memory, 1, times);
            assert!(again.iter().all(|made| *made == first), "{what}: {threads} threads, {memory} bytes");
        }
        let other = answered(2, 0, 2, 1).remove(0);
        assert!(other.0 != first.0, "{what}: nothing depends on the seed");
        // A digest is told: no guess at a reference can be tested against it.
        let told = |made: &Made| made.1.as_chunks::<32>().0.to_vec();
        assert!(
            told(&other).iter().all(|part| !told(&first).contains(part)),
            "{what}: a part is told without the seed"
        );
        let answer = Answer::<S>::read(first.0.as_slice(), &world.agreement, None).unwrap();
        assert!(pending.read(&querier, &answer).is_ok(), "{what}");

        let (parts, rest) = first.1.as_chunks::<32>();
        assert!(!parts.is_empty() && rest.is_empty(), "{what}");
        let part = |number| custodian(0).part_from(&world.key, &query, &randomness(1), number, &()).unwrap();
        for (number, expected) in parts.iter().enumerate() {
            assert_eq!(on(2, || part(number)).as_ref(), Some(expected), "{what}: part {number}");
        }
        assert_eq!(part(parts.len()), None, "{what}");
    }
}

#[test]
fn an_answer_under_bgv_is_made_again_bit_for_bit() {
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count, Disclosure::Labelled] {
        hold::<Bgv>(codes(SchemeChoice::Bgv, disclosure));
    }
}

#[test]
fn an_answer_under_hybrid_is_made_again_bit_for_bit() {
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count, Disclosure::Labelled] {
        hold::<Hybrid>(codes(SchemeChoice::Hybrid, disclosure));
    }
}

#[test]
fn an_answer_under_tfhe_is_made_again_bit_for_bit_on_one_machine() {
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count, Disclosure::Labelled] {
        hold::<Tfhe>(codes(SchemeChoice::Tfhe, disclosure));
    }
    hold::<Tfhe>(iris(SHAPE, 2, EyeRule::Any));
}
