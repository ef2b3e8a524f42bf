//! Faces that others made, under scheme `bgv` and `labelled`: every handle is that of a subject who hits by the oracle, and no other is told.

use std::time::Instant;

use cotejo::agreement::{ComparisonTerms, Disclosure, SchemeChoice, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey, Verdict};
use cotejo::scheme::bgv::Bgv;
use cotejo::template::{Filed, Handle, Record};
use cotejo::wire::Target;

use crate::encrypted::{compare, put_face, rng};

/// Hits of a probe that have handles.
const MOST: usize = 4;

fn handle(reference: &Record) -> Handle {
    Handle::new(format!("B-2026/{}", reference.subject)).unwrap()
}

#[test]
fn put_faces_have_the_handles_of_those_who_hit_by_the_oracle() {
    let (_, references, probes) = put_face("0.484");
    if probes.is_empty() {
        return;
    }
    let mut terms = Terms::face(49).with_scheme(SchemeChoice::Bgv);
    (terms.disclosure, terms.limits.hits_per_probe) = (Disclosure::Labelled, Some(MOST));
    if let ComparisonTerms::Cosine { threshold, .. } = &mut terms.comparison {
        *threshold = "0.484".parse().unwrap();
    }
    let agreement = planning::open(terms).unwrap();
    let filed = references.iter().map(|record| Filed { record: record.clone(), handle: Some(handle(record)) });
    let gallery = Gallery::enrol(&agreement, filed).gallery.unwrap();
    let hits = |probe: &Record| -> Vec<&Record> {
        references.iter().filter(|r| compare(&agreement, &probe.template, &r.template).hit).collect()
    };
    let closest = |probe: &Record| {
        references.iter().map(|r| compare(&agreement, &probe.template, &r.template).phi.abs()).min().unwrap()
    };
    let mut probes: Vec<Record> =
        probes.into_iter().filter(|p| agreement.functional().probe(&p.template).is_ok()).collect();
    probes.sort_by_key(closest);
    // Of those with a pair closest to the threshold one with no hit, with one, with several, with more than have handles.
    let with = |hit: std::ops::RangeInclusive<usize>| probes.iter().find(|p| hit.contains(&hits(p).len())).cloned();
    let chosen = [with(0..=0), with(1..=1), with(2..=MOST), with(MOST + 1..=50)];

    let (secret, public) = SecretKey::<Bgv>::generate(&agreement, &mut rng()).unwrap();
    let key = AdmittedKey::new(public);
    let querier = Querier::new(&agreement, secret);
    let custodian = Custodian::new(&agreement, &gallery, 0).unwrap();
    for probe in chosen.into_iter().flatten() {
        let clock = Instant::now();
        let (query, pending) = querier.ask(vec![probe.clone()], Target::Gallery, &mut rng()).unwrap();
        let answer = custodian.answer(&key, &query, &mut rng(), &()).unwrap();
        let (_, verdict) = pending.read(&querier, &answer).unwrap().remove(0);
        let hits = hits(&probe);
        println!(
            "put-face49 under {}: probe {}, {} hits, closest phi {}, {:.1?}",
            agreement.parameters().name(),
            probe.subject,
            hits.len(),
            closest(&probe),
            clock.elapsed()
        );
        let mut handles: Vec<_> = hits.iter().map(|reference| Some(handle(reference))).collect();
        handles.sort();
        let expected = if hits.len() > MOST { Verdict::MoreThan(MOST) } else { Verdict::Handles(handles) };
        assert_eq!(verdict, expected);
    }
}
