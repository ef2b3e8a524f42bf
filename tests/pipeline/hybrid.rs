//! Scheme `hybrid` end to end on its production sets: faces that are far from the threshold are judged as by the oracle, every pair of them,
//! and the files are as long as was planned.
//!
//! A block of 32,768 pairs costs what it costs, however few stand in it.

use cotejo::agreement::{Disclosure, SchemeChoice, Terms};
use cotejo::custodian::Gallery;
use cotejo::functional::oracle::Oracle;
use cotejo::planning;
use cotejo::planning::{Pace, Plan};
use cotejo::querier::Verdict;
use cotejo::scheme::hybrid::Hybrid;
use cotejo::scheme::{GrayZone, Opened};
use cotejo::template::Record;
use cotejo::template::synthetic::Model;

use crate::anew::{Anew, by_the_oracle, exchange};
use crate::records;

const REFERENCES: u32 = 300;

fn agreement(set: &str, disclosure: Disclosure) -> Opened {
    let mut terms = Terms::face(512).with_scheme(SchemeChoice::Hybrid);
    terms.encryption.parameter_set = set.to_owned();
    terms.disclosure = disclosure;
    terms.limits.references = terms.limits.references.min(60_000);
    let agreement = planning::open(terms).unwrap();
    assert!(agreement.parameters().is_secure());
    agreement
}

/// Another picture of three who are enrolled, and two of strangers.
fn people(agreement: &Opened) -> (Gallery, Vec<Record>) {
    let gallery = Gallery::enrol(agreement, records(Model::Face, agreement, 0..REFERENCES, 0)).gallery.unwrap();
    let asked = [17, REFERENCES + 1, 42, REFERENCES - 1, REFERENCES + 7];
    let probes = asked.map(|subject| records(Model::Face, agreement, subject..subject + 1, 1).remove(0));
    (gallery, probes.to_vec())
}

/// No pair is so close to the threshold that noise could decide: it would have to be eight deviations long.
fn are_far_from_the_threshold(agreement: &Opened, gallery: &Gallery, probes: &[Record]) {
    let functional = agreement.functional();
    let deviation = GrayZone::of(agreement).score_deviation() * functional.phi_per_score();
    for probe in probes {
        let probe = functional.probe(&probe.template).unwrap();
        let oracle = Oracle::new(functional, &probe);
        for subject in gallery.subjects().map(Result::unwrap) {
            let distance = oracle.compare(&subject.references[0].1).phi.unsigned_abs() as f64 / deviation;
            assert!(distance > 8.0, "{} is {distance:.1} deviations from the threshold", subject.id);
        }
    }
}

/// No longer than planned, and shorter by a seed and a few lengths at most, which not every file has.
fn are_as_long_as_planned(agreement: &Opened, probes: usize, run: &Anew) {
    let pace = Pace::reference(agreement.parameters());
    let plan = Plan::new(agreement, REFERENCES as usize, probes, &pace, 0).unwrap();
    assert_eq!((plan.steps, plan.step), (run.steps, "decision"));
    for (name, planned, actual) in [
        ("key", plan.evaluation_key_bytes, run.evaluation_key_bytes),
        ("query", plan.query_bytes, run.query_bytes),
        ("answer", plan.answer_bytes, run.answer_bytes),
    ] {
        let over = planned.checked_sub(actual);
        assert!(over.is_some_and(|over| over <= 48), "{name}: {planned} bytes planned, {actual} in the file");
    }
}

#[test]
fn faces_are_found_in_a_gallery_and_strangers_are_not() {
    let agreement = agreement("hybrid-1024-2600", Disclosure::Any);
    let (gallery, probes) = people(&agreement);
    are_far_from_the_threshold(&agreement, &gallery, &probes);
    let expected: Vec<Verdict> =
        probes.iter().map(|probe| Verdict::Any(by_the_oracle(&agreement, &gallery, probe).contains(&true))).collect();
    assert_eq!(expected, [true, false, true, true, false].map(Verdict::Any));
    let run = exchange::<Hybrid>(&agreement, &gallery, &probes);
    assert_eq!(run.verdicts, expected);
    are_as_long_as_planned(&agreement, probes.len(), &run);
}

#[test]
fn each_face_of_a_gallery_is_judged_under_the_narrowest_gray_zone() {
    let agreement = agreement("hybrid-1024-6000", Disclosure::Each);
    let (gallery, probes) = people(&agreement);
    are_far_from_the_threshold(&agreement, &gallery, &probes);
    let expected: Vec<Verdict> =
        probes.iter().map(|probe| Verdict::Each(by_the_oracle(&agreement, &gallery, probe))).collect();
    assert_eq!(expected.iter().map(Verdict::hit).collect::<Vec<_>>(), [true, false, true, true, false]);
    let run = exchange::<Hybrid>(&agreement, &gallery, &probes);
    assert_eq!(run.verdicts, expected);
    are_as_long_as_planned(&agreement, probes.len(), &run);
}

/// A probe alone is tested by fewer diagonals than several are.
#[test]
#[ignore = "half a minute: a block of pairs and one of tests under a production set"]
fn a_face_alone_is_found_and_counted() {
    let agreement = agreement("hybrid-1024-2600", Disclosure::Count);
    let (gallery, probes) = people(&agreement);
    are_far_from_the_threshold(&agreement, &gallery, &probes);
    for probe in [&probes[..1], &probes[1..2]] {
        let hits = by_the_oracle(&agreement, &gallery, &probe[0]).into_iter().filter(|&hit| hit).count();
        assert_eq!(exchange::<Hybrid>(&agreement, &gallery, probe).verdicts, [Verdict::Count(hits)]);
    }
}
