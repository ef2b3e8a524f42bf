//! Whole exchanges on the production parameter set, through the files that cross, against the clear oracle.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]

mod anew;
mod bgv;
mod hybrid;

use std::sync::OnceLock;
use std::time::Duration;

use cotejo::agreement::{ComparisonTerms, IRIS_MPC_SHAPE, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::functional::{Probe, oracle};
use cotejo::planning;
use cotejo::planning::{Pace, Plan};
use cotejo::querier::{Querier, SecretKey, Verdict};
use cotejo::scheme::Opened;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::template::Record;
use cotejo::template::synthetic::{Model, Population};
use cotejo::wire::{Answer, EvaluationKey, Query, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// Scheme `bgv` takes and gives back megabytes at every step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Randomness of one step; another seed for each, as in real use.
fn rng(step: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(step)
}

struct Keys {
    agreement: Opened,
    secret: Vec<u8>,
    public: Vec<u8>,
    admitted: AdmittedKey<Tfhe>,
}

/// Production keys, made once; the same keys serve every agreement.
fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let agreement = planning::open(Terms::face(512)).unwrap();
        assert!(agreement.parameters().is_secure());
        let (secret, public) = SecretKey::<Tfhe>::generate(&agreement, &mut rng(1)).unwrap();
        let (secret, public) = (secret.to_secret_bytes(&agreement).to_vec(), public.to_bytes(&agreement).to_vec());
        let admitted = AdmittedKey::new(EvaluationKey::read(public.as_slice(), &agreement).unwrap());
        Keys { agreement, secret, public, admitted }
    })
}

/// The sizes of the files that crossed, and the verdicts.
struct Exchange {
    query_bytes: usize,
    answer_bytes: usize,
    steps: u64,
    verdicts: Vec<Verdict>,
}

fn exchange(agreement: &Opened, gallery: &Gallery, probes: Vec<Record>, target: Target) -> Exchange {
    let keys = keys();
    let querier = Querier::new(agreement, SecretKey::<Tfhe>::read(keys.secret.as_slice(), &keys.agreement).unwrap());
    let (query, pending) = querier.ask(probes, target, &mut rng(2)).unwrap();
    let query = query.to_bytes(agreement).unwrap();
    let query_bytes = query.len();
    let query = Query::<Tfhe>::read(query.as_slice(), agreement, Some(keys.admitted.id())).unwrap();
    let custodian = Custodian::new(agreement, gallery, 0).unwrap();
    let answer = custodian.answer(&keys.admitted, &query, &mut rng(3), &()).unwrap().to_bytes(agreement).unwrap();
    let answer_bytes = answer.len();
    let answer = Answer::<Tfhe>::read(answer.as_slice(), agreement, Some(querier.key().id())).unwrap();
    let verdicts = pending.read(&querier, &answer).unwrap().into_iter().map(|(_, verdict)| verdict).collect();
    Exchange { query_bytes, answer_bytes, steps: custodian.steps(&query), verdicts }
}

fn by_the_oracle(agreement: &Opened, gallery: &Gallery, probe: &Record) -> Verdict {
    let functional = agreement.functional();
    let probe = Probe::new(functional, std::slice::from_ref(probe)).unwrap();
    let mut subjects = gallery.subjects().map(Result::unwrap);
    Verdict::Any(subjects.any(|subject| oracle::subject_verdict(functional, &probe, &subject.references)))
}

fn records(model: Model, agreement: &Opened, subjects: std::ops::Range<u32>, sample: u16) -> Vec<Record> {
    let population = Population::new(model, agreement.shape(), 3).unwrap();
    population.records(subjects, sample..sample + 1).collect::<Result<_, _>>().unwrap()
}

/// Predicted bytes within 2 % and 64 bytes of the files, predicted bootstraps exactly those that are counted.
fn hold_against_the_plan(agreement: &Opened, references: usize, probes: usize, run: &Exchange) {
    let plan = Plan::new(agreement, references, probes, &Pace::Tfhe(Duration::from_millis(5)), 0).unwrap();
    assert_eq!((plan.steps, plan.step), (run.steps, "bootstrap"));
    for (predicted, actual) in [(plan.query_bytes, run.query_bytes), (plan.answer_bytes, run.answer_bytes)] {
        let error = (predicted as f64 - actual as f64).abs();
        assert!(error <= 64.0 + 0.02 * actual as f64, "{predicted} bytes predicted, {actual} in the file");
    }
}

#[test]
fn the_keys_that_cross_are_as_small_as_promised() {
    let keys = keys();
    let plan = Plan::new(&keys.agreement, 1, 1, &Pace::Tfhe(Duration::from_millis(5)), 0).unwrap();
    assert!(keys.public.len() <= 32_000_000);
    assert!((plan.evaluation_key_bytes as f64 / keys.public.len() as f64 - 1.0).abs() < 0.001);
    assert!(keys.secret.len() < 256, "the secret key is one bit a coefficient");
}

#[test]
fn faces_are_found_in_a_gallery_and_strangers_are_not() {
    let agreement = &keys().agreement;
    let gallery = Gallery::enrol(agreement, records(Model::Face, agreement, 0..60, 0)).gallery.unwrap();
    // Two enrolled, one stranger.
    let mut probes = records(Model::Face, agreement, 0..62, 1);
    let probes = vec![probes.swap_remove(61), probes.swap_remove(17), probes.swap_remove(42)];
    let expected: Vec<_> = probes.iter().map(|probe| by_the_oracle(agreement, &gallery, probe)).collect();
    assert_eq!(expected, [Verdict::Any(false), Verdict::Any(true), Verdict::Any(true)]);
    let run = exchange(agreement, &gallery, probes, Target::Gallery);
    assert_eq!(run.verdicts, expected);
    assert!(run.query_bytes <= 3 * (512 * 8 + 1024), "{}", run.query_bytes);
    assert!(run.answer_bytes <= 3 * 20_000, "{}", run.answer_bytes);
    hold_against_the_plan(agreement, 60, 3, &run);
}

#[test]
fn an_iris_of_12800_bits_is_verified_under_fifteen_rotations_to_either_side() {
    let mut terms = Terms::iris(IRIS_MPC_SHAPE);
    if let ComparisonTerms::FractionalHamming { minimum_common_bits, .. } = &mut terms.comparison {
        *minimum_common_bits = 3000;
    }
    let agreement = &planning::open(terms).unwrap();
    let model = Model::Iris { tilt_columns: 10 };
    let gallery = Gallery::enrol(agreement, records(model, agreement, 0..2, 0)).gallery.unwrap();
    for (subject, hit) in [(0, true), (1, false)] {
        let probe = records(model, agreement, subject..subject + 1, 1);
        let first = gallery.subjects().next().unwrap().unwrap();
        let functional = agreement.functional();
        let clear = Probe::new(functional, &probe).unwrap();
        assert_eq!(oracle::subject_verdict(functional, &clear, &first.references), hit);
        let run = exchange(agreement, &gallery, probe, Target::Subject(first.id));
        assert_eq!(run.verdicts, [Verdict::Any(hit)]);
        assert!(run.query_bytes <= 19_200 * 8 + 1024, "{}", run.query_bytes);
        hold_against_the_plan(agreement, 1, 1, &run);
    }
}
