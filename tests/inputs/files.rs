//! The files that `make.py` writes, on a desk with an agreement that fits them.

use std::path::Path;

use crate::support::Desk;

/// Who is in `reference.npy`, and in the same order in every other file of vectors.
pub const PERSONS: [&str; 4] = ["ana", "bo", "cy", "di"];
/// What stands for them in files without ids.
pub const NUMBERS: [&str; 4] = ["1", "2", "3", "4"];

/// An agreement on vectors of eight coordinates, and these files.
pub fn faces(files: &[&str]) -> Desk {
    desk(
        "agreement init --modality face --dimension 8 --threshold 0.9 --parameter-set insecure-test --allow-insecure",
        files,
    )
}

/// An agreement on the irises of `make.py`, and these files.
pub fn irises(files: &[&str]) -> Desk {
    let shape = "--modality iris --rows 4 --columns 32 --channels 4 --rotations 3 --minimum-common-bits 64";
    desk(&format!("agreement init {shape} --scheme tfhe --parameter-set insecure-test --allow-insecure"), files)
}

fn desk(init: &str, files: &[&str]) -> Desk {
    let desk = Desk::empty();
    desk.ok(init);
    for name in files {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/files").join(name);
        let content = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        desk.write(name, content);
    }
    desk
}

/// Compares a file with the references, pair by pair as they stand in both; what was said on standard error, and who hit whom.
pub fn compared(
    desk: &Desk,
    options: &str,
    probes: &str,
    references: &str,
) -> (String, Vec<(String, String, bool, f64)>) {
    let line = format!("compare --probes {probes} --references {references} --pairs all --json {options}");
    let output = desk.command(&line).assert().success().get_output().clone();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |pair: &serde_json::Value, field: &str| pair[field].as_str().unwrap().to_owned();
    let pairs = document["pairs"].as_array().unwrap().iter();
    let pairs = pairs.map(|pair| {
        (text(pair, "probe"), text(pair, "reference"), pair["hit"].as_bool().unwrap(), pair["score"].as_f64().unwrap())
    });
    (String::from_utf8(output.stderr).unwrap(), pairs.collect())
}

/// Who of a file hits, by the names the file gives, and whom.
pub fn hits(pairs: &[(String, String, bool, f64)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .filter(|(_, _, hit, _)| *hit)
        .map(|(probe, reference, ..)| (probe.as_str(), reference.as_str()))
        .collect()
}
