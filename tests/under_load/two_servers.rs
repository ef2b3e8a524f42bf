//! Two servers on one PostgreSQL database: the one that serves is killed, hangs or is stopped, and the other takes over.

use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::answered::{answered_once, database_of};
use crate::office::{Office, Serving};
use crate::{alone, setting};

/// What was promised.
const TAKEN_OVER: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As a power cut ends it, but for its connections.
    Killed,
    /// It is not given any time: its connections stay, also that to the database.
    Hung,
    /// As its operator ends it.
    Stopped,
}

#[test]
fn two_servers_take_over_from_each_other() {
    let _alone = alone();
    let Some(database) = database_of("two_servers") else {
        return eprintln!("COTEJO_POSTGRES is not set: not tested (see scripts/postgres.sh)");
    };
    let ends = setting("COTEJO_KILLS", 3);
    let mut office = Office::new("insecure-test", 2, Some(database.clone()));
    office.add_second_server();
    let office = office;
    let mut rng = ChaCha20Rng::seed_from_u64(setting("COTEJO_SEED", 1));
    let mut taken = Vec::new();
    let (requests, seconds) = answered_once(&office, Some(&database), || {
        let (mut active, mut at) = (office.stand_by(0), 0);
        office.wait_until(at, 200, "ready");
        let mut other = office.stand_by(1);
        for number in 0..ends {
            office.wait_until(1 - at, 503, "another server serves");
            std::thread::sleep(Duration::from_millis(rng.random_range(50..1200)));
            let end = match number % 3 {
                _ if number > 2 && rng.random_ratio(2, 3) => End::Killed,
                0 => End::Killed,
                1 => End::Hung,
                _ => End::Stopped,
            };
            let begun = Instant::now();
            let hung = ended(active, end);
            office.wait_until(1 - at, 200, "ready");
            taken.push((begun.elapsed(), end));
            // Whoever comes to itself again finds that its term is over.
            if let Some(hung) = hung {
                hung.wake();
                assert!(!hung.ended(), "a server whose term is over says so");
            }
            (active, other, at) = (other, office.stand_by(at), 1 - at);
        }
        // Told to end before it stands by, it would end as whoever is interrupted.
        office.wait_until(1 - at, 503, "another server serves");
        vec![active, other]
    });
    for kind in [End::Killed, End::Hung, End::Stopped] {
        let mut times: Vec<f64> =
            taken.iter().filter(|(_, end)| *end == kind).map(|(taken, _)| taken.as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        let [Some(median), Some(longest)] = [times.get(times.len() / 2), times.last()] else { continue };
        eprintln!(
            "{kind:?} {} times: taken over within {longest:.1} s, half of them within {median:.1} s",
            times.len()
        );
        assert!(*longest < TAKEN_OVER.as_secs_f64(), "{kind:?}: {times:?}");
    }
    eprintln!("{requests} requests, each with one answer ({seconds:.1} s)");
}

/// Ends it so; a server that hangs is still there.
fn ended(active: Serving, end: End) -> Option<Serving> {
    match end {
        End::Killed => active.kill(),
        End::Stopped => assert!(active.stop()),
        End::Hung => {
            active.hang();
            return Some(active);
        }
    }
    None
}
