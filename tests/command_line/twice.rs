//! Second signatures (ML-DSA-65) between two parties: registered, asked for, missed.

use predicates::str::contains;

use crate::network::{Serving, ask, desk, reconfigure};
use crate::support::Desk;

/// Both parties have registered each other's second keys.
pub fn registered() -> Desk {
    let desk = desk();
    for party in ["a", "b", "other"] {
        let key = desk.ok(&format!("keys ml-dsa --signing-key {party}/signing.key"));
        assert!(key.starts_with("ml-dsa-65:") && key.trim().len() == 10 + 2604, "{}", key.len());
        desk.write(&format!("{party}/ml-dsa.pub"), key);
    }
    let [theirs, ours] = ["b", "a"].map(|party| format!("signing_key = '../{party}/signing.pub'"));
    reconfigure(&desk, "a/querier.toml", &theirs, &format!("{theirs}\nml_dsa_key = '../b/ml-dsa.pub'"));
    reconfigure(&desk, "b/custodian.toml", &ours, &format!("{ours}\nml_dsa_key = '../a/ml-dsa.pub'"));
    desk
}

fn log(desk: &Desk, database: &str) -> String {
    let key = String::from_utf8(desk.read(&format!("{}/signing.pub", &database[..1]))).unwrap();
    desk.ok(&format!("audit verify --database {database} --key {}", key.trim()));
    desk.ok(&format!("audit export --database {database} --format log --out {database}.jsonl --force"));
    String::from_utf8(desk.read(&format!("{database}.jsonl"))).unwrap()
}

#[test]
fn partners_that_have_registered_second_keys_ask_and_answer_with_both_signatures() {
    let desk = registered();
    let serving = Serving::begin(&desk);
    assert_eq!(ask(&desk, "--templates probes.csv --number 1").0, 0);
    drop(serving);
    // Each keeps what the other has signed with both signatures, and its own with one. The key stands there as well, once.
    let [custodian, querier] = ["b/custodian.sqlite", "a/querier.sqlite"].map(|database| log(&desk, database));
    let second = |log: &str| log.matches("\\\"ml_dsa\\\":\\\"").count();
    assert_eq!((second(&custodian), second(&querier)), (1, 2));
    assert_eq!([&custodian, &querier].map(|log| log.matches("ml-dsa-65:").count()), [1, 1]);
    desk.ok("audit compare --log b/custodian.sqlite.jsonl --with a/querier.sqlite.jsonl");
}

#[test]
fn what_is_not_signed_with_the_second_key_that_is_registered_is_refused_by_name() {
    // The custodian expects another second key of its requester.
    let desk = registered();
    reconfigure(&desk, "b/custodian.toml", "../a/ml-dsa.pub", "../other/ml-dsa.pub");
    let serving = Serving::begin(&desk);
    let (code, _, said) = ask(&desk, "--templates probes.csv --number 1");
    assert!(code > 1, "{said}");
    assert!(said.contains("the ML-DSA signature is not one of the key that is registered"), "{said}");
    drop(serving);
    // The requester another of its custodian; one that is beside the right one is no harm.
    let desk = registered();
    reconfigure(&desk, "a/querier.toml", "../b/ml-dsa.pub", "../other/ml-dsa.pub");
    let serving = Serving::begin(&desk);
    let (code, _, said) = ask(&desk, "--templates probes.csv --number 1");
    assert!(code > 1, "{said}");
    assert!(said.contains("the ML-DSA signature is not one of the key that is registered"), "{said}");
    let both = ["other", "b"].map(|party| String::from_utf8(desk.read(&format!("{party}/ml-dsa.pub"))).unwrap());
    desk.write("other/ml-dsa.pub", both.concat());
    assert_eq!(ask(&desk, "--resume").0, 0);
    drop(serving);
    // What is no such key is refused when the configuration is read.
    desk.write("other/ml-dsa.pub", desk.read("b/signing.pub"));
    desk.command("ask --config a/querier.toml --check").assert().code(2).stderr(contains("ml-dsa-65:"));
}
