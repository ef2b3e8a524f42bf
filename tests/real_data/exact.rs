//! Faces that others made, under scheme `bgv`: every verdict equals the oracle's.

use std::time::Instant;

use cotejo::agreement::{ComparisonTerms, Disclosure, SchemeChoice, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey, Verdict};
use cotejo::scheme::bgv::Bgv;
use cotejo::template::Record;
use cotejo::wire::Target;

use crate::encrypted::{compare, put_face, rng};

#[test]
fn put_faces_are_judged_exactly_as_by_the_oracle_under_bgv() {
    let (_, references, probes) = put_face("0.484");
    if probes.is_empty() {
        return;
    }
    let mut terms = Terms::face(49).with_scheme(SchemeChoice::Bgv);
    terms.disclosure = Disclosure::Each;
    if let ComparisonTerms::Cosine { threshold, .. } = &mut terms.comparison {
        *threshold = "0.484".parse().unwrap();
    }
    let agreement = planning::open(terms).unwrap();
    let enrolment = Gallery::enrol(&agreement, references.clone());
    assert!(enrolment.refused.is_empty(), "{:?}", enrolment.refused);
    let gallery = enrolment.gallery.unwrap();
    // Those with a pair closest to the threshold.
    let closest = |probe: &Record| {
        references.iter().map(|r| compare(&agreement, &probe.template, &r.template).phi.abs()).min().unwrap()
    };
    let mut probes: Vec<Record> =
        probes.into_iter().filter(|p| agreement.functional().probe(&p.template).is_ok()).collect();
    probes.sort_by_key(closest);
    let chosen: Vec<Record> = probes.into_iter().step_by(3).take(3).collect();

    let clock = Instant::now();
    let (secret, public) = SecretKey::<Bgv>::generate(&agreement, &mut rng()).unwrap();
    let key = AdmittedKey::new(public);
    let querier = Querier::new(&agreement, secret);
    let custodian = Custodian::new(&agreement, &gallery, 0).unwrap();
    // A query for each: what one answer may leak is a bound on all its blocks and probes together.
    let ask = |probe: &Record| {
        let (query, pending) = querier.ask(vec![probe.clone()], Target::Gallery, &mut rng()).unwrap();
        let answer = custodian.answer(&key, &query, &mut rng(), &()).unwrap();
        pending.read(&querier, &answer).unwrap().remove(0)
    };
    let verdicts: Vec<_> = chosen.iter().map(ask).collect();
    println!("put-face49 under {}: {:.1?}", agreement.parameters().name(), clock.elapsed());
    for (probe, (_, verdict)) in chosen.iter().zip(verdicts) {
        let expected: Vec<bool> = gallery
            .subjects()
            .map(|s| {
                let id = s.unwrap().id;
                let reference = references.iter().find(|r| r.subject == id).unwrap();
                compare(&agreement, &probe.template, &reference.template).hit
            })
            .collect();
        println!(
            "  probe {}: {} hits, closest phi {}",
            probe.subject,
            expected.iter().filter(|&&bit| bit).count(),
            closest(probe)
        );
        assert_eq!(verdict, Verdict::Each(expected));
    }
}
