//! The law that everything rests on: phi, evaluated as the scheme will, agrees with the clear oracle.

use std::sync::LazyLock;

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::oracle::{Oracle, subject_verdict};
use super::*;
use crate::agreement::{ComparisonTerms, Decimal, EyeRule, SchemeChoice, TemplateTerms};
use crate::planning;
use crate::scheme::Opened;
use crate::template::{Bits, Eye, IrisCode, IrisShape, MaskSharing, RealVector, Record, SubjectId};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn agreement(terms: Terms) -> Opened {
    planning::open(terms).unwrap()
}

/// One unit of phi on the torus.
fn step(agreement: &Opened) -> u64 {
    agreement.parameters().tfhe().unwrap().step(agreement.functional())
}

fn iris_terms(theta: &str, minimum: u32, mask: MaskSharing, eyes: EyeRule) -> Terms {
    let mut terms = Terms::iris(IrisShape { rows: 2, columns: 16, channels: 4, mask });
    terms.comparison = ComparisonTerms::FractionalHamming {
        threshold: decimal(theta),
        minimum_common_bits: minimum,
        rotations: 3,
        eyes,
    };
    terms
}

/// Made once: that takes longer than what is tested with them.
fn every_metric() -> Vec<Opened> {
    static AGREEMENTS: LazyLock<Vec<Opened>> = LazyLock::new(of_every_metric);
    AGREEMENTS.clone()
}

fn every_exact_metric() -> Vec<Opened> {
    static AGREEMENTS: LazyLock<Vec<Opened>> = LazyLock::new(of_every_exact_metric);
    AGREEMENTS.clone()
}

/// One agreement of every metric, with thresholds that random templates meet about half of the time.
fn of_every_metric() -> Vec<Opened> {
    let vectors = |terms: Terms| agreement(Terms { template: TemplateTerms::Vector { dimension: 8 }, ..terms });
    let mut cosine = Terms::face(8);
    cosine.comparison =
        ComparisonTerms::Cosine { threshold: decimal("0.05"), probe_norm: Some(16384), reference_norm: Some(256) };
    vec![
        agreement(Terms::hamming(37, 18)),
        agreement(iris_terms("0.41", 30, MaskSharing::ByPair, EyeRule::Ignored)),
        agreement(iris_terms("0.333333333", 20, MaskSharing::PerBit, EyeRule::Ignored)),
        agreement(iris_terms("0.499999999", 64, MaskSharing::PerBit, EyeRule::Ignored)),
        vectors(cosine),
        vectors(Terms::inner_product(8, decimal("2.5"), decimal("0.1"))),
        vectors(Terms::squared_euclidean(8, decimal("2.5"), decimal("2.0"))),
    ]
}

/// The same for an exact scheme, where a fraction must be simple.
fn of_every_exact_metric() -> Vec<Opened> {
    let exact = |terms: Terms| {
        let mut terms = terms.with_scheme(SchemeChoice::Bgv);
        terms.encryption.parameter_set = "insecure-bgv-test".to_owned();
        agreement(terms)
    };
    let vectors = |terms: Terms| exact(Terms { template: TemplateTerms::Vector { dimension: 8 }, ..terms });
    let mut cosine = Terms::face(8);
    cosine.comparison = ComparisonTerms::Cosine { threshold: decimal("0.4"), probe_norm: None, reference_norm: None };
    vec![
        exact(Terms::hamming(37, 18)),
        exact(iris_terms("0.4", 30, MaskSharing::ByPair, EyeRule::Ignored)),
        exact(iris_terms("0.333333333", 20, MaskSharing::PerBit, EyeRule::Ignored)),
        exact(iris_terms("0.25", 64, MaskSharing::PerBit, EyeRule::Ignored)),
        vectors(cosine),
        vectors(Terms::inner_product(8, decimal("2.5"), decimal("2.0"))),
        vectors(Terms::squared_euclidean(8, decimal("2.5"), decimal("2.0"))),
    ]
}

fn template(shape: TemplateShape, rng: &mut ChaCha20Rng) -> Template {
    match shape {
        TemplateShape::Bits(length) => Template::Bits(Bits::new((0..length).map(|_| rng.random())).unwrap()),
        TemplateShape::Vector(dimension) => {
            let x = (0..dimension).map(|_| rng.random_range(-0.85..0.85)).collect();
            Template::Vector(RealVector::new(x).unwrap())
        }
        TemplateShape::Iris(shape) => {
            let valid = rng.random_range(0.2..1.0);
            let groups: Vec<bool> = (0..shape.mask_bits()).map(|_| rng.random_bool(valid)).collect();
            let mask = groups.iter().flat_map(|&bit| std::iter::repeat_n(bit, shape.mask_multiplicity()));
            let code = Bits::new((0..shape.bits()).map(|_| rng.random())).unwrap();
            Template::Iris(IrisCode::new(shape, code, Bits::new(mask).unwrap()).unwrap())
        }
    }
}

/// phi of every rotation and of the common bits, by the linear forms alone.
fn phis(functional: &Functional, probe: &ProbeSample, reference: &Reference) -> (Vec<i64>, Option<i64>) {
    let coordinates = functional.probe_coordinates(probe);
    let phi = |form: LinearForm| {
        assert!(form.weights.len() <= functional.coordinates());
        form.evaluate(&coordinates)
    };
    let rotated = functional.rotations().into_iter().map(|k| phi(functional.form(reference, k))).collect();
    (rotated, functional.common_bits_form(reference).map(phi))
}

proptest! {
    #[test]
    fn linear_forms_decide_as_the_oracle_does(seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        for agreement in every_metric() {
            let functional = agreement.functional();
            let a = functional.probe(&template(agreement.shape(), &mut rng));
            let b = functional.reference(&template(agreement.shape(), &mut rng));
            let (Ok(a), Ok(b)) = (a, b) else { continue };
            let (rotated, common) = phis(functional, &a, &b);
            let comparison = Oracle::new(functional, &a).compare(&b);
            let hit = rotated.iter().any(|&phi| phi > 0) && common.is_none_or(|phi| phi > 0);
            prop_assert_eq!(hit, comparison.hit);
            for phi in rotated.iter().chain(&common) {
                let reach = phi.abs() as f64 * step(&agreement) as f64 / 2f64.powi(64);
                prop_assert!(*phi != 0 && reach <= 0.49, "{reach}");
            }
            prop_assert!(rotated.contains(&comparison.phi), "{:?} {:?}", rotated, comparison);
        }
    }

    #[test]
    fn no_template_is_longer_than_the_longest(seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        for agreement in every_metric() {
            let functional = agreement.functional();
            let Ok(probe) = functional.probe(&template(agreement.shape(), &mut rng)) else { continue };
            let (tested, longest) = functional.longest_probe();
            let coordinates = functional.probe_coordinates(&probe);
            let length = coordinates[..tested].iter().map(|&t| (t as f64).powi(2)).sum::<f64>().sqrt();
            prop_assert!(length <= longest * (1.0 + 1e-12), "{length} {longest}");
        }
    }

    #[test]
    fn small_integers_decide_as_the_agreed_threshold_does(seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        for agreement in every_exact_metric() {
            let functional = agreement.functional();
            prop_assert!(functional.is_exact());
            let a = functional.probe(&template(agreement.shape(), &mut rng));
            let b = functional.reference(&template(agreement.shape(), &mut rng));
            let (Ok(a), Ok(b)) = (a, b) else { continue };
            let (rotated, common) = phis(functional, &a, &b);
            let comparison = Oracle::new(functional, &a).compare(&b);
            let hit = rotated.iter().any(|&phi| phi > 0) && common.is_none_or(|phi| phi > 0);
            prop_assert_eq!(hit, comparison.hit);
            prop_assert!(rotated.iter().all(|phi| phi % 2 != 0 && functional.phi_range().contains(phi)), "{:?}", rotated);
            if let (Some(phi), Some(unit), Some(range)) =
                (common, functional.common_bits_unit(), functional.common_bits_range())
            {
                let bits = comparison.common_bits.unwrap() as i64;
                let Metric::FractionalHamming { minimum_common, .. } = functional.metric() else { panic!() };
                prop_assert_eq!(phi, unit * (2 * (bits - *minimum_common as i64) + 1));
                prop_assert!(range.contains(&(phi / unit)));
            }
        }
    }

    #[test]
    fn stored_references_survive_and_altered_ones_are_refused(seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        for agreement in every_metric().into_iter().chain(every_exact_metric()) {
            let functional = agreement.functional();
            let Ok(reference) = functional.reference(&template(agreement.shape(), &mut rng)) else { continue };
            let bytes = reference.to_bytes(functional);
            prop_assert_eq!(bytes.len(), functional.reference_bytes());
            prop_assert_eq!(Reference::from_bytes(functional, &bytes).unwrap().to_bytes(functional), bytes.clone());
            prop_assert!(Reference::from_bytes(functional, &bytes[1..]).is_none());
            prop_assert!(Reference::from_bytes(functional, &[bytes.as_slice(), &[0]].concat()).is_none());
        }
    }
}

/// Noise must not wrap phi around the torus, however far a pair is from the threshold: for the longest weights
/// an agreement admits, and the farthest pairs, eight deviations are left.
#[test]
fn the_farthest_pairs_keep_eight_deviations_from_the_other_side_of_the_torus() {
    let mut extreme = every_metric();
    let vectors = |terms: Terms| Terms { template: TemplateTerms::Vector { dimension: 8 }, ..terms };
    for reference_norm in [16, 256, 4096] {
        let mut terms = Terms::face(8);
        terms.comparison = ComparisonTerms::Cosine {
            threshold: decimal("0.35"),
            probe_norm: Some(16384),
            reference_norm: Some(reference_norm),
        };
        extreme.push(agreement(terms));
    }
    for scale in ["16.0", "1000.0", "7900.0"] {
        let mut terms = vectors(Terms::inner_product(8, decimal("1.0"), decimal("0.0")));
        terms.comparison = ComparisonTerms::InnerProduct {
            threshold: decimal("0.0"),
            scale: Some(decimal(scale)),
            maximum_norm: decimal("1.0"),
        };
        extreme.push(agreement(terms));
    }
    for shape in
        [crate::agreement::IRIS_MPC_SHAPE, IrisShape { rows: 64, columns: 256, channels: 4, mask: MaskSharing::ByPair }]
    {
        for theta in ["0.01", "0.2", "0.345", "0.38", "0.4", "0.400000001", "0.499999999"] {
            for share in [0.15, 0.3, 0.5, 1.0] {
                let mut terms = Terms::iris(shape);
                terms.comparison = ComparisonTerms::FractionalHamming {
                    threshold: decimal(theta),
                    minimum_common_bits: (shape.bits() as f64 * share) as u32,
                    rotations: 15,
                    eyes: EyeRule::Ignored,
                };
                extreme.push(agreement(terms));
            }
        }
    }
    for agreement in &extreme {
        let functional = agreement.functional();
        let torus = |phi: f64| phi * step(agreement) as f64 / 2f64.powi(64);
        let deviation = |norm: f64| agreement.parameters().tfhe().unwrap().decision_variance(norm).sqrt();
        let left = 0.5 - torus(functional.bound() as f64);
        assert!(left >= 7.999 * deviation(functional.largest_weight_norm()), "{:?}", agreement.terms().comparison);
        if let (Some((norm, unit)), TemplateShape::Iris(shape)) = (functional.common_bits_scale(), functional.shape()) {
            let Metric::FractionalHamming { minimum_common, .. } = functional.metric() else { panic!() };
            let farthest = (*minimum_common).max(shape.bits() - minimum_common) as f64 + 0.5;
            assert!(
                0.5 - torus(farthest * unit as f64) >= 7.999 * deviation(norm),
                "{:?}",
                agreement.terms().comparison
            );
        }
    }
}

#[test]
fn terms_under_which_noise_would_decide_are_refused() {
    let refused = |terms: Terms| match planning::open(terms) {
        Err(AgreementError::Field { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    for minimum in [0, 5] {
        let terms = iris_terms("0.4", minimum, MaskSharing::PerBit, EyeRule::Ignored);
        assert_eq!(refused(terms), "comparison.minimum_common_bits");
    }
    let mut terms = Terms::inner_product(8, decimal("1.0"), decimal("0.0"));
    terms.comparison = ComparisonTerms::InnerProduct {
        threshold: decimal("0.0"),
        scale: Some(decimal("31000.0")),
        maximum_norm: decimal("1.0"),
    };
    assert_eq!(refused(terms), "comparison.scale");
}

#[test]
fn scaled_thresholds_are_exact() {
    let metric = |terms: Terms| agreement(terms).functional().metric().clone();
    let scaled = |threshold: &str| {
        let (threshold, scale, maximum_norm) = (decimal(threshold), Some(decimal("10.0")), decimal("2.0"));
        let terms = Terms::inner_product(8, maximum_norm, threshold);
        let product = ComparisonTerms::InnerProduct { threshold, scale, maximum_norm };
        let square = ComparisonTerms::SquaredEuclidean { threshold, scale, maximum_norm };
        [product, square].map(|comparison| match metric(Terms { comparison, ..terms.clone() }) {
            Metric::InnerProduct { threshold, .. } | Metric::SquaredEuclidean { threshold, .. } => threshold,
            other => panic!("{other:?}"),
        })
    };
    // 0.07 * 100 and 0.29 * 100 are not 7 and 29 in floating point.
    assert_eq!(scaled("0.07"), [7, 7]);
    assert_eq!(scaled("0.29"), [29, 29]);
    assert_eq!(scaled("0.075"), [8, 7]);
}

#[test]
fn the_range_of_phi_is_tight() {
    for agreement in every_exact_metric() {
        let functional = agreement.functional();
        let (range, shape) = (functional.phi_range(), agreement.shape());
        let (least, most) = match (functional.metric(), shape) {
            (Metric::Hamming { .. }, TemplateShape::Bits(length)) => {
                let (a, b) = bits_at_distance(length, length);
                (phi_of(functional, &a, &b), phi_of(functional, &a, &a))
            }
            (Metric::FractionalHamming { .. }, TemplateShape::Iris(shape)) => {
                let bits = |bit: bool| Bits::new((0..shape.bits()).map(|_| bit)).unwrap();
                let iris = |bit| Template::Iris(IrisCode::new(shape, bits(bit), bits(true)).unwrap());
                (phi_of(functional, &iris(false), &iris(true)), phi_of(functional, &iris(true), &iris(true)))
            }
            (Metric::Cosine { .. }, TemplateShape::Vector(dimension)) => {
                let axis = |x: f64| {
                    let rest = std::iter::repeat_n(0.0, dimension - 1);
                    Template::Vector(RealVector::new(std::iter::once(x).chain(rest).collect()).unwrap())
                };
                (phi_of(functional, &axis(1.0), &axis(-1.0)), phi_of(functional, &axis(1.0), &axis(1.0)))
            }
            // Rounding may add to these lengths: what is reached depends on the vector.
            _ => continue,
        };
        assert_eq!((least, most), (*range.start(), *range.end()), "{:?}", functional.metric());
    }
}

fn phi_of(functional: &Functional, a: &Template, b: &Template) -> i64 {
    let (a, b) = (functional.probe(a).unwrap(), functional.reference(b).unwrap());
    phis(functional, &a, &b).0[0]
}

fn bits_at_distance(length: usize, distance: usize) -> (Template, Template) {
    let zero = Bits::new((0..length).map(|_| false)).unwrap();
    let other = Bits::new((0..length).map(|i| i < distance)).unwrap();
    (Template::Bits(zero), Template::Bits(other))
}

#[test]
fn a_hamming_threshold_is_met_at_the_threshold_and_missed_one_beside() {
    let agreement = agreement(Terms::hamming(100, 30));
    let functional = agreement.functional();
    for (distance, phi) in [(29, 3), (30, 1), (31, -1), (32, -3), (100, -139), (0, 61)] {
        let (a, b) = bits_at_distance(100, distance);
        let (a, b) = (functional.probe(&a).unwrap(), functional.reference(&b).unwrap());
        assert_eq!(phis(functional, &a, &b).0, [phi]);
        assert_eq!(Oracle::new(functional, &a).compare(&b).hit, distance <= 30);
    }
}

#[test]
fn a_fraction_is_met_strictly_below_the_threshold() {
    // 128 bits all valid: 32 differing bits are exactly a quarter.
    let shape = IrisShape { rows: 2, columns: 16, channels: 4, mask: MaskSharing::PerBit };
    let mut terms = iris_terms("0.25", 128, MaskSharing::PerBit, EyeRule::Ignored);
    if let ComparisonTerms::FractionalHamming { rotations, .. } = &mut terms.comparison {
        *rotations = 0;
    }
    let agreement = agreement(terms);
    let functional = agreement.functional();
    let iris = |ones: usize| {
        let code = Bits::new((0..128).map(|i| i < ones)).unwrap();
        Template::Iris(IrisCode::new(shape, code, Bits::new((0..128).map(|_| true)).unwrap()).unwrap())
    };
    let probe = functional.probe(&iris(0)).unwrap();
    for (ones, hit) in [(31, true), (32, false), (33, false)] {
        let reference = functional.reference(&iris(ones)).unwrap();
        let (rotated, common) = phis(functional, &probe, &reference);
        assert_eq!(rotated[0] > 0, hit);
        assert!(common.unwrap() > 0);
        assert_eq!(Oracle::new(functional, &probe).compare(&reference).hit, hit);
    }
}

#[test]
fn too_few_common_bits_miss_even_for_equal_codes() {
    let shape = IrisShape { rows: 2, columns: 16, channels: 4, mask: MaskSharing::PerBit };
    let agreement = agreement(iris_terms("0.4", 40, MaskSharing::PerBit, EyeRule::Ignored));
    let functional = agreement.functional();
    let iris = |from: usize, to: usize| {
        let code = Bits::new((0..128).map(|_| true)).unwrap();
        let mask = Bits::new((0..128).map(|i| (from..to).contains(&i))).unwrap();
        Template::Iris(IrisCode::new(shape, code, mask).unwrap())
    };
    for (common, hit) in [(39, false), (40, true), (41, true)] {
        let probe = functional.probe(&iris(0, 80)).unwrap();
        let reference = functional.reference(&iris(80 - common, 128)).unwrap();
        let (rotated, enough) = phis(functional, &probe, &reference);
        assert!(rotated[0] > 0, "equal codes");
        assert_eq!(enough.unwrap() > 0, hit);
        let comparison = Oracle::new(functional, &probe).compare(&reference);
        assert_eq!((comparison.hit, comparison.common_bits), (hit, Some(common)));
    }
    assert!(matches!(functional.probe(&iris(0, 39)), Err(TemplateError::TooFewValidBits { valid: 39, minimum: 40 })));
}

fn record(subject: &str, eye: Option<Eye>, template: Template) -> Record {
    Record { subject: SubjectId::try_from(subject.to_owned()).unwrap(), eye, template }
}

#[test]
fn two_eyes_combine_as_agreed() {
    let shape = IrisShape { rows: 2, columns: 16, channels: 4, mask: MaskSharing::PerBit };
    let code = |bit: bool| {
        let bits = |bit: bool| Bits::new((0..128).map(|_| bit)).unwrap();
        Template::Iris(IrisCode::new(shape, bits(bit), bits(true)).unwrap())
    };
    for (rule, expected) in [(EyeRule::Any, [true, true, true, false]), (EyeRule::All, [true, false, false, false])] {
        let agreement = agreement(iris_terms("0.3", 64, MaskSharing::PerBit, rule));
        let functional = agreement.functional();
        let probe = Probe::new(
            functional,
            &[record("p", Some(Eye::Right), code(true)), record("p", Some(Eye::Left), code(true))],
        )
        .unwrap();
        assert_eq!(probe.layout(), SampleLayout::Both);
        for ((left, right), expected) in
            [(true, true), (true, false), (false, true), (false, false)].iter().zip(expected)
        {
            let reference = |eye, bit| (Some(eye), functional.reference(&code(bit)).unwrap());
            let references = [reference(Eye::Left, *left), reference(Eye::Right, *right)];
            assert_eq!(subject_verdict(functional, &probe, &references), expected, "{rule:?} {left} {right}");
        }
        let one_eye = Probe::new(functional, &[record("p", Some(Eye::Left), code(true))]);
        assert_eq!(one_eye.is_ok(), rule == EyeRule::Any);
        assert!(matches!(Probe::new(functional, &[record("p", None, code(true))]), Err(ProbeError::EyeUnknown)));
    }
}

#[test]
fn several_references_of_a_subject_are_an_or() {
    let mut terms = Terms::hamming(100, 30);
    terms.limits.references_per_subject = 2;
    let agreement = agreement(terms);
    let functional = agreement.functional();
    let (a, near) = bits_at_distance(100, 10);
    let (_, far) = bits_at_distance(100, 90);
    let probe = Probe::new(functional, &[record("p", None, a)]).unwrap();
    let reference = |template: &Template| (None, functional.reference(template).unwrap());
    assert!(subject_verdict(functional, &probe, &[reference(&far), reference(&near)]));
    assert!(!subject_verdict(functional, &probe, &[reference(&far)]));
    assert!(!subject_verdict(functional, &probe, &[]));
}
