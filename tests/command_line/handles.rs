//! Record handles: read from a column, shown to the custodian, kept by every change, and refused by name.

use std::fs;

use crate::support::{Desk, GALLERY};

/// The gallery with a column of case numbers; the third has none.
fn filed() -> String {
    let cases = ["case", "GRP-1", "GRP-2", "", "GRP-4"];
    let lines = GALLERY.lines().zip(cases).map(|(line, case)| format!("{line},{case}\n"));
    lines.collect()
}

const ENROLL: &str = "enroll --templates filed.csv --handles case --out gallery.cotejo";

fn desk() -> Desk {
    let desk = Desk::exchanged();
    desk.write("filed.csv", filed());
    desk
}

fn listed(desk: &Desk) -> String {
    desk.ok("gallery list --gallery gallery.cotejo")
}

#[test]
fn handles_of_a_column_are_enrolled_counted_and_listed() {
    let desk = desk();
    let before = (desk.json("inspect gallery.cotejo"), listed(&desk));
    assert_eq!((&before.0["gallery"]["handles"], before.1.lines().next()), (&0.into(), Some("anna\t1\t1")));
    let rehearsed = desk.json("enroll --templates filed.csv --handles case --dry-run");
    assert_eq!((&rehearsed["handles"], &rehearsed["subjects"]), (&3.into(), &4.into()));
    let output = desk.command(&format!("{ENROLL} --force")).output().unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && told.contains("filed.csv: handles from column `case`"), "{told}");
    assert!(told.contains("4 subjects with 4 references, 3 handles") && !told.contains("GRP"), "{told}");
    assert_eq!(listed(&desk), "anna\t1\t1\tGRP-1\nbert\t1\t2\tGRP-2\ncarl\t1\t3\t\ndora\t1\t4\tGRP-4\n");
    let document = desk.json("gallery list --gallery gallery.cotejo");
    assert_eq!(document["handles"], 3);
    let enrolled = |place: usize| document["enrolled"][place].clone();
    assert_eq!(enrolled(1), serde_json::json!({"id": "bert", "references": 1, "place": 2, "handle": "GRP-2"}));
    assert_eq!(enrolled(2), serde_json::json!({"id": "carl", "references": 1, "place": 3}));
    let inspected = desk.ok("inspect gallery.cotejo");
    assert!(inspected.contains("enrolled    4 subjects with 4 references, 3 handles"), "{inspected}");
    assert!(!inspected.contains("GRP"), "{inspected}");
    let after = desk.json("inspect gallery.cotejo");
    assert_eq!(after["gallery"]["handles"], 3);
    assert!(after["gallery"]["version"] != before.0["gallery"]["version"]);
    assert!(after["gallery"]["root"] != before.0["gallery"]["root"]);

    // Kept by removal, restoration, compaction and appending.
    desk.ok("gallery remove --gallery gallery.cotejo --id bert");
    let without = "anna\t1\t1\tGRP-1\ncarl\t1\t2\t\ndora\t1\t3\tGRP-4\n";
    assert_eq!(listed(&desk), without);
    desk.ok("gallery restore --gallery gallery.cotejo --id bert");
    desk.ok("gallery remove --gallery gallery.cotejo --id bert");
    desk.ok("gallery compact --gallery gallery.cotejo");
    assert_eq!(listed(&desk), without);
    let again = "enroll --append --templates filed.csv --handles case --rows 2-2 --out gallery.cotejo";
    let appended = desk.json(again);
    assert_eq!((&appended["handles"], &appended["added"]["handles"]), (&3.into(), &1.into()));
    assert_eq!(listed(&desk), format!("{without}bert\t1\t4\tGRP-2\n"));
    // Neither a proof nor what else is written for others has one.
    desk.ok("gallery prove --gallery gallery.cotejo --id bert --references --out proof.json");
    let proof = fs::read_to_string(desk.path("proof.json")).unwrap();
    assert!(!proof.contains("GRP") && proof.contains("\"handle\""), "{proof}");
    let root = desk.json("inspect gallery.cotejo")["gallery"]["root"].as_str().unwrap().to_owned();
    assert!(desk.ok(&format!("audit proof proof.json --root {root}")).contains("bert"));
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo --force");
}

#[test]
fn handles_that_are_too_long_repeated_or_not_there_are_refused_and_nothing_is_written() {
    let desk = desk();
    let before = desk.read("gallery.cotejo");
    let refused = |content: &str, what: &str, told: &[&str]| {
        desk.write("filed.csv", content);
        for line in [format!("{ENROLL} --force"), "enroll --templates filed.csv --handles case --out new".to_owned()] {
            let stderr = desk.refused(&line, "filed.csv", what);
            assert!(told.iter().all(|part| stderr.contains(part)) && !stderr.contains("GRP-"), "{stderr}");
        }
        assert!(desk.read("gallery.cotejo") == before && !desk.exists("new"));
    };
    let long = filed().replace("GRP-2", &"GRP-".repeat(9));
    refused(&long, "1 of 4 templates refused", &["line 3, 'bert': the handle has 36 bytes", "--skip-refused"]);
    let control = filed().replace("GRP-2", "GRP\u{7}2");
    refused(&control, "1 of 4 templates refused", &["line 3, 'bert': character 4 of the handle is a control"]);
    let twice = filed().replace("GRP-4", "GRP-1");
    refused(&twice, "1 of 4 templates refused", &["'dora', record 4: the handle is that of 'anna' already"]);
    let measures = filed().replace("GRP-1", "1.0").replace("GRP-2", "2.0").replace("GRP-4", "4.0");
    refused(&measures, "line 2: the handles are written as fractions", &["dtype=str"]);
    refused(
        GALLERY,
        "nothing is called `case`, which handles are to be read from, but `id`, `v1`",
        &["name one of these"],
    );
    // Against the gallery; those that are left out are told, and the others enrolled.
    desk.write("filed.csv", filed());
    desk.ok(&format!("{ENROLL} --force"));
    let more = GALLERY.lines().next().unwrap().to_owned()
        + ",case\nzoe,1,0,0,0,1,0,0,0,1,0,0,0,1,0,0,0,GRP-2\n\
                yves,0,1,0,0,0,1,0,0,0,1,0,0,0,1,0,0,GRP-9\n";
    desk.write("more.csv", more);
    let append = "enroll --append --templates more.csv --handles case --out gallery.cotejo";
    let stderr = desk.refused(append, "more.csv", "1 of 2 templates refused");
    assert!(stderr.contains("'zoe', record 1: the handle is that of 'bert' already") && !stderr.contains("GRP-"));
    let appended = desk.json(&format!("{append} --skip-refused"));
    assert_eq!((&appended["handles"], &appended["added"]["new_subjects"]), (&4.into(), &1.into()));
    // Where there is no place for them.
    desk.write("bare.npy", crate::support::vectors(&[vec![1.0; 16]]));
    desk.refused(
        "enroll --templates bare.npy --handles case --out new",
        "bare.npy",
        ".npy: there is no place for handles",
    );
    // Who was removed is not restored where another has the handle now.
    desk.ok("gallery remove --gallery gallery.cotejo --id yves");
    desk.write(
        "zoe.csv",
        fs::read_to_string(desk.path("more.csv")).unwrap().replace("GRP-9", "").replace("GRP-2", "GRP-9"),
    );
    desk.ok("enroll --append --templates zoe.csv --handles case --rows 1-1 --out gallery.cotejo");
    let stderr = desk.refused("gallery restore --gallery gallery.cotejo --id yves", "--id", "1 id cannot be restored");
    assert!(stderr.contains("'yves' has a handle that is another subject's now"), "{stderr}");
}

#[test]
fn a_gallery_whose_handle_was_altered_is_damaged_and_gives_no_answer() {
    let desk = desk();
    desk.ok(&format!("{ENROLL} --force"));
    let mut file = desk.read("gallery.cotejo");
    let at = file.windows(5).position(|window| window == b"GRP-2").unwrap();
    file[at + 4] = b'3';
    desk.write("gallery.cotejo", file);
    for line in [
        "gallery list --gallery gallery.cotejo",
        "match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo",
    ] {
        desk.refused(line, "gallery.cotejo", "the gallery is damaged (segment 1: tables)");
    }
    assert!(!desk.exists("new.cotejo"));
}

/// Six bits from bert, seven from bert, six from anna.
const BITS: &str = "\
id,bits
six-off,00000000111111110000000000111111
seven-off,00000000111111110000000001111111
like-anna,11111111000000000000000000111111
";

#[test]
fn a_hit_under_labelled_tells_the_handle_of_the_column_and_of_whoever_has_none_that_there_is_none() {
    let init = "agreement init --modality generic --metric hamming --dimension 32 --threshold 6 --scheme bgv \
                --parameter-set insecure-bgv-test --allow-insecure --references 1000 --disclosure labelled";
    let desk = Desk::asked(init, crate::bgv::GALLERY, BITS);
    let cases = ["case", "", "GRP-2026/17", "GRP-3"];
    let filed: String = crate::bgv::GALLERY.lines().zip(cases).map(|(line, case)| format!("{line},{case}\n")).collect();
    desk.write("filed.csv", filed);
    let enrolled = desk.command(&format!("{ENROLL} --force")).output().unwrap();
    let told = String::from_utf8(enrolled.stderr).unwrap();
    assert!(told.contains("1 of 3 subjects have none (--handles)"), "{told}");
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
    let expected = "six-off\thit\tGRP-2026/17\nseven-off\tno hit\nlike-anna\thit\t(no handle)\n";
    desk.command("decrypt --answer probes.answer.cotejo").assert().code(0).stdout(expected);
}
