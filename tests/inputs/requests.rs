//! What a querier has asked: listed, given up, and nothing that is stale sent without being asked for.

use crate::parties::parties;

const ASK: &str = "ask --config a/querier.toml";

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
