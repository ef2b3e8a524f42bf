//! How many parameter sets of one's own a process admits: in a process of its own, for other tests need the room.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking, also in their helpers")]

use cotejo::agreement::Terms;
use cotejo::parameters::ParameterSet;
use cotejo::parameters::custom::{MOST_SETS, OwnSet, SetError};
use cotejo::planning;

#[test]
fn a_process_knows_a_limited_number_of_sets_and_keeps_those_it_knows() {
    let set = |number: usize| OwnSet::like(ParameterSet::by_name("insecure-test").unwrap(), format!("set-{number}"));
    let known: Vec<_> = (0..MOST_SETS).map(|number| set(number).parameter_set().unwrap()).collect();
    for _ in 0..2 {
        assert_eq!(set(MOST_SETS).parameter_set(), Err(SetError::TooMany(MOST_SETS)));
    }
    assert!(known.iter().enumerate().all(|(number, known)| std::ptr::eq(*known, set(number).parameter_set().unwrap())));
    let agreement = |number| planning::open(Terms::face(64).with_own_set(set(number)));
    assert_eq!(agreement(3).unwrap().parameters().name(), "set-3");
    let error = agreement(MOST_SETS).unwrap_err().to_string();
    assert!(error.starts_with("encryption.set: this program knows 64 other sets already"), "{error}");
}
