//! Every case of Open-IRIS' own tests of its matcher.

use cotejo::open_iris::{Matcher, Normalisation, OpenIrisError, Score, Settings};
use cotejo::template::read::{self, Format};
use cotejo::template::{Bits, IrisCode, IrisShape, MaskSharing, Template, TemplateShape};
use serde_json::Value;

use crate::data;

const VECTORS: &str = "worldcoin-open-iris/matcher_test_vectors.json";

/// The cases of a test function, by the names of their arguments.
fn cases(bytes: &[u8], test: &str) -> Vec<serde_json::Map<String, Value>> {
    let all: Value = serde_json::from_slice(bytes).unwrap();
    let (_, group) = all.as_object().unwrap().iter().find(|(name, _)| name.ends_with(test)).unwrap();
    let names: Vec<&str> = group["args"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let cases = group["cases"].as_array().unwrap().iter().map(|case| case.as_array().unwrap());
    cases.map(|case| names.iter().zip(case).map(|(name, value)| (name.to_string(), value.clone())).collect()).collect()
}

/// The leaves of nested lists, in order.
fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

/// One code a filter, from nested lists of rows and columns.
fn template(value: &Value) -> Vec<IrisCode> {
    let filter = |(code, mask): (&Value, &Value)| {
        let bits = |value: &Value| Bits::new(leaves(value).iter().map(|bit| bit.as_bool().unwrap())).unwrap();
        let rows = code.as_array().unwrap();
        let columns = rows[0].as_array().unwrap().len();
        let shape = IrisShape { rows: rows.len(), columns, channels: 1, mask: MaskSharing::PerBit };
        IrisCode::new(shape, bits(code), bits(mask)).unwrap()
    };
    let lists = |name: &str| value[name].as_array().unwrap().clone();
    lists("iris_codes").iter().zip(&lists("mask_codes")).map(filter).collect()
}

fn settings(case: &serde_json::Map<String, Value>) -> Settings {
    let default = Normalisation::default();
    let number = |name: &str, default: f64| case[name].as_f64().unwrap_or(default);
    let normalisation =
        Normalisation { mean: number("norm_mean", default.mean), gradient: number("norm_gradient", default.gradient) };
    let is = |name: &str| case.get(name).is_some_and(|value| *value == true);
    Settings {
        // Some of the cases have -1, which Python takes for no rotation at all.
        rotation_shift: u32::try_from(case["rotation_shift"].as_i64().unwrap()).unwrap_or(0),
        normalisation: is("normalise").then_some(normalisation),
        separate_half_matching: is("separate_half_matching"),
    }
}

fn weights(case: &serde_json::Map<String, Value>) -> Option<Vec<Vec<f64>>> {
    let filters = case.get("weights")?.as_array()?;
    let weights = |filter: &Value| match filter.get("ones") {
        Some(axes) => vec![1.0; leaves(axes).iter().map(|axis| axis.as_u64().unwrap() as usize).product()],
        None => leaves(filter).iter().map(|weight| weight.as_f64().unwrap()).collect(),
    };
    Some(filters.iter().map(weights).collect())
}

fn score(case: &serde_json::Map<String, Value>) -> Result<Score, OpenIrisError> {
    let matcher = Matcher::new(settings(case)).unwrap();
    let (probe, gallery) = (template(&case["template_probe"]), template(&case["template_gallery"]));
    matcher.distance(&probe, &gallery, weights(case).as_deref())
}

#[test]
fn toy_codes_score_as_in_open_iris() {
    let Some(bytes) = data(VECTORS) else { return };
    for (test, count) in [("::test_hamming_distance", 13), ("::test_hamming_distance_with_weights", 11)] {
        let cases = cases(&bytes, test);
        assert_eq!(cases.len(), count);
        for (index, case) in cases.iter().enumerate() {
            let found = score(case).unwrap();
            let expected = leaves(&case["expected_result"]);
            assert!((found.distance - expected[0].as_f64().unwrap()).abs() < 1e-5, "{test} {index}: {found:?}");
            assert_eq!(i64::from(found.rotation), expected[1].as_i64().unwrap(), "{test} {index}");
        }
    }
}

#[test]
fn a_real_template_scores_as_in_open_iris() {
    let (Some(bytes), Some(npz)) = (data(VECTORS), data("worldcoin-open-iris/iris_template_e2e.npz")) else { return };
    let shape = IrisShape { rows: 16, columns: 256, channels: 4, mask: MaskSharing::PerBit };
    let record = read::records(&npz, Format::Npz, TemplateShape::Iris(shape), None).unwrap().remove(0);
    let Template::Iris(stacked) = record.template else { panic!() };
    let filter = |filter: usize| {
        let part = |bits: &Bits| {
            let bits: Vec<bool> = bits.iter().collect();
            Bits::new(bits.chunks(4).flat_map(|place| place[2 * filter..2 * filter + 2].to_vec())).unwrap()
        };
        let shape = IrisShape { channels: 2, ..shape };
        IrisCode::new(shape, part(stacked.code()), part(stacked.mask())).unwrap()
    };
    let filters = [filter(0), filter(1)];
    let cases = cases(&bytes, "::test_e2e_iris_matcher");
    assert_eq!(cases.len(), 10);
    for (index, case) in cases.iter().enumerate() {
        let matcher = Matcher::new(settings(case)).unwrap();
        let found = matcher.distance(&filters, &filters, weights(case).as_deref()).unwrap();
        let expected = case["expected_result"].as_f64().unwrap();
        assert!((found.distance - expected).abs() <= 0.000_05 + 1e-9, "{index}: {found:?}");
        assert_eq!(found.rotation, 0);
        // Filters side by side score the same.
        let stacked = std::slice::from_ref(&stacked);
        let together = matcher.distance(stacked, stacked, None).unwrap();
        assert!((together.distance - found.distance).abs() < 1e-12);
    }
}

#[test]
fn codes_that_do_not_fit_are_refused() {
    let Some(bytes) = data(VECTORS) else { return };
    let cases = cases(&bytes, "::test_hamming_distance_raise_exception");
    let faults: Vec<_> = cases.iter().map(|case| score(case).unwrap_err()).collect();
    assert_eq!(faults, [OpenIrisError::Sizes { filter: 0 }, OpenIrisError::OddColumns { filter: 0, columns: 3 }]);
}

#[test]
fn settings_out_of_range_are_refused() {
    let Some(bytes) = data(VECTORS) else { return };
    let cases = cases(&bytes, "::test_iris_matcher_raises_an_exception1");
    assert_eq!(cases.len(), 5);
    let refused = |case: &serde_json::Map<String, Value>| {
        let mean = if case["norm_mean"].is_null() { Value::from(0.45) } else { case["norm_mean"].clone() };
        let settings = serde_json::json!({
            "rotation_shift": case["rotation_shift"],
            "normalisation": {"mean": mean, "gradient": 0.00005},
        });
        match serde_json::from_value::<Settings>(settings) {
            Ok(settings) => Matcher::new(settings).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    };
    let faults: Vec<String> = cases.iter().map(refused).collect();
    assert!(faults[0].contains("-0.5") && faults[0].contains("u32"), "{}", faults[0]);
    assert!(faults[1].contains("1.5") && faults[1].contains("u32"), "{}", faults[1]);
    assert!(faults[2].contains("f64"), "{}", faults[2]);
    assert_eq!(faults[3], OpenIrisError::Mean(-0.2).to_string());
    assert_eq!(faults[4], OpenIrisError::Mean(1.3).to_string());
}
