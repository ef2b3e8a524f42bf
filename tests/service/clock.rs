//! A clock that is wrong writes nothing, deletes nothing, and is got over.

use std::time::Duration;

use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::server::{Server, ServerError};
use cotejo::wire::Target;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::databases::{execute, kinds};
use crate::trial::{Asker, Setup, Trial, person, refused};

const DAYS_400: i64 = 400 * 86_400;

#[test]
fn a_clock_that_was_set_ahead_leaves_no_trace() {
    for kind in kinds() {
        // What it cannot release by such a clock it waits for when it is told to stop.
        let mut setup = Setup::default();
        setup.limits.grace = Duration::from_secs(1);
        let mut trial = Trial::with(kind, setup);
        let people = [person("p", 1), person("q", 2)];
        trial.restart(&people);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        let hit = asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        for number in ["2", "3"] {
            asker.prepare(number, vec![person("p", 1)], Target::Gallery);
        }
        // Its answer is fetched by nobody yet.
        asker.accepted("2");
        trial.set_clock_ahead(DAYS_400);
        asker.patience = Duration::ZERO;
        assert_eq!(refused(asker.conclude("3")), "clock-in-doubt");
        assert!(trial.operations("/readyz").contains("the clock was set ahead"));
        let before = trial.log().0.len();
        // Also another gallery is taken into use by a clock that is believed.
        trial.source.set(&trial.agreement, &people[..1], &["p"]);
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(trial.log().0.len(), before, "nothing was written");
        // It does not start with the wrong clock either.
        trial.stop();
        trial.source.set(&trial.agreement, &people, &[]);
        let refused = Server::new(trial.settings(), trial.custody(), &mut ChaCha20Rng::seed_from_u64(1)).map(drop);
        assert!(matches!(refused, Err(ServerError::ClockAhead { days: 400 })), "{refused:?}");
        assert_eq!(trial.log().0.len(), before, "nothing was written");

        trial.set_clock_ahead(-DAYS_400);
        trial.restart(&people);
        asker.reconnect(&trial);
        asker.patience = Duration::from_secs(30);
        assert_eq!(asker.verdicts("2").unwrap(), hit);
        assert_eq!(asker.verdicts("3").unwrap(), hit);
        assert!(trial.log().1.is_sound());
    }
}

/// A typing error of the year would be confirmed, and what is due by then deleted for good.
#[test]
fn a_reload_says_no_more_of_a_clock_than_a_start_does() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let before = trial.log().0.len();
        let reload = || trial.reload(trial.requesters(), trial.limits());
        trial.set_clock_ahead(DAYS_400);
        assert!(matches!(reload(), Err(ServerError::ClockAhead { days: 400 })));
        assert!(trial.operations("/readyz").contains("the clock was set ahead"), "it is in doubt as before");
        assert_eq!(trial.log().0.len(), before, "nothing was written");
        trial.set_clock_ahead(20 * 86_400 - DAYS_400);
        reload().unwrap();
        assert!(trial.operations("/readyz").starts_with("HTTP/1.1 200"));
        // In a service that nobody uses nobody sets the clock: it goes on as it was.
        trial.set_clock_ahead(-20 * 86_400);
        reload().unwrap();
    }
}

/// It would be used for longer than was agreed.
#[test]
fn a_key_that_was_admitted_by_a_clock_of_the_future_is_refused() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.patience = Duration::ZERO;
        // As behind an entry that has corrected the log by four hundred days.
        let admitted = |days: i64| {
            let ms = days * 86_400_000;
            execute(kind, &trial.database, &format!("UPDATE keys SET until = until + {ms}"));
        };
        admitted(400);
        asker.prepare("1", vec![person("p", 1)], Target::Gallery);
        assert_eq!(refused(asker.conclude("1")), "key-expired");
        admitted(-400);
        asker.patience = Duration::from_secs(20);
        asker.verdicts("1").unwrap();
        assert!(trial.log().1.is_sound());
    }
}
