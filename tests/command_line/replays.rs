//! `audit replay`: an answer is made again from what the custodian keeps, and nothing else passes for it.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

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
    let desk = desk();
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

    sqlite(&desk, "UPDATE replays SET computed = 'cotejo 0.0.1, z80'");
    replay(&desk, 2, &job).code(2).stderr(contains("z80").and(contains("vector instructions")));
    sqlite(&desk, "UPDATE replays SET parts = zeroblob(64)");
    replay(&desk, 2, &job).code(2).stderr(contains("digests of the blocks"));
    sqlite(&desk, "UPDATE replays SET seed = zeroblob(64)");
    replay(&desk, 2, &job).code(2).stderr(contains("do not open the commitment"));
    sqlite(&desk, "DELETE FROM replays");
    replay(&desk, 2, &job).code(2).stderr(contains("no seed is kept"));
}
