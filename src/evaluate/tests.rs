//! The card against distributions that are known, and real exchanges against the oracle.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::beta_reg;

use super::*;
use crate::agreement::{ComparisonTerms, EyeRule, SchemeChoice, Terms};
use crate::planning;
use crate::scheme::Opened;
use crate::template::{Bits, Eye, IrisCode, IrisShape, MaskSharing, RealVector, Record, SubjectId, Template};

const DIMENSION: usize = 16;
const THRESHOLD: f64 = 0.5;

fn face(set: &str) -> Opened {
    let mut terms = Terms::face(DIMENSION).with_scheme(SchemeChoice::Auto);
    terms.encryption.parameter_set = set.to_owned();
    if let ComparisonTerms::Cosine { threshold, .. } = &mut terms.comparison {
        *threshold = "0.5".parse().unwrap();
    }
    planning::open(terms).unwrap()
}

fn record(subject: impl std::fmt::Display, eye: Option<Eye>, template: Template) -> Record {
    Record { subject: SubjectId::try_from(subject.to_string()).unwrap(), eye, template }
}

fn unit_vector(rng: &mut ChaCha20Rng) -> Vec<f64> {
    let normal = Normal::standard();
    let x: Vec<f64> = (0..DIMENSION).map(|_| normal.inverse_cdf(rng.random())).collect();
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.into_iter().map(|x| x / norm).collect()
}

/// A vector at a cosine of `cosine` to x, otherwise of any direction.
fn beside(x: &[f64], cosine: f64, rng: &mut ChaCha20Rng) -> Vec<f64> {
    let z = unit_vector(rng);
    let along: f64 = x.iter().zip(&z).map(|(x, z)| x * z).sum();
    let across: Vec<f64> = x.iter().zip(&z).map(|(x, z)| z - along * x).collect();
    let norm = across.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.iter().zip(across).map(|(x, a)| cosine * x + (1.0 - cosine * cosine).sqrt() * a / norm).collect()
}

fn vector(subject: impl std::fmt::Display, x: Vec<f64>) -> Record {
    record(subject, None, Template::Vector(RealVector::new(x).unwrap()))
}

/// One reference and one probe of each subject, at a cosine that is uniform in [0.3, 0.9]; different subjects have nothing to do with
/// each other.
fn population(subjects: usize, rng: &mut ChaCha20Rng) -> (Vec<Record>, Vec<Record>) {
    let pair = |subject: usize| {
        let x = unit_vector(rng);
        let cosine = rng.random_range(0.3..0.9);
        (vector(subject, beside(&x, cosine, rng)), vector(subject, x))
    };
    (0..subjects).map(pair).unzip()
}

fn card_of(agreement: &Opened, dataset: &Dataset, target_fmr: Option<f64>) -> Result<AccuracyCard, EvaluateError> {
    let comparer = Comparer::new(agreement, dataset);
    let scores = Scores::of_all_pairs(agreement, dataset, &comparer, &())?;
    Ok(Evaluation { agreement, dataset, scores: &scores, comparer: &comparer, seed: 1 }.card(None, target_fmr))
}

/// Two random directions have a cosine of at least T with probability I(1 - T^2; (d-1)/2, 1/2) / 2.
#[test]
fn the_analytic_rates_lie_in_the_reported_intervals_in_ninety_of_a_hundred_runs() {
    let agreement = face("insecure-test");
    let fmr = 0.5 * beta_reg((DIMENSION as f64 - 1.0) / 2.0, 0.5, 1.0 - THRESHOLD * THRESHOLD);
    let fnmr = (THRESHOLD - 0.3) / 0.6;
    let (mut fmr_inside, mut fnmr_inside) = ([0; 2], [0; 2]);
    for seed in 0..100 {
        let (probes, references) = population(60, &mut ChaCha20Rng::seed_from_u64(seed));
        let dataset = Dataset::of_two_sets(agreement.functional(), probes, references).unwrap();
        let card = card_of(&agreement, &dataset, None).unwrap();
        for (i, column) in [&card.float, &card.oracle].into_iter().enumerate() {
            let holds = |interval: Interval, rate: f64| usize::from((interval.low..=interval.high).contains(&rate));
            fmr_inside[i] += holds(column.agreed.fmr.interval(), fmr);
            fnmr_inside[i] += holds(column.agreed.fnmr.interval(), fnmr);
        }
    }
    println!("of 100: FMR {fmr:.4} inside {fmr_inside:?}, FNMR {fnmr:.4} inside {fnmr_inside:?}");
    assert!(fmr_inside.iter().chain(&fnmr_inside).all(|&inside| inside >= 90));
    // Intervals that contain everything would be of no use.
    assert!(fmr_inside.iter().any(|&inside| inside < 100) || fnmr_inside.iter().any(|&inside| inside < 100));
}

fn points_of(agreement: &Opened, dataset: &Dataset, thresholds: &[f64]) -> Vec<OperatingPoint> {
    let comparer = Comparer::new(agreement, dataset);
    let scores = Scores::of_all_pairs(agreement, dataset, &comparer, &()).unwrap();
    let evaluation = Evaluation { agreement, dataset, scores: &scores, comparer: &comparer, seed: 1 };
    evaluation.operating_points(thresholds, &()).unwrap()
}

/// A search hits a stranger where one of all but one references does; each probe has one mate.
#[test]
fn the_analytic_rates_at_any_threshold_lie_in_the_intervals_in_ninety_of_a_hundred_runs() {
    let agreement = face("insecure-test");
    let thresholds = [0.4, 0.55, 0.7];
    let mut inside = [[0; 4]; 3];
    for seed in 0..100 {
        let (probes, references) = population(60, &mut ChaCha20Rng::seed_from_u64(seed));
        let dataset = Dataset::of_two_sets(agreement.functional(), probes, references).unwrap();
        for (point, inside) in points_of(&agreement, &dataset, &thresholds).iter().zip(&mut inside) {
            let t = point.threshold;
            let fmr = 0.5 * beta_reg((DIMENSION as f64 - 1.0) / 2.0, 0.5, 1.0 - t * t);
            let fnmr = (t - 0.3) / 0.6;
            let rates = [
                (point.fmr, fmr),
                (point.fnmr, fnmr),
                (point.fpir.unwrap(), 1.0 - (1.0 - fmr).powi(59)),
                (point.fnir.unwrap(), fnmr),
            ];
            for ((rate, truth), inside) in rates.into_iter().zip(inside) {
                let interval = rate.interval();
                *inside += usize::from((interval.low..=interval.high).contains(&truth));
            }
        }
    }
    println!("of 100, FMR, FNMR, FPIR and FNIR inside at each of {thresholds:?}: {inside:?}");
    assert!(inside.iter().flatten().all(|&inside| inside >= 90), "{inside:?}");
}

/// At the agreed threshold they are those of the card, intervals included.
#[test]
fn the_rates_at_the_agreed_threshold_are_those_of_the_card() {
    let face = face("insecure-test");
    let (probes, references) = population(30, &mut ChaCha20Rng::seed_from_u64(3));
    let faces = Dataset::of_two_sets(face.functional(), probes, references).unwrap();
    let few_bits = hamming(1);
    let few = bits(&few_bits, &[("a", 0), ("a", 1), ("b", 0b110), ("b", 0b100), ("c", 0xf0), ("c", 0xf7)]).unwrap();
    for (agreement, dataset) in [(&face, &faces), (&few_bits, &few)] {
        let card = card_of(agreement, dataset, None).unwrap();
        let point = points_of(agreement, dataset, &[card.terms.threshold]).remove(0);
        let Column { agreed, identification, .. } = &card.oracle;
        let searches = identification.as_ref().unwrap().agreed;
        let close = |a: Proportion, b: Proportion| {
            let (of_a, of_b) = (a.interval(), b.interval());
            (a.errors, a.trials) == (b.errors, b.trials)
                && (of_a.low - of_b.low).abs() < 1e-9
                && (of_a.high - of_b.high).abs() < 1e-9
        };
        assert!(close(point.fmr, agreed.fmr) && close(point.fnmr, agreed.fnmr), "{point:?}, {agreed:?}");
        assert_eq!((point.fpir, point.fnir), (Some(searches.fpir), searches.fnir));
    }
}

#[test]
fn thresholds_go_from_lax_to_strict_can_be_stated_and_hold_the_agreed_one() {
    let agreement = face("insecure-test");
    let (probes, references) = population(60, &mut ChaCha20Rng::seed_from_u64(5));
    let dataset = Dataset::of_two_sets(agreement.functional(), probes, references).unwrap();
    let comparer = Comparer::new(&agreement, &dataset);
    let scores = Scores::of_all_pairs(&agreement, &dataset, &comparer, &()).unwrap();
    let evaluation =
        Evaluation { agreement: &agreement, dataset: &dataset, scores: &scores, comparer: &comparer, seed: 1 };
    let thresholds = evaluation.thresholds(200);
    assert!((100..=210).contains(&thresholds.len()), "{}", thresholds.len());
    assert!(thresholds.is_sorted() && thresholds.contains(&THRESHOLD));
    for &threshold in &thresholds {
        let stated = number(threshold).parse().unwrap();
        let terms = agreement.terms().clone().with_threshold(stated).unwrap();
        assert_eq!(Scale::of(&terms.comparison).threshold(), threshold);
    }
    let points = evaluation.operating_points(&thresholds, &()).unwrap();
    let rates = |point: &OperatingPoint| [point.fmr, point.fnmr, point.fpir.unwrap(), point.fnir.unwrap()];
    for pair in points.windows(2) {
        let ([a, b, c, d], [e, f, g, h]) = (rates(&pair[0]), rates(&pair[1]));
        assert!(a.errors >= e.errors && b.errors <= f.errors && c.errors >= g.errors && d.errors <= h.errors);
    }
    assert_eq!(points.last().unwrap().fmr.errors, 0);
    // Smaller scores are closer here, and whole.
    let bits_differ = hamming(2);
    let few = bits(&bits_differ, &[("a", 0), ("a", 1), ("b", 0b110), ("b", 0b100), ("c", 0xf0), ("c", 0xf7)]).unwrap();
    let comparer = Comparer::new(&bits_differ, &few);
    let scores = Scores::of_all_pairs(&bits_differ, &few, &comparer, &()).unwrap();
    let evaluation =
        Evaluation { agreement: &bits_differ, dataset: &few, scores: &scores, comparer: &comparer, seed: 1 };
    let thresholds = evaluation.thresholds(200);
    assert!(thresholds.iter().rev().is_sorted() && thresholds.iter().all(|threshold| threshold.fract() == 0.0));
}

fn one_set(agreement: &Opened, subjects: usize, samples: usize, seed: u64) -> Dataset {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut records = Vec::new();
    for subject in 0..subjects {
        let x = unit_vector(&mut rng);
        records.extend((0..samples).map(|_| {
            let cosine = rng.random_range(0.5..0.95);
            vector(subject, beside(&x, cosine, &mut rng))
        }));
    }
    Dataset::of_one_set(agreement.functional(), records).unwrap()
}

fn decide(agreement: &Opened, dataset: &Dataset, selection: &Selection, first: usize) -> Vec<Vec<bool>> {
    let most = selection.units.iter().map(|unit| unit.references.len()).max().unwrap();
    let pairwise = pairwise(agreement, most).unwrap();
    let exchange = Encrypted::new(&pairwise, dataset, 5, 1 << 28).unwrap();
    let mut verdicts = Vec::new();
    let mut done = |number: usize, of_unit: Vec<bool>| {
        assert_eq!(number, first + verdicts.len());
        assert_eq!(of_unit.len(), selection.units[number].references.len());
        verdicts.push(of_unit);
        true
    };
    exchange.judge(selection, first, &(), &mut done).unwrap();
    verdicts
}

#[test]
fn encrypted_verdicts_flip_as_predicted_and_the_drawn_rates_agree() {
    let agreement = face("insecure-test");
    let dataset = one_set(&agreement, 40, 3, 1);
    let comparer = Comparer::new(&agreement, &dataset);
    let scores = Scores::of_all_pairs(&agreement, &dataset, &comparer, &()).unwrap();
    let selection = Selection::of_pairs(&scores, Amount::Pairs(120), 3);
    assert_eq!(selection, Selection::of_pairs(&scores, Amount::Pairs(120), 3), "the same seed, the same pairs");
    assert_ne!(selection, Selection::of_pairs(&scores, Amount::Pairs(120), 4));
    let verdicts = decide(&agreement, &dataset, &selection, 0);
    let drawn = DrawnVerdicts { selection, verdicts };
    let evaluation =
        Evaluation { agreement: &agreement, dataset: &dataset, scores: &scores, comparer: &comparer, seed: 1 };
    let card = evaluation.card(Some(&drawn), None);
    let decided = &card.encrypted.measured.as_ref().unwrap().decided;
    assert_eq!(decided.pairs, drawn.selection.pairs());
    assert_eq!((decided.rates.fmr.trials, decided.rates.fnmr.trials), (30, 30));
    let excess = (decided.flips.len() as f64 - decided.predicted_flips).abs();
    assert!(
        excess <= 4.5 * decided.predicted_deviation + 0.5,
        "{} for {}",
        decided.flips.len(),
        decided.predicted_flips
    );
    // Whatever flips was likely to.
    assert!(decided.flips.iter().all(|flip| flip.probability.unwrap() > 1e-6), "{:?}", decided.flips);
    let binned: u64 = decided.by_distance.iter().map(|bin| bin.flipped).sum();
    assert_eq!(binned, decided.flips.len() as u64);
    // An interrupted run goes on to the same end.
    let half = drawn.selection.units.len() / 2;
    assert_eq!(decide(&agreement, &dataset, &drawn.selection, half), drawn.verdicts[half..]);
}

#[test]
fn an_exact_scheme_flips_nothing_on_all_pairs() {
    let agreement = face("insecure-bgv-test");
    let dataset = one_set(&agreement, 12, 3, 2);
    let comparer = Comparer::new(&agreement, &dataset);
    let scores = Scores::of_all_pairs(&agreement, &dataset, &comparer, &()).unwrap();
    let selection = Selection::of_probes(&dataset, Amount::Pairs(100), 3);
    assert_eq!(selection.units.len(), 3, "three probes of 35 partners each make a hundred pairs");
    let verdicts = decide(&agreement, &dataset, &selection, 0);
    let drawn = DrawnVerdicts { selection, verdicts };
    let evaluation =
        Evaluation { agreement: &agreement, dataset: &dataset, scores: &scores, comparer: &comparer, seed: 1 };
    let card = evaluation.card(Some(&drawn), None);
    let mut grown = evaluation.card(None, None);
    evaluation.add(&mut grown, &drawn);
    assert_eq!(serde_json::to_value(&grown).unwrap(), serde_json::to_value(&card).unwrap());
    let decided = drawn.selection.units.iter().zip(&drawn.verdicts);
    let counts: Vec<(u64, u64)> = decided.map(|(unit, verdicts)| changed(&comparer, unit, verdicts)).collect();
    assert_eq!(counts, [(35, 0); 3]);
    let measured = card.encrypted.measured.unwrap();
    assert!(measured.decided.flips.is_empty() && measured.decided.pairs == 105);
    assert_eq!((measured.decided.rates.fnmr.trials, measured.decided.rates.fmr.trials), (6, 99));
    assert_eq!(card.encrypted.predicted.expected_flips, 0.0);
    assert_eq!(card.encrypted.predicted.fmr, card.oracle.agreed.fmr.value);
}

/// Under `any` a set may have no room for vectors as fine as `each` would: verdicts must be on the integers that were agreed.
#[test]
fn pairs_are_decided_on_the_integers_that_were_agreed() {
    for set in ["insecure-bgv-test", "insecure-test"] {
        let agreement = face(set);
        let pairwise = pairwise(&agreement, 10).unwrap();
        let template = Template::Vector(RealVector::new((0..DIMENSION).map(|i| 0.1 * i as f64).collect()).unwrap());
        let [agreed, decided] = [&agreement, &pairwise].map(|agreement| {
            let functional = agreement.functional();
            (functional.reference(&template).unwrap().to_bytes(functional), functional.phi_range())
        });
        assert_eq!(agreed, decided, "{set}");
    }
    let mut terms = Terms::squared_euclidean(8, "1.0".parse().unwrap(), "0.6".parse().unwrap());
    terms = terms.with_scheme(SchemeChoice::Bgv);
    terms.encryption.parameter_set = "insecure-bgv-test".to_owned();
    let agreement = planning::open(terms).unwrap();
    assert_eq!(pairwise(&agreement, 10).unwrap().functional().phi_range(), agreement.functional().phi_range());
}

fn bits(agreement: &Opened, records: &[(&str, u8)]) -> Result<Dataset, EvaluateError> {
    let template = |byte: u8| Template::Bits(Bits::from_msb_first(&[byte], 8).unwrap());
    let records = records.iter().map(|&(subject, byte)| record(subject, None, template(byte)));
    Dataset::of_one_set(agreement.functional(), records.collect::<Vec<_>>())
}

fn hamming(threshold: u32) -> Opened {
    planning::open(Terms::hamming(8, threshold)).unwrap()
}

#[test]
fn what_cannot_be_evaluated_is_said_in_words() {
    let agreement = hamming(2);
    let error = |records: &[(&str, u8)]| {
        let dataset = bits(&agreement, records).unwrap();
        card_of(&agreement, &dataset, None).unwrap_err()
    };
    assert_eq!(error(&[("a", 1), ("b", 2), ("c", 4)]), EvaluateError::NoGenuinePair { subjects: 3 });
    assert_eq!(error(&[("a", 1), ("a", 2)]), EvaluateError::NoImpostorPair);
    assert_eq!(error(&[("a", 1), ("a", 2), ("b", 4)]), EvaluateError::ConstantScores { score: 2.0 });
    let refused = Dataset::of_one_set(agreement.functional(), vec![vector("a", vec![1.0; 8])]);
    assert!(matches!(refused, Err(EvaluateError::NothingEnrolled { given: 1, .. })));
}

#[test]
fn remarks_name_single_samples_and_a_threshold_outside_the_scores() {
    let agreement = hamming(7);
    let dataset = bits(&agreement, &[("a", 0), ("a", 1), ("b", 0b111), ("c", 0b1111)]).unwrap();
    let card = card_of(&agreement, &dataset, None).unwrap();
    let remarks = card.remarks.join("\n");
    assert!(
        remarks.contains("threshold 7 lies outside the scores, which go from 1 to 4: every pair hits"),
        "{remarks}"
    );
    assert!(remarks.contains("2 of 3 subjects have a single sample"), "{remarks}");
    assert_eq!((card.oracle.agreed.fmr.value, card.oracle.agreed.fnmr.value), (1.0, 0.0));
}

#[test]
fn a_proposed_threshold_keeps_the_target_and_says_when_the_data_cannot_show_it() {
    let agreement = face("insecure-test");
    let dataset = one_set(&agreement, 40, 2, 4);
    let proposal = |target| card_of(&agreement, &dataset, Some(target)).unwrap().proposal.unwrap();
    let at_ten_percent = proposal(0.1);
    assert!(at_ten_percent.supported);
    let rates = at_ten_percent.rates.unwrap();
    assert!(rates.fmr.value <= 0.1 && rates.fmr.value > 0.08, "{rates:?}");
    // The agreement with that threshold has those rates.
    let mut terms = agreement.terms().clone();
    if let ComparisonTerms::Cosine { threshold, .. } = &mut terms.comparison {
        *threshold = number(rates.threshold).parse().unwrap();
    }
    let again = planning::open(terms).unwrap();
    let dataset_again = one_set(&again, 40, 2, 4);
    let card = card_of(&again, &dataset_again, None).unwrap();
    assert_eq!(card.oracle.agreed.fmr.errors, rates.fmr.errors);
    let too_small = proposal(1e-6);
    assert!(!too_small.supported && too_small.needed == 3_000_000);
    assert!(too_small.sentence.contains("rule of three"), "{}", too_small.sentence);
}

#[test]
fn searches_find_the_closest_of_each_kind() {
    let agreement = hamming(1);
    // a: 0 and 1 differ by one bit; b: 0b110 and 0b100; a's 0 is one bit from b's 0b100.
    let dataset = bits(&agreement, &[("a", 0), ("a", 1), ("b", 0b110), ("b", 0b100)]).unwrap();
    let card = card_of(&agreement, &dataset, None).unwrap();
    let identification = card.oracle.identification.as_ref().unwrap();
    assert_eq!((identification.mated_searches, identification.non_mated_searches), (4, 4));
    // Only the probes 0 and 0b100 hit somebody else; everybody finds their mate.
    assert_eq!(identification.agreed.fpir.errors, 2);
    assert_eq!(identification.agreed.fnir.unwrap().errors, 0);
    assert_eq!(card.data.gallery_size, 3);
    assert!(identification.at_fpir.iter().all(|at| at.rates.is_none()), "four searches carry no FPIR of 1 %");
}

#[test]
fn two_eyes_of_a_person_are_no_pair() {
    let shape = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };
    let agreement = |eyes| {
        let mut terms = Terms::iris(shape);
        if let ComparisonTerms::FractionalHamming { eyes: rule, rotations, .. } = &mut terms.comparison {
            (*rule, *rotations) = (eyes, 0);
        }
        planning::open(terms).unwrap()
    };
    let iris = |byte: u8| {
        let bits = |byte: u8| Bits::from_msb_first(&[byte], 8).unwrap();
        Template::Iris(IrisCode::new(shape, bits(byte), bits(255)).unwrap())
    };
    let records = || {
        [("a", Some(Eye::Left)), ("a", Some(Eye::Right)), ("a", Some(Eye::Left)), ("b", Some(Eye::Right)), ("c", None)]
            .map(|(subject, eye)| record(subject, eye, iris(3)))
    };
    let ignored = agreement(EyeRule::Ignored);
    let dataset = Dataset::of_one_set(ignored.functional(), records().to_vec()).unwrap();
    assert_eq!(dataset.kind(0, 0), None, "a sample with itself");
    assert_eq!(dataset.kind(0, 1), None, "two eyes of one person");
    assert_eq!(dataset.kind(0, 2), Some(Kind::Genuine));
    assert_eq!(dataset.kind(0, 3), Some(Kind::Impostor), "eyes are ignored: any two may be compared");
    assert_eq!(dataset.kind(0, 4), Some(Kind::Impostor));
    let told_apart = agreement(EyeRule::Any);
    let dataset = Dataset::of_one_set(told_apart.functional(), records().to_vec()).unwrap();
    assert_eq!(dataset.refused().len(), 1, "of unknown eye");
    assert_eq!((dataset.kind(0, 3), dataset.kind(1, 3)), (None, Some(Kind::Impostor)));
}
