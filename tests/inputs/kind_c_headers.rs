//! Headers that are taken for persons, and persons for headers.

use crate::files::faces;

#[test]
fn a_header_that_counts_is_not_enrolled() {
    let desk = faces(&["counted_header.csv", "savetxt_header.csv"]);
    let stderr = desk.refused("enroll --templates counted_header.csv", "counted_header.csv", "line 1: may be a header");
    assert!(stderr.contains("--header yes or --header no"), "{stderr}");
    let enrolled =
        |line: &str| desk.json(&format!("enroll --templates {line} --out out.cotejo --force"))["subjects"].clone();
    assert_eq!(enrolled("counted_header.csv --header yes"), 4);
    assert_eq!(enrolled("counted_header.csv --header no"), 5);
    assert_eq!(enrolled("savetxt_header.csv"), 4);
}

#[test]
fn the_index_of_pandas_is_named_with_its_mend() {
    let files = ["pandas_index.csv", "pandas_index_without_header.csv", "unnamed_0.csv", "pandas_index_and_ids.csv"];
    let desk = faces(&files);
    for file in files {
        let stderr = desk.refused(&format!("enroll --templates {file}"), file, "it counts the rows");
        assert!(stderr.contains("index=False"), "{stderr}");
    }
}

#[test]
fn a_stray_column_is_named() {
    let desk = faces(&["stray_column.csv"]);
    desk.refused(
        "enroll --templates stray_column.csv",
        "stray_column.csv",
        "9 value columns where 8 are expected; these may be the stray ones: `age`",
    );
}
