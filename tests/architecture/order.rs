//! The order of ARCHITECTURE.md: who may import whom, and no circles.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use super::circles::circles;
use super::imports::{Import, Source, is_in};

/// The folders of `src` from the ground up. A module imports what is in its own folder or stands on a lower line; folders
/// on one line do not know each other.
const ORDER: [&[&str]; 11] = [
    &["remedy", "words", "hexadecimal"],
    &["parameters", "template"],
    &["agreement"],
    &["functional", "open_iris"],
    &["scheme"],
    &["wire", "membership"],
    &["querier", "custodian", "planning"],
    &["exchange"],
    &["service", "report"],
    &["evaluate"],
    &["cli"],
];

/// What does not import what, beyond that.
const STRANGERS: [(&str, &[&str]); 8] = [
    // What crosses knows neither who sends it nor who keeps it.
    ("service/protocol", &["service/store", "service/server", "service/client"]),
    ("service/store", &["service/server", "service/client"]),
    ("service/server", &["service/client"]),
    ("service/client", &["service/server"]),
    ("scheme/tfhe", &["scheme/bgv"]),
    ("scheme/bgv", &["scheme/tfhe"]),
    ("evaluate", &["service"]),
    // A page shows what it is given.
    ("report", &["agreement", "functional", "parameters", "template", "scheme", "wire", "querier", "custodian"]),
];

/// What measures and times a scheme: the scheme itself does without. Its own file may pass names on.
const LABORATORIES: [(&str, &str); 2] =
    [("scheme/tfhe", "scheme/tfhe/laboratory"), ("scheme/bgv", "scheme/bgv/laboratory")];

static SOURCE: LazyLock<Source> = LazyLock::new(|| Source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));

/// Fails with every import that is forbidden.
fn assert_no_import(what: &str, forbidden: impl Fn(&Import) -> bool) {
    let found: Vec<String> = SOURCE.imports.iter().filter(|import| forbidden(import)).map(Import::to_string).collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

fn top(module: &str) -> &str {
    module.split('/').next().unwrap_or_default()
}

fn assert_exists(module: &str) {
    assert!(SOURCE.modules.contains(module), "src/{module} is named by the order, but does not exist");
}

#[test]
fn the_reader_sees_the_library() {
    assert!(SOURCE.modules.len() > 200 && SOURCE.imports.len() > 1000, "where has the code gone?");
    let known = [
        ("querier", "wire"),
        ("custodian", "wire"),
        ("functional", "template"),
        ("scheme/bgv/evaluator", "scheme/bgv/distance"),
        ("cli", "agreement"),
    ];
    for (from, to) in known {
        let found = SOURCE.imports.iter().any(|import| is_in(&import.from, from) && is_in(&import.to, to));
        assert!(found, "{from} imports {to}, but it is not seen");
    }
}

#[test]
fn every_folder_has_a_place_in_the_order() {
    let placed: BTreeSet<&str> = ORDER.iter().flat_map(|line| line.iter().copied()).collect();
    placed.iter().for_each(|folder| assert_exists(folder));
    let there: BTreeSet<&str> = SOURCE.modules.iter().map(|module| top(module)).filter(|top| !top.is_empty()).collect();
    let without: Vec<_> = there.difference(&placed).collect();
    assert!(without.is_empty(), "{without:?} have no place in the order of tests/architecture/order.rs");
}

#[test]
fn folders_import_what_is_below_them() {
    let line = |module: &str| ORDER.iter().position(|line| line.contains(&top(module)));
    assert_no_import("a folder imports what is not below it", |import| {
        // Without a place: the test above says so.
        let (Some(from), Some(to)) = (line(&import.from), line(&import.to)) else { return false };
        top(&import.from) != top(&import.to) && to >= from
    });
}

#[test]
fn strangers_do_not_know_each_other() {
    for (module, others) in STRANGERS {
        assert_exists(module);
        for other in others {
            assert_exists(other);
            assert_no_import(&format!("{module} imports {other}"), |import| {
                is_in(&import.from, module) && is_in(&import.to, other)
            });
        }
    }
}

#[test]
fn a_scheme_does_without_its_laboratory() {
    for (scheme, laboratory) in LABORATORIES {
        assert_exists(laboratory);
        assert_no_import(&format!("{scheme} imports its laboratory"), |import| {
            let passed_on = import.from == scheme && import.is_use;
            is_in(&import.from, scheme)
                && !is_in(&import.from, laboratory)
                && is_in(&import.to, laboratory)
                && !passed_on
        });
    }
}

#[test]
fn nothing_is_imported_in_a_circle() {
    let circles = circles(&SOURCE);
    assert!(circles.is_empty(), "{circles}");
}

#[test]
fn a_circle_is_found_and_told() {
    let found = circles(&Source::of(&[
        ("lib.rs".to_owned(), "pub mod a; pub mod b; pub mod c;".to_owned()),
        ("a/mod.rs".to_owned(), "mod x; mod y; pub struct Own;".to_owned()),
        ("a/x.rs".to_owned(), "use super::{Own, y::Y};\nuse crate::b::B;".to_owned()),
        ("a/y.rs".to_owned(), "use super::Own;".to_owned()),
        ("b.rs".to_owned(), "use crate::c::C;".to_owned()),
        ("c.rs".to_owned(), "fn f() { crate::a::f() }".to_owned()),
        ("d.rs".to_owned(), "use crate::a::Own;".to_owned()),
    ]));
    assert_eq!(
        found,
        "\ncircle in src: a, b, c\n  a imports b:\n    src/a/x.rs:2: crate::b::B\n  b imports c:\n    \
         src/b.rs:1: crate::c::C\n  c imports a:\n    src/c.rs:1: crate::a::f\n"
    );
}
