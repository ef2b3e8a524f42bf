//! All pairs at once are judged as the oracle judges each.

use std::sync::LazyLock;
use std::time::Instant;

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::kernel::{Column, Portable, Row, tile};
use super::*;
use crate::agreement::{ComparisonTerms, SchemeChoice, Terms};
use crate::functional::Metric;
use crate::planning;
use crate::template::{Bits, IrisCode, IrisShape, MaskSharing, RealVector, Template, TemplateShape};

/// Comparisons of every metric, with lengths as schemes `tfhe`, `hybrid` and `bgv` agree on them, and the longest that there are.
fn comparisons() -> Vec<(ComparisonTerms, bool)> {
    let cosine = |probe_norm, reference_norm| ComparisonTerms::Cosine {
        threshold: "0.3".parse().unwrap(),
        probe_norm: Some(probe_norm),
        reference_norm: Some(reference_norm),
    };
    let (one, longest) = (Some("256".parse().unwrap()), Some("31000".parse().unwrap()));
    let maximum_norm = "1".parse().unwrap();
    let inner = |scale| ComparisonTerms::InnerProduct { threshold: "0.3".parse().unwrap(), scale, maximum_norm };
    let squared = |scale| ComparisonTerms::SquaredEuclidean { threshold: "0.9".parse().unwrap(), scale, maximum_norm };
    vec![
        (ComparisonTerms::Hamming { threshold: 0 }, false),
        (cosine(16_384, 256), false),
        (cosine(70, 70), true),
        (cosine(32_000, 256), false),
        (cosine(40_000, 256), false),
        (cosine(1 << 20, 1 << 12), false),
        (inner(one), false),
        (inner(one), true),
        (inner(longest), false),
        (squared(one), false),
        (squared(one), true),
        (squared(longest), false),
    ]
}

/// Any functional: what is not the metric does not matter here, and takes longer to make.
fn any() -> Functional {
    static ANY: LazyLock<Functional> = LazyLock::new(|| planning::open(Terms::face(8)).unwrap().functional().clone());
    ANY.clone()
}

fn functional(dimension: usize, (comparison, exact): &(ComparisonTerms, bool)) -> Functional {
    let shape = match comparison {
        ComparisonTerms::Hamming { .. } => TemplateShape::Bits(dimension),
        _ => TemplateShape::Vector(dimension),
    };
    Functional { metric: Metric::new(shape, comparison, *exact).unwrap(), exact: *exact, ..any() }
}

/// The longest integers that a probe and a reference can have.
fn lengths(functional: &Functional) -> (f64, f64) {
    let beyond = if functional.is_exact() { 1.0 } else { 1.01 };
    match *functional.metric() {
        Metric::Cosine { probe_norm, reference_norm, .. } => {
            (f64::from(probe_norm) * beyond, f64::from(reference_norm) * beyond)
        }
        Metric::InnerProduct { longest, .. } | Metric::SquaredEuclidean { longest, .. } => {
            (longest as f64, longest as f64)
        }
        _ => (0.0, 0.0),
    }
}

/// Integers up to this length: in a random direction, along an axis, or alike in every coordinate.
fn integers(dimension: usize, length: f64, rng: &mut ChaCha20Rng) -> Vec<i32> {
    let direction: Vec<f64> = match rng.random_range(0..3) {
        0 => (0..dimension).map(|_| rng.random_range(-1.0..1.0)).collect(),
        1 => {
            let axis = rng.random_range(0..dimension.min(3));
            let sign = if rng.random() { 1.0 } else { -1.0 };
            (0..dimension).map(|place| if place == axis { sign } else { 0.0 }).collect()
        }
        _ => vec![if rng.random() { 1.0 } else { -1.0 }; dimension],
    };
    let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    direction.iter().map(|x| (x / norm * length) as i32).collect()
}

fn bits(dimension: usize, rng: &mut ChaCha20Rng) -> Bits {
    let of_ones = [0.0, 0.5, 1.0][rng.random_range(0..3)];
    Bits::new((0..dimension).map(|_| rng.random_bool(of_ones))).unwrap()
}

/// So many probes and references of one dimension, extreme ones among them.
fn samples(
    functional: &Functional,
    dimension: usize,
    (probes, references): (usize, usize),
    rng: &mut ChaCha20Rng,
) -> (Vec<ProbeSample>, Vec<Reference>) {
    if let Metric::Hamming { .. } = functional.metric() {
        let probes = (0..probes).map(|_| ProbeSample::Bits(bits(dimension, rng))).collect();
        return (probes, (0..references).map(|_| Reference::Bits(bits(dimension, rng))).collect());
    }
    let (of_probes, of_references) = lengths(functional);
    let probes = (0..probes).map(|_| ProbeSample::Integers(integers(dimension, of_probes, rng))).collect();
    let reference = |y: Vec<i32>| Reference::Integers(y.into_iter().map(|y| y.try_into().unwrap()).collect());
    (probes, (0..references).map(|_| reference(integers(dimension, of_references, rng))).collect())
}

/// Moves the threshold to where this pair is, or beside it.
fn at_the_threshold(functional: &mut Functional, probe: &ProbeSample, reference: &Reference, beside: i64) {
    // phi is 2 (T - sum) + 1 or 2 (sum - T) + 1.
    let half = (Oracle::new(functional, probe).compare(reference).phi - 1) / 2;
    match &mut functional.metric {
        Metric::Hamming { threshold, .. } | Metric::SquaredEuclidean { threshold, .. } => *threshold += beside - half,
        Metric::Cosine { threshold, .. } | Metric::InnerProduct { threshold, .. } => *threshold += half + beside,
        Metric::FractionalHamming { .. } => {}
    }
}

/// All that is said of all pairs.
fn judged(bulk: &Bulk<'_>, probes: Range<usize>) -> Vec<Judged> {
    struct Piece<'a>(&'a mut [Judged]);
    impl Kept for Piece<'_> {
        #[inline(always)]
        fn put(&mut self, from: usize, pairs: impl Iterator<Item = Judged>) {
            self.0[from..].iter_mut().zip(pairs).for_each(|(kept, judged)| *kept = judged);
        }
    }
    let mut all = vec![Judged::default(); probes.len() * bulk.references.len()];
    let rows = all.chunks_mut(bulk.references.len().max(1)).map(|row| row.chunks_mut(PIECE).map(Piece));
    bulk.keep(probes.start, rows);
    all
}

fn by_the_oracle(functional: &Functional, probes: &[ProbeSample], references: &[Reference]) -> Vec<Judged> {
    let row = |probe| {
        let oracle = Oracle::new(functional, probe);
        references.iter().map(move |reference| oracle.compare(reference).into()).collect::<Vec<_>>()
    };
    probes.iter().flat_map(row).collect()
}

/// Both ways to ask agree with the oracle, to the last bit.
fn assert_alike(functional: &Functional, probes: &[ProbeSample], references: &[Reference]) {
    let expected = by_the_oracle(functional, probes, references);
    let bulk = Bulk::new(functional, probes, references);
    assert_eq!(judged(&bulk, 0..probes.len()), expected);
    let (mut scores, mut hits) = (vec![f32::NAN; expected.len()], vec![false; expected.len()]);
    bulk.judge(0..probes.len(), &mut scores, &mut hits).unwrap();
    let scores_expected = expected.iter().map(|judged| (judged.score as f32).to_bits());
    assert!(scores.iter().map(|score| score.to_bits()).eq(scores_expected));
    assert!(hits.iter().copied().eq(expected.iter().map(|judged| judged.hit)));
}

proptest! {
    #[test]
    fn all_pairs_are_judged_as_the_oracle_judges_each(
        seed: u64,
        dimension in 1usize..700,
        count in (1usize..20, 1usize..40),
        beside in -1i64..=1,
    ) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        for comparison in comparisons() {
            let mut functional = functional(dimension, &comparison);
            let (probes, references) = samples(&functional, dimension, count, &mut rng);
            at_the_threshold(&mut functional, &probes[count.0 / 2], &references[count.1 / 2], beside);
            let near = Oracle::new(&functional, &probes[count.0 / 2]).compare(&references[count.1 / 2]);
            prop_assert!(near.phi.abs() <= 3, "{near:?}");
            assert_alike(&functional, &probes, &references);
        }
    }
}

#[test]
fn templates_of_every_scheme_are_judged_as_the_oracle_judges_them() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    for scheme in [SchemeChoice::Tfhe, SchemeChoice::Hybrid, SchemeChoice::Bgv] {
        let dimension = 127;
        let agreement = planning::open(Terms::face(dimension).with_scheme(scheme)).unwrap();
        let functional = agreement.functional();
        let mut template = || {
            let x = (0..dimension).map(|_| rng.random_range(-1.0..1.0)).collect();
            Template::Vector(RealVector::new(x).unwrap())
        };
        let templates: Vec<Template> = (0..40).map(|_| template()).collect();
        let probes: Vec<_> = templates.iter().map(|template| functional.probe(template).unwrap()).collect();
        let references: Vec<_> = templates.iter().map(|template| functional.reference(template).unwrap()).collect();
        assert_alike(functional, &probes, &references);
    }
}

#[test]
fn irises_are_judged_with_rotations_and_common_bits() {
    let shape = IrisShape { rows: 2, columns: 16, channels: 4, mask: MaskSharing::ByPair };
    let agreement = planning::open(Terms::iris(shape)).unwrap();
    let mut functional = agreement.functional().clone();
    if let Metric::FractionalHamming { minimum_common, .. } = &mut functional.metric {
        *minimum_common = 60;
    }
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut iris = || {
        let groups: Vec<bool> = (0..shape.mask_bits()).map(|_| rng.random_bool(0.7)).collect();
        let mask = groups.iter().flat_map(|&bit| std::iter::repeat_n(bit, shape.mask_multiplicity()));
        let code = Bits::new((0..shape.bits()).map(|_| rng.random())).unwrap();
        IrisCode::new(shape, code, Bits::new(mask).unwrap()).unwrap()
    };
    let mut codes: Vec<IrisCode> = (0..30).map(|_| iris()).collect();
    codes.push(codes[3].rolled(2));
    let probes: Vec<_> = codes.iter().map(|iris| ProbeSample::Iris(iris.clone())).collect();
    let references: Vec<_> = codes.iter().map(|iris| Reference::Iris(iris.clone())).collect();
    let hits = by_the_oracle(&functional, &probes, &references).iter().filter(|judged| judged.hit).count();
    assert!(hits > 0 && hits < 900, "{hits}");
    assert_alike(&functional, &probes, &references);
}

#[test]
fn results_longer_than_a_piece_and_more_probes_than_a_task_has_are_whole() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for comparison in [&comparisons()[0], &comparisons()[1], &comparisons()[9]] {
        let functional = functional(3, comparison);
        let (probes, references) = samples(&functional, 3, (PROBES_OF_A_TASK + 11, PIECE + 37), &mut rng);
        assert_alike(&functional, &probes, &references);
    }
}

#[test]
fn probes_from_anywhere_to_anywhere_are_judged() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for comparison in comparisons() {
        let functional = functional(33, &comparison);
        let (probes, references) = samples(&functional, 33, (30, 21), &mut rng);
        let (bulk, all) =
            (Bulk::new(&functional, &probes, &references), by_the_oracle(&functional, &probes, &references));
        for part in [0..1, 5..6, 5..30, 8..16, 13..13, 29..30] {
            assert_eq!(judged(&bulk, part.clone()), all[part.start * 21..part.end * 21], "{part:?}");
        }
    }
}

#[test]
fn a_result_of_another_size_is_refused_before_anything_is_written() {
    let functional = functional(5, &comparisons()[1]);
    let (probes, references) = samples(&functional, 5, (3, 4), &mut ChaCha20Rng::seed_from_u64(3));
    let bulk = Bulk::new(&functional, &probes, &references);
    let (mut scores, mut hits) = ([7.0f32; 13], [false; 13]);
    let mut judge = |probes, scores_of, hits_of| bulk.judge(probes, &mut scores[..scores_of], &mut hits[..hits_of]);
    assert_eq!(judge(0..4, 13, 13), Err(BulkError::Probes { end: 4, probes: 3 }));
    assert_eq!(judge(0..3, 13, 12), Err(BulkError::Length { what: "scores", expected: 12, found: 13 }));
    assert_eq!(judge(0..3, 12, 11), Err(BulkError::Length { what: "hits", expected: 12, found: 11 }));
    assert_eq!(judge(1..2, 12, 12), Err(BulkError::Length { what: "scores", expected: 4, found: 12 }));
    assert_eq!(scores, [7.0; 13]);
}

#[test]
fn nothing_is_judged_where_there_is_nothing() {
    let functional = functional(5, &comparisons()[1]);
    let (probes, references) = samples(&functional, 5, (3, 4), &mut ChaCha20Rng::seed_from_u64(4));
    assert_eq!(Bulk::new(&functional, &[], &references).judge(0..0, &mut [], &mut []), Ok(()));
    assert_eq!(Bulk::new(&functional, &probes, &[]).judge(0..3, &mut [], &mut []), Ok(()));
}

#[test]
fn what_no_agreement_admits_is_judged_pair_by_pair() {
    let functional = functional(4, &comparisons()[1]);
    let probe = |x: [i32; 4]| ProbeSample::Integers(x.to_vec());
    let reference = |y: [i16; 4]| Reference::Integers(y.to_vec());
    let most = [i16::MIN, i16::MAX, i16::MIN, i16::MAX];
    let ordinary = [probe([1, -2, 3, 16_000]), probe([0; 4])];
    // Sums that would wrap around in 32 bits; digits that do not fit in 16.
    for odd in [[-32_768; 4], [32_767; 4], [8_388_607; 4], [i32::MAX; 4], [i32::MIN; 4]] {
        let probes = [&ordinary[..], &[probe(odd)]].concat_all();
        assert_alike(&functional, &probes, &[reference(most), reference([1, 2, 3, 4]), reference([0; 4])]);
    }
    let short = Reference::Integers(vec![5, 6, 7]);
    assert_alike(&functional, &ordinary, &[reference([1, 2, 3, 4]), short]);
}

/// Samples have no `Clone`: they are secret.
trait ConcatAll {
    fn concat_all(self) -> Vec<ProbeSample>;
}

impl ConcatAll for [&[ProbeSample]; 2] {
    fn concat_all(self) -> Vec<ProbeSample> {
        let integers = |sample: &ProbeSample| match sample {
            ProbeSample::Integers(x) => ProbeSample::Integers(x.clone()),
            _ => panic!("a vector"),
        };
        self.into_iter().flatten().map(integers).collect()
    }
}

#[test]
fn every_kind_of_instructions_gives_the_same_sums() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let most = [-258, -1, 0, 1, 259];
    for length in [0, 1, 7, 256] {
        let probes: Vec<Column> = (0..length).map(|_| rng.random()).collect();
        let mut row = || std::array::from_fn(|_| std::array::from_fn(|_| most[rng.random_range(0..most.len())]));
        let references: Vec<Row> = (0..length).map(|_| row()).collect();
        let mut expected = [[0i32; ACROSS]; DOWN];
        for (column, row) in probes.iter().zip(&references) {
            for (sums, x) in expected.iter_mut().zip(column) {
                for (sum, y) in sums.iter_mut().zip(row) {
                    *sum += i32::from(x[0]) * i32::from(y[0]) + i32::from(x[1]) * i32::from(y[1]);
                }
            }
        }
        assert_eq!(tile::<_, 2>(Portable, &probes, &references), expected);
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = pulp::x86::V3::try_new() {
            assert_eq!(lanes.vectorize(|| tile::<_, 4>(lanes, &probes, &references)), expected);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = pulp::x86::V4::try_new() {
            assert_eq!(lanes.vectorize(|| tile::<_, 8>(lanes, &probes, &references)), expected);
        }
    }
}

/// `cargo test --release --lib -- --ignored --nocapture pairs_a_second`: a second or two, and 1 GB.
#[test]
#[ignore = "measures: 1,000 probes with 100,000 references of 512 coordinates"]
fn pairs_a_second() {
    let (probes, references, dimension) = (1_000, 100_000, 512);
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let mut real = |rows: usize| (0..rows * dimension).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f32>>();
    let (p, x) = (real(probes), real(references));
    let (mut scores, mut hits) = (vec![0f32; probes * references], vec![false; probes * references]);
    for scheme in [SchemeChoice::Tfhe, SchemeChoice::Hybrid, SchemeChoice::Bgv] {
        let agreement = planning::open(Terms::face(dimension).with_scheme(scheme)).unwrap();
        let functional = agreement.functional();
        let template =
            |row: &[f32]| Template::Vector(RealVector::new(row.iter().map(|&x| x.into()).collect()).unwrap());
        for _ in 0..5 {
            let start = Instant::now();
            let rows = p.par_chunks(dimension).map(|row| functional.probe(&template(row)).unwrap());
            let p: Vec<_> = rows.collect();
            let rows = x.par_chunks(dimension).map(|row| functional.reference(&template(row)).unwrap());
            let x: Vec<_> = rows.collect();
            let read = start.elapsed().as_secs_f64();
            Bulk::new(functional, &p, &x).judge(0..probes, &mut scores, &mut hits).unwrap();
            let all = start.elapsed().as_secs_f64();
            let a_second = (probes * references) as f64 / all / 1e6;
            println!("{scheme:?}: {all:.3} s, of which templates {read:.3} s; {a_second:.0} million pairs a second");
        }
    }
}
