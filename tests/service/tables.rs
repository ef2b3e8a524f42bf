//! A database whose tables were edited past the program: its own log contradicts them.

use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::Target;

use crate::databases::{execute, kinds};
use crate::trial::{Asker, CUSTODIAN_KEY, Trial, person, signing_key};

/// What `cotejo audit verify` finds.
fn findings(trial: &Trial) -> Vec<String> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .args(["audit", "verify", "--json", "--key", &signing_key(CUSTODIAN_KEY).public().to_string()])
        .arg("--agreement")
        .arg(trial.folder().join("agreement.toml"))
        .args(["--database", &trial.database])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{stderr}"));
    let found = document["findings"].as_array().unwrap();
    found.iter().map(|finding| finding["problem"]["unequal"]["what"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn tables_that_an_administrator_edits_are_found_by_the_log_beside_them() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        std::fs::write(trial.folder().join("agreement.toml"), trial.agreement.to_toml()).unwrap();
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.ask("1", vec![person("p", 1), person("q", 2)], Target::Gallery).unwrap();
        asker.ask("2", vec![person("p", 1)], Target::Gallery).unwrap();
        // Also while it is being served from.
        assert!(findings(&trial).is_empty(), "{:?}", findings(&trial));
        for (edit, undo, expected) in [
            ("UPDATE spent SET probes = 0", "UPDATE spent SET probes = 3", "probes of A-BORDER on "),
            ("UPDATE leaked SET bits = 0", "UPDATE leaked SET bits = 3", "bits disclosed to A-BORDER of version 1"),
            ("UPDATE keys SET until = until + 1000", "UPDATE keys SET until = until - 1000", "the end of key "),
            ("UPDATE galleries SET inherits = 2", "UPDATE galleries SET inherits = 1", "what version 1 of the gallery"),
            (
                "UPDATE persons SET version = 7",
                "UPDATE persons SET version = 1",
                "the marks of persons in the gallery under ",
            ),
            (
                // Whatever its first digit is, another.
                "UPDATE jobs SET request_digest = CASE WHEN request_digest LIKE '5%' THEN '6' ELSE '5' END \
                 || SUBSTR(request_digest, 2) WHERE number = '2'",
                "SELECT 1",
                "request ",
            ),
        ] {
            execute(kind, &trial.database, edit);
            let found = findings(&trial);
            assert!(!found.is_empty() && found.iter().all(|what| what.starts_with(expected)), "{edit}: {found:?}");
            execute(kind, &trial.database, undo);
        }
        execute(kind, &trial.database, "DELETE FROM jobs");
        let found = findings(&trial);
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
