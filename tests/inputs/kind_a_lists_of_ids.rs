//! Lists of ids: one reader, one normal form.

use crate::support::{Desk, GALLERY};

/// What a list of the four enrolled people may look like, as other programs write it.
const ALIKE: [(&str, &str); 5] = [
    ("a byte order mark", "\u{feff}anna\nbert\ncarl\ndora\n"),
    ("lines of Windows", "anna\r\nbert\r\ncarl\r\ndora\r\n"),
    ("quotes", "\"anna\"\n\"bert\"\n\"carl\"\n\"dora\"\n"),
    ("white space", "anna \n bert\ncarl\t\ndora\n\n"),
    ("comments", "# exported\nanna\nbert\ncarl\ndora\n"),
];

fn without_ids() -> String {
    GALLERY.lines().map(|line| line.split_once(',').unwrap().1).collect::<Vec<_>>().join("\n")
}

#[test]
fn one_person_has_one_id_however_a_list_is_written() {
    let desk = Desk::exchanged();
    desk.write("nameless.csv", without_ids());
    for (how, list) in ALIKE {
        desk.write("ids.txt", list);
        let enrolled = desk.json("enroll --templates nameless.csv --ids ids.txt --out out.cotejo --force");
        assert_eq!(enrolled["subjects"], 4, "{how}");
        let listed = desk.ok("gallery list --gallery out.cotejo");
        assert!(
            ["anna", "bert", "carl", "dora"].iter().all(|id| listed.lines().any(|line| line.contains(id))),
            "{how}"
        );
    }
}
