//! A server that stands by: what it takes over with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cotejo::service::server::{Server, stand_by};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::databases::{Kind, kinds};
use crate::trial::{Source, Trial, person, source_of};

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
