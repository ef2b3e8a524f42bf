//! What a custodian has once shown of its log it cannot take back: whoever asks next finds out.

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::Event;
use cotejo::service::client::{AskError, ClientError};
use cotejo::service::protocol::Line;
use cotejo::service::signing::Signed;
use cotejo::service::tree::TreeHead;
use cotejo::wire::Target;

use crate::databases::Kind;
use crate::trial::{Asker, Trial, person};

fn ask(asker: &Asker<Tfhe>, number: &str) -> Result<(), AskError> {
    asker.ask(number, vec![person("p", 1)], Target::Gallery).map(drop)
}

pub fn people() -> Vec<cotejo::template::Record> {
    (0..3).map(|number| person(&format!("person-{number}"), number)).collect()
}

/// A custodian on SQLite that has answered once, with a copy of its database from then; then it answers once more.
fn answered_twice() -> (Trial, Asker<Tfhe>, Vec<u8>) {
    let mut trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    ask(&asker, "1").unwrap();
    trial.stop();
    let copy = copied(&trial);
    trial.restart(&people());
    asker.reconnect(&trial);
    ask(&asker, "2").unwrap();
    (trial, asker, copy)
}

/// The database as it is, without a write-ahead log beside it.
pub fn copied(trial: &Trial) -> Vec<u8> {
    let link = rusqlite::Connection::open(&trial.database).unwrap();
    link.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(link);
    std::fs::read(&trial.database).unwrap()
}

/// Puts another database in the place of the custodian's.
pub fn replace(trial: &mut Trial, asker: &mut Asker<Tfhe>, database: Option<&[u8]>) {
    trial.stop();
    for beside in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{beside}", trial.database)));
    }
    if let Some(database) = database {
        std::fs::write(&trial.database, database).unwrap();
    }
    trial.restart(&people());
    asker.reconnect(trial);
}

fn divergences(asker: &Asker<Tfhe>) -> Vec<(TreeHead, TreeHead)> {
    let events = asker.log().0.into_iter().filter_map(|entry| entry.event().unwrap());
    events
        .filter_map(|event| match event {
            Event::Diverged(diverged) => {
                // Evidence: signed by the custodian.
                let signed = Signed::<cotejo::service::protocol::Standing>::from_json(&diverged.statement).unwrap();
                assert_eq!(signed.verify(None).unwrap().log, diverged.shown);
                Some((diverged.seen, diverged.shown))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn a_database_that_was_rolled_back_is_found_by_the_next_request() {
    let (mut trial, mut asker, copy) = answered_twice();
    replace(&mut trial, &mut asker, Some(&copy));
    let error = ask(&asker, "3").unwrap_err();
    let AskError::LogShrunk { seen, shown } = error else { panic!("{error}") };
    assert!(shown.size < seen.size);
    // Once, however often it is tried.
    assert!(matches!(ask(&asker, "4"), Err(AskError::LogShrunk { .. })));
    assert_eq!(divergences(&asker), [(seen, shown)]);
    assert_eq!(trial.log().1.statements.requests, 1, "nothing was asked");

    // Its operator has said why: it goes on, and our log says so.
    let reason: Line = "restored from a copy".parse().unwrap();
    asker.trust(&shown, &reason);
    ask(&asker, "5").unwrap();
    assert!(asker.log().1.is_sound() && trial.log().1.is_sound());
}

/// A reply is in the log behind the head that it names: the log that ends with that head has lost it, or never had it.
#[test]
fn a_log_that_does_not_reach_to_the_last_reply_is_found_by_the_next_request() {
    let mut trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    ask(&asker, "1").unwrap();
    let seen = asker.seen().unwrap();
    trial.stop();
    let database = rusqlite::Connection::open(&trial.database).unwrap();
    let hashes = tlog_tiles::tlog::stored_hash_count(seen.size);
    database.execute("DELETE FROM log WHERE number > ?1", [seen.size as i64]).unwrap();
    database.execute("DELETE FROM tree WHERE position >= ?1", [hashes as i64]).unwrap();
    drop(database);
    trial.restart(&people());
    asker.reconnect(&trial);
    let error = ask(&asker, "2").unwrap_err();
    let AskError::ReplyLost { reply, shown } = error else { panic!("{error}") };
    assert_eq!((reply, shown), (seen.size + 1, seen));
    assert_eq!(divergences(&asker), [(seen, seen)]);
    asker.trust(&seen, &"restored from a copy".parse().unwrap());
    ask(&asker, "3").unwrap();
    assert!(asker.log().1.is_sound());
}

#[test]
fn a_database_that_was_lost_or_written_anew_is_found_by_the_next_request() {
    let (mut trial, mut asker, _) = answered_twice();
    replace(&mut trial, &mut asker, None);
    assert!(matches!(ask(&asker, "3"), Err(AskError::LogShrunk { .. })));
    // It grows beyond what was seen, and is still another log.
    let other = Asker::<Tfhe>::new(&trial, 1);
    (0..5).for_each(|number| ask(&other, &number.to_string()).unwrap());
    let error = ask(&asker, "4").unwrap_err();
    assert!(matches!(error, AskError::LogForked { .. }), "{error}");
    assert_eq!(divergences(&asker).len(), 2);
}

#[test]
fn a_custodian_finds_by_itself_that_its_log_is_not_the_one_it_has_shown() {
    let (mut trial, mut asker, copy) = answered_twice();
    let seen = asker.seen().unwrap();
    replace(&mut trial, &mut asker, Some(&copy));
    let (kept, request) = asker.request("4", vec![person("p", 1)], Target::Gallery);
    let refused = |seen: TreeHead| {
        let request = cotejo::service::protocol::Request { seen: Some(seen), ..request.clone() };
        let statement = Signed::new(&request, &crate::trial::signing_key(asker.seed)).unwrap();
        match asker.client.submit(&kept.agreement, &statement, kept.query.as_deref().unwrap()) {
            Err(ClientError::Refused(refusal)) => refusal.kind,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(seen), "log-behind");
    assert_eq!(refused(TreeHead { size: 3, ..seen }), "log-other");
}

#[test]
fn a_custodian_of_another_name_is_refused_before_it_is_written_into_the_log() {
    let trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.custodian = "D-ARCHIVE".parse().unwrap();
    let error = ask(&asker, "1").unwrap_err();
    assert!(matches!(error, AskError::OtherCustodian { .. }), "{error}");
    let (entries, _) = asker.log();
    let registered = entries.iter().filter(|entry| matches!(entry.event(), Ok(Some(Event::Registered { .. })))).count();
    assert_eq!((registered, trial.log().1.statements.requests), (0, 0));
}

#[test]
fn heads_and_proofs_are_those_of_the_log_whoever_asks() {
    let trial = Trial::new(Kind::Sqlite);
    let asker = Asker::<Tfhe>::new(&trial, 0);
    ask(&asker, "1").unwrap();
    let standing = asker.client.standing().unwrap().verify(None).unwrap();
    assert_eq!(standing.custodian.as_str(), "B-REGISTRY");
    assert_eq!(standing.log, trial.log().1.head);
    let size = standing.log.size;
    assert!(asker.client.consistency(1, size).unwrap().is_some_and(|proof| !proof.is_empty()));
    for (earlier, later) in [(1, size + 1), (5, 4), (u64::MAX, u64::MAX)] {
        assert_eq!(asker.client.consistency(earlier, later).unwrap(), None, "{earlier}, {later}");
    }
    assert_eq!(asker.client.consistency(0, size).unwrap(), Some(Vec::new()));
}
