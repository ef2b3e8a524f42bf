//! Whether the work of an answer tells who is exempt, not enrolled, or hit: what can be counted is counted.
//!
//! A blind rotation skips the mask elements that are 0, and does nearly nothing for a sample without a mask. Time is compared in
//! [`crate::scheme::alike`].

use crate::agreement::{Disclosure, EyeRule, Limits, TemplateTerms, Terms};
use crate::custodian::Custodian;
use crate::querier::Verdict;
use crate::scheme::alike::{World, id, rng};
use crate::scheme::exchange::{SHAPE, iris};
use crate::scheme::tfhe::Tfhe;
use crate::template::Record;
use crate::wire::Target;

/// The verdict, and (bootstraps, idle ones).
fn asked(
    world: &World<Tfhe>,
    custodian: &Custodian<'_, Tfhe>,
    probe: &[Record],
    target: Target,
) -> (Verdict, (u64, u64)) {
    let querier = world.querier();
    let (query, pending) = world.ask(&querier, probe, target);
    world.key.prepared().effort.take();
    let answer = world.answer(custodian, &query, &mut rng(3));
    let effort = world.key.prepared().effort.take();
    assert_eq!(effort.0, custodian.steps(&query), "steps as announced");
    (pending.read(&querier, &answer).unwrap().remove(0).1, effort)
}

/// Agreements in which a person's references could show in as many ways as there are.
fn settings() -> Vec<Terms> {
    let several = |terms: Terms| {
        let limits = Limits { references_per_subject: 3, ..terms.limits.clone() };
        Terms { limits, ..terms }
    };
    let vector = |terms: Terms| Terms { template: TemplateTerms::Vector { dimension: 100 }, ..terms };
    let inner = Terms::inner_product(100, "1.0".parse().unwrap(), "0.1".parse().unwrap());
    vec![
        Terms::hamming(64, 8),
        several(Terms::hamming(64, 8)),
        Terms::face(100),
        vector(inner),
        several(iris(SHAPE, 2, EyeRule::Any)),
        several(iris(SHAPE, 1, EyeRule::All)),
    ]
}

#[test]
fn in_one_to_one_the_work_follows_from_the_agreement_whoever_is_asked_about() {
    for terms in settings() {
        let world = World::new(terms);
        let custodian = world.custodian(&["exempt"]);
        let either = world.agreement.functional().eyes() == EyeRule::Any;
        let left = world.probe.get(..1).filter(|_| either);
        for probe in [Some(world.probe.as_slice()), left].into_iter().flatten() {
            let names = ["plain", "hit", "rich", "exempt", "nobody", "one eye", "zero"];
            let mut expected = None;
            for name in names {
                let target = Target::Subject(id(name));
                let (verdict, (bootstraps, idle)) = asked(&world, &custodian, probe, target);
                let what =
                    format!("{:?}, {name}: {bootstraps} bootstraps, {idle} idle", world.agreement.terms().comparison);
                println!("{what}");
                assert_eq!(verdict, Verdict::Any(name == "hit"), "{what}");
                assert_eq!(idle, 0, "{what}");
                assert_eq!(bootstraps, *expected.get_or_insert(bootstraps), "{what}");
            }
        }
    }
}

/// The same agreement, that tells handles.
fn labelled(terms: Terms) -> Terms {
    let limits = Limits { references: 100, hits_per_probe: Some(1), ..terms.limits.clone() };
    Terms { disclosure: Disclosure::Labelled, limits, ..terms }
}

/// Nobody here has a handle: of who hits it is told that there is none.
#[test]
fn the_work_for_handles_follows_from_the_agreement_too() {
    for terms in settings().into_iter().skip(1).step_by(3) {
        let world = World::new(labelled(terms));
        let mut expected = None;
        for name in ["hit", "rich", "exempt", "nobody", "one eye"] {
            let (verdict, effort) =
                asked(&world, &world.custodian(&["exempt"]), &world.probe, Target::Subject(id(name)));
            let hits = if name == "hit" { vec![None] } else { Vec::new() };
            assert_eq!(verdict, Verdict::Handles(hits), "{name}");
            assert_eq!(effort, (*expected.get_or_insert(effort.0), 0), "{name}");
        }
        let mut expected = None;
        for (exempt, verdict) in [
            (&[][..], Verdict::MoreThan(1)),
            (&["exempt"], Verdict::Handles(vec![None])),
            (&["exempt", "hit"], Verdict::Handles(Vec::new())),
        ] {
            let (told, effort) = asked(&world, &world.custodian(exempt), &world.probe, Target::Gallery);
            assert_eq!(told, verdict, "{exempt:?}");
            assert_eq!(effort, (*expected.get_or_insert(effort.0), 0), "{exempt:?}");
        }
    }
}

#[test]
fn in_one_to_many_the_work_is_the_same_whoever_is_exempt() {
    let everybody = ["hit", "exempt", "plain", "rich", "one eye", "zero"];
    for (terms, disclosure) in settings().into_iter().flat_map(|terms| {
        [Disclosure::Any, Disclosure::Each, Disclosure::Count].map(|disclosure| (terms.clone(), disclosure))
    }) {
        let world = World::new(Terms { disclosure, ..terms });
        let either = world.agreement.functional().eyes() == EyeRule::Any;
        let left = world.probe.get(..1).filter(|_| either);
        for probe in [Some(world.probe.as_slice()), left].into_iter().flatten() {
            let mut expected = None;
            for exempt in [&[][..], &["exempt"], &["hit", "exempt", "one eye"], &everybody] {
                let (verdict, (bootstraps, idle)) = asked(&world, &world.custodian(exempt), probe, Target::Gallery);
                let what = format!(
                    "{:?}, {disclosure}, {exempt:?}: {bootstraps} bootstraps, {idle} idle",
                    world.agreement.terms().comparison
                );
                println!("{what}");
                let hits = |name: &&str| ["hit", "exempt"].contains(name) && !exempt.contains(name);
                let hits = everybody.iter().filter(|name| hits(name)).count();
                match verdict {
                    Verdict::Any(hit) => assert_eq!(hit, hits > 0, "{what}"),
                    Verdict::Count(count) => assert_eq!(count, hits, "{what}"),
                    Verdict::Each(bits) => assert_eq!(bits.iter().filter(|&&bit| bit).count(), hits, "{what}"),
                    other => panic!("{what}: {other:?}"),
                }
                assert_eq!(idle, 0, "{what}");
                assert_eq!(bootstraps, *expected.get_or_insert(bootstraps), "{what}");
            }
        }
    }
}
