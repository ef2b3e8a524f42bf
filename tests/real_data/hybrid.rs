//! Faces that others made, under scheme `hybrid`: a verdict that is not the oracle's lies in the gray zone.

use std::time::Instant;

use cotejo::agreement::SchemeChoice;
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::hybrid::Hybrid;
use cotejo::template::Record;
use cotejo::wire::Target;

use crate::encrypted::{compare, hold_against_the_oracle, put_face, rng};

/// As many probes against fifty references as one block has pairs.
#[test]
fn a_block_of_put_faces_is_judged_as_by_the_oracle_but_for_the_gray_zone() {
    let (agreement, references, probes) = put_face("0.484");
    if probes.is_empty() {
        return;
    }
    let mut terms = agreement.terms().clone().with_scheme(SchemeChoice::Hybrid);
    terms.encryption.parameter_set = "hybrid-1024-6000".to_owned();
    let agreement = planning::open(terms).unwrap();
    let enrolment = Gallery::enrol(&agreement, references.clone());
    assert!(enrolment.refused.is_empty(), "{:?}", enrolment.refused);
    let gallery = enrolment.gallery.unwrap();
    // Those with a pair closest to the threshold: where encryption could differ at all.
    let closest = |probe: &Record| {
        references.iter().map(|r| compare(&agreement, &probe.template, &r.template).phi.abs()).min().unwrap()
    };
    let mut probes = probes;
    probes.sort_by_cached_key(closest);
    probes.truncate(32_768 / references.len());

    let clock = Instant::now();
    let (secret, public) = SecretKey::<Hybrid>::generate(&agreement, &mut rng()).unwrap();
    let key = AdmittedKey::new(public);
    let querier = Querier::new(&agreement, secret);
    let (query, pending) = querier.ask(probes.clone(), Target::Gallery, &mut rng()).unwrap();
    let custodian = Custodian::new(&agreement, &gallery, 0).unwrap();
    let answer = custodian.answer(&key, &query, &mut rng(), &()).unwrap();
    let verdicts = pending.read(&querier, &answer).unwrap();
    println!("put-face49 under {}: {:.1?}", agreement.parameters().name(), clock.elapsed());
    hold_against_the_oracle(&agreement, &references, &probes, verdicts);
}
