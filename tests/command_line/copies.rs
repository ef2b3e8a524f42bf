//! Copies of a custodian's database: made while it is served from, and served from again.

use std::fs;

use crate::network::{self, Serving, ask};
use crate::support::{Desk, PROBES};

const BACKUP: &str = "serve backup --config b/custodian.toml --out";
const RESTORE: &str = "serve restore --config b/custodian.toml --from";

fn verify(desk: &Desk, database: &str) -> String {
    let key = String::from_utf8(desk.read("b/signing.pub")).unwrap();
    let verify = format!("audit verify --database {database} --key {} --agreement agreement.toml", key.trim());
    desk.json(&verify)["head"].as_str().unwrap().to_owned()
}

#[test]
fn a_database_is_copied_while_requests_are_answered_and_is_served_from_again() {
    let desk = network::desk();
    desk.write("one.csv", PROBES.lines().take(2).collect::<Vec<_>>().join("\n"));
    let serving = Serving::begin(&desk);
    let one = |number: u32| ask(&desk, &format!("--templates one.csv --number {number}"));
    assert_eq!(one(1).0, 0);
    let heads: Vec<String> = std::thread::scope(|scope| {
        let asking = scope.spawn(|| (2..5).for_each(|number| assert_eq!(one(number).0, 0)));
        let copies =
            (0..4).map(|copy| desk.json(&format!("{BACKUP} copy-{copy}.sqlite"))["head"].as_str().unwrap().to_owned());
        let heads = copies.collect();
        asking.join().unwrap();
        heads
    });
    // Entries and tables of one moment, each.
    for (copy, head) in heads.iter().enumerate() {
        assert_eq!(&verify(&desk, &format!("copy-{copy}.sqlite")), head);
    }
    drop(serving);
    desk.refused(&format!("{BACKUP} copy-0.sqlite"), "copy-0.sqlite", "exists already");
    desk.refused(&format!("{RESTORE} copy-0.sqlite"), "b/custodian.sqlite", "there is a database already");

    let last = verify(&desk, "b/custodian.sqlite");
    fs::rename(desk.path("b/custodian.sqlite"), desk.path("b/aside.sqlite")).unwrap();
    // What is no copy, or of another party, leaves nothing behind.
    let whole = desk.read("copy-0.sqlite");
    desk.write("cut.sqlite", &whole[..whole.len() / 2]);
    desk.write("none.sqlite", "no database");
    for (copy, what) in [
        ("cut", ""),
        ("none", "no database of cotejo's"),
        ("a/querier", "belongs to"),
        ("nowhere", "there is no such file"),
    ] {
        // It is the copy that is at fault, and nobody is told to make a new database of nothing.
        let refused = desk.refused(&format!("{RESTORE} {copy}.sqlite"), &format!("{copy}.sqlite"), what);
        assert!(!refused.contains("--init-database"), "{refused}");
        assert!(!desk.listing().iter().any(|name| name.contains("partial")), "{copy}: {:?}", desk.listing());
        assert!(!desk.exists("b/custodian.sqlite"), "{copy}");
    }
    let restored = desk.json(&format!("{RESTORE} copy-0.sqlite"));
    assert_eq!(restored["head"], heads[0].as_str());
    assert_eq!(verify(&desk, "b/custodian.sqlite"), heads[0]);
    assert_ne!(heads[0], last);

    // It is seen, and gone on from once somebody has said why.
    let _serving = Serving::begin(&desk);
    let (code, _, err) = one(6);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("cut, lost, or restored from a copy"), "{err}");
    let head = desk.json("audit anchor --database b/custodian.sqlite")["head"].as_str().unwrap().to_owned();
    desk.ok(&format!("ask --config a/querier.toml --trust-log {head} --reason restored --yes"));
    let (code, _, err) = ask(&desk, "--resume 6");
    assert_eq!(code, 0, "{err}");
}

/// From one kind of database to the other, and back.
#[test]
fn a_copy_of_one_kind_of_database_is_restored_into_the_other() {
    let Some(database) = network::on_postgres("copies") else { return };
    let desk = network::desk();
    {
        let _serving = Serving::begin(&desk);
        assert_eq!(ask(&desk, "--templates probes.csv --number 1").0, 0);
    }
    let head = desk.json(&format!("{BACKUP} copy.sqlite"))["head"].as_str().unwrap().to_owned();
    network::reconfigure(&desk, "b/custodian.toml", "custodian.sqlite", &database);
    assert_eq!(desk.json(&format!("{RESTORE} copy.sqlite"))["head"], head.as_str());
    desk.refused(&format!("{RESTORE} copy.sqlite"), "b/custodian.toml", "there is a database already");
    let _serving = Serving::begin(&desk);
    assert_eq!(ask(&desk, "--templates probes.csv --number 2").0, 0, "nothing was lost: nobody has to say why");
    let again = desk.json(&format!("{BACKUP} again.sqlite"))["head"].as_str().unwrap().to_owned();
    assert_eq!(verify(&desk, "again.sqlite"), again);
}

/// A copy is bound to the key of its time: it comes back with that one, and the key of now follows it once more.
#[test]
fn a_copy_from_before_another_signing_key_is_restored_with_the_one_of_then() {
    let desk = network::desk();
    desk.write("one.csv", PROBES.lines().take(2).collect::<Vec<_>>().join("\n"));
    {
        let _serving = Serving::begin(&desk);
        assert_eq!(ask(&desk, "--templates one.csv --number 1").0, 0);
    }
    desk.ok(&format!("{BACKUP} copy.sqlite"));
    desk.ok("certificates signing-key --out b/next");
    let succeed =
        "keys succeed --database b/custodian.sqlite --signing-key b/signing.key --successor b/next/signing.key --yes";
    let introduced = desk.ok(succeed);
    desk.write("a/theirs.json", introduced);
    network::reconfigure(
        &desk,
        "a/querier.toml",
        "'../b/signing.pub'",
        "'../b/next/signing.pub'\nsuccession = 'theirs.json'",
    );
    network::reconfigure(&desk, "b/custodian.toml", "'signing.key'", "'next/signing.key'");
    {
        let _serving = Serving::begin(&desk);
        assert_eq!(ask(&desk, "--templates one.csv --number 2").0, 0);
    }
    fs::rename(desk.path("b/custodian.sqlite"), desk.path("b/aside.sqlite")).unwrap();
    let refused = desk.refused(&format!("{RESTORE} copy.sqlite"), "copy.sqlite", "is bound to signing key");
    assert!(refused.contains("the key of then"), "{refused}");
    network::reconfigure(&desk, "b/custodian.toml", "'next/signing.key'", "'signing.key'");
    desk.ok(&format!("{RESTORE} copy.sqlite"));
    desk.ok(succeed);
    network::reconfigure(&desk, "b/custodian.toml", "'signing.key'", "'next/signing.key'");
    // What the partner was given to introduce the key holds on.
    let _serving = Serving::begin(&desk);
    assert_eq!(ask(&desk, "--templates one.csv --number 3").0, 2);
    let head = desk.json("audit anchor --database b/custodian.sqlite")["head"].as_str().unwrap().to_owned();
    desk.ok(&format!("ask --config a/querier.toml --trust-log {head} --reason restored --yes"));
    let (code, _, err) = ask(&desk, "--resume 3");
    assert_eq!(code, 0, "{err}");
}
