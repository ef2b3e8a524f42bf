//! Handles of hits, from a column of the custodian's file to the querier's table, by hand and over a network.

use crate::network::{self, Serving};
use crate::support::Desk;

const INIT: &str = "agreement init --modality generic --metric hamming --dimension 32 --threshold 6 --scheme bgv \
                    --parameter-set insecure-bgv-test --allow-insecure --references 1000 --disclosure labelled \
                    --hits-per-probe 2";

/// The same under scheme `tfhe`.
fn tfhe(hits: usize, references: usize) -> String {
    INIT.replace("bgv", "tfhe")
        .replace("insecure-tfhe-test", "insecure-test")
        .replace("--references 1000", &format!("--references {references}"))
        .replace("--hits-per-probe 2", &format!("--hits-per-probe {hits}"))
}

/// Three alike, one more, and one without a handle.
const GALLERY: &str = "\
id,bits,case
anna,11111111000000000000000000000000,GRP-1
bert,00000000111111110000000000000000,GRP-2
bob,00000000111111110000000000000001,=GRP-3
carl,00000000000000001111111100000000,
dora,11111110000000000000000000000000,GRP-4
emil,11111111000000000000000000000000,GRP-5
";

/// Six bits from bert, beside the threshold of bob; nobody; carl; three at once.
const PROBES: &str = "\
id,bits
both,00000000111111110000000000000011
nobody,01010101010101010101010101010101
carl,00000000000000001111111100000000
three,11111111000000000000000000000000
";

/// The same under scheme `hybrid`, whose set decides at this distance from the threshold as the clear does.
fn under(scheme: &str) -> String {
    INIT.replace("bgv", scheme)
}

fn desk(scheme: &str) -> Desk {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    desk.write("probes.csv", PROBES);
    desk.ok(&under(scheme));
    desk.ok("keygen --allow-insecure");
    desk.ok("enroll --templates gallery.csv --handles case");
    desk.ok("encrypt --templates probes.csv");
    desk
}

fn handles_of_hits_are_printed(scheme: &str) {
    let desk = desk(scheme);
    let said = desk.ok("agreement check");
    assert!(said.contains("the handle that the custodian gave it"), "{said}");
    assert!(said.contains("Handles are told of at most 2 hits of a probe"), "{said}");
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
    let lines = "both\thit\t=GRP-3, GRP-2\nnobody\tno hit\ncarl\thit\t(no handle)\nthree\thit\tmore than 2: nothing else is told of them\n";
    desk.command("decrypt --answer probes.answer.cotejo").assert().code(0).stdout(lines);
    desk.ok("encrypt --templates probes.csv --out second.query.cotejo");
    desk.ok("match --gallery gallery.cotejo --query second.query.cotejo --out second.answer.cotejo");
    let told = desk.json("decrypt --answer second.answer.cotejo");
    let verdicts = told.as_array().or_else(|| told["verdicts"].as_array()).unwrap();
    let of = |place: usize| [&verdicts[place]["handles"], &verdicts[place]["count"], &verdicts[place]["more_than"]];
    let (nothing, json) =
        (serde_json::Value::Null, |value: &str| serde_json::from_str::<serde_json::Value>(value).unwrap());
    assert_eq!(of(0), [&json(r#"["=GRP-3", "GRP-2"]"#), &2.into(), &nothing]);
    assert_eq!(of(1), [&json("[]"), &0.into(), &nothing]);
    assert_eq!(of(2), [&json("[null]"), &1.into(), &nothing]);
    assert_eq!(of(3), [&nothing, &nothing, &2.into()]);
}

#[test]
fn handles_of_hits_are_printed_and_nothing_of_misses_or_of_too_many_under_bgv() {
    handles_of_hits_are_printed("bgv");
}

#[test]
fn handles_of_hits_are_printed_and_nothing_of_misses_or_of_too_many_under_hybrid() {
    handles_of_hits_are_printed("hybrid");
}

#[test]
fn under_tfhe_the_handle_of_one_hit_is_printed_and_the_answer_is_as_long_as_planned() {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    // Six bits from bob and seven from bert.
    let probes = PROBES.replace("both,00000000111111110000000000000011", "bob,00000000111111110000000001111111");
    desk.write("probes.csv", probes);
    desk.ok(&tfhe(1, 50));
    desk.ok("keygen --allow-insecure");
    desk.ok("enroll --templates gallery.csv --handles case");
    let said = desk.ok("agreement check");
    assert!(said.contains("Handles are told of at most 1 hit of a probe"), "{said}");
    desk.ok("encrypt --templates probes.csv");
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
    let lines = "bob\thit\t=GRP-3\nnobody\tno hit\ncarl\thit\t(no handle)\nthree\thit\tmore than 1: nothing else is told of them\n";
    let planned = desk.json("plan --references 6 --probes 4 --bootstrap-ms 1");
    let length = desk.read("probes.answer.cotejo").len() as u64;
    assert!(planned["answer_bytes"].as_u64().unwrap().abs_diff(length) < 64, "{planned} {length}");
    desk.command("decrypt --answer probes.answer.cotejo").assert().code(0).stdout(lines);
    // About one person.
    desk.ok("encrypt --templates probes.csv --rows 1-2 --reference bob --out one.query.cotejo");
    desk.ok("match --gallery gallery.cotejo --query one.query.cotejo --out one.answer.cotejo");
    let told = "bob\thit\t=GRP-3\nnobody\tno hit\n";
    desk.command("decrypt --answer one.answer.cotejo").assert().code(0).stdout(told);
}

#[test]
fn terms_on_handles_are_refused_by_name() {
    let desk = Desk::empty();
    for (line, what) in [
        (INIT.replace("--hits-per-probe 2", "--hits-per-probe 17"), "limits.hits_per_probe: must be between 1 and 16"),
        (INIT.replace("labelled", "count"), "limits.hits_per_probe: does not go with disclosure = \"count\""),
        (tfhe(2, 1000), "limits.hits_per_probe: must be 1 under scheme tfhe"),
        (tfhe(1, 1001), "limits.references: scheme tfhe tells handles of at most 1000 references"),
    ] {
        desk.refused(&line, "agreement.toml", what);
    }
    desk.ok(&INIT.replace(" --hits-per-probe 2", ""));
    assert!(String::from_utf8(desk.read("agreement.toml")).unwrap().contains("hits_per_probe = 1\n"));
}

/// Over a network; an auditor then makes the answer again, of which it reads nothing.
fn a_requester_is_told_handles(scheme: &str) {
    let desk = network::desk();
    desk.write("gallery.csv", GALLERY);
    desk.write("probes.csv", PROBES);
    let kept = String::from_utf8(desk.read("b/custodian.toml")).unwrap() + "[limits]\nquery_days = 30\n";
    desk.write("b/custodian.toml", kept);
    desk.ok(&format!("{} --force --service --purpose identification --probes-per-day 9", under(scheme)));
    desk.ok("keygen --allow-insecure --force --out a/keys");
    desk.ok("enroll --templates gallery.csv --handles case --force --out b/gallery.cotejo");
    let serving = Serving::begin(&desk);
    let ask = "ask --config a/querier.toml --justification file-7 --templates probes.csv";
    let csv = desk.ok(&format!("{ask} --csv"));
    assert!(csv.lines().next().unwrap().ends_with("gallery,probe,verdict,places,count,handles"), "{csv}");
    let line = |probe: &str| csv.lines().find(|line| line.contains(&format!(",{probe},"))).unwrap().to_owned();
    assert!(line("both").ends_with(",both,hit,,2,\"'=GRP-3, GRP-2\""), "{csv}");
    assert!(line("nobody").ends_with(",nobody,no hit,,0,"), "{csv}");
    assert!(line("three").ends_with(",three,hit,,more than 2,"), "{csv}");
    let job = desk.json("jobs list --config a/querier.toml")[0]["job"].as_str().unwrap().to_owned();
    drop(serving);
    // What the custodian keeps of it names nobody's handle.
    desk.ok("audit export --database b/custodian.sqlite --format json --out b/log.json");
    assert!(!String::from_utf8_lossy(&desk.read("b/log.json")).contains("GRP"));
    for rest in ["", " --blocks 1"] {
        let said = desk.json(&format!("audit replay --config b/custodian.toml {job}{rest}"));
        assert_eq!(said["same"], serde_json::Value::Bool(true), "{said}");
        assert!(!said.to_string().contains("GRP"), "{said}");
    }
}

#[test]
fn a_requester_is_told_handles_and_keeps_them_in_its_table_under_bgv() {
    a_requester_is_told_handles("bgv");
}

#[test]
fn a_requester_is_told_handles_and_keeps_them_in_its_table_under_hybrid() {
    a_requester_is_told_handles("hybrid");
}
