//! The auditor's commands, on logs that the library writes here.

use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use cotejo::service::audit::{Entry, Event, Head, RequestRefusal, Role, Signers};
use cotejo::service::protocol::{Acknowledgement, Receipt, Reply, ReplyOutcome, Request};
use cotejo::service::signing::{Hash, Name, Signed, SigningKey};
use cotejo::service::store::{Custody, Location, Owner};
use cotejo::service::time::Time;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::support::Desk;

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

struct Log {
    entries: Vec<Entry>,
    key: SigningKey,
    rng: ChaCha20Rng,
}

impl Log {
    fn new(party: &str, role: Role, seed: u64, other: (&str, u64)) -> Self {
        let mut log = Self { entries: Vec::new(), key: key(seed), rng: ChaCha20Rng::seed_from_u64(seed) };
        log.add("2025-01-01T00:00:00.000Z", Event::Opened { party: party.parse().unwrap(), role });
        let (party, seed) = other;
        log.add(
            "2025-01-01T00:00:00.000Z",
            Event::Registered {
                party: party.parse().unwrap(),
                key: key(seed).public(),
                introduced: None,
                ml_dsa: Vec::new(),
            },
        );
        log
    }

    fn add(&mut self, time: &str, event: Event) {
        let head = self.entries.last().map_or(Head::NONE, Entry::head);
        self.entries.push(Entry::new(event, time.parse().unwrap(), &head, &self.key, &mut self.rng).unwrap());
    }

    fn text(&self) -> String {
        self.entries.iter().map(Entry::to_line).collect()
    }
}

/// Two requests, both answered; the justification of the second is what a spreadsheet would compute.
fn logs() -> (Log, Log) {
    let mut custodian = Log::new("B", Role::Custodian, 1, ("A-BORDER", 2));
    let mut querier = Log::new("A-BORDER", Role::Querier, 2, ("B", 1));
    for (number, justification, time) in
        [(1, "file 7/2026", "2025-03-01T10:00:00.000Z"), (2, "=1+1", "2026-02-01T10:00:00.000Z")]
    {
        let now: Time = time.parse().unwrap();
        let asked = Request {
            requester: "A-BORDER".parse().unwrap(),
            number: format!("2026-{number}").parse().unwrap(),
            time: now,
            agreement: Hash([7; 32]),
            purpose: "identification".parse().unwrap(),
            justification: Some(justification.parse().unwrap()),
            case_category: Some("suspect".parse().unwrap()),
            officer: None,
            key: Name([1; 16]),
            query: Name([2; 16]),
            query_digest: Hash([3; 32]),
            probes: 4,
            seen: None,
        };
        let statement = Signed::new(&asked, &key(2)).unwrap();
        let request = statement.digest();
        let receipt = Signed::new(
            &Receipt { request, job: Name([number; 16]), time: now, log: None, randomness: None, gallery: None },
            &key(1),
        )
        .unwrap();
        let outcome =
            ReplyOutcome::Answered { answer_digest: Hash([4; 32]), gallery: 1, bits: 4, parts: None, root: None };
        let reply =
            Reply { request: asked, request_digest: request, number: number.into(), time: now, outcome, log: None };
        let reply = Signed::new(&reply, &key(1)).unwrap();
        let said = Acknowledgement { request, reply: reply.digest(), time: now };
        let said = Signed::new(&said, &key(2)).unwrap();
        for log in [&mut custodian, &mut querier] {
            log.add(time, Event::Request { statement: statement.clone() });
            log.add(time, Event::Receipt { statement: receipt.clone() });
            log.add(time, Event::Reply { statement: reply.clone() });
            log.add(time, Event::Acknowledgement { statement: said.clone() });
        }
    }
    let refused = Event::Refused {
        requester: "A-BORDER".parse().unwrap(),
        agreement: Hash([7; 32]),
        reason: RequestRefusal::DayQuota,
    };
    custodian.add("2026-02-02T10:00:00.000Z", refused);
    (custodian, querier)
}

fn desk() -> Desk {
    let (custodian, querier) = logs();
    let desk = Desk::empty();
    desk.write("custodian.jsonl", custodian.text());
    desk.write("querier.jsonl", querier.text());
    desk
}

/// Runs a command that must end with 1; its standard output.
fn findings(desk: &Desk, line: &str) -> String {
    let output = desk.command(line).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{line}: {stderr}");
    assert!(stderr.is_empty(), "{line}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_sound_log_is_verified_and_its_head_can_be_noted() {
    let desk = desk();
    let public = key(1).public();
    let text = desk.ok(&format!("audit verify --log custodian.jsonl --key {public}"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "log of B (custodian)");
    assert_eq!(lines[1], "11 entries, 2025-01-01T00:00:00.000Z to 2026-02-02T10:00:00.000Z; 0 without content");
    assert_eq!(lines[2], "2 requests (0 open), 2 receipts, 2 answers, 0 replies without an answer, 2 acknowledgements");
    assert_eq!(lines[3], format!("checked with the owner's key {public}"));
    assert!(lines[4].starts_with("head, to be noted for next time: 11:"));
    assert_eq!(lines[5], "no findings: the log is as it was written");

    let head = lines[4].rsplit(' ').next().unwrap();
    let document = desk.json(&format!("audit verify --log custodian.jsonl --noted {head}"));
    assert_eq!((&document["sound"], &document["head"]), (&true.into(), &head.into()));
    assert_eq!((&document["key"], &document["statements"]["requests"]), (&serde_json::Value::Null, &2.into()));
    assert!(desk.ok("audit verify --log custodian.jsonl").contains("nothing shows who signed it"));
    // Cut: sound by itself, but not beside what was noted.
    let whole = String::from_utf8(desk.read("custodian.jsonl")).unwrap();
    let cut: String = whole.split_inclusive('\n').take(10).collect();
    desk.write("custodian.jsonl", cut);
    desk.ok("audit verify --log custodian.jsonl");
    let text = findings(&desk, &format!("audit verify --log custodian.jsonl --noted {head}"));
    assert!(text.contains("1 finding:\n  entry 11: the head noted earlier is not one of this log"), "{text}");
}

#[test]
fn an_anchor_is_one_line_and_a_file_of_them_is_checked() {
    let desk = desk();
    let head = desk.json("audit verify --log custodian.jsonl")["head"].as_str().unwrap().to_owned();
    assert_eq!(desk.ok("audit anchor --log custodian.jsonl"), format!("{head}\n"));
    let whole = String::from_utf8(desk.read("custodian.jsonl")).unwrap();
    desk.write("earlier.jsonl", whole.split_inclusive('\n').take(5).collect::<String>());
    let earlier = desk.ok("audit anchor --log earlier.jsonl");
    desk.write("anchors.txt", format!("{earlier}\n{head}\n"));
    desk.ok("audit verify --log custodian.jsonl --noted anchors.txt");
    let text = findings(&desk, "audit verify --log earlier.jsonl --noted anchors.txt");
    assert!(text.contains("1 finding:\n  entry 11: the head noted earlier"), "{text}");
    // One of another log, and what is none.
    let other = desk.ok("audit anchor --log querier.jsonl");
    assert!(findings(&desk, &format!("audit verify --log custodian.jsonl --noted {}", other.trim())).contains("noted"));
    desk.write("no-anchors.txt", format!("{head}\n12\n"));
    desk.refused("audit verify --log custodian.jsonl --noted no-anchors.txt", "no-anchors.txt", "line 2: not a number");
    desk.refused("audit verify --log custodian.jsonl --noted 12:xy", "12:xy", "cannot open it");
    // What is not sound is not anchored.
    desk.write("altered.jsonl", whole.replacen("file 7/2026", "file 8/2026", 1));
    assert!(findings_said(&desk, "audit anchor --log altered.jsonl").contains("the content was altered"));
}

/// Runs a command that must end with 1, and print nothing; what it says.
fn findings_said(desk: &Desk, line: &str) -> String {
    let output = desk.command(line).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()), "{line}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_altered_log_is_found_and_other_commands_warn() {
    let desk = desk();
    let text = String::from_utf8(desk.read("custodian.jsonl")).unwrap();
    desk.write("custodian.jsonl", text.replacen("file 7/2026", "file 8/2026", 1));
    let found = findings(&desk, "audit verify --log custodian.jsonl");
    assert!(found.contains("  entry 3: the content was altered"), "{found}");
    let stranger = findings(&desk, &format!("audit verify --log querier.jsonl --key {}", key(1).public()));
    assert!(stranger.contains("no entry is signed with this key: give the owner's (--key)"), "{stranger}");
    let compared = findings(&desk, "audit compare --log custodian.jsonl --with querier.jsonl");
    assert!(compared.contains("not compared"), "{compared}");
    let output = desk.command("audit transparency --log custodian.jsonl").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.contains("warning: custodian.jsonl: this log is not as it"), "{stderr}");
}

#[test]
fn logs_that_agree_compare_and_a_request_that_was_left_out_is_found() {
    let desk = desk();
    let keys = format!("--key {} --with-key {}", key(1).public(), key(2).public());
    let text = desk.ok(&format!("audit compare --log custodian.jsonl --with querier.jsonl {keys}"));
    assert!(text.contains("2 requests of A-BORDER to B: 8 statements in both logs, 0 erased"), "{text}");
    assert!(text.ends_with("no findings: the logs agree\n") && !text.contains("nothing shows"), "{text}");

    let (custodian, mut querier) = logs();
    querier.entries.truncate(6);
    desk.write("querier.jsonl", querier.text());
    let line = "audit compare --log querier.jsonl --with custodian.jsonl";
    let text = findings(&desk, line);
    let missing =
        "  request 2026-2 (custodian's entry 7): the querier's log lacks the request, which the other log holds";
    assert!(text.contains("findings (4):") && text.contains(missing), "{text}");
    let output = desk.command(&format!("{line} --json")).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["sound"], document["comparison"]["findings"].as_array().unwrap().len()), (&false.into(), 4));
    let first = &document["comparison"]["findings"][0];
    assert_eq!(first["what"]["missing"], serde_json::json!({"statement": "request", "log": "querier"}));
    drop(custodian);
    desk.refused(
        "audit compare --log querier.jsonl --with querier.jsonl",
        "querier.jsonl",
        "both logs are a querier's",
    );
}

#[test]
fn requests_are_exported_as_a_table_and_the_log_verbatim() {
    let desk = desk();
    desk.ok("audit export --log custodian.jsonl --format csv --out requests.csv");
    let mode = std::fs::metadata(desk.path("requests.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = String::from_utf8(desk.read("requests.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("requesting_authority,responding_authority,request_number,"), "{text}");
    assert!(lines[1].starts_with("A-BORDER,B,2026-1,2025-03-01T10:00:00.000Z,identification,file 7/2026,suspect,,4,"));
    assert!(lines[1].ends_with(",1,2025-03-01T10:00:00.000Z,answered,1,4,2025-03-01T10:00:00.000Z,3"), "{text}");
    assert!(lines[2].contains(",'=1+1,"), "a spreadsheet must not compute it: {text}");
    desk.refused(
        "audit export --log custodian.jsonl --format csv --out requests.csv",
        "requests.csv",
        "exists already",
    );

    let made = desk.json("audit export --log querier.jsonl --format json --out requests.json");
    assert_eq!(made, serde_json::json!({"out": "requests.json", "entries": 10, "requests": 2}));
    let rows: serde_json::Value = serde_json::from_slice(&desk.read("requests.json")).unwrap();
    assert_eq!((&rows[1]["justification"], &rows[1]["officer"]), (&"=1+1".into(), &serde_json::Value::Null));

    desk.ok("audit export --log custodian.jsonl --format log --out again.jsonl");
    assert_eq!(desk.read("again.jsonl"), desk.read("custodian.jsonl"));
    desk.refused(
        "audit export --log again.jsonl --format log --out again.jsonl --force",
        "again.jsonl",
        "is read by this command",
    );
    desk.ok("audit export --log custodian.jsonl --format log --out again.jsonl --force");
    assert_eq!(desk.read("again.jsonl"), desk.read("custodian.jsonl"));
    assert!(!desk.listing().iter().any(|name| name.contains("partial")));
}

#[test]
fn years_are_counted() {
    let desk = desk();
    let text = desk.ok("audit transparency --log custodian.jsonl");
    let table = "\
requester  purpose         requests  persons  answered  unanswered  bits  gallery versions
A-BORDER   identification         1        4         1           0     4                 1
";
    assert_eq!(text.matches(table).count(), 2, "{text}");
    assert!(text.contains("refused, A-BORDER: on 1 day: day-quota"), "{text}");
    let document = desk.json("audit transparency --log custodian.jsonl --year 2026");
    assert_eq!(document["years"].as_array().unwrap().len(), 1);
    assert_eq!(document["years"][0]["days_with_refusals"]["A-BORDER"]["day-quota"], 1);
    assert!(desk.ok("audit transparency --log custodian.jsonl --year 1999").contains("nothing was logged in 1999"));
}

#[test]
fn what_is_no_log_is_refused_by_its_line() {
    let desk = desk();
    let text = String::from_utf8(desk.read("custodian.jsonl")).unwrap();
    desk.write("blank.jsonl", text.replacen('\n', "\n\n", 1));
    desk.refused("audit verify --log blank.jsonl", "blank.jsonl", "line 2 is not an entry");
    desk.write("cut.jsonl", text.trim_end());
    desk.refused("audit verify --log cut.jsonl", "cut.jsonl", "line 11 does not end");
    desk.refused("audit export --log cut.jsonl --format log --out new.jsonl", "cut.jsonl", "line 11 does not end");
    desk.write("long.jsonl", "x".repeat(100_000));
    desk.refused("audit verify --log long.jsonl", "long.jsonl", "line 1 is longer than");
    desk.refused("audit verify --log nowhere.jsonl", "nowhere.jsonl", "cannot open it");
    desk.write("empty.jsonl", "");
    assert!(findings(&desk, "audit verify --log empty.jsonl").contains("the log is empty"));
    for line in ["audit verify", "audit verify --log a --database b", "audit verify --log custodian.jsonl --noted 3"] {
        desk.command(line).assert().code(2);
    }
}

#[test]
fn what_is_younger_than_three_years_is_not_erased_by_accident() {
    let desk = desk();
    let line = "audit erase --database log.sqlite --signing-key signing.key --older-than";
    desk.refused(&format!("{line} 1095d"), "--older-than", "less than the three years");
    desk.refused(&format!("{line} 2y"), "--older-than", "less than the three years");
    desk.command(&format!("{line} soon")).assert().code(2);
}

/// A custodian's database that tells of a key, and the requester's signing key beside it.
fn database() -> Desk {
    let desk = Desk::empty();
    ["a", "b", "c"].iter().for_each(|party| drop(desk.ok(&format!("certificates signing-key --out {party}"))));
    let signing = |party: &str| {
        SigningKey::from_pem(&String::from_utf8(desk.read(&format!("{party}/signing.key"))).unwrap()).unwrap()
    };
    let owner = Owner { party: "B".parse().unwrap(), role: Role::Custodian, key: signing("b") };
    let (now, rng) = (Time::from_system(SystemTime::now()), ChaCha20Rng::seed_from_u64(1));
    let mut custody = Custody::create(Location::File(desk.path("log.sqlite")), owner, Box::new(rng), now).unwrap();
    let requester = "A-BORDER".parse().unwrap();
    custody.journal().register(&requester, &Signers::new(signing("a").public()), now).unwrap();
    custody.admit_key(&requester, &Hash([7; 32]), &Name([1; 16]), b"key", 30, now).unwrap();
    desk
}

#[test]
fn what_is_younger_than_three_years_is_erased_with_the_other_partys_consent_alone() {
    let desk = database();
    // Times are whole seconds: what was logged just now is before the next one.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let before = Time::from_system(SystemTime::now()).second();
    let erase = format!("audit erase --database log.sqlite --signing-key b/signing.key --yes --before {before}");
    desk.refused(&erase, "log.sqlite", "with the consent of A-BORDER alone");
    let consent = |signing: &str, owner: &str, before: Time, out: &str| {
        desk.ok(&format!(
            "audit consent --party A-BORDER --signing-key {signing}/signing.key --owner {owner} --role custodian --before {before} \
             --reason over --out {out}"
        ));
    };
    consent("c", "B", before, "stranger.json");
    consent("a", "D", before, "other.json");
    consent("a", "B", before.plus_days(1), "later.json");
    for file in ["stranger.json", "other.json", "later.json"] {
        desk.refused(&format!("{erase} --consent {file}"), "log.sqlite", "with the consent of A-BORDER alone");
    }
    desk.refused(&format!("{erase} --consent a/signing.pub"), "a/signing.pub", "not a statement");
    let key = String::from_utf8(desk.read("b/signing.pub")).unwrap();
    let verify = format!("audit verify --database log.sqlite --key {}", key.trim());
    assert!(desk.ok(&verify).contains("0 without content"), "nothing was erased");
    consent("a", "B", before, "consent.json");
    assert_eq!(desk.json(&format!("{erase} --consent consent.json"))["erased"], 1);
    assert!(desk.ok(&verify).contains("1 without content"));
    let later = Time::from_system(SystemTime::now()).plus_days(9);
    desk.refused(&erase.replace(&before.to_string(), &later.to_string()), "log.sqlite", "lies in the future");
}

/// A block of docs/audit.md that begins with this line.
fn block(begins: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/audit.md")).unwrap();
    let block = page.split(&format!("```{begins}\n")).nth(1).unwrap().split("```").next().unwrap();
    block.to_owned()
}

/// What a program prints; none where there is no such program here.
fn printed(desk: &Desk, program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = std::process::Command::new(program);
    let output = command.current_dir(desk.path(".")).args(arguments).output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no {program} here");
        return None;
    };
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{program}: {stderr}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_log_can_be_checked_without_this_program_as_the_page_says() {
    let desk = desk();
    let whole = String::from_utf8(desk.read("custodian.jsonl")).unwrap();
    let first = whole.lines().next().unwrap();
    assert_eq!(block("json").replace('\n', ""), first, "the example of docs/audit.md is the first entry here");
    let head = desk.json("audit verify --log custodian.jsonl")["head"].as_str().unwrap().to_owned();
    desk.write("check.py", block("python"));
    if let Some(text) = printed(&desk, "python3", &["check.py", "custodian.jsonl"]) {
        assert_eq!(text, format!("11 entries, 0 without content; head {head}\n"));
        desk.write("altered.jsonl", whole.replacen("file 7/2026", "file 8/2026", 1));
        let altered = std::process::Command::new("python3")
            .current_dir(desk.path("."))
            .args(["check.py", "altered.jsonl"])
            .output();
        assert!(!altered.unwrap().status.success());
    }
    // The first entry, in the shell. OpenSSL and xxd need not be here.
    if printed(&desk, "openssl", &["version"]).is_some() && printed(&desk, "xxd", &["-v"]).is_some() {
        desk.write("first.sh", block("sh"));
        let text = printed(&desk, "bash", &["first.sh"]).unwrap();
        let entry: serde_json::Value = serde_json::from_str(first).unwrap();
        let digest = |field: &str| format!("{}  -", entry[field].as_str().unwrap());
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [&digest("content_digest"), &digest("hash"), "Signature Verified Successfully"]
        );
    }
}
