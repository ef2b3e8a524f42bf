//! A requester asks while others attack: how long its answers take beside how long they took before.
//!
//! As published: `COTEJO_ATTACK_CALLS=300 cargo test --release --test under_load -- --nocapture attacked`. `COTEJO_PROGRAM` names another
//! `cotejo` to be attacked.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cotejo::querier::Querier;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::client::Client;
use cotejo::service::signing::{Hash, Name, SigningKey};
use cotejo::template::Record;
use cotejo::wire::Target;

use crate::attackers::Attack;
use crate::office::Office;
use crate::{alone, setting};

/// Who asks meanwhile, at a time.
const CLIENTS: usize = 2;
/// A call that has not succeeded by then is not counted any longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a whole call may take at the 99th percentile while attacked: more than ten times what it does, and less than the ten seconds that a
/// silent connection, or an upload that stalls, may take.
const BOUND: Duration = Duration::from_secs(6);

struct Asker<'a> {
    office: &'a Office,
    querier: Querier<Tfhe>,
    signing: SigningKey,
    probe: Record,
    number: &'a AtomicU32,
}

impl Asker<'_> {
    /// Asks over a connection of its own, and waits for the reply; tries again until there is one.
    fn ask(&self) -> Duration {
        let begun = Instant::now();
        let number = self.number.fetch_add(1, Ordering::Relaxed).to_string();
        let target = Target::Subject(self.probe.subject.clone());
        let request = self.office.request(&self.querier, &self.signing, 0, &number, self.probe.clone(), target);
        while begun.elapsed() < PATIENCE {
            let client = self.office.client(0);
            let query = request.query.as_deref().unwrap();
            let replied = client
                .submit(&request.agreement, &request.statement, query)
                .and_then(|submitted| replied(&client, &submitted.job));
            if replied.is_ok_and(|replied| replied) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        begun.elapsed()
    }
}

fn replied(client: &Client, job: &Name) -> Result<bool, cotejo::service::client::ClientError> {
    client.follow(job, |_| true)?;
    Ok(client.reply(job)?.is_some())
}

/// Times of so many calls, in order of length.
fn times(office: &Office, calls: usize, number: &AtomicU32) -> Vec<Duration> {
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let asker = Asker {
                        office,
                        querier: office.querier(0),
                        signing: office.signing_key("a-0"),
                        probe: office.people().remove(0),
                        number,
                    };
                    (0..calls.div_ceil(CLIENTS)).map(|_| asker.ask()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    times.sort();
    times
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

struct Row {
    attack: String,
    before: Vec<Duration>,
    during: Vec<Duration>,
    begun: usize,
}

/// Asks, then asks while attacked.
fn attacked(office: &Office, attack: Attack, calls: usize, number: &AtomicU32) -> Row {
    let before = times(office, calls, number);
    let (over, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let during = std::thread::scope(|scope| {
        let threads = if matches!(attack, Attack::StalledUploads(_)) { 1 } else { 4 };
        for _ in 0..threads {
            scope.spawn(|| attack.run(office, &over, &begun));
        }
        // Under way, or as far as the server lets it come.
        let started = Instant::now();
        while begun.load(Ordering::Relaxed) < attack.size() && started.elapsed() < Duration::from_secs(12) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let during = times(office, calls, number);
        over.store(true, Ordering::Relaxed);
        during
    });
    Row { attack: attack.to_string(), before, during, begun: begun.into_inner() }
}

#[test]
fn a_requester_is_answered_while_others_attack() {
    let _alone = alone();
    let calls = setting("COTEJO_ATTACK_CALLS", 40) as usize;
    let office = Office::new("insecure-test", 2, None);
    office.add_stranger("z");
    // Ten uploads of a key fill all the memory that there is for uploads.
    let uploads = office.key_content(0).len() * 10 / 1024;
    office.configure(&format!("operations = '127.0.0.1:{}'", office.operations), &format!("uploads = '{uploads}KiB'"));
    let number = AtomicU32::new(0);
    let mut rows = Vec::new();
    let mut serve = |descriptors: Option<u32>, attacks: &[Attack]| {
        let server = office.serve_with(descriptors);
        let digest = Hash(office.agreement.digest().0);
        let key = Name(office.querier(0).key().id().0);
        office.client(0).put_key(&digest, &key, &office.key_content(0)).unwrap();
        rows.extend(attacks.iter().map(|attack| attacked(&office, *attack, calls, &number)));
        server
    };
    let many =
        [Attack::ForeignCertificates(1100), Attack::Silent(3000), Attack::NewOnes(200), Attack::StalledUploads(10)];
    drop(serve(None, &many));
    let few = [Attack::Silent(60), Attack::Operations(60), Attack::ForeignCertificates(60)];
    drop(serve(Some(64), &few));
    // And where it has planned with more than there are.
    let server = serve(None, &[]);
    if server.restrict(64) {
        rows.push(attacked(&office, Attack::Silent(60), calls, &number));
    } else {
        eprintln!("no prlimit: not tested with fewer descriptors than at the start");
    }
    assert!(server.stop(), "the server did not end well");
    eprintln!(
        "p50 and p99 of a call in milliseconds, {CLIENTS} clients at a time, {calls} calls; the last four with 64 descriptors, the last of \
         them after a start with more"
    );
    eprintln!(
        "| attack | p50 before | p50 during | p99 before | p99 during | p99 ratio | begun |\n|---|---|---|---|---|---|---|"
    );
    for Row { attack, before, during, begun } in &rows {
        let [p50, p50_during, p99, p99_during] =
            [(before, 50), (during, 50), (before, 99), (during, 99)].map(|(times, percent)| percentile(times, percent));
        eprintln!(
            "| {attack} | {} | {} | {} | {} | {:.2} | {begun} |",
            p50.as_millis(),
            p50_during.as_millis(),
            p99.as_millis(),
            p99_during.as_millis(),
            p99_during.as_secs_f64() / p99.as_secs_f64()
        );
    }
    for Row { attack, during, .. } in &rows {
        let during = percentile(during, 99);
        assert!(during < BOUND, "{attack}: {during:?}");
    }
}
