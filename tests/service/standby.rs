//! A server that stands by: what it takes over with.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cotejo::custodian::{Change, Gallery};
use cotejo::planning;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::server::{Older, Server, ServerError, Settings, stand_by};
use cotejo::service::store::{Custody, StoreError};
use cotejo::template::SubjectId;
use cotejo::wire::Target;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::databases::{Kind, Way, execute, kinds};
use crate::trial::{Asker, Source, Trial, person, said, source_of, terms};

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

/// A server that stands by.
struct Waiting {
    here: Arc<Source>,
    operations: SocketAddr,
    thread: JoinHandle<Option<(Settings, Custody)>>,
}

impl Waiting {
    fn beside(trial: &Trial, gallery: Gallery, exempt: &[&str]) -> Self {
        let here = Arc::new(Source::default());
        here.hold(gallery, exempt);
        let (mut settings, mut custody) = (beside(trial, &here), trial.custody());
        let operations = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        settings.operations = Some(operations);
        let begun = Instant::now();
        let stand_by = move || {
            let stop = || begun.elapsed() > LONGEST;
            stand_by(&mut settings, &mut custody, stop).unwrap().then_some((settings, custody))
        };
        Self { here, operations, thread: std::thread::spawn(stand_by) }
    }

    /// Waits until this is why it does not take over.
    fn says(&self, what: &str) {
        let begun = Instant::now();
        loop {
            let said = said(self.operations, "/readyz").unwrap_or_default();
            if said.starts_with("HTTP/1.1 503") && said.contains(what) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(5) && !self.thread.is_finished(), "{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it has taken over: what it does so with.
    fn took_over(self) -> (Settings, Custody) {
        self.thread.join().unwrap().unwrap()
    }
}

/// Whoever was removed from a gallery, or put on a list, would be found again.
#[test]
fn nobody_takes_over_by_itself_with_a_gallery_of_which_nothing_is_known() {
    if !kinds().contains(&Kind::Postgres) {
        return;
    }
    let mut trial = Trial::new(Kind::Postgres);
    let agreement = trial.agreement.clone();
    let enrolled = |names: &[&str]| {
        let people = names.iter().map(|name| person(name, 1));
        Gallery::enrol(&agreement, people).gallery.unwrap()
    };
    let with = |gallery: &Gallery, change: Change| {
        let bytes = change.applied_to(gallery.as_bytes()).unwrap();
        Gallery::open(bytes, &agreement).unwrap()
    };
    let without = |gallery: &Gallery, name: &str| {
        with(gallery, gallery.remove(&[SubjectId::try_from(name.to_owned()).unwrap()]).unwrap().unwrap())
    };
    let first = || enrolled(&["p", "q", "r"]);
    // Both were removed before the server was started again: what was between was never searched.
    let between = || without(&first(), "r");
    let last = || without(&between(), "q");
    for gallery in [first(), last()] {
        trial.stop();
        trial.source.hold(gallery, &[]);
        trial.start();
    }
    let waiting = Waiting::beside(&trial, between(), &[]);
    waiting.says("did not come here of what was searched last");
    trial.stop();
    waiting.here.hold(first(), &[]);
    waiting.says("is older here than what was searched last");
    waiting.here.hold(enrolled(&["p"]), &[]);
    waiting.says("did not come here of what was searched last");
    // It came here first.
    let next = with(&last(), last().append([person("s", 2)]).change.unwrap());
    let here = Arc::clone(&waiting.here);
    here.hold(next, &[]);
    let (settings, custody) = waiting.took_over();
    // Changed in the last moment.
    here.hold(between(), &[]);
    let refused = Server::new(settings, custody, &mut ChaCha20Rng::seed_from_u64(1)).map(drop);
    assert!(matches!(refused, Err(ServerError::Older(Older::OtherGallery(_)))), "{refused:?}");
    // A person who starts it says that it is right.
    trial.source.hold(between(), &[]);
    trial.start();
}

#[test]
fn nobody_takes_over_by_itself_with_an_exempt_list_that_lacks_somebody() {
    if !kinds().contains(&Kind::Postgres) {
        return;
    }
    let mut trial = Trial::new(Kind::Postgres);
    let people = ["p", "q", "r"].map(|name| person(name, 1));
    let gallery = || Gallery::enrol(&planning::open(terms()).unwrap(), people.to_vec()).gallery.unwrap();
    for exempt in [["p"].as_slice(), &["p", "q", "r"], &["p", "q"]] {
        trial.stop();
        trial.source.hold(gallery(), exempt);
        trial.start();
    }
    let waiting = Waiting::beside(&trial, gallery(), &["p"]);
    waiting.says("the exempt list of agreement");
    trial.stop();
    waiting.here.hold(gallery(), &["q", "r"]);
    waiting.says("somebody who is exempt under agreement");
    // Also where nobody would go unprotected: it was replaced.
    waiting.here.hold(gallery(), &["p", "q", "r"]);
    waiting.says("is older here than the last one");
    waiting.here.hold(gallery(), &[]);
    waiting.says("somebody who is exempt under agreement");
    // It came here first.
    let here = Arc::clone(&waiting.here);
    here.hold(gallery(), &["p", "q", "s"]);
    let (settings, custody) = waiting.took_over();
    drop(Server::new(settings, custody, &mut ChaCha20Rng::seed_from_u64(1)).unwrap());
}

/// A copy of PostgreSQL that lagged goes on in its place.
#[test]
fn nobody_takes_over_where_entries_of_the_log_are_lost() {
    if !kinds().contains(&Kind::Postgres) {
        return;
    }
    let mut trial = Trial::new(Kind::Postgres);
    let people = ["person-0", "person-1", "person-2"].map(|name| person(name, 1));
    trial.restart(&people);
    let agreement = trial.agreement.clone();
    let gallery = || Gallery::enrol(&agreement, people.to_vec()).gallery.unwrap();
    let waiting = Waiting::beside(&trial, gallery(), &[]);
    waiting.says("another server serves");
    // What is written from here on it sees as it stands by.
    trial.source.set(&trial.agreement, &people, &["person-0"]);
    std::thread::sleep(Duration::from_secs(3));
    let lose = "CREATE TABLE kept AS SELECT * FROM log WHERE number = (SELECT MAX(number) FROM log);
                DELETE FROM log WHERE number = (SELECT number FROM kept)";
    execute(Kind::Postgres, &trial.database, lose);
    waiting.says("entries were lost");
    assert!(trial.operations("/readyz").contains("another is in its place"));
    trial.stop();
    std::thread::sleep(Duration::from_millis(3500));
    waiting.says("entries were lost");
    // Nor does another go on that was started since, and has not seen them.
    let refused = Server::new(trial.settings(), trial.custody(), &mut ChaCha20Rng::seed_from_u64(1)).map(drop);
    assert!(matches!(refused, Err(ServerError::Store(StoreError::InUse))), "{refused:?}");
    execute(Kind::Postgres, &trial.database, "INSERT INTO log SELECT * FROM kept");
    waiting.says("somebody who is exempt");
    let here = Arc::clone(&waiting.here);
    here.hold(gallery(), &["person-0"]);
    waiting.took_over();
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
