//! A gallery that is kept up to date: what another system exports replaces what is there, templates must be good enough, and what became
//! otherwise can be told.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Desk, INIT};

/// "bert" with another template, "anna" as she is, and "emil", who is new.
const TODAY: &str = "\
id,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15,v16
emil,1,0,0,0,1,0,0,0,1,0,0,0,1,0,0,0
bert,0,1,0,0,0,1,0,0,0,1,0,0,0,1,0,0
anna,1,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0
";
const REPLACE: &str = "enroll --append --replace --templates today.csv --out gallery.cotejo";

fn desk() -> Desk {
    let desk = Desk::exchanged();
    desk.write("today.csv", TODAY);
    desk.write("yesterday.cotejo", desk.read("gallery.cotejo"));
    desk
}

fn said(desk: &Desk, line: &str) -> String {
    String::from_utf8(desk.command(line).assert().success().get_output().stderr.clone()).unwrap()
}

/// Standard output of a command that ends with this code.
fn ends(desk: &Desk, line: &str, code: i32) -> String {
    String::from_utf8(desk.command(line).assert().code(code).get_output().stdout.clone()).unwrap()
}

#[test]
fn what_comes_replaces_what_is_there_in_one_step_and_once() {
    let desk = desk();
    let before = desk.version();
    let document = desk.json(REPLACE);
    assert_eq!(document["replaced"], json!({"subjects": 1, "unchanged_subjects": 3, "references": 1}));
    let added = json!({"new_subjects": 1, "earlier_subjects": 0, "references": 2, "handles": 0});
    assert_eq!((&document["added"], &document["subjects"], &document["references"]), (&added, &5.into(), &5.into()));
    assert_eq!(document["gallery_bytes"], desk.read("gallery.cotejo").len());
    let listed = desk.ok("gallery list --gallery gallery.cotejo");
    assert_eq!(listed, "anna\t1\t1\ncarl\t1\t2\ndora\t1\t3\nbert\t1\t4\nemil\t1\t5\n");
    // Who is like bert was is so no longer.
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo");
    assert_eq!(ends(&desk, "decrypt --answer new.cotejo", 1), "like-bert\tno hit\nnobody\tno hit\n");
    // The version before is known; once more the same is nothing.
    let earlier = desk.json(&format!("gallery list --gallery gallery.cotejo --version {before}"));
    assert_eq!((&earlier["subjects"], &earlier["removed"]), (&4.into(), &0.into()));
    let bytes = desk.read("gallery.cotejo");
    let again = said(&desk, REPLACE);
    assert!(again.contains("replaced 0 references of 0 subjects, added 0 new ones, left 5 as they were"), "{again}");
    assert!(desk.read("gallery.cotejo") == bytes);
    let refused = desk.command("enroll --replace --templates today.csv --out other.cotejo").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn nobody_is_removed_whose_records_are_refused_and_that_is_said() {
    let desk = desk();
    let broken = TODAY.replace("bert,0,1,", "bert,0,,");
    desk.write("today.csv", &broken);
    let refused = desk.refused(REPLACE, "today.csv", "1 of 3 templates refused");
    assert!(refused.contains("'bert': column 3 is empty; what is enrolled of them stays"), "{refused}");
    assert_eq!(ends(&desk, "gallery diff yesterday.cotejo gallery.cotejo", 0), "");
    let document = desk.json(&format!("{REPLACE} --skip-refused"));
    assert_eq!((&document["refused"][0]["subject"], &document["refused"][0]["stays"]), (&"bert".into(), &true.into()));
    assert_eq!(ends(&desk, "gallery diff yesterday.cotejo gallery.cotejo", 1), "added\temil\n");
}

#[test]
fn a_handle_stays_unless_another_is_given() {
    let desk = desk();
    desk.write(
        "cases.csv",
        TODAY
            .replace("id,", "case,id,")
            .replace("\nemil", "\nC-1,emil")
            .replace("\nbert", "\nC-2,bert")
            .replace("\nanna", "\n,anna"),
    );
    desk.ok("enroll --templates cases.csv --handles case --force --out gallery.cotejo");
    let handles = || -> Vec<String> {
        let listed = desk.ok("gallery list --gallery gallery.cotejo");
        listed.lines().map(|line| line.split('\t').nth(3).unwrap().to_owned()).collect()
    };
    assert_eq!(handles(), ["C-1", "C-2", ""]);
    desk.write("today.csv", TODAY.replace(",0,0\n", ",0,1\n"));
    desk.ok(REPLACE);
    assert_eq!(handles(), ["C-1", "C-2", ""]);
    let cases = String::from_utf8(desk.read("cases.csv")).unwrap();
    desk.write("cases.csv", cases.replace("C-2", "C-9").replace("C-1", "C-2"));
    let line = "enroll --append --replace --templates cases.csv --handles case --out gallery.cotejo";
    let taken = desk.refused(line, "cases.csv", "1 of 3 templates refused");
    assert!(taken.contains("'emil', record 1: the handle is that of 'bert' already"), "{taken}");
    desk.ok(&format!("{line} --skip-refused"));
    assert_eq!(ends(&desk, "gallery list --gallery gallery.cotejo", 0).matches("\tC-9\n").count(), 1);
}

#[test]
fn what_is_otherwise_in_one_gallery_than_in_another_is_told() {
    let desk = desk();
    let before = desk.version();
    let diff = "gallery diff yesterday.cotejo gallery.cotejo";
    assert_eq!(ends(&desk, diff, 0), "");
    desk.ok(REPLACE);
    desk.ok("gallery remove --gallery gallery.cotejo --id dora");
    let expected = "removed\tdora\nchanged\tbert\treferences 1 -> 1\nadded\temil\n";
    assert_eq!(ends(&desk, diff, 1), expected);
    let within = format!("gallery diff gallery.cotejo gallery.cotejo --version {before}");
    assert_eq!(ends(&desk, &within, 1), expected);
    let document: serde_json::Value = serde_json::from_str(&ends(&desk, &format!("{diff} --json"), 1)).unwrap();
    let counts = ["removed", "changed", "added", "unchanged"].map(|name| document[name].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1, 2]);
    assert_eq!(document["old_version"], before);
    let changed = json!({"references": true, "references_before": 1, "references_after": 1, "handle": false});
    assert_eq!(document["differences"][1], json!({"id": "bert", "difference": "changed", "changed": changed}));
    // Compacted, it is the same as before.
    desk.write("other.cotejo", desk.read("gallery.cotejo"));
    desk.ok("gallery compact --gallery other.cotejo");
    assert_eq!(ends(&desk, "gallery diff gallery.cotejo other.cotejo", 0), "");
    desk.refused("gallery diff gallery.cotejo agreement.toml", "agreement.toml", "");
}

#[test]
fn who_is_enrolled_is_exported_without_templates() {
    let desk = desk();
    let export = "gallery export --gallery gallery.cotejo";
    desk.ok(&format!("{export} --out enrolled.csv"));
    let table = String::from_utf8(desk.read("enrolled.csv")).unwrap();
    assert_eq!(table, "id,references,place\nanna,1,1\nbert,1,2\ncarl,1,3\ndora,1,4\n");
    let mode = fs::metadata(desk.path("enrolled.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    desk.refused(&format!("{export} --out enrolled.csv"), "enrolled.csv", "exists already");
    desk.refused(&format!("{export} --force --out gallery.cotejo"), "gallery.cotejo", "");
    let document = desk.json(&format!("{export} --out enrolled.jsonl"));
    assert_eq!((&document["subjects"], &document["version"]), (&4.into(), &desk.version().into()));
    let lines = String::from_utf8(desk.read("enrolled.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), first), (4, json!({"id": "anna", "references": 1, "place": 1})));
}

/// With a quality each: one that is good, one that is not, one without.
fn with_quality(desk: &Desk) {
    let rows = TODAY.replace("id,", "quality,id,").replace("\nemil", "\n0.9,emil").replace("\nbert", "\n0.4,bert");
    desk.write("quality.csv", rows.replace("\nanna", "\n,anna"));
}

#[test]
fn who_is_not_good_enough_is_a_failure_to_enrol_and_no_error() {
    let desk = desk();
    with_quality(&desk);
    let enroll = "enroll --templates quality.csv --out new.cotejo --force";
    assert!(said(&desk, enroll).contains("not read: column `quality`"));
    let told = said(&desk, &format!("{enroll} --minimum-quality 0.5"));
    assert!(told.contains("failure to enrol: line 3, 'bert': the quality is 0.4 where 0.5 is the minimum"), "{told}");
    assert!(told.contains("failure to enrol: line 4, 'anna': no quality is given where 0.5 is the minimum"), "{told}");
    assert!(told.contains("quality from column `quality`") && told.contains("2 failures to enrol"), "{told}");
    let document = desk.json(&format!("{enroll} --minimum-quality 0.5"));
    assert_eq!((&document["subjects"], &document["refused"]), (&1.into(), &json!([])));
    let failures = document["failures_to_enrol"].as_array().unwrap();
    assert_eq!(failures.len(), 2);
    assert_eq!((&failures[0]["quality"], &failures[0]["minimum_quality"]), (&0.4.into(), &0.5.into()));
    assert!(failures[1]["quality"].is_null() && failures[1]["record"] == 3);
    let rehearsed = desk.json("enroll --templates quality.csv --dry-run --minimum-quality 0.5");
    assert_eq!(rehearsed["failures_to_enrol"].as_array().unwrap().len(), 2);
    // Of nobody good enough the highest is told.
    let none = "enroll --templates quality.csv --out none.cotejo --minimum-quality 0.95";
    let what = "none of 3 records has the minimum quality of 0.95: the highest is 0.9";
    desk.refused(none, "quality.csv", what);
    let none = "enroll --templates today.csv --out none.cotejo --minimum-quality 0.5";
    desk.refused(none, "today.csv", "none of 3 records has a quality");
    let no_number = desk.command(&format!("{enroll} --minimum-quality nan")).output().unwrap();
    assert!(no_number.status.code() == Some(2) && String::from_utf8_lossy(&no_number.stderr).contains("give a number"));
}

#[test]
fn who_is_not_good_enough_is_not_replaced_asked_about_or_evaluated() {
    let desk = desk();
    with_quality(&desk);
    let replace = "enroll --append --replace --templates quality.csv --out gallery.cotejo --minimum-quality 0.5";
    let told = said(&desk, replace);
    assert!(told.contains("where 0.5 is the minimum; what is enrolled of them stays"), "{told}");
    assert_eq!(ends(&desk, "gallery diff yesterday.cotejo gallery.cotejo", 1), "added\temil\n");
    let told = said(&desk, "encrypt --templates quality.csv --minimum-quality 0.5 --out one.query.cotejo");
    assert_eq!(told.matches("failure to enrol").count(), 2, "{told}");
    let evaluated = Desk::empty();
    evaluated.ok(INIT);
    let four = "id,quality,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15,v16\n".to_owned()
        + "a,3,1,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0\na,2,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
        + "b,3,0,0,0,0,0,0,0,0,1,1,1,1,0,0,0,0\nb,3,0,0,0,0,0,0,0,0,1,1,1,0,0,0,0,0\na,9,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0\n";
    evaluated.write("four.csv", four);
    let card = evaluated.json("evaluate --templates four.csv --encrypt none --minimum-quality 3");
    assert_eq!((&card["data"]["templates"], card["data"]["refused"].as_array().unwrap().len()), (&5.into(), 1));
}

#[test]
fn vectors_behind_their_lengths_are_read_and_what_else_comes_is_named() {
    let desk = desk();
    let rows: Vec<u8> = TODAY
        .lines()
        .skip(1)
        .flat_map(|line| {
            let values = line.split(',').skip(1).map(|value| value.parse::<f32>().unwrap());
            [16_i32.to_le_bytes().to_vec(), values.flat_map(f32::to_le_bytes).collect()].concat()
        })
        .collect();
    desk.write("today.fvecs", &rows);
    desk.write("today.ids.txt", "emil\nbert\nanna\n");
    desk.ok("enroll --templates today.csv --out one.cotejo");
    let told = said(&desk, "enroll --templates today.fvecs --out two.cotejo");
    assert!(told.contains("ids from today.ids.txt"), "{told}");
    assert_eq!(ends(&desk, "gallery diff one.cotejo two.cotejo", 0), "");
    desk.write("cut.fvecs", &rows[..rows.len() - 3]);
    desk.refused("enroll --templates cut.fvecs --out new.cotejo", "cut.fvecs", "row 3: the file ends within it");
    desk.write("one.bvecs", [&16_i32.to_le_bytes()[..], &[7; 10]].concat());
    let said = "enroll --templates one.bvecs --format bvecs --out new.cotejo";
    desk.refused(said, "one.bvecs", "row 1: the file ends within it");
    desk.refused("enroll --templates today.fvecs --format csv --out new.cotejo", "today.fvecs", "its content is fvecs");

    desk.write("flat.index", b"IxF2\x10\0\0\0\x03\0\0\0\0\0\0\0");
    let told = desk.refused("enroll --templates flat.index --out new.cotejo", "flat.index", "a Faiss index");
    assert!(told.contains("reconstruct_n"), "{told}");
    desk.write("part.lance", [&[0, 1, 2, 3].repeat(400_000)[..], b"LANC"].concat());
    desk.refused("enroll --templates part.lance --out new.cotejo", "part.lance", "a file of a Lance data set");
    fs::create_dir_all(desk.path("faces.lance/_versions")).unwrap();
    let told = desk.refused("enroll --templates faces.lance --out new.cotejo", "faces.lance", "a Lance data set");
    assert!(told.contains("lance.dataset"), "{told}");
}
