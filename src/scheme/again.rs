//! An answer that is made again from the same randomness is the same, bit for bit: on another number of threads, with more memory, beside others.

use super::alike::{World, id};
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
    terms
}

fn hold<S: Holder + Evaluator>(terms: Terms) {
    let what = format!("{} {:?}", test_set(S::ID), terms.disclosure);
    let world = World::<S>::new(terms);
    let querier = world.querier();
    for target in [Target::Gallery, Target::Subject(id("hit"))] {
        let (query, pending) = world.ask(&querier, &world.probe, target);
        let answered = |threads, memory: u64, seed: u8, times: usize| {
            let custodian = Custodian::<S>::new(&world.agreement, &world.gallery, memory).unwrap();
            let randomness = Randomness::drawn(7, &mut super::alike::rng(seed.into()));
            let made = || {
                (0..times)
                    .map(|_| custodian.answer_from(&world.key, &query, &randomness, &()).unwrap())
                    .map(|answer| answer.to_bytes(&world.agreement).unwrap().to_vec())
                    .collect::<Vec<_>>()
            };
            on(threads, made)
        };
        let first = answered(1, 0, 1, 1).remove(0);
        // Of several the first makes what the others find kept.
        for (threads, memory, times) in [(1, 0, 1), (2, 0, 1), (3, 1 << 30, 3)] {
            assert!(
                answered(threads, memory, 1, times).iter().all(|answer| *answer == first),
                "{what}: {threads} threads, {memory} bytes"
            );
        }
        assert!(answered(2, 0, 2, 1).remove(0) != first, "{what}: nothing depends on the seed");
        let answer = Answer::<S>::read(first.as_slice(), &world.agreement, None).unwrap();
        assert!(pending.read(&querier, &answer).is_ok(), "{what}");
    }
}

#[test]
fn an_answer_under_bgv_is_made_again_bit_for_bit() {
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count] {
        hold::<Bgv>(codes(SchemeChoice::Bgv, disclosure));
    }
}

#[test]
fn an_answer_under_hybrid_is_made_again_bit_for_bit() {
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count] {
        hold::<Hybrid>(codes(SchemeChoice::Hybrid, disclosure));
    }
}

#[test]
fn an_answer_under_tfhe_is_made_again_bit_for_bit_on_one_machine() {
    for disclosure in [Disclosure::Any, Disclosure::Each, Disclosure::Count] {
        hold::<Tfhe>(codes(SchemeChoice::Tfhe, disclosure));
    }
    hold::<Tfhe>(iris(SHAPE, 2, EyeRule::Any));
}
