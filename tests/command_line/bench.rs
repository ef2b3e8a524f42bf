//! `bench`: what is measured is written whole, and adds up.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use crate::support::Desk;

const SMALL: &str = "bench --set insecure-test --set insecure-bgv-test --set insecure-hybrid-test --modality generic \
                     --metric hamming --dimension 32 --references 20,60 --repeat 3 --threads 1 --seed 4";

/// The smallest grid of every scheme, measured once: its document, and the files beside it.
static MEASURED: LazyLock<(Desk, Value)> = LazyLock::new(|| {
    let desk = Desk::empty();
    let document = desk.json(&format!("{SMALL} --csv cost.csv --html cost.html"));
    (desk, document)
});

fn numbers(value: &Value) -> [f64; 5] {
    ["least", "lower_quartile", "median", "upper_quartile", "greatest"].map(|name| value[name].as_f64().unwrap())
}

fn assert_spread(value: &Value) {
    let numbers = numbers(value);
    assert!(numbers[0] > 0.0 && numbers.is_sorted(), "{value}");
}

#[test]
fn every_stage_and_query_is_measured_and_its_spread_is_in_order() {
    let document = &MEASURED.1;
    let wanted = [
        "key generation",
        "load, key",
        "load, gallery",
        "encryption",
        "distance",
        "threshold",
        "aggregate",
        "sanitise",
        "decrypt",
    ];
    for set in ["insecure-test", "insecure-bgv-test", "insecure-hybrid-test"] {
        let stages: Vec<&Value> =
            document["stages"].as_array().unwrap().iter().filter(|s| s["parameter_set"] == set).collect();
        let names: BTreeSet<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
        // Scheme hybrid sanitises what it aggregates, in one.
        let is_measured = |stage: &&str| names.iter().any(|name| name.split(", ").any(|name| name == *stage));
        assert!(wanted.iter().all(|stage| names.contains(stage) || is_measured(stage)), "{set}: {names:?}");
        assert!(names.iter().any(|name| name.starts_with("wire")), "{set}: {names:?}");
        for stage in stages {
            assert_spread(&stage["seconds"]);
            assert!(stage["count"].as_u64().unwrap() > 0, "{stage}");
        }
        let queries: Vec<&Value> =
            document["queries"].as_array().unwrap().iter().filter(|q| q["parameter_set"] == set).collect();
        let sizes: Vec<u64> = queries.iter().map(|query| query["references"].as_u64().unwrap()).collect();
        assert_eq!(sizes, [20, 60]);
        for query in queries {
            for part in ["encryption", "wire", "computation", "decryption", "total"] {
                assert_spread(&query[part]);
                assert_eq!(query[part]["repeats"], 3);
            }
            assert!(numbers(&query["total"])[0] >= numbers(&query["computation"])[0], "{query}");
            assert!(query["comparisons_per_second_and_thread"].as_f64().unwrap() > 0.0);
            for file in ["evaluation_key", "query", "answer"] {
                let (actual, predicted) = (&query["bytes"][file], &query["predicted"][format!("{file}_bytes")]);
                let (actual, predicted) = (actual.as_f64().unwrap(), predicted.as_f64().unwrap());
                assert!((predicted - actual).abs() <= 64.0 + 0.02 * actual, "{file}: {predicted} {actual}");
            }
        }
    }
    assert_eq!(document["seed"], 4);
    assert_eq!(document["threads"], serde_json::json!([1]));
    assert!(document["machine"]["cores"].as_u64().unwrap() > 0);
    assert!(["cotejo", "rustc", "tfhe", "tfhe-ntt"].iter().all(|name| document["versions"][name].is_string()));
    assert!(
        document["predicted"].as_array().unwrap().iter().all(|curve| !curve["points"].as_array().unwrap().is_empty())
    );
    let crossovers = document["crossover"].as_array().unwrap().iter().map(|crossover| crossover["scheme"].as_str());
    assert_eq!(crossovers.collect::<Vec<_>>(), [Some("bgv"), Some("hybrid")]);
}

#[test]
fn handles_are_measured_under_every_scheme() {
    let line = SMALL.replace("20,60", "20").replace("--repeat 3", "--repeat 1");
    let document = Desk::empty().json(&format!("{line} --disclosure labelled"));
    let queries = document["queries"].as_array().unwrap();
    let sets: Vec<&str> = queries.iter().map(|query| query["parameter_set"].as_str().unwrap()).collect();
    assert_eq!(sets, ["insecure-test", "insecure-bgv-test", "insecure-hybrid-test"]);
    for query in queries {
        let (actual, predicted) = (&query["bytes"]["answer"], &query["predicted"]["answer_bytes"]);
        let (actual, predicted) = (actual.as_f64().unwrap(), predicted.as_f64().unwrap());
        assert!((predicted - actual).abs() <= 64.0, "{predicted} {actual}");
    }
}

#[test]
fn the_fields_of_the_harness_stand_under_its_names() {
    let harness = MEASURED.1["fetch-by-similarity"].as_array().unwrap();
    assert_eq!(harness.len(), 6);
    for run in harness {
        for stage in [
            "Key Generation",
            "Query encryption",
            "Encrypted computation",
            "Result decryption and postprocessing",
            "Total",
        ] {
            let time = run["Timing"][stage].as_str().unwrap().strip_suffix('s').unwrap();
            assert!(time.parse::<f64>().unwrap() >= 0.0, "{stage}: {time}");
        }
        for size in ["Public and evaluation keys", "Encrypted query", "Encrypted results"] {
            assert!(run["Bandwidth"][size].as_str().unwrap().ends_with(['B', 'K', 'M', 'G']), "{run}");
        }
    }
}

#[test]
fn the_table_reads_back_and_the_page_stands_alone() {
    let (desk, document) = &*MEASURED;
    let table = desk.read("cost.csv");
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let rows: Vec<std::collections::HashMap<String, String>> = reader.deserialize().collect::<Result<_, _>>().unwrap();
    let stages = document["stages"].as_array().unwrap().len();
    assert_eq!(rows.iter().filter(|row| row["kind"] == "stage").count(), stages);
    assert_eq!(rows.iter().filter(|row| row["kind"] == "query").count(), 6 * 5);
    for row in &rows {
        let [least, median, greatest] = ["least", "median", "greatest"].map(|name| row[name].parse::<f64>().unwrap());
        assert!(0.0 < least && least <= median && median <= greatest, "{row:?}");
    }
    let page = String::from_utf8(desk.read("cost.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg") && page.contains("insecure-bgv-test"));
    assert!(!page.contains("http://") || page.contains("http://www.w3.org/2000/svg"));
}

#[test]
fn what_would_take_too_long_is_left_out_and_named() {
    let desk = Desk::empty();
    let line = "bench --set insecure-test --modality generic --metric hamming --dimension 16 --references 1,1000000 \
                --repeat 1 --threads 1";
    let assert = desk.command(&format!("{line} --json")).assert().success();
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(document["queries"].as_array().unwrap().len(), 1);
    assert_eq!(document["skipped"][0]["predicted"]["references"], 1_000_000);
    let said = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(said.contains("left out: insecure-test, 1000000 references"), "{said}");
    assert!(said.contains("queries: 1, about"), "{said}");
    // The table has it as predicted: what is not measured is a dash.
    let table = desk.ok(line);
    let row = table.lines().find(|line| line.starts_with("insecure-test") && line.contains(" 1000000 ")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert!(cells[4..6] == ["-", "-"] && cells.last() == Some(&"-"), "{row}");
}

#[test]
fn more_threads_than_cores_are_warned_of() {
    let desk = Desk::empty();
    let line = "bench --set insecure-test --modality generic --metric hamming --dimension 16 --references 1 --repeat 1";
    let warned = |threads: usize| {
        let assert = desk.command(&format!("{line} --threads {threads}")).assert().success();
        String::from_utf8(assert.get_output().stderr.clone()).unwrap().contains("they wait for each other")
    };
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(warned(cores + 1) && !warned(cores));
}

#[test]
fn unknown_sets_comparisons_that_do_not_fit_and_files_that_exist_are_refused() {
    let desk = Desk::empty();
    let said = desk.refused("bench --set tfhe-1", "--set", "there is no parameter set 'tfhe-1'");
    assert!(said.contains("tfhe-896-2048"), "{said}");
    desk.refused("bench --noise --set tfhe-1", "--set", "there is no parameter set 'tfhe-1'");
    desk.refused("bench --modality generic --metric hamming", "--dimension", "no usual size");
    let line = "bench --scheme bgv --set insecure-bgv-test --modality generic --metric hamming --dimension 4096";
    desk.refused(&format!("{line} --references 10"), "insecure-bgv-test", "coordinates");
    desk.refused("bench --noise --dimension 64", "--noise", "comparisons of its own");
    desk.write("cost.csv", "mine");
    desk.refused("bench --csv cost.csv", "cost.csv", "exists already");
    for line in ["bench --samples 100", "bench --noise --csv a.csv", "bench --threads 0", "bench --limit never"] {
        desk.command(line).assert().code(2);
    }
}

#[test]
fn noise_is_as_predicted_and_nothing_fails() {
    let desk = Desk::empty();
    let document = desk.json(
        "bench --noise --set insecure-test --set insecure-bgv-test --set insecure-hybrid-test --samples 400 --seed 7",
    );
    let sets = document["sets"].as_array().unwrap();
    assert_eq!(sets.len(), 3);
    for set in sets {
        let exact = set["parameter_set"] == "insecure-bgv-test";
        for (stage, ratio) in set["stages"].as_array().unwrap().iter().zip(set["ratios"].as_array().unwrap()) {
            assert_eq!(stage["stage"], ratio["stage"]);
            let ratio = ratio["ratio"].as_f64().unwrap();
            // What is computed in a ring is bounded; what is not is known as it is.
            let bounded = !stage["bound_log2"].is_null();
            assert!(if bounded { ratio <= 1.0 } else { (0.8..1.25).contains(&ratio) }, "{stage}: ratio {ratio}");
            assert!(stage["failures"].is_null() || stage["failures"]["failed"] == 0, "{stage}");
            if bounded {
                let [maximum, bound] =
                    ["measured_maximum_log2", "bound_log2"].map(|name| stage[name].as_f64().unwrap());
                assert!(maximum <= bound, "{stage}");
            }
        }
        assert_eq!(set["flips"].as_array().unwrap().is_empty(), exact);
    }
    let text = desk.ok("bench --noise --set insecure-bgv-test --set insecure-test --html noise.html");
    assert!(text.contains("threshold") && text.contains("0 of 2048"), "{text}");
    let page = String::from_utf8(desk.read("noise.html")).unwrap();
    for words in ["measured</span>", "by the formula</span>", "peak by the formula", "share of decisions that flip"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("cotejo bench --noise --set insecure-bgv-test --set insecure-test --html noise.html"));
}
