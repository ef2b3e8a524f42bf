//! A record that makes no template: named, and left out where that is asked for; the others are used.

use crate::files::faces;

/// File, place of the record, number of the record, its id.
const FILES: [(&str, &str, u64, &str); 4] = [
    ("nan.npy", "row 3", 3, "cy"),
    ("nan.csv", "line 3, 'bo'", 2, "bo"),
    ("missing_value.csv", "line 3, 'bo'", 2, "bo"),
    ("nan.jsonl", "line 2, 'bo'", 2, "bo"),
];

#[test]
fn one_bad_record_is_named_and_the_others_are_enrolled() {
    for (file, place, record, id) in FILES {
        let desk = faces(&[file, "reference.npy", "reference.ids.txt"]);
        let ids = if file == "nan.npy" { "--ids reference.ids.txt" } else { "" };
        let enroll = format!("enroll --templates {file} {ids} --out out.cotejo");
        let stderr = desk.refused(&enroll, file, "1 of 4 templates refused");
        assert!(stderr.contains(place) && stderr.contains("--skip-refused"), "{stderr}");
        let enrolled = desk.json(&format!("{enroll} --skip-refused"));
        assert_eq!((&enrolled["subjects"], &enrolled["refused"][0]["record"]), (&3.into(), &record.into()), "{file}");
        assert_eq!(enrolled["refused"][0]["subject"], id, "{file}");
        // Left out of what is chosen, it does no harm.
        let others = if record == 2 { "1,3-4" } else { "1-2,4" };
        assert_eq!(desk.json(&format!("{enroll} --force --rows {others}"))["subjects"], 3);
    }
}

#[test]
fn one_bad_probe_is_named_and_the_others_are_asked_about() {
    for (file, place, ..) in FILES {
        let desk = faces(&[file]);
        desk.ok("keygen --allow-insecure");
        let encrypt = format!("encrypt --templates {file} --out q.cotejo");
        let stderr = desk.refused(&encrypt, file, place);
        assert!(stderr.contains("--skip-refused"), "{stderr}");
        assert_eq!(desk.json(&format!("{encrypt} --skip-refused"))["probes"], 3, "{file}");
    }
}

#[test]
fn one_bad_sample_is_a_failure_to_enrol() {
    for (file, place, record, _) in FILES {
        let desk = faces(&[file, "reference.npy", "reference.ids.txt"]);
        let ids = if file == "nan.npy" { "--probe-ids reference.ids.txt" } else { "" };
        let line = format!(
            "evaluate --probes {file} {ids} --references reference.npy --reference-ids reference.ids.txt --encrypt none"
        );
        let data = desk.json(&line)["data"].clone();
        assert_eq!((&data["genuine_pairs"], &data["refused"][0]["record"]), (&3.into(), &record.into()), "{file}");
        let compare = format!("compare --probes {file} --references reference.npy");
        desk.refused(&compare, file, place);
        assert_eq!(desk.json(&format!("{compare} --skip-refused"))["pairs"].as_array().unwrap().len(), 12);
    }
}

#[test]
fn faults_without_end_are_counted_and_the_first_ten_told() {
    let desk = faces(&[]);
    let row = |i: usize| if i < 30 { "1,2,3,4,5,6,7,x" } else { "0.5,2,3,4,5,6,7,8.5" };
    desk.write("many.csv", (0..32).map(row).collect::<Vec<_>>().join("\n"));
    let stderr = desk.refused("enroll --templates many.csv --header no", "many.csv", "30 of 32");
    assert_eq!(stderr.lines().filter(|line| line.contains("is not a number")).count(), 10, "{stderr}");
    assert!(stderr.contains("and 20 more"), "{stderr}");
}

#[test]
fn what_has_no_room_is_known_before_the_work() {
    let desk = faces(&["reference.npy", "reference.ids.txt"]);
    desk.ok("agreement init --modality face --dimension 8 --threshold 0.9 --references 3 --probes-per-query 3 --parameter-set insecure-test --allow-insecure --force");
    desk.ok("keygen --allow-insecure");
    let stderr =
        desk.refused("enroll --templates reference.npy", "reference.npy", "4 templates, where the agreement admits 3");
    assert!(stderr.contains("--rows 1-3"), "{stderr}");
    assert_eq!(desk.json("enroll --templates reference.npy --rows 1-3")["subjects"], 3);
    let stderr = desk.refused(
        "encrypt --templates reference.npy --out q.cotejo",
        "reference.npy",
        "4 probes where the agreement admits 3",
    );
    assert!(stderr.contains("--rows 1-3, then --rows 4,"), "{stderr}");
    assert_eq!(desk.json("encrypt --templates reference.npy --out q.cotejo --rows 1-3")["probes"], 3);
}

#[test]
fn a_dry_run_tells_what_would_be_enrolled_and_writes_nothing() {
    let desk = faces(&["nan.csv", "labels_probes.npz"]);
    let before = desk.listing();
    let output = desk.command("enroll --templates nan.csv --dry-run --json").assert().code(1).get_output().clone();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&told["records"], &told["references"], &told["refused"][0]["record"]),
        (&4.into(), &3.into(), &2.into())
    );
    let among = &told["among_themselves"];
    assert_eq!((&among["different"]["pairs"], &among["different"]["hits"]), (&3.into(), &0.into()));
    assert!((among["size"]["median"].as_f64().unwrap() - 1.0).abs() < 1e-3);
    let text = desk.ok("enroll --templates labels_probes.npz --dry-run");
    assert!(text.contains("nothing is written") && text.contains("of two persons: 66 pairs"), "{text}");
    assert_eq!(desk.listing(), before);
}

#[test]
fn persons_are_chosen_by_a_list() {
    let desk = faces(&["reference.npy", "reference.ids.txt"]);
    desk.write("wanted.txt", "di\nana\n");
    assert_eq!(desk.json("enroll --templates reference.npy --ids-from wanted.txt")["subjects"], 2);
    desk.write("wanted.txt", "di\neve\n");
    let stderr = desk.refused(
        "enroll --templates reference.npy --ids-from wanted.txt --force",
        "wanted.txt",
        "1 of 2 ids not among the templates",
    );
    assert!(stderr.contains("line 2: 'eve'"), "{stderr}");
    desk.refused("enroll --templates reference.npy --rows 3-5 --force", "--rows", "there is no row 5");
    // Both together, with ids that are those of the whole file.
    desk.write("wanted.txt", "bo\ndi\n");
    let line = "enroll --templates reference.npy --ids reference.ids.txt --rows 2-4 --ids-from wanted.txt --force";
    assert_eq!(desk.json(line)["subjects"], 2);
    desk.write("wanted.txt", "ana\n");
    desk.refused(line, "wanted.txt", "1 of 1 id not among the templates");
}
