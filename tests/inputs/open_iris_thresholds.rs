//! A threshold of Open-IRIS' normalised score, carried over on the user's own pairs.

use serde_json::Value;

use crate::support::Desk;

const SHAPE: &str = "--modality iris --rows 8 --columns 64 --channels 2";
const LINE: &str = "evaluate --probes irises/sample-2.npz --references irises/sample-1.npz --encrypt none";

fn desk(threshold: &str) -> Desk {
    let desk = Desk::empty();
    desk.ok(&format!("synthesize {SHAPE} --subjects 14 --tilt 2 --out irises"));
    desk.ok(&init(threshold));
    desk
}

fn init(threshold: &str) -> String {
    format!(
        "agreement init {SHAPE} --rotations 2 --minimum-common-bits 100 --threshold {threshold} --parameter-set insecure-test --allow-insecure --force"
    )
}

fn errors(rate: &Value) -> (u64, u64) {
    (rate["errors"].as_u64().unwrap(), rate["trials"].as_u64().unwrap())
}

#[test]
fn the_threshold_that_disagrees_least_is_told_with_what_is_left_of_disagreement() {
    let desk = desk("0.3");
    let card = desk.json(&format!("{LINE} --open-iris-threshold 0.41"));
    let carried = &card["open_iris"];
    let number = |field: &str| carried[field].as_u64().unwrap();
    assert_eq!(number("pairs"), 14 * 14);
    assert_eq!(errors(&carried["disagreed"]), (number("theirs_alone") + number("ours_alone"), 14 * 14));
    // An agreement with that threshold has these rates.
    let threshold = carried["threshold"].as_f64().unwrap();
    desk.ok(&init(&threshold.to_string()));
    let agreed = &desk.json(LINE)["oracle"]["agreed"];
    for rate in ["fmr", "fnmr"] {
        assert_eq!(errors(&agreed[rate]), errors(&carried["our_rates"][rate]), "{rate} at {threshold}");
    }
    let text = desk.ok(&format!("{LINE} --open-iris-threshold 0.41"));
    assert!(text.contains("open-iris    Open-IRIS' threshold 0.41 on normalised scores: agree on "), "{text}");
}

/// Without a gradient the number of common bits is of no matter: 0.45 - (0.45 - d) / 2 is below 0.4 iff d is below 0.35.
#[test]
fn where_bits_do_not_matter_both_matchers_decide_alike() {
    let desk = desk("0.35");
    let card = desk.json(&format!("{LINE} --open-iris-threshold 0.4 --open-iris-gradient 0"));
    let carried = &card["open_iris"];
    assert_eq!(carried["disagreed"]["errors"], 0, "{carried}");
    for rate in ["fmr", "fnmr"] {
        assert_eq!(errors(&card["oracle"]["agreed"][rate]), errors(&carried["their_rates"][rate]), "{rate}");
    }
}

#[test]
fn only_irises_have_such_a_score() {
    let desk = Desk::exchanged();
    let line = "evaluate --probes probes.csv --references gallery.csv --encrypt none --open-iris-threshold 0.37";
    desk.write("probes.csv", crate::support::GALLERY);
    desk.refused(line, "agreement.toml", "is about no irises");
}
