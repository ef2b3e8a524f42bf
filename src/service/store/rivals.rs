//! Attacks on who serves: two at a time, one that comes back, a database that was put in the place of another.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::places::on_postgres;
use super::{Custody, Journal, Location, Owner, Pulse, StoreError};
use crate::service::audit::{Role, Signers};
use crate::service::signing::SigningKey;
use crate::service::time::Time;

fn now() -> Time {
    Time::from_millis(1_800_000_000_000)
}

fn owner() -> Owner {
    let key = SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(1));
    Owner { party: "B".parse().unwrap(), role: Role::Custodian, key }
}

fn made(location: &Location) -> Custody {
    Custody::create(location.clone(), owner(), Box::new(ChaCha20Rng::seed_from_u64(2)), now()).unwrap();
    opened(location)
}

fn opened(location: &Location) -> Custody {
    Custody::open(location.clone(), owner(), Box::new(ChaCha20Rng::seed_from_u64(3))).unwrap()
}

/// Something that is logged.
fn write(custody: &mut Custody, seed: u64) -> Result<(), StoreError> {
    let key = SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed)).public();
    custody.journal().register(&"A".parse().unwrap(), &Signers::new(key), now())
}

fn entries(journal: &mut Journal) -> usize {
    journal.entries(1).unwrap().len()
}

#[test]
fn of_a_server_whose_term_is_over_nothing_is_kept() {
    let Some((location, _)) = on_postgres("rivals") else { return };
    let mut first = made(&location);
    let mut second = opened(&location);
    first.journal().claim().unwrap();
    first.journal().claim().unwrap();
    assert_eq!(second.journal().claim(), Err(StoreError::InUse));
    let heart = first.journal().heart().unwrap();
    write(&mut first, 10).unwrap();

    // It has shown something since.
    let pulse = second.journal().pulse().unwrap().unwrap();
    second.journal().depose(&Pulse { beat: pulse.beat - 1, ..pulse }).unwrap();
    write(&mut first, 9).unwrap();
    until(|| {
        let last = second.journal().pulse().unwrap().unwrap();
        second.journal().depose(&last).unwrap();
        write(&mut first, 9).is_err()
    });
    while second.journal().claim() == Err(StoreError::InUse) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let kept = entries(second.journal());
    // Its connection was ended; the next one finds the term over.
    let refused: Vec<_> = (11..14).map(|seed| write(&mut first, seed).unwrap_err()).collect();
    assert!(refused.iter().all(|error| matches!(error, StoreError::TakenOver | StoreError::Unavailable(_))));
    assert_eq!(refused.last(), Some(&StoreError::TakenOver));
    assert_eq!(first.journal().is_in_place(), Err(StoreError::TakenOver));
    until(|| heart.check() == Err(StoreError::TakenOver));
    assert_eq!(first.journal().claim(), Err(StoreError::TakenOver));
    assert_eq!(entries(second.journal()), kept);
    write(&mut second, 20).unwrap();
    assert_eq!(entries(second.journal()), kept + 1);
}

/// Whoever has claimed reads galleries, or lets what is under way end: it shows that it is alive, whatever it does.
#[test]
fn a_server_beats_from_its_claim_on_until_it_gives_it_back() {
    let Some((location, _)) = on_postgres("beating") else { return };
    let (mut first, mut second) = (made(&location), opened(&location));
    let mut pulse = || second.journal().pulse().unwrap();
    assert_eq!(pulse(), None);
    first.journal().claim().unwrap();
    for _ in 0..2 {
        let before = pulse();
        until(|| pulse() != before);
    }
    first.journal().close();
    std::thread::sleep(Duration::from_millis(200));
    let last = pulse();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(pulse(), last);
}

/// Waits for what comes within a while.
fn until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The fencing itself: a server that still has its session, and does not know that its term is over.
#[test]
fn a_term_that_is_over_is_found_by_the_step_itself() {
    let Some((location, mut others)) = on_postgres("fenced") else { return };
    let mut first = made(&location);
    first.journal().claim().unwrap();
    write(&mut first, 10).unwrap();
    others.batch_execute("UPDATE serving SET term = term + 1").unwrap();
    assert_eq!(write(&mut first, 11), Err(StoreError::TakenOver));
    others.batch_execute("UPDATE serving SET term = term - 1").unwrap();
    write(&mut first, 11).unwrap();
    others.batch_execute("DELETE FROM serving").unwrap();
    assert_eq!(write(&mut first, 12), Err(StoreError::TakenOver));
}

#[test]
fn a_server_whose_connection_is_lost_goes_on_with_its_term() {
    let Some((location, mut others)) = on_postgres("resumed") else { return };
    let mut first = made(&location);
    let mut second = opened(&location);
    first.journal().claim().unwrap();
    for seed in 10..13 {
        write(&mut first, seed).unwrap();
        let held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted \
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        others.batch_execute(held).unwrap();
        // The call that finds the connection lost is refused; the next one is not.
        drop(write(&mut first, 100 + seed));
        write(&mut first, 200 + seed).unwrap();
        assert_eq!(second.journal().claim(), Err(StoreError::InUse));
    }
    first.journal().release();
    // PostgreSQL takes a moment to end a session.
    until(|| second.journal().claim() != Err(StoreError::InUse));
    second.journal().claim().unwrap();
}

/// Whoever stands by with the key of before writes nothing once it takes over.
#[test]
fn a_key_turns_over_where_nobody_serves_and_the_one_of_before_is_over() {
    let Some((location, _)) = on_postgres("succeeded") else { return };
    let mut first = made(&location);
    let mut standing_by = opened(&location);
    first.journal().claim().unwrap();
    let successor = || SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(5));
    assert_eq!(opened(&location).succeed(&successor(), now()).err(), Some(StoreError::InUse));
    first.journal().release();
    assert_eq!(opened(&location).succeed(&successor(), now()).unwrap().len(), 1);
    standing_by.journal().claim().unwrap();
    assert!(matches!(write(&mut standing_by, 10), Err(StoreError::SigningKey { .. })));
    standing_by.journal().release();
    let owner = Owner { key: successor(), ..owner() };
    let mut next = Custody::open(location, owner, Box::new(ChaCha20Rng::seed_from_u64(3))).unwrap();
    next.journal().claim().unwrap();
    write(&mut next, 11).unwrap();
}

/// Whoever stands by has seen what the other one wrote: it notices what a copy that lagged has lost of it.
#[test]
fn whoever_follows_a_log_notices_entries_that_are_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("custodian.sqlite");
    let (mut first, mut second) = (made(&Location::File(path.clone())), opened(&Location::File(path.clone())));
    write(&mut first, 10).unwrap();
    second.journal().follow().unwrap();
    write(&mut first, 11).unwrap();
    second.journal().follow().unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("DELETE FROM log WHERE number = 3").unwrap();
    assert_eq!(second.journal().follow(), Err(StoreError::Gone));
    assert_eq!(write(&mut second, 12), Err(StoreError::Gone));
}

#[test]
fn a_log_that_was_put_in_the_place_of_another_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("custodian.sqlite");
    let location = Location::File(path.clone());
    let mut custody = made(&location);
    custody.journal().claim().unwrap();
    write(&mut custody, 10).unwrap();
    write(&mut custody, 11).unwrap();
    custody.journal().is_in_place().unwrap();
    let others = rusqlite::Connection::open(&path).unwrap();
    let cases = [
        (
            "UPDATE log SET hash = '00' WHERE number = 3",
            "UPDATE log SET hash = (SELECT hash FROM kept) WHERE number = 3",
        ),
        ("DELETE FROM log WHERE number = 3", "INSERT INTO log SELECT * FROM kept"),
        ("DELETE FROM log", "INSERT INTO log SELECT * FROM all_kept"),
    ];
    others
        .execute_batch(
            "CREATE TABLE kept AS SELECT * FROM log WHERE number = 3; CREATE TABLE all_kept AS SELECT * FROM log",
        )
        .unwrap();
    for (change, mend) in cases {
        others.execute_batch(change).unwrap();
        let refused = [custody.journal().is_in_place(), write(&mut custody, 12)];
        assert!(refused.iter().all(|refused| matches!(refused, Err(StoreError::Gone | StoreError::Damaged(_)))));
        others.execute_batch(mend).unwrap();
        custody.journal().is_in_place().unwrap();
    }
    // What others append is taken for what it is.
    write(&mut opened(&location), 13).unwrap();
    write(&mut custody, 14).unwrap();
}
