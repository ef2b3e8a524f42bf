//! What a querier has asked: listed, given up, and nothing that is stale sent without being asked for.

use std::time::SystemTime;

use cotejo::Agreement;
use cotejo::service::audit::Role;
use cotejo::service::protocol::Request;
use cotejo::service::signing::{Hash, Name, Signed, SigningKey};
use cotejo::service::store::{Location, Outbox, OutboxRequest, Owner, RequestState};
use cotejo::service::time::Time;
use rand::SeedableRng;

use crate::parties::parties;
use crate::support::Desk;

const ASK: &str = "ask --config a/querier.toml";
const HOUR_MS: i64 = 3_600_000;

fn text(desk: &Desk, file: &str) -> String {
    String::from_utf8(desk.read(file)).unwrap()
}

/// Keeps a request of so many hours ago, as `ask` does before it sends one.
fn asked_before(desk: &Desk, number: &str, hours: i64) {
    let time = Time::from_millis(Time::from_system(SystemTime::now()).millis() - hours * HOUR_MS);
    let key = || SigningKey::from_pem(&text(desk, "a/signing.key")).unwrap();
    let owner = Owner { party: "A".parse().unwrap(), role: Role::Querier, key: key() };
    let location = Location::File(desk.path("a/own.sqlite"));
    let rng = rand_chacha::ChaCha20Rng::from_os_rng();
    let mut outbox = Outbox::open(location, owner, Box::new(rng), time).unwrap();
    let agreement = Hash(Agreement::from_toml(&text(desk, "agreement.toml")).unwrap().digest().0);
    let request = Request {
        requester: "A".parse().unwrap(),
        number: number.parse().unwrap(),
        time,
        agreement,
        purpose: "identification".parse().unwrap(),
        justification: None,
        case_category: None,
        officer: None,
        key: Name([1; 16]),
        query: Name([2; 16]),
        query_digest: Hash::of(b"query"),
        probes: 2,
        seen: None,
    };
    let kept = OutboxRequest {
        number: request.number.clone(),
        agreement,
        custodian: "https://127.0.0.1:1".to_owned(),
        statement: Signed::new(&request, &key()).unwrap(),
        query: Some(b"query".to_vec()),
        pending: None,
        state: RequestState::Prepared,
        job: None,
        reply: None,
        answer: None,
        verdicts: None,
        nonce: None,
    };
    assert!(outbox.prepare(&kept, time).unwrap());
}

#[test]
fn what_was_asked_is_listed_and_what_is_abandoned_is_not_gone_on_with() {
    let desk = parties();
    assert_eq!(desk.ok(&format!("{ASK} --list")), "");
    for number in [1, 2] {
        let line = format!("{ASK} --templates probes.csv --justification file-7 --number {number} --patience 0");
        desk.command(&line).assert().code(4);
    }
    let listed = desk.ok(&format!("{ASK} --list"));
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("1\t20") && lines[1].starts_with("2\t20"), "{listed}");
    assert!(lines.iter().all(|line| line.ends_with("\tidentification\t2 probes\tnot accepted yet")), "{listed}");

    let said = desk.ok(&format!("{ASK} --abandon 1"));
    assert!(said.contains("request 1: abandoned"), "{said}");
    let document = desk.json(&format!("{ASK} --list"));
    let states = [0, 1].map(|at| document["requests"][at]["state"].as_str().unwrap().to_owned());
    assert_eq!(states, ["abandoned", "prepared"]);
    // The log tells of it, and is whole.
    let log = "--database a/own.sqlite";
    let checked =
        desk.ok(&format!("audit verify {log} --key {}", String::from_utf8(desk.read("a/signing.pub")).unwrap().trim()));
    assert!(checked.contains("2 requests (1 open, 1 abandoned)"), "{checked}");
    desk.ok(&format!("audit export {log} --format json --out requests.json"));
    let rows: serde_json::Value = serde_json::from_slice(&desk.read("requests.json")).unwrap();
    assert_eq!([&rows[0]["outcome"], &rows[1]["outcome"]], ["abandoned", "open"]);
    desk.refused(&format!("{ASK} --abandon 1"), "request 1", "was abandoned before");
    desk.refused(&format!("{ASK} --abandon 77"), "--abandon", "no request number '77'");
    for line in ["--resume 1 --patience 0", "--show 1"] {
        let output = desk.command(&format!("{ASK} {line}")).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(7), "{said}");
        assert!(said.contains("request 1: it was abandoned"), "{said}");
    }
    // Who was asked about is gone from the database; the number is used up.
    let again = format!("{ASK} --templates probes.csv --justification file-7 --number 1 --patience 0");
    desk.refused(&again, "--number", "was used before");
    // A bare --resume goes on with the other alone.
    let resumed = desk.command(&format!("{ASK} --resume --patience 0")).output().unwrap();
    let said = String::from_utf8(resumed.stderr).unwrap();
    assert_eq!(resumed.status.code(), Some(4), "{said}");
    assert!(said.contains("--resume 2") && !said.contains("request 1"), "{said}");
    desk.ok(&format!("{ASK} --abandon 2 --yes"));
    desk.command(&format!("{ASK} --resume --patience 0")).assert().code(3);
}

#[test]
fn an_abandoned_request_goes_when_the_log_is_erased() {
    let desk = parties();
    asked_before(&desk, "old", 5 * 365 * 24);
    asked_before(&desk, "open", 4 * 365 * 24);
    desk.ok(&format!("{ASK} --abandon old"));
    desk.ok("audit erase --database a/own.sqlite --signing-key a/signing.key");
    let listed = desk.ok(&format!("{ASK} --list"));
    assert!(listed.starts_with("open\t") && listed.lines().count() == 1, "{listed}");
    // That it was abandoned is younger than what was erased, and no finding.
    desk.ok("audit verify --database a/own.sqlite");
}

#[test]
fn a_bare_resume_leaves_what_is_stale_and_a_number_sends_it_all_the_same() {
    let desk = parties();
    for (number, hours) in [("old", 49), ("older-than-a-day", 25), ("of-today", 23)] {
        asked_before(&desk, number, hours);
    }
    let resume = |rest: &str| {
        let output = desk.command(&format!("{ASK} --resume {rest} --patience 0")).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let listed = desk.ok(&format!("{ASK} --list"));
    let states: Vec<&str> = listed.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    assert_eq!(states, ["not accepted, stale", "not accepted, stale", "not accepted yet"]);
    let document = desk.json(&format!("{ASK} --list"));
    assert_eq!([0, 1, 2].map(|at| document["requests"][at]["stale"] == true), [true, true, false]);

    let (code, out, err) = resume("");
    assert_eq!((code, out.as_str()), (Some(4), ""), "{err}");
    for number in ["old", "older-than-a-day"] {
        let warned = format!("warning: request {number} is stale: not accepted for more than 1 day, and not sent now");
        assert!(err.contains(&warned) && !err.contains(&format!("error: request {number}")), "{err}");
        assert!(err.contains(&format!("--abandon {number} gives it up")), "{err}");
    }
    assert!(err.contains("cotejo ask --resume of-today") && !err.contains("of-today is stale"), "{err}");
    // With nothing else left there is nothing to resume; what is stale is kept.
    desk.ok(&format!("{ASK} --abandon of-today"));
    let (code, out, err) = resume("");
    assert_eq!((code, out.as_str()), (Some(3), "nothing to resume\n"), "{err}");
    assert!(err.contains("request old is stale"), "{err}");
    // By its number it is sent: nobody is there.
    let (code, _, err) = resume("old");
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("cannot be reached") && !err.contains("stale"), "{err}");
}
