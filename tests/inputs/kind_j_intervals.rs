//! Intervals: of a sample by probe, of rates without an error, and like beside like.

use serde_json::Value;

use crate::support::{Desk, INIT};

/// `samples` templates of each of `subjects` people, some of whom are like themselves and others not; as CSV with ids.
fn people(subjects: usize, samples: usize, spread: impl Fn(usize) -> f64) -> String {
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let mut rows = "id,".to_owned() + &(1..=16).map(|i| format!("v{i}")).collect::<Vec<_>>().join(",");
    for subject in 0..subjects {
        let centre: Vec<f64> = (0..16).map(|_| random()).collect();
        for _ in 0..samples {
            let row = centre.iter().map(|x| format!("{:.4}", x + spread(subject) * random()));
            rows += &format!("\np{subject},{}", row.collect::<Vec<_>>().join(","));
        }
    }
    rows + "\n"
}

fn ends(interval: &Value) -> (f64, f64) {
    (interval["low"].as_f64().unwrap(), interval["high"].as_f64().unwrap())
}

const BGV: &str = "agreement init --modality face --dimension 16 --parameter-set insecure-bgv-test --allow-insecure";

#[test]
fn a_sample_of_few_probes_stands_beside_the_same_pairs_in_the_clear_with_intervals_that_know_its_subjects() {
    let desk = Desk::empty();
    // Every third person is hardly like himself: all pairs of such a probe are missed together.
    desk.write("people.csv", people(24, 6, |subject| if subject % 3 == 0 { 2.0 } else { 0.3 }));
    desk.ok(BGV);
    let card = desk.json("evaluate --templates people.csv --encrypt 700");
    let decided = &card["encrypted"]["measured"]["decided"];
    assert_eq!((&decided["probes"], &decided["pairs"]), (&5.into(), &(5 * 143).into()));
    let subjects = decided["subjects"].as_u64().unwrap();
    assert!((2..=5).contains(&subjects), "{subjects}");
    // The scheme is exact: like beside like shows no difference, and says how large one may be at most.
    assert_eq!((&decided["rates"], &decided["changed"]["errors"]), (&decided["clear"], &0.into()));
    let (low, high) = ends(&decided["changed"]["exact"]);
    assert!(low == 0.0 && (0.004..0.006).contains(&high), "{high}");
    // All pairs, in the clear: the sample's interval holds their rate, which its pairs taken as independent would exclude.
    let everywhere = card["oracle"]["agreed"]["fnmr"]["value"].as_f64().unwrap();
    let holds = |of: &str| {
        let (low, high) = ends(&decided["rates"]["fnmr"][of]);
        (low..=high).contains(&everywhere)
    };
    assert!(holds("over_subjects"), "{everywhere} {}", decided["rates"]["fnmr"]);
    let (narrow, wide) = (ends(&decided["rates"]["fnmr"]["exact"]), ends(&decided["rates"]["fnmr"]["over_subjects"]));
    assert!(wide.1 - wide.0 > 1.5 * (narrow.1 - narrow.0), "{narrow:?} {wide:?}");

    let text = desk.ok("evaluate --templates people.csv --encrypt 100");
    for words in [
        "of 143 pairs of 1 probe of 1 subject drawn by seed decided otherwise than in the clear",
        "of these pairs       in the clear                           under encryption",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The column of all pairs holds no rate of a sample.
    let row = text.lines().find(|line| line.starts_with("FNMR ")).unwrap();
    assert!(row.ends_with("predicted"), "{row}");
}

#[test]
fn a_rate_of_nought_has_an_upper_bound_that_counts_each_subject_once() {
    let desk = Desk::empty();
    desk.write("people.csv", people(10, 4, |_| 0.01));
    desk.ok(INIT);
    let line = "evaluate --templates people.csv --encrypt none";
    let card = desk.json(line);
    // 1 - 0.025^(1/10): sixty genuine pairs, but ten people.
    let bound = 1.0 - 0.025f64.powf(0.1);
    for column in [&card["float"], &card["oracle"]] {
        for of in [&column["equal_error"], &column["agreed"]["fnmr"]] {
            let (low, high) = ends(&of["over_subjects"]);
            assert!(low == 0.0 && (high - bound).abs() < 1e-6, "{of}");
        }
    }
    let text = desk.ok(line);
    assert!(text.lines().any(|line| line.starts_with("EER") && line.contains("0 [0, 30.85 %]")), "{text}");
    assert!(!text.contains("[0, 0]"), "{text}");
}
