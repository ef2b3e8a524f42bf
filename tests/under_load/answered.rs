//! Clients that ask without end, whatever happens to whoever serves; then every request has exactly one answer, and quota and log agree.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cotejo::querier::Pending;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::{Role, Signers, Statements, Verifier, compare};
use cotejo::service::client::{Asking, Watch};
use cotejo::service::protocol::ProgressView;
use cotejo::service::signing::Hash;
use cotejo::service::store::{Custody, Journal, Location, Outbox, Owner};
use cotejo::template::Record;
use cotejo::wire::{Answer, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::office::{Office, SUBJECTS, Serving, now};

struct Unwatched;

impl Watch for Unwatched {
    fn note(&self, _: &str) {}
    fn progress(&self, _: &ProgressView) {}
    fn stop(&self) -> bool {
        false
    }
}

/// A database of one test's own on the PostgreSQL of the tests.
pub fn database_of(test: &str) -> Option<String> {
    let server = std::env::var("COTEJO_POSTGRES").ok()?;
    let name = format!("{test}_{}", std::process::id());
    let mut admin = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let others: Vec<&str> = server.split(' ').filter(|pair| !pair.starts_with("dbname=")).collect();
    Some(format!("{} dbname={name}", others.join(" ")))
}

/// Asks until `during` has returned whoever serves at the end; how many requests that were, in how many seconds.
pub fn answered_once(office: &Office, database: Option<&str>, during: impl FnOnce() -> Vec<Serving>) -> (u64, f64) {
    let (over, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let ask = |client| ask(office, client, &over, &asked);
        let clients: Vec<_> = (0..8).map(|client| scope.spawn(move || ask(client))).collect();
        let last = during();
        over.store(true, Ordering::Relaxed);
        // Clients end when their last request has its answer.
        clients.into_iter().for_each(|client| client.join().unwrap());
        last.into_iter().for_each(|server| assert!(server.stop()));
    });
    let requests = asked.into_inner();

    let key = office.signing_key("b");
    let public = key.public();
    let location: Location = match database {
        Some(text) => text.parse().unwrap(),
        None => Location::File(office.path("custodian.sqlite")),
    };
    let owner = Owner { party: "B".parse().unwrap(), role: Role::Custodian, key };
    let mut custody = Custody::open(location, owner, Box::new(ChaCha20Rng::from_os_rng())).unwrap();
    let (report, theirs) = checked(custody.journal(), public);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let counts = report.statements;
    assert_eq!((counts.requests, counts.receipts, counts.answers), (requests, requests, requests));
    assert_eq!((counts.unanswered, counts.acknowledgements, report.open), (0, requests, 0));
    assert!(custody.waiting().unwrap().is_empty());
    let mut spent = 0;
    for requester in 0..2 {
        let code = format!("A-{requester}").parse().unwrap();
        let account = custody.account(&code, &Hash(office.agreement.digest().0), now()).unwrap();
        spent += account.probes_this_year;
        let bits: u64 = account.bits_by_gallery.iter().map(|of| of.bits).sum();
        assert_eq!(bits, account.probes_this_year);
    }
    assert_eq!(spent, requests, "quota and log agree");
    // Each client's own log tells the same.
    let mut same = 0;
    for client in 0..8 {
        let mut outbox = outbox(office, client);
        let public = outbox.journal().public_key();
        let (report, ours) = checked(outbox.journal(), public);
        assert!(report.findings.is_empty(), "client {client}: {:?}", report.findings);
        let comparison = compare(statements(&theirs), statements(&ours)).unwrap();
        // The other clients of the same requester have logs of their own.
        same += comparison.same;
    }
    assert_eq!(same, 4 * requests);
    (requests, begun.elapsed().as_secs_f64())
}

fn statements(entries: &[cotejo::service::audit::Entry]) -> Statements {
    let mut statements = Statements::new();
    entries.iter().for_each(|entry| statements.entry(entry));
    statements
}

fn checked(
    journal: &mut Journal,
    key: cotejo::service::signing::PublicKey,
) -> (cotejo::service::audit::Report, Vec<cotejo::service::audit::Entry>) {
    let mut entries = Vec::new();
    loop {
        let page = journal.entries(entries.len() as u64 + 1).unwrap();
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    let mut verifier = Verifier::new(Some(key), None);
    entries.iter().for_each(|entry| verifier.entry(entry));
    (verifier.finish(), entries)
}

fn outbox(office: &Office, client: usize) -> Outbox {
    let requester = client % 2;
    let key = office.signing_key(&format!("a-{requester}"));
    let owner = Owner { party: format!("A-{requester}").parse().unwrap(), role: Role::Querier, key };
    let location = Location::File(office.path(&format!("client-{client}.sqlite")));
    let mut outbox = Outbox::open(location, owner, Box::new(ChaCha20Rng::from_os_rng()), now()).unwrap();
    outbox.journal().register(&"B".parse().unwrap(), &Signers::new(office.custodian_key()), now()).unwrap();
    outbox
}

/// Asks, whatever happens to the server, and never about the same twice.
fn ask(office: &Office, client: usize, over: &AtomicBool, asked: &AtomicU64) {
    let requester = client % 2;
    let (https, querier) = (office.client(requester), office.querier(requester));
    let (people, signing) = (office.people(), office.signing_key(&format!("a-{requester}")));
    let mut outbox = outbox(office, client);
    let key_content = office.key_content(requester);
    let mut round = 0;
    while !over.load(Ordering::Relaxed) {
        let person: &Record = &people[(7 * client + round) % SUBJECTS];
        let number = format!("{client}-{round}");
        let target = Target::Subject(person.subject.clone());
        let request = office.request(&querier, &signing, requester, &number, person.clone(), target);
        assert!(outbox.prepare(&request, now()).unwrap());
        let number = number.parse().unwrap();
        let mut asking = Asking {
            client: &https,
            outbox: &mut outbox,
            custodian: &"B".parse().unwrap(),
            custodian_signers: &Signers::new(office.custodian_key()),
            key_content: &key_content,
            answer_limit_bytes: Answer::<Tfhe>::limit_bytes(&office.agreement).unwrap(),
            patience: Duration::from_secs(120),
            clock: &now,
            watch: &Unwatched,
        };
        let mut concluded = asking.conclude(&number).unwrap();
        while !concluded.acknowledged {
            std::thread::sleep(Duration::from_millis(100));
            concluded = asking.conclude(&number).unwrap();
        }
        let answer = concluded.request.answer.unwrap();
        let answer = Answer::<Tfhe>::read(answer.as_slice(), &office.agreement, None).unwrap();
        let pending = Pending::from_reader(concluded.request.pending.unwrap().as_slice(), &office.agreement).unwrap();
        assert!(pending.read(&querier, &answer).unwrap()[0].1.hit(), "{number}");
        outbox.done(&number).unwrap();
        asked.fetch_add(1, Ordering::Relaxed);
        round += 1;
    }
}
