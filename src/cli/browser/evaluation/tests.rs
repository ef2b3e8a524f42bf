//! Evaluations from a file to a card, without a browser.

use std::sync::Arc;

use super::asked::{Set, Sets, Wanted};
use super::run::{Done, run};
use super::so_far::Growing;
use super::threshold::{At, moved};
use crate::agreement::{SchemeChoice, Terms};
use crate::cli::browser::commands::Deaf;
use crate::cli::browser::upload::Uploaded;
use crate::cli::failure::Failure;
use crate::planning;
use crate::scheme::Opened;

fn agreement() -> Opened {
    let mut terms = Terms::face(16).with_scheme(SchemeChoice::Tfhe);
    terms.encryption.parameter_set = "insecure-test".to_owned();
    planning::open(terms).unwrap()
}

/// Vectors, two of each person, which point the same way but for one coordinate.
fn vectors(persons: usize) -> String {
    let line = |row: usize| {
        let (person, sample) = (row / 2, row % 2);
        let coordinate =
            |place: usize| if place == person { 3.0 } else { ((place * (row + 3)) % 7) as f64 / 7.0 - 0.4 };
        let coordinates: Vec<String> =
            (0..16).map(|place| format!("{:.3}", coordinate(place) + 0.01 * sample as f64)).collect();
        coordinates.join(",") + "\n"
    };
    (0..2 * persons).map(line).collect()
}

fn sets(vectors: &str, ids: Option<&str>) -> Sets {
    let templates = Uploaded::of_text("faces.csv", vectors).unwrap();
    let ids = ids.map(|ids| Uploaded::of_text("ids.txt", ids).unwrap());
    Sets { probes: Set { templates, ids }, references: None }
}

fn ids(persons: usize) -> String {
    (0..2 * persons).map(|row| format!("person-{}\n", row / 2)).collect()
}

fn evaluated(growing: &Growing, vectors: &str, ids: Option<&str>, pairs: usize) -> Result<Done, Failure> {
    let wanted = Wanted {
        agreement: agreement(),
        target_fmr: Some(0.1),
        pairs,
        seed: 2,
        one_set: true,
        names: Vec::new(),
        words: Vec::new(),
    };
    run(&wanted, sets(vectors, ids), growing, Arc::new(Deaf))
}

#[test]
fn a_card_grows_part_by_part_and_has_all_in_the_end() {
    let growing = Growing::default();
    let done = evaluated(&growing, &vectors(8), Some(&ids(8)), 8).unwrap();
    let so_far = growing.so_far();
    assert_eq!(so_far.data.unwrap().genuine_pairs, 8);
    let card = so_far.card.unwrap();
    assert!(card.encrypted.measured.is_none() && card.proposal.is_some());
    let (decided, measured) = (so_far.decided.unwrap(), done.card.encrypted.measured.unwrap().decided);
    assert_eq!((decided.pairs, decided.changed), (measured.pairs, measured.changed.errors));
    assert_eq!(decided.pairs, decided.of);
    assert!(done.made.iter().any(|(what, _)| what == "Seed"));
}

#[test]
fn a_point_is_the_agreed_one_unless_another_is_named_and_every_point_can_be_agreed_on() {
    let done = evaluated(&Growing::default(), &vectors(8), Some(&ids(8)), 0).unwrap();
    let of = |point: &str| At { point: point.to_owned() }.of(&done).unwrap().0;
    let agreed = of("");
    assert_eq!(done.points[agreed].threshold, done.card.terms.threshold);
    assert_eq!([of("-1"), of("x"), of("0"), of("99999999")], [agreed, agreed, 0, done.points.len() - 1]);
    let agreement = agreement();
    for point in &done.points {
        let opened = planning::open(moved(agreement.terms(), point).unwrap()).unwrap();
        assert_eq!(opened.digest() == agreement.digest(), point.threshold == done.card.terms.threshold);
    }
}

#[test]
fn what_is_wrong_is_said_of_the_file_by_its_own_name_and_what_to_do_in_the_form() {
    let fails = |vectors: &str, ids: Option<&str>| match evaluated(&Growing::default(), vectors, ids, 0) {
        Err(Failure::Problem(problem)) => (problem.place, problem.what, problem.remedy),
        _ => panic!("it did not fail"),
    };
    let alone: String = (0..16).map(|row| format!("person-{row}\n")).collect();
    for (vectors, ids, place, what) in [
        (vectors(8), None, "faces.csv", "labels missing"),
        (vectors(8), Some(alone.as_str()), "faces.csv", "no genuine pair"),
        (vectors(8), Some("one\ntwo\n"), "ids.txt", "2 identifiers for 16 records"),
        (String::new(), Some("one\n"), "faces.csv", "no record"),
    ] {
        let said = fails(&vectors, ids);
        assert!(said.0 == place && said.1.contains(what) && !said.2.is_empty(), "{said:?}");
        assert!(!said.2.contains("--ids") && !said.1.contains("cotejo-console-"), "{said:?}");
    }
}

#[test]
fn what_nobody_wants_any_more_ends() {
    let growing = Growing::default();
    growing.stop();
    assert!(matches!(evaluated(&growing, &vectors(8), Some(&ids(8)), 8), Err(Failure::Interrupted)));
}
