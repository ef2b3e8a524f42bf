//! Programs that must not compile: what invariants 1 to 3 of ARCHITECTURE.md forbid cannot be written down.
//!
//! The compiler's words are recorded beside each program; after a change of compiler, look at the difference and record
//! them again with `BOUNDARIES=overwrite cargo test --release --test boundaries`.
//!
//! The compiler is called as it is, with the library that this test itself is built with: `trybuild` builds the library and
//! all that it depends on anew, in a folder of its own, which takes longer than all other tests together; `ui_test` brings
//! thirty crates to do what is done here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]

mod compiler;
mod words;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use compiler::Compiler;
use rayon::prelude::*;
use words::Places;

static COMPILER: LazyLock<Compiler> = LazyLock::new(|| Compiler::with_libraries(&programs("allowed")));

/// The programs of a folder beside this file, from the root of the package.
fn programs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/boundaries").join(folder);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = root.join(&folder).read_dir().unwrap().map(|entry| folder.join(entry.unwrap().file_name()));
    let mut programs: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect();
    programs.sort();
    assert!(!programs.is_empty(), "{} holds no programs", folder.display());
    programs
}

/// What is wrong with a program that must not compile.
fn complaint(program: &Path, overwrite: bool) -> Option<String> {
    let shown = program.display();
    let Err(words) = COMPILER.compile(program) else {
        return Some(format!("{shown} compiles: what it does is no longer forbidden"));
    };
    let words = words::normal(&words, program, &Places::here());
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join(program).with_extension("stderr");
    if overwrite {
        std::fs::write(record, words).unwrap();
        return None;
    }
    let recorded = std::fs::read_to_string(record).unwrap_or_default();
    (recorded != words).then(|| format!("{shown}: recorded is\n\n{recorded}\nbut the compiler says\n\n{words}"))
}

#[test]
fn programs_that_cross_a_boundary_do_not_compile() {
    let overwrite = std::env::var("BOUNDARIES").is_ok_and(|value| value == "overwrite");
    let complaints: Vec<String> =
        programs("programs").par_iter().filter_map(|program| complaint(program, overwrite)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[test]
fn a_program_that_compiles_is_told() {
    let complaint = complaint(&programs("allowed")[0], false).unwrap();
    assert!(complaint.ends_with("cotejo.rs compiles: what it does is no longer forbidden"), "{complaint}");
}
