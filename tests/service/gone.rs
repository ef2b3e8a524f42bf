//! A database or a gallery that goes while it is served.

use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::Target;

use crate::databases::Kind;
use crate::trial::{Asker, Trial, person, refused};

/// What `/readyz` says within a second or two.
fn await_not_ready(trial: &Trial, reason: &str) {
    let begun = std::time::Instant::now();
    loop {
        let said = trial.operations("/readyz");
        if said.starts_with("HTTP/1.1 503") && said.contains(reason) {
            return;
        }
        assert!(begun.elapsed().as_secs() < 10, "{said}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_database_that_is_moved_away_or_replaced_is_answered_from_no_more() {
    let trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.patience = std::time::Duration::ZERO;
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
    asker.patience = std::time::Duration::from_secs(10);
    asker.verdicts("2").unwrap();
    assert!(trial.log().1.is_sound());
}

#[test]
fn a_gallery_that_is_not_there_is_not_asked() {
    let trial = Trial::new(Kind::Sqlite);
    let mut asker = Asker::<Tfhe>::new(&trial, 0);
    asker.patience = std::time::Duration::ZERO;
    trial.source.remove();
    await_not_ready(&trial, "is not there");
    asker.prepare("1", vec![person("p", 1)], Target::Gallery);
    assert_eq!(refused(asker.conclude("1")), "unavailable");
    trial.source.set(&trial.agreement, &[person("person-1", 1)], &[]);
    trial.await_version(2);
    asker.verdicts("1").unwrap();
}
