//! Schemes `bgv` and `hybrid`: a block of references by case (docs/protocol.md, sections 8 and 9), beside a raw bootstrap of `tfhe` in the same run.
//!
//! `cargo bench --bench blocks`: one thread, then two. Each block is one of many. Under `bgv` diagonals are kept transformed; under `hybrid` scoring,
//! the switch to t and the encoding of masks are included, as they are new for each block. Flooding and re-randomisation are included
//! under both. Last, a table with times a comparison and ratios.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

use std::time::{Duration, Instant};

use cotejo::agreement::{Decimal, Disclosure, IRIS_MPC_SHAPE, SchemeChoice, Terms};
use cotejo::parameters::ParameterSet;
use cotejo::planning;
use cotejo::scheme::bgv::laboratory::workload::Workload as Blocks;
use cotejo::scheme::hybrid::laboratory::workload::Workload as Pairs;
use cotejo::scheme::tfhe::laboratory::workload::Workload as Decisions;
use criterion::{Criterion, criterion_group, criterion_main};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A case of the protocol: its name, set, comparison, disclosure, the time a comparison may take in ms, and the least ratio to a bootstrap.
struct Case {
    name: &'static str,
    set: &'static str,
    terms: Terms,
    limit: Option<(f64, f64)>,
}

fn cases() -> Vec<Case> {
    let with = |mut terms: Terms, disclosure, set: &str| {
        let scheme = if set.starts_with("hybrid") { SchemeChoice::Hybrid } else { SchemeChoice::Bgv };
        terms = terms.with_scheme(scheme);
        terms.encryption.parameter_set = set.to_owned();
        terms.disclosure = disclosure;
        terms
    };
    let case =
        |name, set, terms: Terms, disclosure, limit| Case { name, set, terms: with(terms, disclosure, set), limit };
    let decimal = |text: &str| text.parse::<Decimal>().expect("a decimal");
    // |s| <= 1473 and 1024 values that match: integers of length 38.37, scale and norm as an inner product names them.
    let mut vectors = Terms::inner_product(512, decimal("1.0"), decimal("0.3"));
    if let cotejo::agreement::ComparisonTerms::InnerProduct { threshold, scale, maximum_norm } = &mut vectors.comparison
    {
        (*threshold, *scale, *maximum_norm) = (decimal("450.0"), Some(decimal("1.0")), decimal("33.3"));
    }
    use Disclosure::{Any, Each};
    vec![
        case("a_128_bit_each", "bgv-32768-540", Terms::hamming(128, 40), Each, Some((0.015, 600.0))),
        case("b_512_bit_each", "bgv-32768-600", Terms::hamming(512, 180), Each, Some((0.050, 180.0))),
        case("b_512_bit_any", "bgv-32768-720", Terms::hamming(512, 180), Any, Some((0.110, 90.0))),
        case("c_512_integers_each", "bgv-32768-810", vectors, Each, Some((0.080, 110.0))),
        case("d_2048_bit_each", "bgv-32768-720", Terms::hamming(2048, 680), Each, Some((0.130, 70.0))),
        case("a_one_squaring", "bgv-8192-210", Terms::hamming(128, 40), Each, None),
        case("b_one_squaring", "bgv-8192-210", Terms::hamming(512, 180), Each, None),
        case("hybrid_512_cosine_any", "hybrid-1024-2600", Terms::face(512), Any, Some((f64::INFINITY, 60.0))),
        case("hybrid_512_cosine_each", "hybrid-1024-6000", Terms::face(512), Each, Some((f64::INFINITY, 75.0))),
        case("hybrid_iris_31_rotations_any", "hybrid-1024-1600", iris(), Any, Some((f64::INFINITY, 0.83))),
    ]
}

/// 12,800 bits, 31 rotations, the minimum of common bits.
fn iris() -> Terms {
    Terms::iris(IRIS_MPC_SHAPE)
}

/// A full block of one case.
enum Work {
    Bgv(Box<Blocks>),
    Hybrid(Box<Pairs>),
}

impl Work {
    fn new(case: &Case) -> Self {
        let agreement = planning::open(case.terms.clone()).expect("terms that fit");
        let set = ParameterSet::by_name(case.set).expect("a set");
        let (functional, disclosure, mut rng) =
            (agreement.functional(), case.terms.disclosure, ChaCha20Rng::seed_from_u64(2));
        match (set.bgv(), set.hybrid()) {
            (Some(set), _) => Self::Bgv(Box::new(
                Blocks::new(&set, functional, disclosure, &mut rng).expect("a comparison that fits"),
            )),
            (_, Some(set)) => Self::Hybrid(Box::new(
                Pairs::new(&set, functional, disclosure, &mut rng).expect("a comparison that fits"),
            )),
            _ => unreachable!("a set of blocks"),
        }
    }

    fn block(&mut self) -> usize {
        match self {
            Self::Bgv(work) => work.block(),
            Self::Hybrid(work) => work.block(),
        }
    }

    fn references(&self) -> usize {
        match self {
            Self::Bgv(work) => work.references(),
            Self::Hybrid(work) => work.references(),
        }
    }

    fn margin_bits(&self) -> f64 {
        match self {
            Self::Bgv(work) => work.margin_bits(),
            Self::Hybrid(work) => work.margin_bits(),
        }
    }
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads")
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    pool(threads).install(work)
}

/// Median of a few runs.
fn median(mut run: impl FnMut()) -> Duration {
    let mut timed = || {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    let mut times = vec![timed()];
    // A block of an iris takes minutes.
    if times[0] < Duration::from_secs(60) {
        let more = if times[0] < Duration::from_secs(2) { 4 } else { 2 };
        times.extend((0..more).map(|_| timed()));
    }
    times.sort();
    times[times.len() / 2]
}

/// A raw bootstrap of the default set, in batches of 32 on one thread.
fn bootstrap() -> Duration {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let workload = Decisions::new(&cotejo::parameters::tfhe::TFHE_896_2048, &mut rng);
    on_threads(1, || {
        workload.thresholds(32);
        median(|| {
            workload.thresholds(32);
        }) / 32
    })
}

fn blocks(criterion: &mut Criterion) {
    let bootstrap = bootstrap();
    println!("raw bootstrap of tfhe, one thread: {:.2} ms", bootstrap.as_secs_f64() * 1e3);
    let mut group = criterion.benchmark_group("bgv");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(8));
    println!("case | set | references | one thread: block, ms a comparison, x bootstrap | two threads | wanted");
    let mut rows = Vec::new();
    for case in cases() {
        // A part of a name, as criterion takes it: cases that do not have it need not be made either.
        let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
        if !case.name.contains(&wanted) {
            continue;
        }
        let mut blocks = Work::new(&case);
        let references = blocks.references() as f64;
        let single = pool(1);
        // A block of masks takes seconds, one of an iris minutes.
        if !case.name.starts_with("hybrid") {
            group.bench_function(case.name, |bencher| bencher.iter(|| single.install(|| blocks.block())));
        }
        let one = on_threads(1, || {
            median(|| {
                blocks.block();
            })
        });
        let two = on_threads(2, || {
            median(|| {
                blocks.block();
            })
        });
        let each = one.as_secs_f64() * 1e3 / references;
        let ratio = bootstrap.as_secs_f64() * 1e3 / each;
        let wanted = case.limit.map_or(String::new(), |(ms, ratio)| format!("<= {ms} ms, >= {ratio} x"));
        let row = format!(
            "{} | {} | {references} | {:.0} ms, {each:.4} ms, {ratio:.0} x | {:.2} x faster | {wanted}; margin {:.0} bits",
            case.name,
            case.set,
            one.as_secs_f64() * 1e3,
            one.as_secs_f64() / two.as_secs_f64(),
            blocks.margin_bits(),
        );
        println!("{row}");
        rows.push(row);
    }
    group.finish();
    println!("\n{}", rows.join("\n"));
}

criterion_group!(benches, blocks);
criterion_main!(benches);
