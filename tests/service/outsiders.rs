//! Strangers who call, and requesters who want more than their share: what they say goes nowhere, and nobody else waits for them.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use cotejo::querier::Verdict;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::server::Limits;
use cotejo::service::signing::Name;
use cotejo::wire::Target;

use crate::databases::{execute, kinds};
use crate::faults::post;
use crate::raw::{Raw, connect_from};
use crate::trial::{Asker, Setup, Trial, person, rng};

/// Where the attackers are.
const ELSEWHERE: &str = "127.0.0.2";

/// What servers of this process have logged since [`Log::begin`].
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Log {
    fn begin() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing_subscriber::fmt().json().with_writer(|| Self).init());
    }

    fn lines() -> Vec<String> {
        String::from_utf8(LOG.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn random_word(rng: &mut impl rand::Rng, longest: usize) -> String {
    (0..rng.random_range(1..longest)).map(|_| char::from(rng.random_range(b'A'..=b'Z'))).collect()
}

#[test]
fn whatever_a_client_calls_its_requests_metrics_and_log_stay_small() {
    Log::begin();
    let trial = Trial::new(kinds()[0]);
    let mut raw = Raw::connect(&trial, &trial.requesters[0].1);
    let mut rng = rng(5);
    for number in 0..2000 {
        let (method, path) = (random_word(&mut rng, 5000), random_word(&mut rng, 5000));
        let path = match number % 4 {
            0 => "v1/agreements".to_owned(),
            1 => format!("v1/jobs/{path}"),
            _ => path,
        };
        let method = if number % 3 == 0 { "GET".to_owned() } else { method };
        let header = random_word(&mut rng, 5000);
        raw.send(format!("{method} /{path} HTTP/1.1\r\nhost: localhost\r\n{header}: {header}\r\n\r\n").as_bytes())
            .unwrap();
        assert!(raw.next_response().starts_with("HTTP/1.1 "));
    }
    let metrics = trial.operations("/metrics");
    assert!(metrics.len() < 20_000, "{} bytes of metrics", metrics.len());
    assert!(metrics.contains("other other"), "{metrics}");
    let longest = Log::lines().into_iter().max_by_key(String::len).unwrap();
    assert!(longest.len() < 2000, "a line of {} bytes", longest.len());
}

#[test]
fn what_strangers_cause_is_logged_a_few_times_a_minute() {
    Log::begin();
    // So many that no stranger is turned away before it is heard.
    let limits = Limits { connections: 4096, ..Setup::default().limits };
    let trial = Trial::with(kinds()[0], Setup { limits, ..Setup::default() });
    let stranger = trial.authority.issue("Z-STRANGER", 30);
    let count = || Log::lines().iter().filter(|line| line.contains("not-registered")).count();
    let before = count();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let mut raw = Raw::connect(&trial, &stranger);
                    raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
                    assert!(raw.next_response().starts_with("HTTP/1.1 403"));
                }
            });
        }
    });
    let logged = count() - before;
    eprintln!("{logged} lines about 400 strangers");
    // Sixty a minute; other tests of this process log some as well.
    assert!(logged < 300, "{logged} lines");
}

#[test]
fn a_stranger_is_told_so_once_and_its_connection_is_closed() {
    let trial = Trial::new(kinds()[0]);
    let mut raw = Raw::connect(&trial, &trial.authority.issue("Z-STRANGER", 30));
    raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let response = raw.next_response();
    assert!(response.starts_with("HTTP/1.1 403") && response.contains("connection: close"), "{response}");
    assert!(raw.closes());
}

#[test]
fn silent_connections_do_not_keep_a_requester_out() {
    let limits = Limits { connections: 32, ..Setup::default().limits };
    let trial = Trial::with(kinds()[0], Setup { limits, ..Setup::default() });
    let mut held: Vec<TcpStream> = Vec::new();
    let mut silent = |from: &str, count: usize| {
        held.extend((0..count).map(|_| connect_from(from, &trial).unwrap()));
        let begun = Instant::now();
        let mut raw = Raw::connect(&trial, &trial.requesters[0].1);
        raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        assert_eq!(raw.response().unwrap().status, 200);
        begun.elapsed()
    };
    // From one place; then from many, so that all places for strangers are taken. A silent one is cut off after ten seconds.
    let one = silent(ELSEWHERE, 300);
    let many: Vec<Duration> = (3..10).map(|number| silent(&format!("127.0.0.{number}"), 40)).collect();
    eprintln!("a call beside 300 silent connections of one address: {one:?}; of more: {many:?}");
    let metrics = trial.operations("/metrics");
    let turned_away = metrics.lines().find_map(|line| line.strip_prefix("cotejo_connections_turned_away_total "));
    assert!(turned_away.unwrap().parse::<u64>().unwrap() > 400, "{metrics}");
}

#[test]
fn strangers_with_certificates_have_their_share_and_requesters_theirs() {
    let limits = Limits { connections: 32, ..Setup::default().limits };
    let trial = Trial::with(kinds()[0], Setup { limits, ..Setup::default() });
    let stranger = trial.authority.issue("Z-STRANGER", 30);
    let mut told = 0;
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut raw = Raw::connect_from(ELSEWHERE, &trial, &stranger);
        if raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").is_ok() && raw.begins() {
            told += 1;
        }
        held.push(raw);
    }
    // Eight at once, and five a second: the time that a hundred handshakes take is not bounded here.
    assert!(told >= 8, "{told}");
    let known = &trial.requesters[0].1;
    for _ in 0..50 {
        let mut raw = Raw::connect(&trial, known);
        raw.send(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        assert_eq!(raw.response().unwrap().status, 200);
    }
    eprintln!("{told} of 100 connections of a foreign certificate were told so");
}

#[test]
fn idle_uploads_of_one_requester_leave_room_for_another() {
    for kind in kinds() {
        let limits = Limits { upload_bytes: 200_000_000, stall: Duration::from_secs(60), ..Setup::default().limits };
        let trial = Trial::with(kind, Setup { limits, ..Setup::default() });
        let (first, second) = (Asker::<Tfhe>::new(&trial, 0), Asker::<Tfhe>::idle(&trial, 1));
        let (request, _) = first.request("1", vec![person("p", 1)], Target::Gallery);
        let longest = first.client.agreements().unwrap()[0].query_limit_bytes as usize;
        let uploads = 1 + 200_000_000 / longest;
        let held: Vec<Raw> = (0..uploads.min(400))
            .map(|_| {
                let mut raw = Raw::connect(&trial, &first.certified);
                raw.send(post(&trial, &request, longest).as_bytes()).unwrap();
                raw.send(b"x").unwrap();
                raw
            })
            .collect();
        std::thread::sleep(Duration::from_millis(500));
        let verdicts = second.ask("2", vec![person("p", 1)], Target::Gallery).unwrap();
        assert_eq!((verdicts, held.len()), (vec![Verdict::Any(true)], uploads.min(400)));
    }
}

#[test]
fn answers_that_one_requester_does_not_read_have_their_share_of_memory_and_no_more() {
    let limits = Limits { download_bytes: 64 << 20, stall: Duration::from_secs(60), ..Setup::default().limits };
    let trial = Trial::with(kinds()[0], Setup { limits, ..Setup::default() });
    let job = |which: usize| {
        let asker = Asker::<Tfhe>::new(&trial, which);
        let (request, _) = asker.request("1", vec![person("p", 1)], Target::Gallery);
        let query = request.query.clone().unwrap();
        let job = asker.client.submit(&request.agreement, &request.statement, &query).unwrap().job;
        while asker.client.reply(&job).unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
        job
    };
    let [first, second] = [job(0), job(1)];
    // As long as those of a large gallery: no buffer of a connection holds one.
    execute(kinds()[0], &trial.database, "UPDATE jobs SET answer = zeroblob(20 << 20)");
    let fetching = |which: usize, job: &Name| {
        let mut raw = Raw::connect(&trial, &trial.requesters[which].1);
        raw.send(format!("GET /v1/jobs/{job}/answer HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).unwrap();
        raw
    };
    let mut unread: Vec<Raw> = (0..5).map(|_| fetching(0, &first)).collect();
    std::thread::sleep(Duration::from_millis(500));
    let theirs = fetching(1, &second).next_response();
    assert!(theirs.starts_with("HTTP/1.1 200") && theirs.len() > 20 << 20);
    // Half of all is room for one of them.
    let heads: Vec<String> = unread.iter_mut().map(Raw::head).collect();
    assert_eq!(heads.iter().filter(|head| head.starts_with("HTTP/1.1 200")).count(), 1, "{heads:?}");
    assert!(heads.iter().filter(|head| head.starts_with("HTTP/1.1 429")).all(|head| head.contains("retry-after: 5")));
    drop(unread);
    assert!(fetching(0, &first).head().starts_with("HTTP/1.1 200"));
}

#[test]
fn an_upload_that_trickles_is_cut_off_as_one_that_stalls() {
    let limits = Limits { stall: Duration::from_secs(1), ..Setup::default().limits };
    let trial = Trial::with(kinds()[0], Setup { limits, ..Setup::default() });
    let asker = Asker::<Tfhe>::new(&trial, 0);
    let (request, _) = asker.request("1", vec![person("p", 1)], Target::Gallery);
    let longest = asker.client.agreements().unwrap()[0].query_limit_bytes as usize;
    let mut raw = Raw::connect(&trial, &asker.certified);
    raw.send(post(&trial, &request, longest).as_bytes()).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) && raw.send(b"x").is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
    // A server that gives it the time of its whole length waits for a good ten seconds.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn idle_connections_to_the_operations_port_keep_no_tool_out() {
    let trial = Trial::new(kinds()[0]);
    let held: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(trial.operations_address()).unwrap()).collect();
    assert!(trial.operations("/healthz").ends_with("ok\n"));
    // Of those that were held, the first are closed.
    let mut first = &held[0];
    first.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(matches!(std::io::Read::read(&mut first, &mut [0; 8]), Ok(0) | Err(_)));
    drop(held);
}
