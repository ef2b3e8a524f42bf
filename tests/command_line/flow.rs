//! Whole exchanges: 1:N, N:M, 1:1, every disclosure, irises; text, JSON and exit codes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Desk, GALLERY, INIT, PROBES, vectors};

fn mode(desk: &Desk, name: &str) -> u32 {
    fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_exchange_ends_with_a_line_a_probe_and_exits_like_grep() {
    let desk = Desk::exchanged();
    let decrypt = "decrypt --answer probes.answer.cotejo";
    desk.command(decrypt).assert().code(0).stdout("like-bert\thit\nnobody\tno hit\n");
    // An answer can be read again, until it is to be forgotten.
    desk.command(&format!("{decrypt} --forget")).assert().code(0);
    desk.refused(decrypt, "probes.answer.cotejo", "nothing is remembered");

    let lines: Vec<&str> = PROBES.lines().collect();
    desk.write("nobody.csv", format!("{}\n{}\n", lines[0], lines[2]));
    desk.ok("encrypt --templates nobody.csv");
    desk.ok("match --gallery gallery.cotejo --query nobody.query.cotejo");
    desk.command("decrypt --answer nobody.answer.cotejo").assert().code(1).stdout("nobody\tno hit\n");
}

#[test]
fn every_file_is_named_after_its_input_and_closed_as_it_must_be() {
    let desk = Desk::exchanged();
    let names = [
        "agreement.toml",
        "gallery.cotejo",
        "gallery.csv",
        "keys",
        "probes.answer.cotejo",
        "probes.csv",
        "probes.query.cotejo",
    ];
    assert_eq!(desk.listing(), names);
    assert_eq!(mode(&desk, "keys/querier"), 0o700);
    assert_eq!(mode(&desk, "keys/querier/pending"), 0o700);
    for secret in ["keys/querier/secret.key", "gallery.cotejo", &desk.pending()] {
        assert_eq!(mode(&desk, secret), 0o600, "{secret}");
    }
    for shared in ["keys/querier/evaluation.key", "probes.query.cotejo", "probes.answer.cotejo", "agreement.toml"] {
        assert_eq!(mode(&desk, shared) & 0o600, 0o600, "{shared}");
    }
}

#[test]
fn every_result_is_one_json_document() {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    desk.write("probes.csv", PROBES);
    let init = desk.json(INIT);
    assert_eq!(init["digest"].as_str().unwrap().len(), 64);
    assert_eq!(desk.json("agreement check")["digest"], init["digest"]);
    assert_eq!(desk.json("params list")[0]["name"], "tfhe-896-2048");
    let keys = desk.json("keygen --allow-insecure --out k");
    assert_eq!(keys["secret_key"], "k/secret.key");
    assert_eq!(desk.json("enroll --templates gallery.csv")["subjects"], 4);
    let query = desk.json("encrypt --keys k --templates probes.csv");
    assert_eq!((&query["probes"], &query["key"]), (&2.into(), &keys["key"]));
    let matched =
        desk.json("match --evaluation-key k/evaluation.key --gallery gallery.cotejo --query probes.query.cotejo");
    assert_eq!((&matched["references"], &matched["query_id"]), (&4.into(), &query["query_id"]));
    let verdicts = desk.json("decrypt --keys k --answer probes.answer.cotejo");
    let gallery = desk.version();
    assert_eq!(verdicts["gallery"], *gallery);
    assert_eq!(
        verdicts["verdicts"],
        serde_json::json!([
            {"probe": "like-bert", "hit": true, "gallery": gallery},
            {"probe": "nobody", "hit": false, "gallery": gallery}
        ])
    );
    let compared = desk.json("compare --probes probes.csv --references gallery.csv");
    assert_eq!(compared["pairs"].as_array().unwrap().len(), 8);
    assert_eq!((&compared["summary"]["hits"], &compared["summary"]["pairs"]), (&1.into(), &8.into()));
    let hit = compared["pairs"].as_array().unwrap().iter().find(|pair| pair["hit"] == true).unwrap();
    assert_eq!((&hit["probe"], &hit["reference"]), (&"like-bert".into(), &"bert".into()));
    assert!(hit["flip_probability"].as_f64().unwrap() < 1e-9);
    let plan = desk.json("plan --references 1000 --bootstrap-ms 10");
    assert!(plan["steps"].as_u64().unwrap() >= 1000);
    assert_eq!((&plan["scheme"], &plan["step"]), (&"tfhe".into(), &"bootstrap".into()));
    let made = desk.json("synthesize --modality face --subjects 3 --out data");
    assert_eq!(made["files"][0], "data/sample-1.npy");
    for (file, kind) in [("k/secret.key", "secret key"), ("gallery.cotejo", "gallery"), ("agreement.toml", "agreement")]
    {
        assert_eq!(desk.json(&format!("inspect {file}"))["kind"], kind);
    }
}

#[test]
fn a_query_about_one_person_tells_the_operator_alone_that_nobody_of_that_id_is_enrolled() {
    let desk = Desk::exchanged();
    let ask = |reference: &str| {
        desk.ok(&format!("encrypt --templates probes.csv --reference {reference} --out {reference}.cotejo"));
        let matched =
            desk.command(&format!("match --gallery gallery.cotejo --query {reference}.cotejo")).assert().success();
        let stderr = String::from_utf8(matched.get_output().stderr.clone()).unwrap();
        let decrypted = desk.command(&format!("decrypt --answer {reference}.answer.cotejo")).assert();
        let output = decrypted.get_output();
        (stderr, String::from_utf8(output.stdout.clone()).unwrap(), output.status.code())
    };
    let (stderr, verdicts, code) = ask("bert");
    assert!(!stderr.contains("not enrolled"));
    assert_eq!((verdicts.as_str(), code), ("like-bert\thit\nnobody\tno hit\n", Some(0)));
    let (stderr, verdicts, code) = ask("emil");
    assert!(stderr.contains("warning: the query is about 'emil', who is not enrolled"), "{stderr}");
    assert_eq!((verdicts.as_str(), code), ("like-bert\tno hit\nnobody\tno hit\n", Some(1)));
    let size = |name| desk.read(name).len();
    assert_eq!(size("bert.answer.cotejo"), size("emil.answer.cotejo"));
}

#[test]
fn what_the_agreement_discloses_is_what_is_printed() {
    for (disclosure, expected) in
        [("each", "like-bert\thit\t2\tVERSION\nnobody\tno hit\n"), ("count", "like-bert\thit\t1\nnobody\tno hit\t0\n")]
    {
        let desk = Desk::empty();
        desk.write("gallery.csv", GALLERY);
        desk.write("probes.csv", PROBES);
        desk.ok(&format!("{INIT} --disclosure {disclosure}"));
        desk.ok("keygen --allow-insecure");
        desk.ok("enroll --templates gallery.csv");
        desk.ok("encrypt --templates probes.csv");
        desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
        let expected = expected.replace("VERSION", &desk.version());
        desk.command("decrypt --answer probes.answer.cotejo").assert().code(0).stdout(expected);
        let json = desk.json("decrypt --answer probes.answer.cotejo");
        assert_eq!(json["disclosure"], disclosure);
    }
}

/// Two probes against four references: eight bits under `each`.
#[test]
fn an_answer_that_could_disclose_more_bits_than_agreed_is_refused_with_the_numbers() {
    for (bits, refused) in [(8, false), (7, true)] {
        let desk = Desk::empty();
        desk.write("gallery.csv", GALLERY);
        desk.write("probes.csv", PROBES);
        desk.ok(&format!("{INIT} --disclosure each --bits-per-query {bits}"));
        let said = desk.ok("agreement check");
        assert!(said.contains(&format!("a query may disclose {bits} at most")), "{said}");
        desk.ok("keygen --allow-insecure");
        desk.ok("enroll --templates gallery.csv");
        desk.ok("encrypt --templates probes.csv");
        let command = "match --gallery gallery.cotejo --query probes.query.cotejo";
        if refused {
            let numbers = "on 2 probes could disclose 8 bits where the agreement admits 7 a query (limits.bits_per_query), \
                           enough for 1 of them";
            let said = desk.refused(command, "probes.query.cotejo", numbers);
            assert!(
                said.contains("remedy: ask about fewer probes at a time, or agree on a larger limits.bits_per_query"),
                "{said}"
            );
        } else {
            desk.ok(command);
        }
    }
    let desk = Desk::empty();
    desk.refused(&format!("{INIT} --bits-per-query 0"), "agreement.toml", "limits.bits_per_query");
}

#[test]
fn synthetic_irises_with_rotations_are_found() {
    let desk = Desk::empty();
    desk.ok("agreement init --modality iris --rows 4 --columns 64 --channels 4 --rotations 3 --parameter-set insecure-test --allow-insecure");
    desk.ok("synthesize --modality iris --rows 4 --columns 64 --channels 4 --tilt 3 --subjects 3 --out data");
    desk.ok("synthesize --modality iris --rows 4 --columns 64 --channels 4 --tilt 3 --subjects 1 --first-subject 90 --out others");
    desk.ok("keygen --allow-insecure");
    desk.ok("enroll --templates data/sample-1.npz --out gallery.cotejo");
    for (probes, code) in [("data/sample-2.npz", 0), ("others/sample-2.npz", 1)] {
        desk.ok(&format!("encrypt --templates {probes} --out query.cotejo --force"));
        desk.ok("match --gallery gallery.cotejo --query query.cotejo --force");
        desk.command("decrypt --answer query.answer.cotejo").assert().code(code);
    }
}

#[test]
fn ids_come_from_beside_an_array_or_are_numbers() {
    let desk = Desk::exchanged();
    let rows: Vec<Vec<f32>> = (0..2).map(|i| (0..16).map(|j| if j / 8 == i { 1.0 } else { 0.0 }).collect()).collect();
    desk.write("a.npy", vectors(&rows));
    desk.write("b.npy", vectors(&rows));
    desk.write("b.ids.txt", "x\ny\n");
    let compared = desk.json("compare --probes a.npy --references b.npy --pairs same-row");
    let pairs = compared["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 2);
    assert_eq!(
        (&pairs[1]["probe"], &pairs[1]["reference"], &pairs[1]["hit"]),
        (&"2".into(), &"y".into(), &true.into())
    );
}

#[test]
fn many_pairs_are_summed_up_unless_they_are_asked_for() {
    let desk = Desk::empty();
    desk.ok("agreement init --modality face --dimension 64 --scheme tfhe");
    desk.ok("synthesize --modality face --dimension 64 --subjects 40");
    let compare = "compare --probes data/sample-2.npy --references data/sample-1.npy";
    let summary = desk.ok(compare);
    assert!(summary.starts_with("# 1600 pairs, ") && summary.lines().count() == 1, "{summary}");
    assert_eq!(desk.ok(&format!("{compare} --all")).lines().count(), 1601);
    let genuine = desk.ok(&format!("{compare} --pairs same-id --quiet"));
    assert_eq!(genuine.lines().count(), 41);
    let hits = desk.json(&format!("{compare} --hits-only"));
    assert_eq!(hits["summary"]["hits"].as_u64().unwrap() as usize, hits["pairs"].as_array().unwrap().len());
}

#[test]
fn a_file_is_inspected_without_showing_its_secrets() {
    let desk = Desk::exchanged();
    let key = desk.json("inspect keys/querier/evaluation.key")["key"].as_str().unwrap().to_owned();
    for (file, kind, holder) in [
        ("keys/querier/secret.key", "secret key", "the querier alone"),
        (&desk.pending(), "pending query", "the querier alone"),
        ("gallery.cotejo", "gallery", "the custodian alone"),
        ("keys/querier/evaluation.key", "evaluation key", "both parties"),
        ("probes.query.cotejo", "query", "both parties"),
        ("probes.answer.cotejo", "answer", "both parties"),
    ] {
        let said = desk.ok(&format!("inspect {file}"));
        assert!(said.contains(&format!("{kind} of cotejo")) && said.contains(holder), "{said}");
        assert!(said.contains("the one in agreement.toml"), "{said}");
        assert_eq!(said.contains(&key), kind != "gallery", "{said}");
        assert_eq!(said.contains("INSECURE"), kind != "gallery", "{said}");
        assert!(!said.contains("bert"), "{said}");
    }
    fs::set_permissions(desk.path("gallery.cotejo"), fs::Permissions::from_mode(0o644)).unwrap();
    let output = desk.command("inspect gallery.cotejo").assert().success().get_output().clone();
    assert!(String::from_utf8(output.stderr).unwrap().contains("chmod 600 gallery.cotejo"));
    desk.refused("inspect probes.csv", "probes.csv", "neither a file of cotejo nor an agreement");
    desk.refused("inspect nothing", "nothing", "cannot open it");
    desk.refused("inspect keys", "keys", "is a folder");
}

#[test]
fn a_reader_that_closes_standard_output_is_no_error() {
    let desk = Desk::exchanged();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .args(["decrypt", "--answer", "probes.answer.cotejo"])
        .current_dir(desk.path("."))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!String::from_utf8(output.stderr).unwrap().contains("error"));
}
