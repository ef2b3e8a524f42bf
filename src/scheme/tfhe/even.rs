//! Whether the work of an answer, or the time it takes, tells who is exempt, not enrolled, or hit.
//!
//! What can be counted is counted: a blind rotation skips the mask elements that are 0, and does nearly nothing for a sample without a mask.
//! Time is compared by the Mann-Whitney statistic: in the gate a few runs, which find what is plain; by hand as many as
//! `COTEJO_TIMING_RUNS` says (200 or more take irises of 12,800 bits).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::Tfhe;
use super::threshold::Exponents;
use crate::agreement::{Agreement, ComparisonTerms, Disclosure, EyeRule, IRIS_MPC_SHAPE, TemplateTerms, Terms};
use crate::custodian::{AdmittedKey, Custodian, Gallery};
use crate::querier::{Querier, SecretKey, Verdict};
use crate::template::{
    Bits, Eye, IrisCode, IrisShape, MaskSharing, RealVector, Record, SubjectId, Template, TemplateShape,
};
use crate::wire::Target;

/// What bootstraps under one key have done.
#[derive(Default)]
pub(super) struct Effort {
    bootstraps: AtomicU64,
    /// Mask elements that a rotation does not skip.
    rotations: AtomicU64,
    /// Bootstraps of samples that have few of them.
    idle: AtomicU64,
}

impl Effort {
    pub(super) fn note(&self, batch: &[Exponents]) {
        for exponents in batch {
            let (rotations, all) = exponents.rotations();
            self.bootstraps.fetch_add(1, Ordering::Relaxed);
            self.rotations.fetch_add(rotations as u64, Ordering::Relaxed);
            // Of a mask without a bias one element in 2 N is 0.
            self.idle.fetch_add(u64::from(rotations < all * 9 / 10), Ordering::Relaxed);
        }
    }

    /// Bootstraps, and how many of them had nothing to do, since last asked.
    fn take(&self) -> (u64, u64) {
        self.rotations.swap(0, Ordering::Relaxed);
        (self.bootstraps.swap(0, Ordering::Relaxed), self.idle.swap(0, Ordering::Relaxed))
    }
}

const SHAPE: IrisShape = IrisShape { rows: 4, columns: 32, channels: 4, mask: MaskSharing::ByPair };

fn rng(step: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(step)
}

fn id(name: &str) -> SubjectId {
    SubjectId::try_from(name.to_owned()).unwrap()
}

fn iris(shape: IrisShape, rotations: u32, eyes: EyeRule) -> Terms {
    let mut terms = Terms::iris(shape);
    if let ComparisonTerms::FractionalHamming { rotations: r, eyes: e, minimum_common_bits, .. } = &mut terms.comparison
    {
        (*r, *e) = (rotations, eyes);
        *minimum_common_bits = (shape.bits() / 4) as u32;
    }
    terms
}

fn template(shape: TemplateShape, rng: &mut ChaCha20Rng) -> Template {
    match shape {
        TemplateShape::Bits(length) => Template::Bits(Bits::new((0..length).map(|_| rng.random())).unwrap()),
        TemplateShape::Vector(dimension) => {
            let x = (0..dimension).map(|_| rng.random_range(-0.08..0.08)).collect();
            Template::Vector(RealVector::new(x).unwrap())
        }
        TemplateShape::Iris(shape) => {
            let code = Bits::new((0..shape.bits()).map(|_| rng.random())).unwrap();
            let mask = Bits::new((0..shape.bits()).map(|_| true)).unwrap();
            Template::Iris(IrisCode::new(shape, code, mask).unwrap())
        }
    }
}

fn eyes(agreement: &Agreement) -> Vec<Option<Eye>> {
    match agreement.functional().eyes() {
        EyeRule::Ignored => vec![None],
        EyeRule::Any | EyeRule::All => vec![Some(Eye::Left), Some(Eye::Right)],
    }
}

/// One person asked about, and records: of the person as "hit" and "exempt", of others as "plain" and "rich".
fn people(agreement: &Agreement) -> (Vec<Record>, Vec<Record>) {
    let mut rng = rng(5);
    let most = agreement.terms().limits.references_per_subject;
    let (mut probe, mut references) = (Vec::new(), Vec::new());
    for eye in eyes(agreement) {
        let mut record = |name: &str, template| references.push(Record { subject: id(name), eye, template });
        let asked = template(agreement.shape(), &mut rng);
        probe.push(Record { subject: id("asked"), eye, template: asked.clone() });
        record("hit", asked.clone());
        record("exempt", asked);
        record("plain", template(agreement.shape(), &mut rng));
        for _ in 0..most {
            record("rich", template(agreement.shape(), &mut rng));
        }
        if agreement.functional().eyes() == EyeRule::Any && eye == Some(Eye::Right) {
            record("one eye", template(agreement.shape(), &mut rng));
        }
        if matches!(agreement.terms().comparison, ComparisonTerms::InnerProduct { .. }) {
            record("zero", Template::Vector(RealVector::new(vec![0.0; 100]).unwrap()));
        }
    }
    (probe, references)
}

/// Both parties, with a gallery of [`people`].
struct World {
    agreement: Agreement,
    gallery: Gallery,
    querier_key: Vec<u8>,
    key: AdmittedKey<Tfhe>,
    probe: Vec<Record>,
}

impl World {
    fn new(mut terms: Terms, set: &str) -> Self {
        terms.encryption.parameter_set = set.to_owned();
        let agreement = Agreement::new(terms).unwrap();
        let (secret, public) = SecretKey::<Tfhe>::generate(&agreement, &mut rng(1)).unwrap();
        let (probe, references) = people(&agreement);
        let gallery = Gallery::enrol(&agreement, references).gallery.unwrap();
        let querier_key = secret.to_secret_bytes(&agreement).to_vec();
        Self { gallery, querier_key, key: AdmittedKey::new(public), probe, agreement }
    }

    fn querier(&self) -> Querier<'_, Tfhe> {
        Querier::new(&self.agreement, SecretKey::read(self.querier_key.as_slice(), &self.agreement).unwrap())
    }

    fn custodian(&self, exempt: &[&str]) -> Custodian<'_, Tfhe> {
        let exempt: BTreeSet<SubjectId> = exempt.iter().map(|name| id(name)).collect();
        Custodian::new(&self.agreement, &self.gallery, 0).unwrap().exempting(&exempt)
    }

    /// The verdict, and (bootstraps, idle ones).
    fn asked(&self, custodian: &Custodian<'_, Tfhe>, probe: &[Record], target: Target) -> (Verdict, (u64, u64)) {
        let querier = self.querier();
        let (query, pending) = querier.ask(probe.to_vec(), target, &mut rng(2)).unwrap();
        self.key.prepared().effort.take();
        let answer = custodian.answer(&self.key, &query, &mut rng(3), &()).unwrap();
        let effort = self.key.prepared().effort.take();
        assert_eq!(effort.0, custodian.steps(&query), "steps as announced");
        (pending.read(&querier, &answer).unwrap().remove(0).1, effort)
    }
}

/// Agreements in which a person's references could show in as many ways as there are.
fn settings() -> Vec<Terms> {
    let several = |terms: Terms| {
        let limits = crate::agreement::Limits { references_per_subject: 3, ..terms.limits.clone() };
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
        let world = World::new(terms, "insecure-test");
        let custodian = world.custodian(&["exempt"]);
        let either = world.agreement.functional().eyes() == EyeRule::Any;
        let left = world.probe.get(..1).filter(|_| either);
        for probe in [Some(world.probe.as_slice()), left].into_iter().flatten() {
            let names = ["plain", "hit", "rich", "exempt", "nobody", "one eye", "zero"];
            let mut expected = None;
            for name in names {
                let target = Target::Subject(id(name));
                let (verdict, (bootstraps, idle)) = world.asked(&custodian, probe, target);
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

#[test]
fn in_one_to_many_the_work_is_the_same_whoever_is_exempt() {
    let everybody = ["hit", "exempt", "plain", "rich", "one eye", "zero"];
    for (terms, disclosure) in settings().into_iter().flat_map(|terms| {
        [Disclosure::Any, Disclosure::Each, Disclosure::Count].map(|disclosure| (terms.clone(), disclosure))
    }) {
        let world = World::new(Terms { disclosure, ..terms }, "insecure-test");
        let either = world.agreement.functional().eyes() == EyeRule::Any;
        let left = world.probe.get(..1).filter(|_| either);
        for probe in [Some(world.probe.as_slice()), left].into_iter().flatten() {
            let mut expected = None;
            for exempt in [&[][..], &["exempt"], &["hit", "exempt", "one eye"], &everybody] {
                let (verdict, (bootstraps, idle)) = world.asked(&world.custodian(exempt), probe, Target::Gallery);
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
                }
                assert_eq!(idle, 0, "{what}");
                assert_eq!(bootstraps, *expected.get_or_insert(bootstraps), "{what}");
            }
        }
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

#[test]
fn time_does_not_tell_who_is_exempt_not_enrolled_or_hit() {
    let runs = std::env::var("COTEJO_TIMING_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(10);
    let set = std::env::var("COTEJO_TIMING_SET").unwrap_or_else(|_| "insecure-test".to_owned());
    let (shape, rotations) = if runs >= 200 { (IRIS_MPC_SHAPE, 15) } else { (SHAPE, 2) };
    let world = World::new(iris(shape, rotations, EyeRule::Ignored), &set);
    let querier = world.querier();
    let mut random = rng(4);

    let custodian = world.custodian(&["exempt"]);
    let classes = ["exempt", "nobody", "hit", "plain"];
    let queries =
        classes.map(|name| querier.ask(world.probe.clone(), Target::Subject(id(name)), &mut random).unwrap().0);
    compare("1:1", runs, &classes, |class| {
        custodian.answer(&world.key, &queries[class], &mut random, &()).unwrap();
    });

    // The same persons are exempt and others hit, or nobody does.
    let classes = ["nobody exempt, hit", "half exempt, hit", "half exempt, no hit", "all exempt"];
    let custodians = [&[][..], &["exempt", "plain"], &["exempt", "hit"], &["exempt", "hit", "plain", "rich"]]
        .map(|exempt| world.custodian(exempt));
    let query = querier.ask(world.probe.clone(), Target::Gallery, &mut random).unwrap().0;
    compare("1:N", runs, &classes, |class| {
        custodians[class].answer(&world.key, &query, &mut random, &()).unwrap();
    });
}
