//! `audit replay`: an answer is made again from what the custodian keeps, and nothing else passes for it.

use cotejo::service::audit::{Entry, Event, Head};
use cotejo::service::protocol::{Reply, ReplyOutcome};
use cotejo::service::signing::{Hash, Signed, SigningKey};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::network::{Serving, ask, desk, reconfigure};
use crate::support::Desk;

const REPLAY: &str = "audit replay --config b/custodian.toml";

/// Asks under this number; the job that answered.
fn asked(desk: &Desk, number: u32, rest: &str) -> String {
    let (code, _, err) = ask(desk, &format!("--templates probes.csv --number {number} {rest}"));
    assert!(code < 2, "{err}");
    let jobs = desk.json("jobs list --config a/querier.toml");
    jobs[0]["job"].as_str().unwrap().to_owned()
}

fn replay(desk: &Desk, threads: u32, rest: &str) -> assert_cmd::assert::Assert {
    desk.command(&format!("{REPLAY} {rest}")).env("RAYON_NUM_THREADS", threads.to_string()).assert()
}

fn sqlite(desk: &Desk, sql: &str) {
    let database = rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
}

/// A desk whose custodian keeps queries.
fn keeping() -> Desk {
    keeping_queries(desk())
}

fn keeping_queries(desk: Desk) -> Desk {
    let before = String::from_utf8(desk.read("b/custodian.toml")).unwrap();
    desk.write("b/custodian.toml", before + "[limits]\nquery_days = 30\n");
    desk
}

#[test]
fn an_answer_is_made_again_on_other_threads_after_a_restart_and_after_the_gallery_has_grown() {
    let desk = keeping();
    let serving = Serving::begin(&desk);
    let jobs = [asked(&desk, 1, ""), asked(&desk, 2, "--reference bert")];
    drop(serving);
    for (job, threads) in jobs.iter().flat_map(|job| [(job, 1), (job, 3)]) {
        replay(&desk, threads, job).code(0).stdout(contains("is the one that was signed, bit for bit"));
    }
    desk.write(
        "more.csv",
        "id,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15,v16\nemil,1,0,0,0,1,0,0,0,1,0,0,0,1,0,0,0\n",
    );
    desk.ok("enroll --templates more.csv --append --out b/gallery.cotejo");
    replay(&desk, 2, &jobs[0]).code(0);
    // And those of a server that was begun anew.
    let serving = Serving::begin(&desk);
    let third = asked(&desk, 3, "");
    drop(serving);
    replay(&desk, 2, &third).code(0);
    let said = desk.json(&format!("{REPLAY} {third}"));
    assert_eq!((&said["same"], &said["gallery"]), (&true.into(), &2.into()), "{said}");
    assert!(!said.to_string().contains("hit"), "an auditor learns no verdict: {said}");

    let some = replay(&desk, 1, &format!("{third} --blocks 1")).code(0);
    some.stdout(contains("drawn at random, are those that were signed, bit for bit"));
    // More than there are: all of them.
    assert_eq!(
        desk.json(&format!("{REPLAY} {third} --blocks 99"))["of"],
        desk.json(&format!("{REPLAY} {third} --blocks 98"))["of"]
    );

    desk.ok("gallery compact --gallery b/gallery.cotejo");
    replay(&desk, 2, &third).code(2).stderr(contains("it does not hold version").and(contains("--gallery")));
}

#[test]
fn a_query_that_was_not_kept_is_made_again_by_its_requester() {
    let desk = desk();
    let serving = Serving::begin(&desk);
    let job = asked(&desk, 1, "");
    drop(serving);
    replay(&desk, 2, &job).code(2).stderr(contains("the query was not kept").and(contains("--query")));
    desk.ok("audit query 1 --config a/querier.toml --templates probes.csv --out again.query");
    replay(&desk, 2, &format!("{job} --query again.query")).code(0);
    replay(&desk, 2, &format!("{job} --query probes.csv")).code(2).stderr(contains("where the request names"));
}

#[test]
fn what_does_not_belong_to_an_answer_is_refused_by_name() {
    let desk = keeping();
    let serving = Serving::begin(&desk);
    let job = asked(&desk, 1, "");
    drop(serving);
    replay(&desk, 2, &"0".repeat(32)).code(2).stderr(contains("there is no job"));
    desk.ok("keygen --allow-insecure --out a/more");
    replay(&desk, 2, &format!("{job} --evaluation-key a/more/evaluation.key")).code(2).stderr(contains("key"));
    desk.ok("enroll --templates gallery.csv --out other.cotejo");
    replay(&desk, 2, &format!("{job} --gallery other.cotejo")).code(2).stderr(contains("it does not hold version"));

    // Somebody is exempt who was not, and the custodian says it was always so.
    desk.write("b/exempt.txt", "bert\n");
    reconfigure(
        &desk,
        "b/custodian.toml",
        "gallery = 'gallery.cotejo'",
        "gallery = 'gallery.cotejo'\nexempt = 'exempt.txt'",
    );
    replay(&desk, 2, &job).code(2).stderr(contains("other persons were exempt"));
    let nobody: String = {
        let database = rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap();
        database.query_row("SELECT exempt FROM replays", [], |row| row.get(0)).unwrap()
    };
    let list = desk.json("serve --check --config b/custodian.toml")["exempt"][0]["list"].clone();
    sqlite(&desk, &format!("UPDATE replays SET exempt = '{}'", list.as_str().unwrap()));
    replay(&desk, 2, &job).code(2).stderr(contains("that the log does not tell of"));
    reconfigure(&desk, "b/custodian.toml", "\nexempt = 'exempt.txt'", "");
    sqlite(&desk, &format!("UPDATE replays SET exempt = '{nobody}'"));
    replay(&desk, 2, &job).code(0).stdout(contains("0 persons exempt"));

    // Of the same version, before what it computes had changed: refused, and not called another answer than was signed.
    let computed: String = {
        let database = rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap();
        database.query_row("SELECT computed FROM replays", [], |row| row.get(0)).unwrap()
    };
    let (version, circuits) = computed.split_once(", circuits ").unwrap();
    let processor = circuits.split_once(", ").unwrap().1;
    sqlite(&desk, &format!("UPDATE replays SET computed = '{version}, {processor}'"));
    replay(&desk, 2, &job).code(2).stderr(contains(format!("this is {computed}")));
    sqlite(&desk, "UPDATE replays SET computed = 'cotejo 0.0.1, z80'");
    replay(&desk, 2, &job).code(2).stderr(contains("z80").and(contains("vector instructions")));
    sqlite(&desk, "UPDATE replays SET parts = zeroblob(64)");
    replay(&desk, 2, &job).code(2).stderr(contains("digests of the blocks"));
    sqlite(&desk, "UPDATE replays SET seed = zeroblob(64)");
    replay(&desk, 2, &job).code(2).stderr(contains("do not open the commitment"));
    sqlite(&desk, "DELETE FROM replays");
    replay(&desk, 2, &job).code(2).stderr(contains("no seed is kept"));
}

/// The log of the custodian's database.
fn log(database: &rusqlite::Connection) -> Vec<Entry> {
    let sql = "SELECT number, time, content, content_digest, hash, signature FROM log ORDER BY number";
    let mut rows = database.prepare(sql).unwrap();
    let text = |row: &rusqlite::Row<'_>, column| row.get::<_, String>(column).unwrap();
    let entries = rows.query_map([], |row| {
        Ok(Entry {
            number: row.get::<_, i64>(0)?.unsigned_abs(),
            time: cotejo::service::time::Time::from_millis(row.get(1)?),
            content: row.get(2)?,
            content_digest: text(row, 3).parse().unwrap(),
            hash: text(row, 4).parse().unwrap(),
            signature: text(row, 5).parse().unwrap(),
        })
    });
    entries.unwrap().map(Result::unwrap).collect()
}

/// The custodian signs another reply in the place of the one that it gave, and all of its log from there on anew.
fn signs_otherwise(desk: &Desk, change: impl Fn(&mut ReplyOutcome)) {
    writes_otherwise(desk, |event, key, database| {
        let Event::Reply { statement } = event else { return false };
        let mut said: Reply = statement.verify(None).unwrap();
        change(&mut said.outcome);
        *statement = Signed::new(&said, key).unwrap();
        database.execute("UPDATE jobs SET reply = ?1", [statement.to_json()]).unwrap() > 0
    });
}

/// The custodian writes an event otherwise, and signs all of its log from there on anew.
fn writes_otherwise(desk: &Desk, change: impl Fn(&mut Event, &SigningKey, &rusqlite::Connection) -> bool) {
    let key = SigningKey::from_pem(std::str::from_utf8(&desk.read("b/signing.key")).unwrap()).unwrap();
    let database = rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap();
    let (mut head, mut rng, mut changed) = (Head::NONE, ChaCha20Rng::seed_from_u64(1), false);
    for entry in log(&database) {
        let mut event = entry.event().unwrap().unwrap();
        changed |= change(&mut event, &key, &database);
        let entry = match changed {
            true => Entry::new(event, entry.time, &head, &key, &mut rng).unwrap(),
            false => entry,
        };
        let Entry { number, content, content_digest, hash, signature, .. } = &entry;
        let sql = "UPDATE log SET content = ?2, content_digest = ?3, hash = ?4, signature = ?5 WHERE number = ?1";
        let texts = [content_digest.to_string(), hash.to_string(), signature.to_string()];
        let [digest, hash, signature] = texts;
        database.execute(sql, rusqlite::params![*number as i64, content, digest, hash, signature]).unwrap();
        head = entry.head();
    }
    assert!(changed);
}

/// The custodian's own signatures are all right: only the answer itself shows it.
#[test]
fn an_answer_that_the_gallery_does_not_give_is_found() {
    let desk = keeping();
    let serving = Serving::begin(&desk);
    let job = asked(&desk, 1, "");
    drop(serving);
    signs_otherwise(&desk, |outcome| {
        let ReplyOutcome::Answered { answer_digest, .. } = outcome else { panic!() };
        *answer_digest = Hash([7; 32]);
    });
    let found = replay(&desk, 2, &job).code(1).stdout(contains("the answer is not the one that was signed"));
    found.stdout(contains(format!("signed  {}", Hash([7; 32]))));
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(
            &replay(&desk, 2, &format!("{job} --json")).code(1).get_output().stdout
        )
        .unwrap()["same"],
        false
    );
    // And of blocks.
    let database = rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap();
    let mut parts: Vec<u8> = database.query_row("SELECT parts FROM replays", [], |row| row.get(0)).unwrap();
    replay(&desk, 2, &format!("{job} --blocks 1")).code(0);
    parts.iter_mut().for_each(|byte| *byte ^= 1);
    database.execute("UPDATE replays SET parts = ?1", [&parts]).unwrap();
    drop(database);
    signs_otherwise(&desk, |outcome| {
        let ReplyOutcome::Answered { parts: signed, .. } = outcome else { panic!() };
        *signed = Some(Hash::of(&parts));
    });
    replay(&desk, 2, &format!("{job} --blocks 1")).code(1).stdout(contains("are not those that were signed"));
}

#[test]
fn entries_that_somebody_else_has_signed_are_no_grounds_for_an_answer() {
    let desk = keeping();
    let serving = Serving::begin(&desk);
    let job = asked(&desk, 1, "");
    drop(serving);
    let number = |kind: &str| -> i64 {
        let database = rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap();
        let sql = "SELECT MIN(number) FROM log WHERE content LIKE ?1";
        database.query_row(sql, [format!("%\"kind\":\"{kind}\"%")], |row| row.get(0)).unwrap()
    };
    let relied_on = ["registered", "gallery", "request", "receipt", "reply"].map(number);
    let without = |number: i64| {
        let keep = desk.read("b/custodian.sqlite");
        sqlite(
            &desk,
            &format!(
                "UPDATE log SET signature = (SELECT signature FROM log WHERE number = {}) WHERE number = {number}",
                if number == 1 { 2 } else { 1 }
            ),
        );
        let named = contains(format!("entry {number} of the log is not as it was written"))
            // Of the first and the last, no command opens the database.
            .or(contains(format!("entry of the log, number {number}, is not signed")));
        replay(&desk, 2, &job).code(2).stderr(named.and(contains("cotejo audit verify")));
        desk.write("b/custodian.sqlite", keep);
    };
    relied_on.into_iter().for_each(without);
    // What a key of before has signed holds as far as it signed, and the key of now is introduced by it.
    desk.ok("certificates signing-key --out b/next");
    desk.ok(
        "keys succeed --database b/custodian.sqlite --signing-key b/signing.key --successor b/next/signing.key --yes",
    );
    reconfigure(&desk, "b/custodian.toml", "signing_key = 'signing.key'", "signing_key = 'next/signing.key'");
    replay(&desk, 2, &job).code(0);
    relied_on.into_iter().for_each(without);
    without(number("succession"));
    // A statement that is no party's.
    let database = rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap();
    let receipt: String = database.query_row("SELECT receipt FROM jobs", [], |row| row.get(0)).unwrap();
    let other = SigningKey::from_pem(std::str::from_utf8(&desk.read("other/signing.key")).unwrap()).unwrap();
    let said: cotejo::service::protocol::Receipt = Signed::from_json(&receipt).unwrap().verify(None).unwrap();
    database.execute("UPDATE jobs SET receipt = ?1", [Signed::new(&said, &other).unwrap().to_json()]).unwrap();
    drop(database);
    replay(&desk, 2, &job).code(2).stderr(contains("holds a receipt that is not signed with a key of its party's"));
}

/// Whoever has a requester's Ed25519 key alone makes no request of its that an answer could be held against.
#[test]
fn a_request_that_is_not_signed_with_the_second_key_that_is_registered_is_no_grounds_for_an_answer() {
    let desk = keeping_queries(crate::twice::registered());
    let serving = Serving::begin(&desk);
    let job = asked(&desk, 1, "");
    drop(serving);
    replay(&desk, 2, &job).code(0);
    writes_otherwise(&desk, |event, _, _| {
        let Event::Request { statement } = event else { return false };
        let text = statement.to_json();
        let (before, second) = text.split_once(",\"ml_dsa\":\"").unwrap();
        let (_, behind) = second.split_once('"').unwrap();
        *statement = Signed::from_json(&format!("{before}{behind}")).unwrap();
        true
    });
    let refused = replay(&desk, 2, &job).code(2);
    refused.stderr(contains("holds a request that is not signed with a key of its party's"));
}
