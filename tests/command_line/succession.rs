//! Keys of signing turn over: each introduced by the one of before, on both sides, with requests under way.

use crate::network::{self, Serving, ask, reconfigure};
use crate::support::{Desk, PROBES, refusal};

fn succeed(party: &str, database: &str, next: &str) -> String {
    format!(
        "keys succeed --database {party}/{database}.sqlite --signing-key {party}/signing.key --successor {party}/{next}/signing.key --yes"
    )
}

fn public(desk: &Desk, folder: &str) -> String {
    String::from_utf8(desk.read(&format!("{folder}/signing.pub"))).unwrap().trim().to_owned()
}

fn exempt_list(desk: &Desk) -> String {
    desk.json("serve --config b/custodian.toml --check")["exempt"][0]["list"].as_str().unwrap().to_owned()
}

#[test]
fn keys_of_both_parties_turn_over_and_nothing_is_lost() {
    let desk = network::desk();
    desk.write("one.csv", PROBES.lines().take(2).collect::<Vec<_>>().join("\n"));
    let listed = desk.ok("gallery list --gallery b/gallery.cotejo");
    let id = listed.lines().next().unwrap().split('\t').next().unwrap().to_owned();
    desk.write("b/exempt.txt", id);
    reconfigure(
        &desk,
        "b/custodian.toml",
        "gallery = 'gallery.cotejo'\n",
        "gallery = 'gallery.cotejo'\nexempt = 'exempt.txt'\n",
    );
    for folder in ["b/next", "a/next"] {
        desk.ok(&format!("certificates signing-key --out {folder}"));
    }
    let one = |number: u32| ask(&desk, &format!("--templates one.csv --number {number} --patience 2"));
    let list = exempt_list(&desk);
    {
        let _serving = Serving::begin(&desk);
        assert!(one(1).0 <= 1);
        let now = succeed("b", "custodian", "next");
        refusal(desk.command(&now).assert(), &now, "b/custodian.sqlite", "another cotejo serves");
    }
    // Prepared under the keys of before, and not accepted.
    assert_eq!(one(2).0, 4);

    desk.refused(&succeed("b", "custodian", "."), "--successor", "the key of before");
    let introduced = desk.ok(&succeed("b", "custodian", "next"));
    desk.write("b/succession.json", &introduced);
    let said = desk.ok("inspect b/succession.json");
    assert!(said.contains("key-succession: B (custodian), at "), "{said}");
    assert!(said.contains(&format!("signs with {} from now on", public(&desk, "b/next"))), "{said}");
    // Whoever asks again is told the same; the key of before signs nothing any more.
    assert_eq!(desk.ok(&succeed("b", "custodian", "next")), introduced);
    desk.refused("serve --config b/custodian.toml --check", "b/custodian.toml", "is bound to signing key");
    desk.refused(
        "breaker pull --config b/custodian.toml --reason x --yes",
        "b/custodian.toml",
        "is bound to signing key",
    );
    reconfigure(&desk, "b/custodian.toml", "signing_key = 'signing.key'", "signing_key = 'next/signing.key'");
    // Whom the database knows, it knows under the new key as well.
    assert_eq!(exempt_list(&desk), list);

    let serving = Serving::begin(&desk);
    let (code, _, err) = ask(&desk, "--resume 2 --patience 2");
    assert!(code == 2 && err.contains("not with key"), "{code} {err}");
    reconfigure(&desk, "a/querier.toml", "signing_key = '../b/signing.pub'", "signing_key = '../b/next/signing.pub'");
    // Somebody else's word is none.
    reconfigure(&desk, "a/querier.toml", "party = 'B'\n", "party = 'B'\nsuccession = 'theirs.json'\n");
    desk.write("a/theirs.json", introduced.replace("successor", "predecessor"));
    assert_eq!(ask(&desk, "--resume 2 --patience 2").0, 2);
    desk.write("a/theirs.json", &introduced);

    let ours = desk.ok(&succeed("a", "querier", "next"));
    desk.write("b/theirs.json", &ours);
    reconfigure(&desk, "a/querier.toml", "signing_key = 'signing.key'", "signing_key = 'next/signing.key'");
    drop(serving);
    reconfigure(
        &desk,
        "b/custodian.toml",
        "signing_key = '../a/signing.pub'",
        "signing_key = '../a/next/signing.pub'\nsuccession = 'theirs.json'",
    );
    {
        let _serving = Serving::begin(&desk);
        let (code, _, err) = ask(&desk, "--resume 2");
        assert!(code <= 1 && err.contains("signed anew"), "{code} {err}");
        assert!(one(3).0 <= 1);
    }

    let verify = |database: &str, key: &str| {
        desk.json(&format!("audit verify --database {database} --key {key} --agreement agreement.toml"))
    };
    for (database, folder) in [("b/custodian.sqlite", "b"), ("a/querier.sqlite", "a")] {
        let (before, after) = (public(&desk, folder), public(&desk, &format!("{folder}/next")));
        for key in [&before, &after] {
            let report = verify(database, key);
            assert_eq!(
                (&report["sound"], report["first_key"].as_str(), report["key"].as_str()),
                (&true.into(), Some(&*before), Some(&*after))
            );
            assert_eq!(report["reregistered"], serde_json::Value::Null);
        }
        // By a key of nobody's in it, nothing is as it should be.
        let stranger = public(&desk, "other");
        desk.command(&format!("audit verify --database {database} --key {stranger}")).assert().code(1);
    }
    let file =
        |database: &str, name: &str| desk.ok(&format!("audit export --database {database} --format log --out {name}"));
    file("a/querier.sqlite", "a.jsonl");
    file("b/custodian.sqlite", "b.jsonl");
    let (b, a) = (public(&desk, "b/next"), public(&desk, "a"));
    let compared = desk.json(&format!("audit compare --log b.jsonl --with a.jsonl --key {b} --with-key {a}"));
    assert_eq!(compared["sound"], true, "{compared}");
}
