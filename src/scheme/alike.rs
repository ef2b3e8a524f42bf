//! Whether the time of an answer tells who is exempt, not enrolled, or hit, under every scheme.
//!
//! Times are compared by the Mann-Whitney statistic: in the gate by a few runs, which find what is plain; by hand by as many as
//! `COTEJO_TIMING_RUNS` says, on the set that `COTEJO_TIMING_SET` names. 200 runs or more take larger templates, and must end with an area of
//! 0.45 to 0.55 for each two classes.

use std::collections::BTreeSet;
use std::time::Instant;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;

use super::bgv::Bgv;
use super::exchange::{SHAPE, iris, random, record, test_set};
use super::hybrid::Hybrid;
use super::tfhe::Tfhe;
use super::{Evaluator, Holder};
use crate::agreement::{ComparisonTerms, EyeRule, IRIS_MPC_SHAPE, SchemeChoice, Terms};
use crate::custodian::{AdmittedKey, Custodian, Gallery};
use crate::functional::SampleLayout;
use crate::parameters::ParameterSet;
use crate::planning;
use crate::querier::{Pending, Querier, SecretKey};
use crate::scheme::Opened;
use crate::template::{Eye, RealVector, Record, SubjectId, Template};
use crate::wire::{Answer, Query, Target};

pub(super) fn rng(step: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(step)
}

pub(super) fn id(name: &str) -> SubjectId {
    SubjectId::try_from(name.to_owned()).unwrap()
}

/// One person asked about, and records: of the person as "hit" and "exempt", of others as "plain" and "rich".
fn people(agreement: &Opened) -> (Vec<Record>, Vec<Record>) {
    let mut rng = rng(5);
    let rule = agreement.functional().eyes();
    let most = agreement.terms().limits.references_per_subject;
    let (mut probe, mut references) = (Vec::new(), Vec::new());
    for &eye in SampleLayout::fullest(rule).eyes() {
        let asked = random(agreement.shape(), &mut rng);
        probe.push(record("asked", eye, asked.clone()));
        let mut others = vec!["plain"];
        others.extend(std::iter::repeat_n("rich", most));
        if rule == EyeRule::Any && eye == Some(Eye::Right) {
            others.push("one eye");
        }
        references.extend(["hit", "exempt"].map(|name| record(name, eye, asked.clone())));
        references.extend(others.iter().map(|name| record(name, eye, random(agreement.shape(), &mut rng))));
        if matches!(agreement.terms().comparison, ComparisonTerms::InnerProduct { .. }) {
            references.push(record("zero", eye, Template::Vector(RealVector::new(vec![0.0; 100]).unwrap())));
        }
    }
    (probe, references)
}

/// Both parties, with a gallery of [`people`].
pub(super) struct World<S: Holder + Evaluator> {
    pub agreement: Opened,
    pub gallery: Gallery,
    pub key: AdmittedKey<S>,
    pub probe: Vec<Record>,
    secret: Vec<u8>,
}

impl<S: Holder + Evaluator> World<S> {
    /// Under the scheme's set for tests.
    pub(crate) fn new(terms: Terms) -> Self {
        Self::under(test_set(S::ID), terms)
    }

    fn under(set: &str, mut terms: Terms) -> Self {
        terms.encryption.parameter_set = set.to_owned();
        let agreement = planning::open(terms).unwrap();
        let (secret, public) = SecretKey::<S>::generate(&agreement, &mut rng(1)).unwrap();
        let (probe, references) = people(&agreement);
        let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
        let secret = secret.to_secret_bytes(&agreement).to_vec();
        Self { gallery, secret, key: AdmittedKey::new(public), probe, agreement }
    }

    pub(crate) fn querier(&self) -> Querier<S> {
        Querier::new(&self.agreement, SecretKey::read(self.secret.as_slice(), &self.agreement).unwrap())
    }

    pub(crate) fn custodian(&self, exempt: &[&str]) -> Custodian<'_, S> {
        let exempt: BTreeSet<SubjectId> = exempt.iter().map(|name| id(name)).collect();
        Custodian::new(&self.agreement, &self.gallery, 1 << 30).unwrap().exempting(&exempt)
    }

    pub(crate) fn ask(&self, querier: &Querier<S>, probe: &[Record], target: Target) -> (Query<S>, Pending) {
        querier.ask(probe.to_vec(), target, &mut rng(2)).unwrap()
    }

    pub(crate) fn answer(&self, custodian: &Custodian<'_, S>, query: &Query<S>, rng: &mut ChaCha20Rng) -> Answer<S> {
        custodian.answer(&self.key, query, rng, &()).unwrap()
    }
}

/// The chance that a run of the first class takes longer than one of the second (Mann-Whitney).
fn area(a: &[f64], b: &[f64]) -> f64 {
    let longer = |x: &f64, y: &f64| {
        if x > y {
            1.0
        } else if x == y {
            0.5
        } else {
            0.0
        }
    };
    let sum: f64 = a.iter().flat_map(|x| b.iter().map(move |y| longer(x, y))).sum();
    sum / (a.len() * b.len()) as f64
}

/// Runs of each class in turn, in an order drawn anew each time; then each pair of classes compared.
fn compare(what: &str, runs: usize, classes: &[&str], mut run: impl FnMut(usize)) {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(runs); classes.len()];
    let mut shuffle = rng(9);
    for &class in &order {
        run(class);
    }
    for _ in 0..runs {
        order.shuffle(&mut shuffle);
        for &class in &order {
            let start = Instant::now();
            run(class);
            times[class].push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    // A few runs on a busy machine tell only what is plain.
    let (least, most) = if runs >= 200 { (0.45, 0.55) } else { (0.02, 0.98) };
    let mut outside = Vec::new();
    for (class, times) in classes.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((runs - 1) as f64 * share) as usize];
        println!("{what}, {class}: {:.1} ms, quartiles {:.1} to {:.1}", at(0.5), at(0.25), at(0.75));
    }
    for a in 0..classes.len() {
        for b in a + 1..classes.len() {
            let area = area(&times[a], &times[b]);
            println!("{what}, {} against {}: {area:.3}, {runs} runs each", classes[a], classes[b]);
            if !(least..=most).contains(&area) {
                outside.push((classes[a], classes[b], area));
            }
        }
    }
    assert!(outside.is_empty(), "{what}: {outside:?}");
}

/// Terms for a few runs, and for many.
fn time_does_not_tell<S: Holder + Evaluator>(few: Terms, many: Terms) {
    let runs = std::env::var("COTEJO_TIMING_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(10);
    let named = std::env::var("COTEJO_TIMING_SET").ok();
    let named = named.filter(|set| ParameterSet::by_name(set).is_some_and(|set| set.scheme() == S::ID));
    let terms = if runs >= 200 { many } else { few };
    let world = World::<S>::under(named.as_deref().unwrap_or(test_set(S::ID)), terms);
    let querier = world.querier();
    // Other randomness in every run, as in life.
    let mut random = rng(4);

    let custodian = world.custodian(&["exempt"]);
    let classes = ["exempt", "nobody", "hit", "plain"];
    let queries = classes.map(|name| world.ask(&querier, &world.probe, Target::Subject(id(name))).0);
    compare("1:1", runs, &classes, |class| {
        world.answer(&custodian, &queries[class], &mut random);
    });

    // The same persons are exempt and others hit, or nobody does.
    let classes = ["nobody exempt, hit", "half exempt, hit", "half exempt, no hit", "all exempt"];
    let custodians = [&[][..], &["exempt", "plain"], &["exempt", "hit"], &["exempt", "hit", "plain", "rich"]]
        .map(|exempt| world.custodian(exempt));
    let query = world.ask(&querier, &world.probe, Target::Gallery).0;
    compare("1:N", runs, &classes, |class| {
        world.answer(&custodians[class], &query, &mut random);
    });
}

#[test]
fn time_does_not_tell_who_is_exempt_not_enrolled_or_hit_under_tfhe() {
    let [few, many] = [(SHAPE, 2), (IRIS_MPC_SHAPE, 15)].map(|(shape, most)| iris(shape, most, EyeRule::Ignored));
    time_does_not_tell::<Tfhe>(few, many);
}

#[test]
fn time_does_not_tell_who_is_exempt_not_enrolled_or_hit_under_hybrid() {
    let [few, many] = [(64, 8), (512, 180)].map(|(bits, most)| {
        let mut terms = Terms::hamming(bits, most).with_scheme(SchemeChoice::Hybrid);
        (terms.limits.references, terms.limits.references_per_subject) = (60_000, 2);
        terms
    });
    time_does_not_tell::<Hybrid>(few, many);
}

#[test]
fn time_does_not_tell_who_is_exempt_not_enrolled_or_hit_under_bgv() {
    let [few, many] = [(64, 8), (512, 180)].map(|(bits, most)| {
        let mut terms = Terms::hamming(bits, most).with_scheme(SchemeChoice::Bgv);
        (terms.limits.references, terms.limits.references_per_subject) = (60_000, 3);
        terms
    });
    time_does_not_tell::<Bgv>(few, many);
}
