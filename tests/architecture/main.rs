//! The invariants of ARCHITECTURE.md that are about absence, looked for in the source text: words that must not stand
//! somewhere, here; imports that must not be, in `order`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]

mod circles;
mod imports;
mod order;
mod text;

use std::path::Path;

/// The code lines of the Rust files below `folder`, without comments, each with the place it stands at.
fn code(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
                    let code = line.split("//").next().unwrap_or_default();
                    lines.push((format!("{name}:{}", number + 1), code.to_owned()));
                }
            }
        }
    }
    assert!(lines.len() > 10, "{folder} holds no code: has it moved?");
    lines
}

/// Files that are compiled into tests alone: those of modules that are declared so.
fn of_tests_alone(lines: &[(String, String)]) -> Vec<String> {
    let declared = lines.iter().zip(lines.iter().skip(1)).filter(|((_, code), _)| code.trim() == "#[cfg(test)]");
    let file = |(_, (place, code)): (_, &(String, String))| {
        let (_, module) = code.trim().strip_suffix(';')?.rsplit_once("mod ")?;
        let (folder, _) = place.rsplit_once('/')?;
        Some(format!("{folder}/{module}.rs:"))
    };
    declared.filter_map(file).collect()
}

/// Fails with every line that has one of the words.
fn assert_absent(lines: &[(String, String)], words: &[&str]) {
    let found: Vec<String> = lines
        .iter()
        .filter(|(_, code)| words.iter().any(|word| code.contains(word)))
        .map(|(place, code)| format!("{place}: {}", code.trim()))
        .collect();
    assert!(found.is_empty(), "{words:?} must not stand here:\n{}", found.join("\n"));
}

#[test]
fn the_parties_do_not_know_each_other() {
    assert_absent(&code("src/querier"), &["custodian", "Custodian", "Gallery::", "Evaluator"]);
    assert_absent(&code("src/custodian"), &["querier", "Querier", "Holder", "SecretKey", "Pending"]);
    let of_exchange = |file: &str| {
        let mut lines = code("src/exchange");
        lines.retain(|(place, _)| place.starts_with(file));
        assert!(lines.len() > 10, "{file} holds no code: has it moved?");
        lines
    };
    assert_absent(&of_exchange("src/exchange/querier.rs"), &["custodian", "Custodian", "Gallery::", "Evaluator"]);
    assert_absent(
        &of_exchange("src/exchange/custodian.rs"),
        &["querier::", "Querier", "Holder", "SecretKey", "Pending"],
    );
}

#[test]
fn only_the_scheme_tfhe_imports_the_crate_tfhe() {
    let mut outside = code("src");
    outside.retain(|(place, _)| !place.starts_with("src/scheme/tfhe/"));
    // `crate::scheme::tfhe::` is ours, `::tfhe::` and `tfhe::` at the beginning of a path are the crate.
    for (_, code) in &mut outside {
        *code = code
            .replace("scheme::tfhe::", "")
            .replace("super::tfhe::", "")
            .replace("self::tfhe::", "")
            .replace("parameters::tfhe::", "");
    }
    assert_absent(&outside, &["tfhe::", "tfhe_versionable"]);
}

#[test]
fn only_the_scheme_bgv_imports_the_crate_tfhe_ntt() {
    let mut outside = code("src");
    outside.retain(|(place, _)| !place.starts_with("src/scheme/bgv/"));
    assert_absent(&outside, &["tfhe_ntt"]);
    // And it needs nothing of scheme `tfhe`, nor of its crate.
    assert_absent(&code("src/scheme/bgv"), &["tfhe::", "Tfhe"]);
}

#[test]
fn only_the_folder_of_tokens_loads_modules() {
    let mut outside = code("src");
    outside.retain(|(place, _)| !place.starts_with("src/cli/token/"));
    assert_absent(&outside, &["cryptoki"]);
}

#[test]
fn the_library_reads_no_file_socket_clock_or_environment_and_owns_no_generator() {
    let mut library = code("src");
    library.retain(|(place, _)| !place.starts_with("src/main.rs") && !place.starts_with("src/cli/"));
    // The service's edges: database, server and client own files, sockets and threads. Its records and its log do not.
    let edges_of_service = ["src/service/store/", "src/service/server/", "src/service/client/"];
    library.retain(|(place, _)| !edges_of_service.iter().any(|edge| place.starts_with(edge)));
    // Tests may ask how much is wanted of them, and how long it took.
    let tests = of_tests_alone(&library);
    assert!(tests.iter().any(|file| file.ends_with("/exhaustive.rs:")), "{tests:?}");
    library.retain(|(place, _)| !tests.iter().any(|file| place.starts_with(file.as_str())));
    // Told what a clock says, it reads none.
    for (place, code) in &mut library {
        if place.starts_with("src/service/time.rs") {
            *code = code.replace("now: std::time::SystemTime", "").replace("SystemTime::now", "SystemTime");
        }
    }
    // The gallery's file is bytes that somebody else has read.
    for (_, code) in &mut library {
        *code = code.replace("GalleryFile::open", "");
    }
    let edges = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "env!(",
        "SystemTime",
        "Instant",
        "File::open",
        "stdin()",
        "stdout()",
        "dbg!",
        "OsRng",
        "from_os_rng",
        "thread_rng",
        "rand::rng()",
    ];
    assert_absent(&library, &edges);
}

#[test]
fn a_party_names_no_scheme() {
    for party in ["src/querier", "src/custodian"] {
        assert_absent(&code(party), &["Tfhe", "tfhe::", "Bgv", "bgv::"]);
    }
}
