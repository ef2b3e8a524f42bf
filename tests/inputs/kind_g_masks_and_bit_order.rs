//! Masks of either polarity, and codes in either order: right, or refused, but never another score.

use crate::files::{compared, irises};

/// The scores of the two persons with themselves.
fn scores(desk: &crate::support::Desk, options: &str, file: &str) -> [f64; 2] {
    let (_, pairs) = compared(desk, options, file, "iris_reference.npz");
    assert_eq!(pairs.len(), 4, "{file}");
    assert!(pairs[1].3 > 0.25 && pairs[2].3 > 0.25, "{file}: strangers are alike");
    [pairs[0].3, pairs[3].3]
}

#[test]
fn a_mask_that_says_what_it_marks_is_read_as_it_says() {
    let files = [
        "iris_noise.npz",
        "iris_mask.npz",
        "iris_255.npz",
        "iris_floats.npz",
        "iris_by_filter.npz",
        "iris_filters.npz",
        "iris_packed.npz",
    ];
    let desk = irises(&[&["iris_reference.npz"], &files[..]].concat());
    for file in files {
        assert_eq!(scores(&desk, "", file), [0.0, 0.0], "{file}");
    }
}

#[test]
fn a_mask_that_marks_little_is_refused_until_it_is_said_what() {
    let desk = irises(&["iris_reference.npz", "iris_mask_of_noise.npz", "iris_without_mask.npz"]);
    let line = "compare --probes iris_mask_of_noise.npz --references iris_reference.npz";
    let stderr = desk.refused(line, "iris_mask_of_noise.npz", "`mask` has ones at 1");
    assert!(stderr.contains("--mask-marks noise"), "{stderr}");
    assert_eq!(scores(&desk, "--mask-marks noise", "iris_mask_of_noise.npz"), [0.0, 0.0]);
    let stderr = desk.refused("enroll --templates iris_without_mask.npz", "iris_without_mask.npz", "a mask `valid`");
    assert!(stderr.contains("the archive holds code"), "{stderr}");
}

#[test]
fn a_code_in_another_order_is_refused_until_it_is_said_which() {
    let desk = irises(&["iris_reference.npz", "iris_packed_by_filter.npz", "iris_packed.npz"]);
    let line = "enroll --templates iris_packed_by_filter.npz --out out.cotejo";
    let stderr = desk.refused(line, "iris_packed_by_filter.npz", "read as filters, rows, columns, parts");
    assert!(stderr.contains("--bit-order filter-first"), "{stderr}");
    assert_eq!(scores(&desk, "--bit-order filter-first", "iris_packed_by_filter.npz"), [0.0, 0.0]);
    let (said, pairs) = compared(&desk, "--bit-order filter-first", "iris_packed.npz", "iris_reference.npz");
    assert!(said.contains("iris_packed.npz: bits of iris codes in the order filters, rows, columns, parts"), "{said}");
    assert!(!said.contains("iris_reference.npz: bits"), "its axes say the order: {said}");
    assert!(pairs[0].3 > 0.2, "the order that is said holds");
}
