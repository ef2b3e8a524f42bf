//! Killed at random moments under load: every accepted request ends with exactly one answer; quota and log agree.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::answered::{answered_once, database_of};
use crate::office::Office;
use crate::{alone, setting};

#[test]
fn killed_again_and_again_on_sqlite() {
    killed(None);
}

#[test]
fn killed_again_and_again_on_postgresql() {
    match database_of("killed") {
        Some(database) => killed(Some(database)),
        None => eprintln!("COTEJO_POSTGRES is not set: not tested (see scripts/postgres.sh)"),
    }
}

fn killed(database: Option<String>) {
    let _alone = alone();
    let kills = setting("COTEJO_KILLS", 4);
    let office = Office::new("insecure-test", 2, database.clone());
    let mut rng = ChaCha20Rng::seed_from_u64(setting("COTEJO_SEED", 1));
    let (requests, seconds) = answered_once(&office, database.as_deref(), || {
        for _ in 0..kills {
            let server = office.serve();
            std::thread::sleep(Duration::from_millis(rng.random_range(50..1200)));
            server.kill();
        }
        vec![office.serve()]
    });
    let database = if database.is_some() { "PostgreSQL" } else { "SQLite" };
    eprintln!("killed {kills} times on {database}; {requests} requests, each with one answer ({seconds:.1} s)");
}
