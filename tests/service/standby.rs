//! A server that stands by: what it takes over with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::server::{Server, ServerError, Settings, stand_by};
use cotejo::service::store::StoreError;
use cotejo::wire::Target;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::databases::{Kind, Way, kinds};
use crate::trial::{Asker, Source, Trial, person, source_of};

/// Nothing here takes longer.
const LONGEST: Duration = Duration::from_secs(20);

/// Whoever was removed from the newer gallery would be found again in the older one.
#[test]
fn nobody_takes_over_with_a_gallery_older_than_what_was_searched_last() {
    if !kinds().contains(&Kind::Postgres) {
        return;
    }
    let mut trial = Trial::new(Kind::Postgres);
    let older = ["p", "q", "r"].map(|name| person(name, 1));
    let newer = &older[..2];
    trial.restart(&older);
    trial.restart(newer);
    let here = Arc::new(Source::default());
    here.set(&trial.agreement, &older, &[]);
    let (mut settings, mut custody) = (trial.settings(), trial.custody());
    for served in &mut settings.agreements {
        served.source = source_of(&here);
    }
    let told = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| stand_by(&mut settings, &mut custody, || told.load(Ordering::Relaxed)).unwrap());
        std::thread::sleep(Duration::from_secs(4));
        assert!(!waiting.is_finished(), "the other one serves");
        let agreement = trial.agreement.clone();
        trial.stop();
        std::thread::sleep(Duration::from_secs(7));
        assert!(!waiting.is_finished(), "its gallery is older");
        let begun = Instant::now();
        here.set(&agreement, newer, &[]);
        assert!(waiting.join().unwrap());
        assert!(begun.elapsed() < Duration::from_secs(3));
    });
    drop(Server::new(settings, custody, &mut ChaCha20Rng::seed_from_u64(1)).unwrap());

    // It ends where it is told to.
    trial.restart(newer);
    let (mut settings, mut custody) = (trial.settings(), trial.custody());
    settings.agreements.iter_mut().for_each(|served| served.source = source_of(&here));
    here.set(&trial.agreement, newer, &[]);
    assert!(!stand_by(&mut settings, &mut custody, || true).unwrap());
}

/// What a second server is started with: the same gallery, of a file of its own.
fn beside(trial: &Trial, here: &Arc<Source>) -> Settings {
    let mut settings = trial.settings();
    settings.agreements.iter_mut().for_each(|served| served.source = source_of(here));
    settings
}

/// It accepts connections and can answer nothing, until it ends; and whoever asks has gone on to the other one before.
#[test]
fn a_server_that_is_cut_off_from_the_database_keeps_nobody() {
    if !kinds().contains(&Kind::Postgres) {
        return;
    }
    let people = ["person-0", "person-1", "person-2"].map(|name| person(name, 1));
    let mut trial = Trial::new(Kind::Postgres);
    let mut asker = Asker::<Tfhe>::idle(&trial, 0);
    trial.stop();
    let sources = [0, 1].map(|_| {
        let here = Arc::new(Source::default());
        here.set(&trial.agreement, &people, &[]);
        here
    });
    let (way, told) = (Way::to(&trial.database), Arc::new(AtomicBool::new(false)));
    let new = |settings, custody| Server::new(settings, custody, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    let cut_off = new(beside(&trial, &sources[0]), trial.custody_in(&way.database));
    let (mut settings, mut custody) = (beside(&trial, &sources[1]), trial.custody());
    // A port that nobody listens on until it serves.
    settings.listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    asker.reach(&[cut_off.address().unwrap(), settings.listen]);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let cut_off = scope.spawn(|| cut_off.run(move || begun.elapsed() > LONGEST));
        asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        let other = scope.spawn(|| {
            assert!(stand_by(&mut settings, &mut custody, || begun.elapsed() > LONGEST).unwrap());
            let told = Arc::clone(&told);
            new(settings, custody).run(move || told.load(Ordering::Relaxed) || begun.elapsed() > LONGEST)
        });
        std::thread::sleep(Duration::from_secs(1));
        way.end();
        let ended = Instant::now();
        asker.ask("2", vec![person("p", 1)], Target::Gallery).unwrap();
        assert!(matches!(cut_off.join().unwrap(), Err(ServerError::Store(StoreError::CutOff))));
        assert!(ended.elapsed() < Duration::from_secs(16), "{:?}", ended.elapsed());
        told.store(true, Ordering::Relaxed);
        other.join().unwrap().unwrap();
    });
}

/// Whoever stands by would end it in the middle of what it is finishing.
#[test]
fn a_server_that_ends_shows_that_it_is_alive_until_it_has_ended() {
    if !kinds().contains(&Kind::Postgres) {
        return;
    }
    let mut trial = Trial::new(Kind::Postgres);
    let mut others = postgres::Client::connect(&trial.database, postgres::NoTls).unwrap();
    let mut watching = postgres::Client::connect(&trial.database, postgres::NoTls).unwrap();
    let mut beat = || watching.query_one("SELECT beat FROM serving", &[]).unwrap().get::<_, i64>(0);
    // Its steps have to wait.
    let mut step = others.transaction().unwrap();
    step.batch_execute("LOCK TABLE about IN EXCLUSIVE MODE").unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| trial.stop());
        std::thread::sleep(Duration::from_millis(500));
        let before = beat();
        std::thread::sleep(Duration::from_millis(2500));
        let shown = beat() - before;
        assert!(!ending.is_finished());
        step.commit().unwrap();
        ending.join().unwrap();
        assert!(shown >= 2, "{shown}");
        let last = beat();
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(beat(), last);
    });
}
