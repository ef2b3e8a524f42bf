//! What goes wrong on a network and in a machine room: each a clear error, nothing lost, nothing disclosed.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cotejo::querier::SecretKey;
use cotejo::querier::Verdict;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::client::ClientError;
use cotejo::service::server::Limits;
use cotejo::service::signing::Name;
use cotejo::service::store::OutboxRequest;
use cotejo::wire::Target;

use crate::databases::{Kind, kinds};
use crate::raw::{Raw, Response, call};
use crate::trial::{Asker, Setup, Trial, person, refused};

pub fn post(trial: &Trial, request: &OutboxRequest, length: usize) -> String {
    let header = URL_SAFE_NO_PAD.encode(request.statement.to_json());
    let digest = trial.digest();
    format!(
        "POST /v1/agreements/{digest}/jobs HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncotejo-request: {header}\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[test]
fn uploads_that_are_cut_off_stalled_too_long_or_of_no_stated_length_leave_nothing() {
    for kind in kinds() {
        let limits = Limits { stall: Duration::from_secs(2), ..Setup::default().limits };
        let trial = Trial::with(kind, Setup { limits, ..Setup::default() });
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let certified = &asker.certified;
        let (request, _) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let query = request.query.clone().unwrap();

        let mut raw = Raw::connect(&trial, certified);
        raw.send(post(&trial, &request, query.len()).as_bytes()).unwrap();
        raw.send(&query[..query.len() / 2]).unwrap();
        raw.cut();

        // Half of it, and then nothing: cut off after the time for that, and told so.
        let mut raw = Raw::connect(&trial, certified);
        raw.send(post(&trial, &request, query.len()).as_bytes()).unwrap();
        raw.send(&query[..query.len() / 2]).unwrap();
        let begun = Instant::now();
        let response = raw.response().unwrap();
        assert_eq!((response.status, response.kind().as_str()), (408, "stalled"));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());

        let path = format!("POST /v1/agreements/{}/jobs", trial.digest());
        let header = format!("cotejo-request: {}\r\n", URL_SAFE_NO_PAD.encode(request.statement.to_json()));
        let long = call(&trial, certified, &path, &format!("{header}content-length: 999999999\r\n"), b"x");
        assert_eq!((long.status, long.kind().as_str()), (413, "too-large"));
        let chunked =
            call(&trial, certified, &path, &format!("{header}transfer-encoding: chunked\r\n"), b"1\r\nx\r\n0\r\n\r\n");
        assert_eq!((chunked.status, chunked.kind().as_str()), (411, "length-required"));
        let truncated = Raw::connect(&trial, certified);
        let cut = |mut raw: Raw| -> Option<Response> {
            raw.send(post(&trial, &request, query.len() - 10).as_bytes()).unwrap();
            raw.send(&query[..query.len() - 10]).unwrap();
            raw.response()
        };
        assert_eq!(cut(truncated).unwrap().kind(), "malformed");

        let key = format!("PUT /v1/agreements/{}/keys/{}", trial.digest(), asker.key);
        let damaged = &asker.key_content[..asker.key_content.len() - 1];
        let refused = call(&trial, certified, &key, &format!("content-length: {}\r\n", damaged.len()), damaged);
        assert_eq!((refused.status, refused.kind().as_str()), (422, "refused-file"));

        assert_eq!(trial.log().1.statements.requests, 0);
        assert!(asker.client.jobs(None).unwrap().jobs.is_empty());
        // And the same request, sent well, is accepted.
        asker.client.submit(&request.agreement, &request.statement, &query).unwrap();
    }
}

#[test]
fn slow_headers_are_cut_off() {
    let trial = Trial::new(kinds()[0]);
    let mut raw = Raw::connect(&trial, &trial.requesters[0].1);
    raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: loc").unwrap();
    let begun = Instant::now();
    drop(raw.response());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_full_queue_says_when_to_come_back_and_one_requester_does_not_fill_it() {
    for kind in kinds() {
        let limits = Limits { queue: 6, workers: 1, ..Setup::default().limits };
        let trial = Trial::with(kind, Setup { limits, ..Setup::default() });
        let asker = Asker::<Tfhe>::new(&trial, 0);
        // Many more than are answered meanwhile.
        let requests: Vec<_> = (0..30)
            .map(|number| asker.request(&number.to_string(), vec![person("p", 1); 1], Target::Gallery).0)
            .collect();
        let results: Vec<_> = std::thread::scope(|scope| {
            let submit = |request: &OutboxRequest| {
                let query = request.query.as_deref().unwrap();
                asker.client.submit(&request.agreement, &request.statement, query)
            };
            let threads: Vec<_> = requests.iter().map(|request| scope.spawn(move || submit(request))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let refusals: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        for error in &refusals {
            assert!(error.retry().is_some_and(|wait| wait >= Duration::from_secs(1)), "{error}");
            assert!(
                matches!(error, cotejo::service::client::ClientError::Refused(refusal) if refusal.status == 429),
                "{error}"
            );
        }
        let accepted = results.iter().filter(|result| result.is_ok()).count();
        assert!(accepted >= 3 && accepted + refusals.len() == 30, "{accepted} accepted");
        // Another requester finds room.
        let other = Asker::<Tfhe>::idle(&trial, 1);
        assert_eq!(other.ask("1", vec![person("p", 1)], Target::Gallery).unwrap(), [Verdict::Any(true)]);
    }
}

#[test]
fn a_clock_that_was_set_back_refuses_until_it_is_set_and_the_log_does_not_run_backwards() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.patience = Duration::ZERO;
        asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        asker.part_clocks();
        trial.set_clock_ahead(-3600);
        asker.prepare("2", vec![person("p", 1)], Target::Gallery);
        assert_eq!(refused(asker.conclude("2")), "clock-in-doubt");
        // Its operator may say what they want: no log runs backwards.
        trial.step_clock(0);
        assert_eq!(refused(asker.conclude("2")), "clock-behind");
        assert!(trial.operations("/readyz").contains("clock"));
        trial.step_clock(3600);
        assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
        assert_eq!(asker.verdicts("2").unwrap(), [Verdict::Any(true)]);
        assert!(trial.log().1.is_sound());
        // A requester whose clock is far ahead is told.
        let ahead = asker.request("3", vec![person("p", 1)], Target::Gallery).1;
        let ahead = cotejo::service::protocol::Request { time: trial.now().plus_days(1), ..ahead };
        let statement = cotejo::service::signing::Signed::new(&ahead, &crate::trial::signing_key(asker.seed)).unwrap();
        let other = asker.request("4", vec![person("p", 1)], Target::Gallery).0;
        assert!(asker.client.submit(&trial.digest(), &statement, other.query.as_deref().unwrap()).is_err());
    }
}

/// Another process holds SQLite's lock, or PostgreSQL is stopped, for so many seconds; `COTEJO_AWAY_SECONDS` for longer.
#[test]
fn a_database_that_is_away_for_a_while_loses_nothing() {
    let seconds = std::env::var("COTEJO_AWAY_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    for kind in kinds() {
        // Other tests use the common PostgreSQL meanwhile: this one has its own.
        let server = (kind == Kind::Postgres).then(Server::start);
        let trial = match &server {
            Some(server) => Trial::on(kind, Setup::default(), server.0.clone()),
            None => Trial::new(kind),
        };
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.ask("before", vec![person("p", 1)], Target::Gallery).unwrap();
        let away = Away::begin(&trial, server.as_ref());
        let asked: Vec<_> = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let asker = Asker::<Tfhe>::idle(&trial, 1);
                asker.ask("while", vec![person("p", 1), person("n", 9)], Target::Gallery)
            });
            std::thread::sleep(Duration::from_secs(seconds));
            away.end();
            thread.join().unwrap().unwrap()
        });
        assert_eq!(asked, [Verdict::Any(true), Verdict::Any(false)]);
        assert_eq!(asker.ask("after", vec![person("p", 1)], Target::Gallery).unwrap(), [Verdict::Any(true)]);
        let (_, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.statements.requests, report.statements.answers), (3, 3));
    }
}

/// A PostgreSQL of this test's own.
struct Server(String);

impl Server {
    fn start() -> Self {
        let started = script(&["start"]);
        Self(String::from_utf8(started).unwrap().trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        script(&["stop", &self.0]);
    }
}

enum Away {
    Sqlite(rusqlite::Connection),
    Postgres(String),
}

impl Away {
    fn begin(trial: &Trial, server: Option<&Server>) -> Self {
        match server {
            None => {
                let lock = rusqlite::Connection::open(&trial.database).unwrap();
                lock.busy_timeout(Duration::from_secs(10)).unwrap();
                lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
                Self::Sqlite(lock)
            }
            Some(server) => {
                script(&["pause", &server.0]);
                Self::Postgres(server.0.clone())
            }
        }
    }

    fn end(self) {
        match self {
            Self::Sqlite(lock) => lock.execute_batch("ROLLBACK").unwrap(),
            Self::Postgres(server) => drop(script(&["resume", &server])),
        }
    }
}

fn script(arguments: &[&str]) -> Vec<u8> {
    let script = crate::trial::repository("scripts/postgres.sh");
    let output = std::process::Command::new("bash").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A disk of sixteen megabytes, where one can be made (as root).
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    pub fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(folder.path())
            .stderr(std::process::Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("no small disk can be made here: not tested");
        None
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(std::process::Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let Some(disk) = SmallDisk::new() else { return };
    let mut trial = Trial::new(Kind::Sqlite);
    let people: Vec<_> = (0..3).map(|number| person(&format!("person-{number}"), number)).collect();
    trial.stop();
    trial.database = disk.path("custodian.sqlite").display().to_string();
    trial.restart(&people);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.patience = Duration::ZERO;
    let ballast = disk.path("ballast");
    asker.ask("before", vec![person("p", 1)], Target::Gallery).unwrap();
    // Fill the disk to the last byte.
    drop(std::fs::write(&ballast, vec![1; 20 << 20]));
    // What is freed is used again, so it takes something large: keys of a parameter set that are new each time.
    let upload = |seed| {
        let (secret, public) = SecretKey::<Tfhe>::generate(&trial.agreement, &mut crate::trial::rng(seed)).unwrap();
        asker.client.put_key(&trial.digest(), &Name(secret.id().0), &public.to_bytes(&trial.agreement))
    };
    let refusal = (1000..1050).find_map(|seed| upload(seed).err()).expect("the disk was never full");
    assert!(matches!(&refusal, ClientError::Refused(refusal) if refusal.status == 503), "{refusal}");
    asker.prepare("while", vec![person("p", 1)], Target::Gallery);
    let while_full = asker.conclude("while");
    std::fs::remove_file(&ballast).unwrap();
    asker.patience = Duration::from_secs(20);
    asker.ask("after", vec![person("p", 1)], Target::Gallery).unwrap();
    // Whether or not there was room for it then.
    if while_full.is_err() {
        asker.conclude("while").unwrap();
    }
    let (_, report) = trial.log();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.statements.requests, report.open), (3, 0));
}

#[test]
fn one_requester_does_not_take_all_connections() {
    let limits = Limits { connections: 6, ..Setup::default().limits };
    let trial = Trial::with(kinds()[0], Setup { limits, ..Setup::default() });
    let (first, second) = (&trial.requesters[0].1, &trial.requesters[1].1);
    let answered =
        |raw: &mut Raw| raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").is_ok() && raw.begins();
    let mut held: Vec<Raw> = (0..3).map(|_| Raw::connect(&trial, first)).collect();
    assert!(held.iter_mut().all(answered));
    assert!(!answered(&mut Raw::connect(&trial, first)), "a fourth of six");
    assert!(answered(&mut Raw::connect(&trial, second)));
    held.pop().unwrap().cut();
    std::thread::sleep(Duration::from_millis(300));
    assert!(answered(&mut Raw::connect(&trial, first)));
}
