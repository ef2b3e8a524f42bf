//! Templates in Parquet and Arrow files, as pyarrow has written them (columns/README.md).

use crate::support::Desk;

const PARQUET: &[u8] = include_bytes!("columns/faces.parquet");
const FEATHER: &[u8] = include_bytes!("columns/faces.feather");
const NULLS: &[u8] = include_bytes!("columns/nulls.parquet");

/// A folder with an agreement on vectors of 16 numbers, and these files.
fn desk() -> Desk {
    let desk = Desk::exchanged();
    desk.write("faces.parquet", PARQUET);
    desk.write("faces.feather", FEATHER);
    desk.write("nulls.parquet", NULLS);
    desk
}

#[test]
fn a_gallery_is_enrolled_from_columns_that_are_named() {
    let desk = desk();
    for file in ["faces.parquet", "faces.feather"] {
        let line = format!("enroll --templates {file} --id-column person --out {file}.cotejo");
        assert_eq!(desk.json(&line)["subjects"], 4);
        let listed = desk.json(&format!("gallery list --gallery {file}.cotejo"));
        assert!(listed.to_string().contains("\"anna\""), "{listed}");
        // The only column of lists is found; it may be named.
        let line =
            format!("compare --probes {file} --references {file} --column FACE --id-column Person --pairs same-id");
        assert_eq!(desk.ok(&line).matches("anna").count(), 2);
    }
    let unknown =
        "no column is called `name`, but `person` (dictionary<utf8>), `face` (fixed_size_list<float32>[16]), ";
    desk.refused("enroll --templates faces.parquet --id-column name --out x", "faces.parquet", unknown);
    let other = "column `quality` is of type float64 where a list of 16 floating-point numbers or integers is expected";
    desk.refused("encrypt --templates faces.parquet --column quality --out x", "faces.parquet", other);
}

#[test]
fn rows_are_chosen_by_what_stands_in_them() {
    let desk = desk();
    let enroll = |condition: &str| {
        let mut command = desk.command("enroll --templates faces.parquet --id-column person --out some.cotejo --json");
        let output = command.args(["--where", condition]).assert().success().get_output().clone();
        std::fs::remove_file(desk.path("some.cotejo")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["subjects"].clone()
    };
    assert_eq!(enroll("quality >= 0.5"), 2);
    assert_eq!(enroll("quality IS NULL OR person = 'anna'"), 2);
    assert_eq!(enroll("taken > '2024-10-04' AND NOT quality < 0.5"), 1);
    let refused = |file: &str, condition: &str| {
        let mut command = desk.command(&format!("enroll --templates {file} --id-column person --out none.cotejo"));
        let output = command.args(["--where", condition]).assert().code(2).get_output().clone();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("faces.parquet", "sqrt(quality) > 1").contains("`sqrt(quality)` is not admitted"));
    assert!(
        refused("faces.parquet", "quality = 'good'")
            .contains("'good' is no value of column `quality`, of type float64")
    );
    assert!(
        refused("faces.parquet", "site = 'a'").contains("no column is called `site`, but `person` (dictionary<utf8>)")
    );
    assert!(refused("gallery.csv", "quality > 1").contains("CSV: there is no choosing rows by an option"));
}

#[test]
fn rows_that_make_no_template_are_refused_by_number() {
    let desk = desk();
    let stderr =
        desk.refused("enroll --templates nulls.parquet --out out.cotejo", "nulls.parquet", "4 of 5 templates refused");
    for what in [
        "row 2, 'bert': `embedding` is null",
        "row 3, 'carl': column 16 is empty",
        "row 4: `id` is null",
        "row 5, 'emma': 5 value columns where 16 are expected",
    ] {
        assert!(stderr.contains(what), "{what}: {stderr}");
    }
    assert_eq!(desk.json("enroll --templates nulls.parquet --out out.cotejo --skip-refused")["subjects"], 1);
}

#[test]
fn options_for_columns_are_refused_where_there_are_none_that_could_be_named() {
    let desk = desk();
    let refused = |line: &str, what: &str| desk.refused(line, "gallery.csv", what);
    refused("enroll --templates gallery.csv --column v1 --out x", "CSV: there is no choosing templates by an option");
    refused("enroll --templates gallery.csv --id-column id --out x", "CSV: there is no choosing ids by an option");
    desk.write("ids.txt", "a\nb\nc\nd\n");
    let both = "enroll --templates faces.parquet --ids ids.txt --id-column person --out x";
    desk.refused(both, "ids.txt", "--id-column names a column of them");
    desk.refused(
        "enroll --templates faces.parquet --format npy --out x",
        "faces.parquet",
        "its content is Parquet, not .npy",
    );
    desk.write("cut.parquet", &PARQUET[..PARQUET.len() - 9]);
    desk.refused("enroll --templates cut.parquet --out x", "cut.parquet", "the Parquet file is cut short");
}
