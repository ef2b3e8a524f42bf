//! The glossary: one text in two places, with every word of a message that an officer may not know.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::Desk;

fn text() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/glossary.md")).unwrap()
}

/// The words that the glossary explains.
fn explained(text: &str) -> BTreeSet<String> {
    text.split("**").skip(1).step_by(2).map(str::to_owned).collect()
}

/// Text in quotes in the sources of the program: messages, help and pages; comments of arguments are help too.
fn messages() -> String {
    fn walk(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, all);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let source = fs::read_to_string(&path).unwrap();
                let source = source.split("#[cfg(test)]").next().unwrap();
                for line in source.lines().filter(|line| !line.trim_start().starts_with("//!")) {
                    let quoted = line.split('"').skip(1).step_by(2);
                    quoted.for_each(|text| *all += &format!("{text}\n"));
                }
            }
        }
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = String::new();
    ["cli", "evaluate", "planning", "agreement", "custodian", "querier", "scheme", "service"]
        .iter()
        .for_each(|folder| walk(&source.join(folder), &mut all));
    all
}

#[test]
fn help_prints_the_glossary_to_the_letter() {
    let desk = Desk::empty();
    assert_eq!(desk.ok("help glossary").trim_end(), text().trim_end());
    assert_eq!(desk.ok("help agreement init"), desk.ok("agreement init --help"));
    assert!(desk.ok("help").contains("cotejo help glossary"));
    desk.refused("help nonsense", "help", "'nonsense' is neither a command nor a text");
}

/// Words that the program uses and that an officer may not know.
const SPECIAL: [&str; 42] = [
    "agreement",
    "anchor",
    "bits of security",
    "block",
    "bootstrap",
    "breaker",
    "custodian",
    "decision",
    "digest",
    "disclosure",
    "EER",
    "evaluation key",
    "exempt",
    "failure to enrol",
    "flip",
    "FMR",
    "FNMR",
    "FNIR",
    "FPIR",
    "gallery",
    "genuine pair",
    "gray zone",
    "head",
    "impostor pair",
    "interval",
    "mask",
    "noise",
    "oracle",
    "parameter set",
    "pending query",
    "probe",
    "querier",
    "quota",
    "reference",
    "rounding",
    "scheme",
    "score",
    "standard deviation",
    "succession",
    "threshold",
    "token",
    "verdict",
];

#[test]
fn each_special_word_of_a_message_is_in_the_glossary() {
    let (text, messages) = (text(), messages().to_lowercase());
    let explained = explained(&text);
    for word in SPECIAL {
        assert!(messages.contains(&word.to_lowercase()), "no message says '{word}': the list is old");
        assert!(explained.contains(word), "the glossary lacks '{word}'");
    }
}

/// Abbreviations that everybody who runs a program knows, names, and those of files and protocols.
const KNOWN: &str = "ASCII BOM CA CC CN CPU CPUS CR CSV DER DES DNS EC GET POST PUT DELETE GB MB KB TB GIB MIB KIB HTML HTTP HTTPS ID IDS II \
                     INSECURE IO IP JSON KEY LF MIT NAME NFC NO NOT NPY NPZ OF OR PEM RAM RFC RSA SELECT SHA SIZE SQL SSL SVG TLS TOML URL UTC \
                     UTF VALUE XML YAML NUMBER MICROSECONDS MILLISECONDS";

/// Whole words in capitals in what is told about error rates and costs: those must be explained.
#[test]
fn each_abbreviation_on_an_accuracy_card_is_in_the_glossary() {
    let text = text();
    let explained: BTreeSet<String> = explained(&text);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    for file in ["cli/evaluate/text.rs", "evaluate/page.rs", "evaluate/evaluation.rs", "cli/plan.rs"] {
        let source = fs::read_to_string(source.join(file)).unwrap();
        // Without the names between braces, which stand for values.
        let quoted = source
            .split('"')
            .skip(1)
            .step_by(2)
            .flat_map(|text| text.split('{'))
            .map(|part| part.split_once('}').map_or(part, |(_, text)| text));
        let words = quoted.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
        let capitals = words.filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase()));
        found.extend(capitals.map(str::to_owned));
    }
    assert!(found.contains("FNMR") && found.contains("EER"), "{found:?}");
    for word in found.iter().filter(|word| !KNOWN.split_whitespace().any(|known| known == *word)) {
        let standard = ["IEC", "ISO"].contains(&word.as_str());
        assert!(standard || explained.contains(word) || text.contains(&format!(", {word}: ")), "{word}");
    }
}
