//! `evaluate`: three columns, a page, words for what cannot be evaluated, and going on after Ctrl-C.

use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Desk, INIT, npy, vectors};

/// `samples` samples of each of `subjects` people, 16 coordinates, with an array of ids.
fn write_labelled(desk: &Desk, subjects: usize, samples: usize) {
    // A small generator: what is tested does not depend on the numbers.
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let (mut rows, mut ids) = (Vec::new(), Vec::new());
    for subject in 0..subjects {
        let centre: Vec<f32> = (0..16).map(|_| random()).collect();
        for _ in 0..samples {
            rows.push(centre.iter().map(|x| x + 0.6 * random()).collect());
            ids.extend((subject as i64).to_le_bytes());
        }
    }
    desk.write("people.npy", vectors(&rows));
    desk.write("people.ids.npy", npy("<i8", &format!("({},)", rows.len()), &ids));
}

fn labelled(subjects: usize, samples: usize, init: &str) -> Desk {
    let desk = Desk::empty();
    write_labelled(&desk, subjects, samples);
    desk.ok(init);
    desk
}

const EVALUATE: &str = "evaluate --templates people.npy --ids people.ids.npy";

#[test]
fn the_card_has_three_columns_as_text_json_and_a_page() {
    let desk = labelled(12, 3, INIT);
    let text = desk.ok(&format!("{EVALUATE} --encrypt 40 --target-fmr 0.1 --html card.html"));
    for words in
        ["36 templates of 12 subjects", "36 genuine, 594 impostor", "float scores", "clear oracle", "encrypted"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("For an FMR of 1e-1"), "{text}");
    assert!(!desk.exists("evaluate.partial"));
    let page = String::from_utf8(desk.read("card.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.matches("<svg").count() >= 5, "{}", &page[..200]);
    let page = page.replace("http://www.w3.org/", "");
    assert!(!page.contains("http:") && !page.contains("https:"), "a page refers to nothing else");

    let card = desk.json(&format!("{EVALUATE} --encrypt 40"));
    let measured = &card["encrypted"]["measured"];
    let drawn = |stratum: usize| measured["strata"][stratum]["drawn"].as_u64().unwrap();
    assert_eq!((drawn(0), drawn(1)), (10, 10));
    assert!((1..=20).contains(&drawn(2)), "near the threshold there are fewer than were asked for");
    assert_eq!(measured["decided"]["pairs"], 20 + drawn(2));
    for column in ["float", "oracle"] {
        let agreed = &card[column]["agreed"];
        assert_eq!((&agreed["fnmr"]["trials"], &agreed["fmr"]["trials"]), (&36.into(), &594.into()));
        assert_eq!(card[column]["at_fmr"].as_array().unwrap().len(), 5);
    }
    assert_eq!(desk.json(&format!("{EVALUATE} --encrypt 40")), card, "the same seed makes the same card");
    assert_ne!(desk.json(&format!("{EVALUATE} --encrypt 40 --seed 2"))["encrypted"], card["encrypted"]);
}

#[test]
fn probes_may_be_compared_with_references() {
    let desk = labelled(6, 2, INIT);
    let both = "evaluate --probes people.npy --probe-ids people.ids.npy --references people.npy --reference-ids people.ids.npy";
    let card = desk.json(&format!("{both} --encrypt none"));
    assert_eq!((&card["data"]["genuine_pairs"], &card["data"]["impostor_pairs"]), (&24.into(), &120.into()));
    assert_eq!(card["encrypted"]["measured"], Value::Null);
    desk.command("evaluate --probes people.npy").assert().code(2);
    desk.command("evaluate").assert().code(2);
}

#[test]
fn what_cannot_be_evaluated_is_said_with_a_remedy() {
    let desk = labelled(4, 2, INIT);
    desk.refused("evaluate --templates people.npy", "people.npy", "labels missing");
    desk.write("each.txt", "a\nb\nc\nd\ne\nf\ng\nh\n");
    desk.refused("evaluate --templates people.npy --ids each.txt", "people.npy", "no genuine pair");
    desk.write("one.txt", "a\na\na\na\na\na\na\na\n");
    desk.refused("evaluate --templates people.npy --ids one.txt", "people.npy", "no impostor pair");
    desk.write("few.txt", "a\na\n");
    desk.refused("evaluate --templates people.npy --ids few.txt", "few.txt", "2 identifiers");
    desk.write("same.npy", vectors(&vec![(1..17).map(|i| i as f32).collect(); 4]));
    desk.write("same.txt", "a\na\nb\nb\n");
    desk.refused("evaluate --templates same.npy --ids same.txt", "same.npy", "every pair has the same score");
    let mut wrong = vec![vec![1.0f32; 16]; 3];
    wrong[1][3] = f32::NAN;
    desk.write("nan.npy", vectors(&wrong));
    desk.write("nan.txt", "a\na\nb\n");
    let stderr = desk.refused("evaluate --templates nan.npy --ids nan.txt", "nan.npy", "there is no genuine pair");
    assert!(stderr.contains("nan.npy: failure to enrol: row 2, 'a': coordinate"), "{stderr}");
    desk.write("other.partial", "not ours");
    desk.refused(&format!("{EVALUATE} --partial other.partial"), "other.partial", "not what an interrupted evaluation");
    desk.refused(&format!("{EVALUATE} --html nowhere/card.html"), "nowhere/card.html", "does not exist");
}

#[test]
fn remarks_say_what_the_data_lacks() {
    let desk = labelled(5, 1, &format!("{INIT} --threshold 0.999999"));
    desk.write("ids.txt", "a\na\nb\nc\nd\n");
    let text = desk.ok("evaluate --templates people.npy --ids ids.txt --encrypt none --target-fmr 1e-4");
    assert!(text.contains("3 of 4 subjects have a single sample"), "{text}");
    assert!(text.contains("lies outside the scores") && text.contains("no pair hits"), "{text}");
    assert!(text.contains("too small to support an FMR of 1e-4") && text.contains("30000 are needed"), "{text}");
}

#[test]
fn an_interrupted_evaluation_goes_on_where_it_stopped() {
    let init = "agreement init --modality face --dimension 16 --parameter-set insecure-bgv-test --allow-insecure";
    let desk = labelled(60, 3, init);
    let line = format!("{EVALUATE} --encrypt 10000");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .args(line.split_whitespace())
        .current_dir(desk.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !desk.exists("evaluate.partial") {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("are kept in evaluate.partial; the same command goes on from there"), "{said}");

    desk.refused(&format!("{line} --seed 2"), "evaluate.partial", "belongs to an evaluation of other templates");
    // A verdict too many, or one that is neither: not what was left there.
    let kept = String::from_utf8(desk.read("evaluate.partial")).unwrap();
    let first = kept.find("[\"").unwrap() + 2;
    for to in [format!("0{}", &kept[first..]), format!("2{}", &kept[first + 1..])] {
        desk.write("altered.partial", format!("{}{to}", &kept[..first]));
        let altered = format!("{line} --partial altered.partial");
        desk.refused(&altered, "altered.partial", "is not what an interrupted evaluation leaves");
    }
    let finished = desk.command(&format!("{line} --json")).assert().success().get_output().clone();
    let said = String::from_utf8(finished.stderr).unwrap();
    assert!(said.contains("evaluate.partial: going on after"), "{said}");
    assert!(!desk.exists("evaluate.partial"));
    let card: Value = serde_json::from_slice(&finished.stdout).unwrap();
    assert_eq!(card["encrypted"]["measured"]["decided"]["flips"].as_array().unwrap().len(), 0);
    assert_eq!(card["encrypted"]["measured"]["decided"]["pairs"], 56 * 179, "56 probes make ten thousand pairs");
}
