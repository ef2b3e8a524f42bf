use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::agreement::{Disclosure, SchemeChoice};
use crate::functional::{Admission as _, Functional, Probe, Reference, demand_of, oracle};
use crate::parameters::Dimensions;
use crate::parameters::bgv::BgvSet;
use crate::parameters::security::{of_binary_lwe, of_ternary_rlwe};
use crate::scheme::bgv::{Bgv, admit};
use crate::scheme::{Crossing as _, Disclosed, Evaluator as _, Extent, Holder as _, Parts, Randomness, Task};
use crate::template::{Bits, Eye, Record, SubjectId, Template};

fn request(terms: Terms, disclosure: Disclosure, references: usize, target: Target) -> Request {
    let mut terms = Terms { disclosure, ..terms.with_scheme(SchemeChoice::Auto) };
    terms.limits.references = references;
    Request { terms, target, security_bits: 128.0 }
}

const EXACT: Target = Target::Exact { rounding: None };

/// Comparisons of every kind, each with what it must meet.
fn requests() -> Vec<Request> {
    vec![
        request(Terms::face(512), Disclosure::Any, 1_000, Target::Deviation(0.003)),
        request(Terms::face(128), Disclosure::Each, 1_000, Target::Deviation(0.006)),
        request(Terms::hamming(512, 180), Disclosure::Each, 100_000, EXACT),
        request(Terms::hamming(128, 40), Disclosure::Any, 1_000_000, EXACT),
        request(Terms::hamming(1024, 300), Disclosure::Count, 1_000, Target::Deviation(1.0)),
    ]
}

/// What every printed candidate promises, by the formulas that the named sets are held to.
fn keeps_its_promises(request: &Request, candidate: &Candidate) {
    assert!(candidate.set.security_bits() >= request.security_bits);
    match candidate.set.dimensions() {
        // Its security is the estimator's own figure.
        _ if !candidate.set.name().is_empty() => assert!(candidate.set.is_secure()),
        Dimensions::Tfhe(set) => {
            for (dimension, noise) in
                [(set.lwe_dimension(), set.query_noise_log2), (set.bootstrapped_dimension(), set.glwe_noise_log2)]
            {
                assert!(of_binary_lwe(dimension, noise).bits >= request.security_bits, "{set:?}");
            }
            assert!(set.log2_gate_failure() < -128.0 && set.log2_verdict_failure() < -128.0, "{set:?}");
            assert!(set.log2_sanitised_distance() < -40.0, "{set:?}");
        }
        Dimensions::Bgv(set) => {
            assert!(of_ternary_rlwe(set.ring_log2, set.log2_modulus()).bits >= request.security_bits, "{set:?}");
            let terms = candidate.length.and_then(|(length, _)| of_lengths(&request.terms, length, length));
            let demand = demand_of(terms.as_ref().unwrap_or(&request.terms), true).unwrap();
            assert_eq!(admit(set, &demand), Ok(()), "{set:?}");
            assert_eq!(candidate.noise, 0.0);
        }
        Dimensions::Hybrid(set) => {
            let query = of_binary_lwe(set.query().lwe_dimension(), set.probe_noise_log2).bits;
            let ring = of_ternary_rlwe(set.block_log2, set.log2_modulus()).bits;
            assert!(query.min(ring) >= request.security_bits, "{set:?}");
            let (terms, _) = under(&request.terms, &candidate.set).unwrap();
            let demand = demand_of(&terms, false).unwrap();
            assert!(candidate.set.admit(&demand).is_ok(), "{set:?}");
        }
    }
}

#[test]
fn what_is_found_meets_the_target_and_every_other_demand_and_none_beats_another() {
    for request in requests() {
        let survey = request.search(&()).unwrap();
        assert!(!survey.frontier.is_empty(), "{survey:?}");
        for (index, candidate) in survey.frontier.iter().enumerate() {
            let target = match (request.target, survey.rounding_limit) {
                (Target::Exact { .. }, rounding) => Target::Exact { rounding },
                (target, _) => target,
            };
            assert!(candidate.meets(target), "{candidate:?}");
            keeps_its_promises(&request, candidate);
            assert!(survey.frontier.iter().all(|other| !dominates(other, candidate)), "{candidate:?}");
            assert!(survey.frontier.iter().take(index).all(|sooner| sooner.seconds() <= candidate.seconds()));
        }
        assert!(survey.weighed >= survey.frontier.len() as u64);
        assert!(survey.closest.is_none() && survey.shortfalls.is_empty());
    }
}

#[test]
fn a_set_as_secure_as_a_named_one_of_scheme_tfhe_is_not_better_in_everything() {
    for target in [0.01, 0.0025] {
        let mut request = request(Terms::face(512), Disclosure::Any, 1_000, Target::Deviation(target));
        request.terms = request.terms.with_scheme(SchemeChoice::Tfhe);
        let named = Request { security_bits: 128.0, ..request.clone() }.search(&()).unwrap().named.unwrap();
        request.security_bits = named.set.security_bits();
        let survey = request.search(&()).unwrap();
        let better: Vec<_> = survey.frontier.iter().filter(|found| dominates(found, &named)).collect();
        assert!(better.is_empty(), "{named:?} is dominated by {better:#?}");
    }
}

#[test]
fn what_cannot_be_met_is_said_with_the_closest_that_was_found() {
    // No set of scheme tfhe has a gray zone this narrow.
    let mut narrow = request(Terms::face(512), Disclosure::Any, 1_000, Target::Deviation(1e-5));
    let survey = narrow.search(&()).unwrap();
    let closest = survey.closest.unwrap();
    assert!(survey.frontier.is_empty() && closest.deviation() > 1e-5 && closest.deviation() < 0.003);
    assert!(survey.refused.contains_key(&CandidateRefusal::Deviation), "{:?}", survey.refused);
    // An iris has more coordinates than half the slots.
    narrow = request(Terms::iris(crate::agreement::IRIS_MPC_SHAPE), Disclosure::Any, 1_000, EXACT);
    let survey = narrow.search(&()).unwrap();
    assert!(survey.frontier.is_empty() && survey.closest.is_none());
    assert!(survey.shortfalls.iter().any(|text| text.contains("19200 coordinates")), "{:?}", survey.shortfalls);
    // As secure as no ring of these is with room for a circuit.
    narrow = request(Terms::hamming(128, 40), Disclosure::Any, 1_000, EXACT);
    narrow.security_bits = 256.0;
    let survey = narrow.search(&()).unwrap();
    assert!(survey.frontier.is_empty() && !survey.shortfalls.is_empty(), "{survey:?}");
}

#[test]
fn a_search_can_be_stopped() {
    struct Impatient;
    impl Progress for Impatient {
        fn advance(&self, _: u64) {}
        fn stop(&self) -> bool {
            true
        }
    }
    assert_eq!(requests()[0].search(&Impatient).unwrap_err(), Stopped);
}

/// Every verdict of a block under a found set, through its bytes, against the oracle's.
fn runs(request: &Request, set: &BgvSet) {
    println!("{set:?}");
    let functional = Functional::new(&request.terms, &ParameterSet::unnamed(Dimensions::Bgv(*set))).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let dimension = functional.coordinates();
    let template = |rng: &mut ChaCha20Rng| Bits::new((0..dimension).map(|_| rng.random())).unwrap();
    let (secret, public) = Bgv::generate(set, &mut rng);
    let key = Bgv::prepare_key(public, set);
    let subject = SubjectId::try_from("p".to_owned()).unwrap();
    let asked = template(&mut rng);
    let record = Record { subject, eye: None, template: Template::Bits(asked.clone()) };
    let probes = [Probe::new(&functional, &[record]).unwrap()];
    // From equal to far beyond the threshold, a bit more in each, and everything in between more than once.
    let beside = |differing: usize| {
        Bits::new(asked.iter().enumerate().map(|(index, bit)| bit ^ (index * 7 % dimension < differing))).unwrap()
    };
    let subjects: Vec<Vec<(Option<Eye>, Reference)>> =
        (0..3 * dimension).map(|row| vec![(None, Reference::Bits(beside(row % dimension)))]).collect();
    let layouts = [probes[0].layout()];
    let disclosure = request.terms.disclosure;
    let task = Task {
        functional: &functional,
        disclosure,
        layouts: &layouts,
        subjects: &subjects,
        one_subject: false,
        references_per_subject: 1,
    };
    let extent = Extent {
        functional: &functional,
        disclosure,
        probes: 1,
        samples: 1,
        verdicts_per_probe: task.verdicts_per_probe(),
    };
    let query = Bgv::encrypt(&secret, &functional, &probes, &mut rng).encode().unwrap();
    let query = crate::scheme::bgv::ciphertexts::EncryptedProbes::decode(&query, set, &extent).unwrap();
    let gallery = Bgv::prepare_gallery(set, &functional, 0);
    let answer =
        Bgv::answer(&key, &gallery, &task, &query, &Randomness::drawn(1, &mut rng), &mut Parts::default(), &())
            .unwrap();
    let bits: Vec<bool> = subjects.iter().map(|s| oracle::subject_verdict(&functional, &probes[0], s)).collect();
    let hits = bits.iter().filter(|&&bit| bit).count();
    assert!(hits > 0 && hits < bits.len());
    assert_eq!(Bgv::decrypt(&secret, &extent, &answer), [Disclosed::Bits(bits)]);
}

#[test]
fn found_sets_decide_as_the_oracle_does() {
    let request = request(Terms::hamming(128, 40), Disclosure::Each, 20_000, EXACT);
    let survey = request.search(&()).unwrap();
    let sets = || survey.frontier.iter().filter_map(|found| found.set.bgv());
    // The cheapest, the one with the largest digits, and one that stops at the square.
    let chosen = [sets().next(), sets().max_by_key(|set| set.digit), sets().find(|set| set.one_squaring)];
    let mut ran: Vec<BgvSet> = Vec::new();
    for set in chosen.into_iter().flatten() {
        if !ran.contains(&set) {
            runs(&request, &set);
            ran.push(set);
        }
    }
    assert!(ran.len() > 1, "{ran:?}");
}
