//! Whose a template is: ids that somebody gave, never the number of a row, and never a header taken for a person.

use std::io::Write;

use crate::support::{Desk, GALLERY, INIT, npy, vectors};

fn stderr(desk: &Desk, line: &str) -> String {
    String::from_utf8(desk.command(line).assert().success().get_output().stderr.clone()).unwrap()
}

/// A `.npz` file of stored arrays.
fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in arrays {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::DEFAULT).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Three samples of each of eight people, 16 coordinates: those of one person are alike.
fn people() -> (Vec<Vec<f32>>, Vec<i64>) {
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for person in 0..8 {
        let centre: Vec<f32> = (0..16).map(|_| random()).collect();
        for _ in 0..3 {
            rows.push(centre.iter().map(|x| x + 0.1 * random()).collect());
            labels.push(person);
        }
    }
    (rows, labels)
}

fn integers(values: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    npy("<i8", &format!("({},)", values.len()), &bytes)
}

#[test]
fn label_arrays_of_an_archive_are_ids_and_the_choice_is_said() {
    let (rows, labels) = people();
    let desk = Desk::empty();
    desk.ok(INIT);
    for name in ["ids", "id", "labels", "label", "names", "name", "identity", "subject", "y", "target", "Labels"] {
        desk.write("people.npz", npz(&[("embeddings", vectors(&rows)), (name, integers(&labels))]));
        let card = desk.json("evaluate --templates people.npz --encrypt none");
        assert_eq!(card["data"]["genuine_pairs"], 24, "{name}");
        let said = stderr(&desk, "evaluate --templates people.npz --encrypt none");
        assert!(said.contains(&format!("ids from array `{name}`")), "{said}");
    }
    // A name of each picture beside whose it is, as data sets have it.
    let names = integers(&(0..24).collect::<Vec<_>>());
    let archive = [("embeddings", vectors(&rows)), ("subject", integers(&labels)), ("name", names.clone())];
    desk.write("people.npz", npz(&archive));
    assert_eq!(desk.json("evaluate --templates people.npz --encrypt none")["data"]["genuine_pairs"], 24);
    // Two that may be meant.
    desk.write("people.npz", npz(&[("embeddings", vectors(&rows)), ("ids", names), ("labels", integers(&labels))]));
    let refused = desk.refused("evaluate --templates people.npz --encrypt none", "people.npz", "`ids` and `labels`");
    assert!(refused.contains("--ids"), "{refused}");
    desk.write("whose.npy", integers(&labels));
    let given = desk.json("evaluate --templates people.npz --ids whose.npy --encrypt none");
    assert_eq!(given["data"]["genuine_pairs"], 24);
}

#[test]
fn what_has_no_ids_is_not_evaluated_and_not_paired_by_id() {
    let (rows, labels) = people();
    let desk = Desk::empty();
    desk.ok(INIT);
    let line = |row: &Vec<f32>| row.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
    desk.write("people.csv", rows.iter().map(line).collect::<Vec<_>>().join("\n"));
    desk.write("people.npz", npz(&[("embeddings", vectors(&rows)), ("person", integers(&labels))]));
    let json = |row: &Vec<f32>| format!("{{\"vector\": [{}]}}", line(row));
    desk.write("people.jsonl", rows.iter().map(json).collect::<Vec<_>>().join("\n"));
    for file in ["people.csv", "people.npz", "people.jsonl"] {
        let said = desk.refused(&format!("evaluate --templates {file} --encrypt none"), file, "labels missing");
        assert!(said.contains("--ids"), "{said}");
        assert_eq!(said.contains("`person`"), file == "people.npz", "{said}");
        let compare = format!("compare --probes {file} --references {file}");
        desk.refused(&format!("{compare} --pairs same-id"), file, "labels missing");
        desk.ok(&format!("{compare} --pairs same-row"));
        let said = stderr(&desk, &format!("enroll --templates {file} --out {file}.cotejo"));
        assert!(said.contains("records are numbered from 1"), "{said}");
    }
    let mixed = format!("{{\"id\": \"2\", \"vector\": [{0}]}}\n{{\"vector\": [{0}]}}\n", line(&rows[0]));
    desk.write("mixed.jsonl", mixed);
    desk.refused("enroll --templates mixed.jsonl", "mixed.jsonl", "line 2: no id, where others have one");
}

#[test]
fn a_second_batch_without_ids_is_not_appended() {
    let desk = Desk::empty();
    desk.ok(&format!("{INIT} --references-per-subject 3"));
    let rows: Vec<&str> = GALLERY.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    desk.write("first.csv", rows[..2].join("\n"));
    desk.write("second.csv", rows[2..].join("\n"));
    desk.ok("enroll --templates first.csv --out gallery.cotejo --header no");
    let append = "enroll --append --templates second.csv --out gallery.cotejo --header no";
    let refused = desk.refused(append, "second.csv", "no ids");
    assert!(refused.contains("--ids"), "{refused}");
    desk.write("ids.txt", "carl\ndora\n");
    assert_eq!(desk.json(&format!("{append} --ids ids.txt"))["added"]["new_subjects"], 2);
    assert_eq!(desk.json("gallery list --gallery gallery.cotejo")["subjects"], 4);
}

#[test]
fn a_header_of_numbers_is_not_enrolled_as_a_person() {
    let desk = Desk::exchanged();
    let rows: Vec<String> = [1, 2, 3, 4]
        .map(|row| (0..16).map(|i| format!("0.{}", (i * 7 + row * 3) % 9 + 1)).collect::<Vec<_>>().join(","))
        .to_vec();
    let header = |numbers: &mut dyn Iterator<Item = i64>| numbers.map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for (header, why) in [
        (header(&mut (1..=16)), "counts"),
        (header(&mut (512..528)), "counts"),
        (header(&mut (0..16).map(|i| 30 - 2 * i)), "counts"),
        (header(&mut (0..16).map(|i| i * i % 7)), "whole numbers"),
        ((0..16).map(|i| format!("{}.5", 40 + i * i % 7)).collect::<Vec<_>>().join(","), "longer"),
    ] {
        desk.write("numbered.csv", format!("{header}\n{}\n", rows.join("\n")));
        for line in [
            "enroll --templates numbered.csv --out out.cotejo",
            "encrypt --templates numbered.csv --out out.cotejo",
            "compare --probes numbered.csv --references gallery.csv",
            "compare --probes gallery.csv --references numbered.csv",
        ] {
            let stderr = desk.refused(line, "numbered.csv", "line 1: ");
            assert!(stderr.contains(why) && stderr.contains("--header yes"), "{stderr}");
        }
        let enrolled = |header: &str| {
            desk.json(&format!("enroll --templates numbered.csv --out enrolled.cotejo --force --header {header}"))
        };
        assert_eq!((&enrolled("yes")["subjects"], &enrolled("no")["subjects"]), (&4.into(), &5.into()));
    }
    desk.write("plain.csv", rows.join("\n"));
    assert_eq!(desk.json("enroll --templates plain.csv --out plain.cotejo")["subjects"], 4);
    // A name where there is said to be none.
    desk.refused("enroll --templates gallery.csv --header no --out new.cotejo", "gallery.csv", "line 1: ");
    assert_eq!(desk.json("enroll --templates gallery.csv --header yes --out new.cotejo")["subjects"], 4);
}
