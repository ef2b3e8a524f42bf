//! `cotejo params optimise`: the cheapest set that meets a demand, as table, document and file.

use crate::support::Desk;

/// Quick, and met by several sets.
const HAMMING: &str =
    "params optimise --metric hamming --dimension 128 --threshold 40 --disclosure each --references 5000";

#[test]
fn the_cheapest_set_is_marked_beside_a_named_one_and_its_file_makes_an_agreement() {
    let desk = Desk::empty();
    let text = desk.ok(&format!("{HAMMING} --target exact --out set.toml"));
    for said in ["target: exact verdicts; 128 bits of security", " candidates weighed, ", " refused:", "\n* ", "\n= "] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let checked = desk.ok("params check set.toml");
    assert!(checked.contains("set.toml") || checked.contains("bgv"), "{checked}");
    desk.ok("agreement init --modality generic --metric hamming --dimension 128 --threshold 40 --disclosure each --references 5000 --parameter-set set.toml");
    let agreed = desk.json("agreement check");
    assert_eq!((&agreed["scheme"], &agreed["secure"]), (&"bgv".into(), &true.into()));
    let document = desk.json(&format!("{HAMMING} --target exact"));
    assert_eq!(agreed["parameter_set"], document["cheapest"]["parameters"]["name"]);
}

#[test]
fn the_document_has_the_whole_frontier_of_all_schemes_the_soonest_first() {
    let desk = Desk::empty();
    let document = desk.json(&format!("{HAMMING} --target 1.0"));
    let frontier = document["frontier"].as_array().unwrap();
    assert_eq!(frontier[0], document["cheapest"]);
    let seconds: Vec<f64> = frontier.iter().map(|found| found["seconds"].as_f64().unwrap()).collect();
    assert!(seconds.is_sorted(), "{seconds:?}");
    let schemes: Vec<&str> = frontier.iter().map(|found| found["parameters"]["scheme"].as_str().unwrap()).collect();
    assert!(schemes.contains(&"tfhe") && schemes.contains(&"bgv"), "{schemes:?}");
    for found in frontier {
        assert!(found["security_bits"].as_f64().unwrap() >= 128.0 && found["deviation"].as_f64().unwrap() <= 1.0);
    }
    assert_eq!(document["named"]["meets_target"], true);
    assert!(document["weighed"].as_u64().unwrap() > 100);
}

#[test]
fn what_cannot_be_met_or_makes_no_sense_is_said_with_what_to_do() {
    let desk = Desk::empty();
    let scheme = "params optimise --metric hamming --dimension 512 --threshold 180 --scheme";
    for (line, place, said) in [
        (format!("{scheme} tfhe --target 0.01"), "--target", "no set decides within 0.01 bits"),
        (format!("{scheme} tfhe --target 0.01"), "--target", "the most accurate set that meets everything else: noise"),
        (format!("{scheme} tfhe --target exact"), "--scheme", "never exactly"),
        (format!("{scheme} auto --target 0.5 --rounding 0.1"), "--rounding", "use --target exact"),
        (format!("{scheme} auto --target exact --out set.json"), "set.json", "ends in .toml"),
        ("params optimise --modality iris --target exact".to_owned(), "--target", "closest: "),
        (
            "params optimise --metric hamming --dimension 512 --target exact".to_owned(),
            "--threshold",
            "no usual threshold",
        ),
    ] {
        desk.refused(&line, place, said);
    }
    for (line, said) in [
        (format!("{scheme} auto --target never"), "'exact', or a number above 0 is needed"),
        (format!("{scheme} auto --target exact --security 100"), "from 128 to 256"),
    ] {
        let assert = desk.command(&line).assert().code(2);
        let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(error.contains(said), "{line}: {error}");
    }
}
