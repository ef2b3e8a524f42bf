//! A gallery that changes: appended to, removed from, compacted; damaged, in use, of others.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

use assert_cmd::assert::OutputAssertExt;

use crate::support::{Desk, GALLERY, INIT, refusal};

/// Two more people.
const MORE: &str = "\
id,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15,v16
emil,1,0,0,0,1,0,0,0,1,0,0,0,1,0,0,0
fran,0,1,0,0,0,1,0,0,0,1,0,0,0,1,0,0
";
const APPEND: &str = "enroll --append --templates more.csv --out gallery.cotejo";
const MATCH: &str = "match --gallery gallery.cotejo --query probes.query.cotejo --out new.cotejo";

fn desk() -> Desk {
    let desk = Desk::exchanged();
    desk.write("more.csv", MORE);
    desk
}

fn verdicts(desk: &Desk) -> String {
    desk.ok(&format!("{MATCH} --force"));
    let output = desk.command("decrypt --answer new.cotejo").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn ids(desk: &Desk) -> String {
    let listed = desk.ok("gallery list --gallery gallery.cotejo");
    listed.lines().map(|line| line.split_once('\t').unwrap().0).collect::<Vec<_>>().join(" ")
}

fn said(desk: &Desk, line: &str) -> String {
    String::from_utf8(desk.command(line).assert().success().get_output().stderr.clone()).unwrap()
}

#[test]
fn a_gallery_is_appended_to_removed_from_and_compacted() {
    let desk = desk();
    assert_eq!(desk.ok("gallery list --gallery gallery.cotejo"), "anna\t1\t1\nbert\t1\t2\ncarl\t1\t3\ndora\t1\t4\n");
    let appended = desk.json(APPEND);
    assert_eq!((&appended["subjects"], &appended["references"]), (&6.into(), &6.into()));
    assert_eq!(
        appended["added"],
        serde_json::json!({"new_subjects": 2, "earlier_subjects": 0, "references": 2, "handles": 0})
    );
    assert_eq!(appended["gallery_bytes"], desk.read("gallery.cotejo").len());
    assert_eq!(ids(&desk), "anna bert carl dora emil fran");
    assert_eq!(verdicts(&desk), "like-bert\thit\nnobody\tno hit\n");

    desk.write("leaving.txt", "bert\nemil\nbert\n");
    let removed = desk.json("gallery remove --gallery gallery.cotejo --ids-file leaving.txt");
    assert_eq!(removed["removed"], serde_json::json!({"subjects": 2, "references": 2}));
    assert_eq!(ids(&desk), "anna carl dora fran");
    assert_eq!(verdicts(&desk), "like-bert\tno hit\nnobody\tno hit\n");
    let listed = desk.json("gallery list --gallery gallery.cotejo");
    assert_eq!((&listed["subjects"], &listed["references"], &listed["removed"]), (&4.into(), &4.into(), &2.into()));
    assert_eq!(listed["enrolled"][1], serde_json::json!({"id": "carl", "references": 1, "place": 2}));
    assert!(said(&desk, "gallery list --gallery gallery.cotejo").contains("2 removed, whose data stay in the file"));
    let seen = desk.json("inspect gallery.cotejo");
    assert_eq!((&seen["kind"], &seen["gallery"]["subjects"]), (&"gallery".into(), &4.into()));
    assert_eq!((&seen["gallery"]["removed"], &seen["agreement_at_hand"]), (&2.into(), &true.into()));

    let before = desk.read("gallery.cotejo").len();
    let compacted = desk.json("gallery compact --gallery gallery.cotejo");
    assert_eq!((&compacted["bytes_before"], &compacted["removed"]), (&before.into(), &2.into()));
    assert_eq!(compacted["gallery_bytes"], desk.read("gallery.cotejo").len());
    assert!(desk.read("gallery.cotejo").len() < before);
    assert_eq!(ids(&desk), "anna carl dora fran");
    let bytes = desk.read("gallery.cotejo");
    assert!(!bytes.windows(4).any(|window| window == b"bert"));
    let mode = fs::metadata(desk.path("gallery.cotejo")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!desk.listing().iter().any(|name| name.contains("partial")));

    desk.ok("enroll --append --templates gallery.csv --out gallery.cotejo --skip-refused");
    assert_eq!(ids(&desk), "anna carl dora fran bert");
    assert_eq!(verdicts(&desk), "like-bert\thit\nnobody\tno hit\n");
}

#[test]
fn who_was_removed_is_restored_until_the_gallery_is_compacted() {
    let desk = desk();
    let restore = "gallery restore --gallery gallery.cotejo";
    let first = desk.version();
    let before = desk.ok("gallery list --gallery gallery.cotejo");
    let removed = said(&desk, "gallery remove --gallery gallery.cotejo --id anna --id bert");
    assert!(removed.contains("'cotejo gallery restore' brings them back, until 'cotejo gallery compact'"), "{removed}");
    let removed = desk.version();
    assert_eq!((ids(&desk).as_str(), verdicts(&desk).as_str()), ("carl dora", "like-bert\tno hit\nnobody\tno hit\n"));
    let refused = desk.refused(&format!("{restore} --id bert --id carl --id zoe"), "--id", "2 ids cannot be restored");
    let zoe = "'zoe' was never enrolled, or its data are gone since the gallery was compacted";
    assert!(
        refused.contains("'carl' is enrolled") && refused.contains(zoe) && !refused.contains("'bert'"),
        "{refused}"
    );
    assert_eq!(ids(&desk), "carl dora");

    desk.write("returning.txt", "bert\nanna\nbert\n");
    let document = desk.json(&format!("{restore} --ids-file returning.txt"));
    assert_eq!(document["restored"], serde_json::json!({"subjects": 2, "references": 2}));
    assert_eq!((&document["subjects"], &document["references"]), (&4.into(), &4.into()));
    assert_eq!(desk.ok("gallery list --gallery gallery.cotejo"), before);
    assert_eq!(verdicts(&desk), "like-bert\thit\nnobody\tno hit\n");
    assert_eq!(desk.json("inspect gallery.cotejo")["gallery"]["removed"], 0);
    // The same people are another version, and the earlier ones are known.
    assert_ne!(desk.version(), first);
    for (version, expected) in [(first, 4), (removed, 2)] {
        let listed = desk.json(&format!("gallery list --gallery gallery.cotejo --version {version}"));
        assert_eq!(listed["subjects"], expected);
    }

    desk.ok("gallery remove --gallery gallery.cotejo --id anna --id bert");
    desk.ok("enroll --append --templates gallery.csv --rows 2-2 --out gallery.cotejo");
    let anew = desk.refused(&format!("{restore} --id bert"), "--id", "1 id cannot be restored");
    assert!(anew.contains("'bert' was enrolled anew since it was removed"), "{anew}");
    desk.ok("gallery compact --gallery gallery.cotejo");
    let gone = desk.refused(&format!("{restore} --id anna"), "--id", "nobody was restored");
    assert!(gone.contains("its data are gone since the gallery was compacted"), "{gone}");
    assert_eq!(ids(&desk), "carl dora bert");
}

#[test]
fn positions_under_each_are_those_of_who_is_left() {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    desk.write("probes.csv", crate::support::PROBES);
    desk.ok(&format!("{INIT} --disclosure each"));
    desk.ok("keygen --allow-insecure");
    desk.ok("enroll --templates gallery.csv");
    desk.ok("encrypt --templates probes.csv");
    assert_eq!(verdicts(&desk), format!("like-bert\thit\t2\t{}\nnobody\tno hit\n", desk.version()));
    desk.ok("gallery remove --gallery gallery.cotejo --id anna");
    assert_eq!(verdicts(&desk), format!("like-bert\thit\t1\t{}\nnobody\tno hit\n", desk.version()));
}

#[test]
fn places_are_those_of_a_version_which_every_verdict_names() {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    desk.write("probes.csv", crate::support::PROBES);
    desk.ok(&format!("{INIT} --disclosure each"));
    desk.ok("keygen --allow-insecure");
    desk.ok("enroll --templates gallery.csv");
    let first = desk.version();
    let ask = |name: &str| {
        desk.ok(&format!("encrypt --templates probes.csv --out {name}.query.cotejo"));
        desk.ok(&format!("match --gallery gallery.cotejo --query {name}.query.cotejo"));
        desk.ok(&format!("decrypt --answer {name}.answer.cotejo"))
    };
    assert_eq!(ask("one"), format!("like-bert\thit\t2\t{first}\nnobody\tno hit\n"));
    assert_eq!(desk.json("decrypt --answer one.answer.cotejo")["gallery"], *first);
    assert!(said(&desk, "decrypt --answer one.answer.cotejo").contains(&first));
    desk.ok("gallery remove --gallery gallery.cotejo --id anna");
    let second = desk.version();
    assert_ne!(first, second);
    assert_eq!(ask("two"), format!("like-bert\thit\t1\t{second}\nnobody\tno hit\n"));
    // Who place 2 was, and who it is.
    let lines = |version: &str| desk.ok(&format!("gallery list --gallery gallery.cotejo --version {version}"));
    assert_eq!(lines(&first), "anna\t1\t1\nbert\t1\t2\ncarl\t1\t3\ndora\t1\t4\n");
    assert_eq!(lines(&second), "bert\t1\t1\ncarl\t1\t2\ndora\t1\t3\n");
    assert_eq!(desk.ok("gallery list --gallery gallery.cotejo"), lines(&second));
    let earlier = desk.json(&format!("gallery list --gallery gallery.cotejo --version {first}"));
    assert_eq!((&earlier["version"], &earlier["enrolled"][1]["place"]), (&first.clone().into(), &2.into()));
    // The file written anew has forgotten.
    desk.ok("gallery compact --gallery gallery.cotejo");
    for unknown in [first.as_str(), "0000000000000000"] {
        let line = format!("gallery list --gallery gallery.cotejo --version {unknown}");
        desk.refused(&line, "gallery.cotejo", &format!("version {unknown} is not known"));
    }
    // Another gallery of the same people is another version: its place 1 may be anybody.
    desk.ok("enroll --templates gallery.csv --out other.cotejo");
    assert_ne!(desk.json("gallery list --gallery other.cotejo")["version"], *first);
}

#[test]
fn appending_and_removing_say_what_they_refuse_and_change_nothing() {
    let desk = desk();
    let twice =
        desk.refused("enroll --append --templates gallery.csv --out gallery.cotejo", "gallery.csv", "no template");
    assert!(twice.contains("'bert': the id occurs 2 times where the agreement admits 1"), "{twice}");
    desk.write("mixed.csv", format!("{MORE}carl,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"));
    let mixed = "enroll --append --templates mixed.csv --out gallery.cotejo";
    assert!(desk.refused(mixed, "mixed.csv", "1 of 3 templates refused").contains("'carl'"));
    assert!(said(&desk, &format!("{mixed} --skip-refused")).contains("added 2 references"));
    desk.refused("enroll --append --templates more.csv --out absent.cotejo", "absent.cotejo", "cannot open it");
    desk.command(&format!("{APPEND} --force")).assert().code(2);

    let remove = "gallery remove --gallery gallery.cotejo";
    let unknown = desk.refused(&format!("{remove} --id anna --id zoe --id yves"), "--id", "2 ids not enrolled");
    assert!(unknown.contains("'zoe'") && unknown.contains("'yves'") && !unknown.contains("'anna'"), "{unknown}");
    desk.write("eyes.txt", "anna,left\n");
    desk.refused(&format!("{remove} --ids-file eyes.txt"), "eyes.txt", "exempted, removed or restored as a whole");
    desk.write("nobody.txt", "# nobody\n");
    desk.refused(&format!("{remove} --ids-file nobody.txt"), "nobody.txt", "");
    desk.command(remove).assert().code(2);
    desk.command(&format!("{remove} --id anna --ids-file eyes.txt")).assert().code(2);
    for line in
        ["list", "compact", "remove --id anna", "restore --id anna"].map(|line| format!("gallery {line} --gallery"))
    {
        desk.refused(&format!("{line} absent"), "absent", "cannot open it");
        desk.refused(&format!("{line} keys"), "keys", "");
        desk.refused(&format!("{line} more.csv"), "more.csv", "not a cotejo file");
        desk.refused(&format!("{line} probes.query.cotejo"), "probes.query.cotejo", "but a gallery is needed");
    }
}

#[test]
fn a_gallery_may_not_grow_beyond_its_limit() {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    desk.write("more.csv", MORE);
    desk.ok(&format!("{INIT} --references 5"));
    desk.ok("enroll --templates gallery.csv");
    let stderr =
        desk.refused(APPEND, "more.csv", "2 templates beside the 4 that are enrolled, where the agreement admits 5");
    assert!(stderr.contains("--rows 1)"), "{stderr}");
    let stderr = said(&desk, &format!("{APPEND} --skip-refused"));
    assert!(stderr.contains("'fran', record 2: the agreement admits 5 references in a gallery"), "{stderr}");
    assert_eq!(ids(&desk), "anna bert carl dora emil");
    desk.ok("gallery remove --gallery gallery.cotejo --id anna");
    let lines: Vec<&str> = MORE.lines().collect();
    desk.write("fran.csv", format!("{}\n{}\n", lines[0], lines[2]));
    desk.ok("enroll --append --templates fran.csv --out gallery.cotejo");
    assert_eq!(ids(&desk), "bert carl dora emil fran");
}

#[test]
fn a_gallery_of_another_agreement_is_not_changed() {
    let desk = desk();
    desk.ok(&format!("{INIT} --threshold 0.36 --force"));
    for line in [APPEND, "gallery list --gallery gallery.cotejo", "gallery compact --gallery gallery.cotejo"] {
        desk.refused(line, "gallery.cotejo", "another agreement");
    }
    desk.refused("gallery remove --gallery gallery.cotejo --id anna", "gallery.cotejo", "another agreement");
}

#[test]
fn an_append_cut_short_anywhere_opens_as_before_with_a_warning_and_is_overwritten() {
    let desk = desk();
    let before = desk.read("gallery.cotejo");
    desk.ok(APPEND);
    let after = desk.read("gallery.cotejo");
    for length in (before.len() + 1..after.len()).step_by(29).chain([after.len() - 1]) {
        desk.write("gallery.cotejo", &after[..length]);
        let stderr = said(&desk, "gallery list --gallery gallery.cotejo");
        let bytes = length - before.len();
        assert!(stderr.contains(&format!("warning: gallery.cotejo: ignored its last {bytes} byte")), "{stderr}");
        assert_eq!(ids(&desk), "anna bert carl dora");
    }
    desk.ok(APPEND);
    assert_eq!(desk.read("gallery.cotejo"), after);
}

#[test]
fn a_damaged_gallery_gives_no_answer_and_is_not_changed() {
    let desk = desk();
    desk.ok(APPEND);
    let whole = desk.read("gallery.cotejo");
    for position in (0..whole.len()).step_by(31) {
        let mut flipped = whole.clone();
        flipped[position] ^= 4;
        desk.write("gallery.cotejo", &flipped);
        desk.refused(MATCH, "gallery.cotejo", "");
        desk.refused("inspect gallery.cotejo", "gallery.cotejo", "");
        desk.refused("gallery compact --gallery gallery.cotejo", "gallery.cotejo", "");
    }
    for garbage in [b"\n".as_slice(), &[1; 100_000]] {
        desk.write("gallery.cotejo", [&whole, garbage].concat());
        desk.refused(MATCH, "gallery.cotejo", "the gallery is damaged (segment 3: head)");
    }
    // Cut within what was first enrolled: nobody is left.
    for (length, what) in [(0, "truncated"), (71, "truncated"), (127, "truncated"), (128, "nobody"), (200, "cut short")]
    {
        desk.write("gallery.cotejo", &whole[..length]);
        desk.refused(MATCH, "gallery.cotejo", what);
    }
}

/// Its copy is what brings everybody back, and what is left of it is not made less unasked.
#[test]
fn a_gallery_that_was_cut_short_is_not_written_anew_without_those_who_are_lost() {
    let desk = desk();
    let first = desk.read("gallery.cotejo").len();
    desk.ok(APPEND);
    let whole = desk.read("gallery.cotejo");
    let compact = "gallery compact --gallery gallery.cotejo";
    let others =
        ["remove --id anna", "restore --id anna"].map(|line| format!("gallery {line} --gallery gallery.cotejo"));
    for length in [129, 200, first - 1] {
        desk.write("gallery.cotejo", &whole[..length]);
        let all = [compact.to_owned(), format!("{compact} --without-torn-end"), APPEND.to_owned(), MATCH.to_owned()];
        for line in all.iter().chain(&others) {
            let refused = desk.refused(line, "gallery.cotejo", "it was cut short");
            assert!(refused.contains("remedy: restore the gallery from its copy"), "{refused}");
        }
    }
    desk.write("gallery.cotejo", &whole[..whole.len() - 1]);
    let refused = desk.refused(compact, "gallery.cotejo", "or of a file that was cut short");
    assert!(refused.contains("remedy: restore the gallery from its copy"), "{refused}");
    desk.ok(&format!("{compact} --without-torn-end"));
    assert_eq!(ids(&desk), "anna bert carl dora");
    assert_eq!(desk.json("inspect gallery.cotejo")["gallery"]["ignored_bytes"], 0);
}

#[test]
fn a_gallery_from_which_everybody_was_removed_gives_no_answer_until_somebody_is_enrolled() {
    let desk = desk();
    desk.ok("gallery remove --gallery gallery.cotejo --id anna --id bert --id carl --id dora");
    for _ in 0..2 {
        assert_eq!(desk.ok("gallery list --gallery gallery.cotejo"), "");
        let stderr = desk.refused(MATCH, "gallery.cotejo", "nobody is enrolled in the gallery");
        assert!(stderr.contains("enroll somebody"), "{stderr}");
        desk.ok("gallery compact --gallery gallery.cotejo");
    }
    desk.ok("enroll --append --templates gallery.csv --out gallery.cotejo");
    assert_eq!(verdicts(&desk), "like-bert\thit\nnobody\tno hit\n");
}

#[test]
fn a_gallery_in_use_is_not_changed_and_one_that_changes_is_not_read() {
    let desk = desk();
    let file = File::open(desk.path("gallery.cotejo")).unwrap();
    file.lock_shared().unwrap();
    desk.ok("gallery list --gallery gallery.cotejo");
    let writing =
        [APPEND, "gallery remove --gallery gallery.cotejo --id anna", "gallery compact --gallery gallery.cotejo"];
    for line in writing {
        desk.refused(line, "gallery.cotejo", "is in use by another command");
    }
    file.unlock().unwrap();
    file.lock().unwrap();
    for line in writing.into_iter().chain([MATCH, "gallery list --gallery gallery.cotejo", "inspect gallery.cotejo"]) {
        desk.refused(line, "gallery.cotejo", "is in use by another command");
    }
    file.unlock().unwrap();
    desk.ok(APPEND);
}

#[test]
fn an_append_to_a_full_disk_leaves_the_gallery_as_before() {
    let desk = desk();
    let before = desk.read("gallery.cotejo");
    for line in
        [APPEND, "gallery remove --gallery gallery.cotejo --id anna", "gallery compact --gallery gallery.cotejo"]
    {
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {} {line}", env!("CARGO_BIN_EXE_cotejo"));
        let output = std::process::Command::new("sh").args(["-c", &script]).current_dir(desk.path(".")).output();
        refusal(output.unwrap().assert(), line, "gallery.cotejo", "cannot write it");
        assert_eq!(desk.read("gallery.cotejo"), before, "{line}");
    }
}
