//! Templates and ids that are refused: by name, with the row and what to do, and with nothing written.

use crate::support::{Desk, GALLERY, npy, vectors};

/// Vectors that are fine but for what `spoil` does to the third.
fn spoilt(spoil: impl Fn(&mut Vec<f32>)) -> Vec<u8> {
    let mut rows: Vec<Vec<f32>> =
        (0..4).map(|i| (0..16).map(|j| if j / 4 == i { 1.0 } else { 0.125 }).collect()).collect();
    spoil(&mut rows[2]);
    vectors(&rows)
}

/// Every command that reads templates refuses them, and says why.
fn refused_everywhere(desk: &Desk, file: &str, what: &str) {
    for line in [
        format!("enroll --templates {file} --out out.cotejo"),
        format!("encrypt --templates {file} --out out.cotejo"),
        format!("compare --probes {file} --references gallery.csv"),
    ] {
        let stderr = desk.refused(&line, file, what);
        assert!(!stderr.contains("0.125"), "{line}: {stderr}");
    }
}

#[test]
fn what_is_not_a_number_or_not_finite_is_refused_with_its_row() {
    let desk = Desk::exchanged();
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        desk.write("bad.npy", spoilt(|row| row[5] = value));
        refused_everywhere(&desk, "bad.npy", "row 3: coordinate 6 is not a finite number");
    }
    desk.write("bad.csv", GALLERY.replacen("carl,0,", "carl,nan,", 1));
    refused_everywhere(&desk, "bad.csv", "line 4, 'carl': coordinate 1 is not a finite number");
    desk.write("words.csv", GALLERY.replacen("carl,0,", "carl,none,", 1));
    refused_everywhere(&desk, "words.csv", "line 4, 'carl': column 2 is not a number");
}

#[test]
fn a_zero_vector_is_refused_by_name_and_may_be_skipped() {
    let desk = Desk::exchanged();
    desk.write("bad.npy", spoilt(|row| row.fill(0.0)));
    refused_everywhere(&desk, "bad.npy", "3'");
    let stderr = desk.refused("enroll --templates bad.npy --out out.cotejo", "bad.npy", "1 of 4 templates refused");
    assert!(stderr.contains("'3', record 3: the vector is zero"), "{stderr}");
    assert!(stderr.contains("--skip-refused"), "{stderr}");
    let enrolled = desk.json("enroll --templates bad.npy --out out.cotejo --skip-refused");
    assert_eq!((&enrolled["subjects"], &enrolled["refused"][0]["record"]), (&3.into(), &3.into()));
    desk.write("zeros.npy", vectors(&[vec![0.0; 16], vec![0.0; 16]]));
    for skip in ["", " --skip-refused"] {
        let line = format!("enroll --templates zeros.npy --out none.cotejo{skip}");
        desk.refused(&line, "zeros.npy", "a gallery must not be empty");
    }
}

#[test]
fn another_dimension_or_type_is_refused() {
    let desk = Desk::exchanged();
    desk.write("bad.npy", vectors(&[vec![1.0; 15], vec![0.5; 15]]));
    refused_everywhere(&desk, "bad.npy", "shape [2, 15] where (records, 16) is expected");
    desk.write("bad.npy", npy("<i8", "(1, 16)", &[0; 128]));
    refused_everywhere(&desk, "bad.npy", "float16, float32 or float64 is expected");
    desk.write("bad.npy", npy("|O", "(1, 16)", b"pickle"));
    refused_everywhere(&desk, "bad.npy", "the array");
    desk.write("bad.csv", "1,2,3\n");
    refused_everywhere(&desk, "bad.csv", "3 value columns where 16 are expected");
}

#[test]
fn a_damaged_or_empty_file_of_templates_is_refused() {
    let desk = Desk::exchanged();
    let whole = spoilt(|_| {});
    desk.write("bad.npy", &whole[..whole.len() - 1]);
    refused_everywhere(&desk, "bad.npy", "cut short");
    desk.write("bad.npy", [whole.as_slice(), b"x"].concat());
    refused_everywhere(&desk, "bad.npy", "the array");
    desk.write("bad.npy", "");
    refused_everywhere(&desk, "bad.npy", "the file holds no record");
    desk.write("bad.npy", &whole[..8]);
    refused_everywhere(&desk, "bad.npy", "not in .npy format");
    desk.write("bad.npy", npy("<f4", "(0, 16)", &[]));
    refused_everywhere(&desk, "bad.npy", "the file holds no record");
    desk.write("bad.csv", GALLERY.lines().next().unwrap());
    refused_everywhere(&desk, "bad.csv", "the file holds no record");
    desk.write("bad.npz", b"PK\x03\x04");
    refused_everywhere(&desk, "bad.npz", "not a readable .npz archive");
    desk.write("bad.jsonl", "{\"id\": \"x\"\n");
    refused_everywhere(&desk, "bad.jsonl", "line 1: not a JSON object");
    desk.write("bad.xyz", b"\0\x01\x02");
    refused_everywhere(&desk, "bad.xyz", "no format that is known here");
    refused_everywhere(&desk, "absent.npy", "cannot open it");
}

#[test]
fn duplicate_and_missing_ids_are_refused() {
    let desk = Desk::exchanged();
    desk.write("twice.csv", GALLERY.replace("dora", "anna"));
    let stderr = desk.refused("enroll --templates twice.csv", "twice.csv", "1 of 4 templates refused");
    assert!(stderr.contains("'anna': the id occurs 2 times"), "{stderr}");
    desk.refused("encrypt --templates twice.csv", "twice.csv", "probe 'anna': more than one probe of the same person");
    desk.write("nameless.csv", GALLERY.replace("carl", ""));
    desk.refused("enroll --templates nameless.csv", "nameless.csv", "line 4: an identifier needs 1 to 256 bytes");

    let ids = |ids: &str| desk.write("ids.txt", ids);
    let enroll = "enroll --templates gallery.csv --ids ids.txt --out out.cotejo";
    ids("a\nb\nc\n");
    desk.refused(enroll, "ids.txt", "3 identifiers for 4 records");
    ids("a\nb\n\nd\n");
    desk.refused(enroll, "ids.txt", "line 3: a blank line");
    ids("a\nb\na\nd\n");
    desk.refused(enroll, "gallery.csv", "1 of 4 templates refused");
    ids("");
    desk.refused(enroll, "ids.txt", "the file holds no record");
    ids("a\nb\nc\nd\n");
    desk.ok(enroll);
    desk.refused("encrypt --templates probes.csv --ids absent.txt --out q.cotejo", "absent.txt", "cannot open it");
}

#[test]
fn several_references_of_a_person_are_admitted_where_agreed() {
    let desk = Desk::empty();
    desk.write("twice.csv", GALLERY.replace("dora", "anna"));
    desk.ok("agreement init --modality face --dimension 16 --references-per-subject 2 --scheme tfhe");
    let enrolled = desk.json("enroll --templates twice.csv");
    assert_eq!((&enrolled["subjects"], &enrolled["references"]), (&3.into(), &4.into()));
}

#[test]
fn an_iris_with_too_few_valid_bits_is_refused_by_name() {
    let desk = Desk::empty();
    desk.ok("agreement init --modality iris --rows 2 --columns 8 --channels 2 --minimum-common-bits 16 --rotations 1 --scheme tfhe");
    desk.write("irises.csv", "id,code,valid\nsleepy,deadbeef,ff000000\nawake,deadbeef,fffffff0\n");
    let stderr = desk.refused("enroll --templates irises.csv", "irises.csv", "1 of 2 templates refused");
    assert!(stderr.contains("'sleepy', record 1: only 8 valid bits where at least 16"), "{stderr}");
    desk.write("unpaired.csv", "id,code,valid\nodd,deadbeef,fffffff4\n");
    desk.refused("enroll --templates unpaired.csv", "unpaired.csv", "mask bits");
    desk.ok("compare --probes irises.csv --references irises.csv --skip-refused");
}

#[test]
fn more_than_was_agreed_is_refused() {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    desk.ok("agreement init --modality face --dimension 16 --references 3 --probes-per-query 3 --parameter-set insecure-test --allow-insecure");
    desk.ok("keygen --allow-insecure");
    let stderr =
        desk.refused("enroll --templates gallery.csv", "gallery.csv", "4 templates, where the agreement admits 3");
    assert!(stderr.contains("limits.references") && stderr.contains("--rows 1-3"), "{stderr}");
    desk.refused("encrypt --templates gallery.csv", "gallery.csv", "4 probes where the agreement admits 3");
    desk.refused("encrypt --templates gallery.csv --reference x\u{7}", "--reference", "without control characters");
}
