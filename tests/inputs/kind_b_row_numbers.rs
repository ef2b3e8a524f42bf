//! Row numbers that are taken for identities.

use crate::files::{PERSONS, compared, faces, hits};

const REFERENCE: [&str; 2] = ["reference.npy", "reference.ids.txt"];

#[test]
fn two_sets_in_different_order_are_matched_by_their_labels() {
    let desk = faces(&["labels_probes.npz", "labels_references.npz"]);
    let line = "evaluate --probes labels_probes.npz --references labels_references.npz --encrypt none";
    let card = desk.json(line);
    assert_eq!((&card["data"]["genuine_pairs"], &card["data"]["impostor_pairs"]), (&12.into(), &132.into()));
    let stderr = String::from_utf8(desk.command(line).assert().success().get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("ids from array `labels`"), "{stderr}");
    let (_, pairs) = compared(&desk, "", "labels_probes.npz", "labels_references.npz");
    let hits = hits(&pairs);
    assert!(
        hits.len() >= 12 && (0..12).all(|person| hits.contains(&(&person.to_string(), &person.to_string()))),
        "{hits:?}"
    );
}

#[test]
fn labels_under_another_name_are_asked_for_and_not_guessed() {
    let desk = faces(&["person_probes.npz", "person_references.npz"]);
    let line = "evaluate --probes person_probes.npz --references person_references.npz --encrypt none";
    let stderr = desk.refused(line, "person_probes.npz", "labels missing");
    assert!(stderr.contains("are they `person`?") && stderr.contains("not read: array `person`"), "{stderr}");
}

#[test]
fn common_names_are_read_and_the_choice_is_said() {
    let files = ["labels.npz", "names.npz", "ids_in_a_column.npz", "packed_again.npz"];
    let desk = faces(&[&REFERENCE[..], &files].concat());
    for (file, array) in files.into_iter().zip(["labels", "names", "ids", "ids"]) {
        let (said, pairs) = compared(&desk, "", file, "reference.npy");
        assert_eq!(hits(&pairs), PERSONS.map(|person| (person, person)), "{file}");
        assert!(said.contains(&format!("{file}: ids from array `{array}`")), "{said}");
    }
}

#[test]
fn ids_that_a_program_has_made_numbers_with_fractions_are_refused() {
    let files = ["float_ids.npz", "float_ids.csv", "float_ids.txt", "object_ids.npz"];
    let desk = faces(&[&REFERENCE[..], &files].concat());
    let enroll = "enroll --out out.cotejo --templates";
    let stderr = desk.refused(&format!("{enroll} float_ids.npz"), "float_ids.npz", "array `ids`: elements of type <f8");
    assert!(stderr.contains("astype"), "{stderr}");
    for (line, file) in [("float_ids.csv", "float_ids.csv"), ("reference.npy --ids float_ids.txt", "float_ids.txt")] {
        let stderr = desk.refused(&format!("{enroll} {line}"), file, "written as fractions");
        assert!(stderr.contains("astype(int)"), "{stderr}");
    }
    desk.write("quoted.txt", "\"1.0\"\n\"2.0\"\n\"3.0\"\n\"4.0\"\n");
    desk.ok(&format!("{enroll} reference.npy --ids quoted.txt"));
    let stderr = desk.refused(
        &format!("{enroll} object_ids.npz --force"),
        "object_ids.npz",
        "array `ids`: it holds objects of Python",
    );
    assert!(stderr.contains("astype(str)"), "{stderr}");
}
