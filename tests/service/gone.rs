//! A database or a gallery that goes while it is served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::server::{Limits, Server};
use cotejo::wire::Target;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::databases::{self, Kind};
use crate::trial::{Asker, Setup, Source, Trial, person, refused, source_of};

/// What `/readyz` says within a second or two.
fn await_not_ready(trial: &Trial, reason: &str) {
    let begun = Instant::now();
    loop {
        let said = trial.operations("/readyz");
        if said.starts_with("HTTP/1.1 503") && said.contains(reason) {
            return;
        }
        assert!(begun.elapsed().as_secs() < 10, "{said}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_database_that_is_moved_away_or_replaced_is_answered_from_no_more() {
    let trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.patience = Duration::ZERO;
    asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
    let aside = format!("{}.aside", trial.database);
    std::fs::rename(&trial.database, &aside).unwrap();
    await_not_ready(&trial, "is gone");
    asker.prepare("2", vec![person("p", 1)], Target::Gallery);
    assert_eq!(refused(asker.conclude("2")), "unavailable");
    assert!(!std::path::Path::new(&trial.database).exists(), "none is made in its place");
    std::fs::copy(&aside, &trial.database).unwrap();
    await_not_ready(&trial, "another is in its place");
    assert_eq!(refused(asker.conclude("2")), "unavailable");
    // Put back, it is served from again.
    std::fs::remove_file(&trial.database).unwrap();
    std::fs::rename(&aside, &trial.database).unwrap();
    asker.patience = Duration::from_secs(10);
    asker.verdicts("2").unwrap();
    assert!(trial.log().1.is_sound());
}

/// It has connections, and nothing to answer from: the next one is asked at once.
#[test]
fn whoever_has_several_addresses_goes_on_from_one_that_cannot_serve() {
    let trial = Trial::new(Kind::Sqlite);
    let mut settings = trial.settings();
    let here = Arc::new(Source::default());
    here.set(&trial.agreement, &[person("person-1", 1)], &[]);
    settings.agreements.iter_mut().for_each(|served| served.source = source_of(&here));
    let custody = trial.custody_in(&databases::fresh(Kind::Sqlite, trial.folder()));
    let other = Server::new(settings, custody, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    let mut asker = Asker::<Tfhe>::idle(&trial, 0);
    asker.reach(&[trial.address(), other.address().unwrap()]);
    asker.patience = Duration::ZERO;
    // By a connection that is kept.
    asker.client.standing().unwrap();
    std::fs::rename(&trial.database, format!("{}.aside", trial.database)).unwrap();
    await_not_ready(&trial, "is gone");
    let told = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&told);
    let other = std::thread::spawn(move || other.run(move || stop.load(Ordering::Relaxed)));
    let verdicts = asker.ask("1", vec![person("p", 1)], Target::Gallery);
    told.store(true, Ordering::Relaxed);
    other.join().unwrap().unwrap();
    assert_eq!(verdicts.unwrap().len(), 1);
}

#[test]
fn a_gallery_that_is_not_there_is_not_asked() {
    let trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.patience = Duration::ZERO;
    trial.source.remove();
    await_not_ready(&trial, "is not there");
    asker.prepare("1", vec![person("p", 1)], Target::Gallery);
    assert_eq!(refused(asker.conclude("1")), "unavailable");
    trial.source.set(&trial.agreement, &[person("person-1", 1)], &[]);
    trial.await_version(2);
    asker.verdicts("1").unwrap();
}

/// Whoever moves a gallery away expects that nothing more is answered from it, accepted before or not.
#[test]
fn what_waits_is_not_answered_from_a_gallery_that_is_gone() {
    let limits = Limits { workers: 1, ..Setup::default().limits };
    let trial = Trial::with(Kind::Sqlite, Setup { limits, ..Setup::default() });
    let asker = Asker::<Tfhe>::new(&trial, 0);
    let numbers: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
    for number in &numbers {
        asker.prepare(number, vec![person("p", 1)], Target::Gallery);
        asker.accepted(number);
    }
    let waiting = || {
        let jobs = asker.client.jobs(None).unwrap().jobs;
        jobs.into_iter().filter(|job| job.state == "waiting").count()
    };
    let (begun, first) = (Instant::now(), waiting());
    while waiting() + 2 > first {
        std::thread::sleep(Duration::from_millis(20));
    }
    let each = begun.elapsed();
    trial.source.remove();
    // What was being kept just then.
    std::thread::sleep(Duration::from_millis(300));
    let before = waiting();
    assert!(before > 0);
    std::thread::sleep(each + Duration::from_secs(1));
    assert_eq!(waiting(), before);
    trial.source.set(&trial.agreement, &[person("person-1", 1)], &[]);
    numbers.iter().for_each(|number| assert_eq!(asker.verdicts(number).unwrap().len(), 1));
}
