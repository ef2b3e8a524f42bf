//! A custodian that serves, and parties that ask it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use cotejo::agreement::{Code, SchemeChoice, ServiceTerms, Terms};
use cotejo::custodian::Gallery;
use cotejo::planning;
use cotejo::querier::{Pending, Querier, SecretKey, Verdict};
use cotejo::scheme::tfhe::Tfhe;
use cotejo::scheme::{Holder, Opened};
use cotejo::service::audit::{Entry, Event, Report, Role, Signers, Verifier};
use cotejo::service::client::{AskError, Asking, Client, Concluded, Watch};
use cotejo::service::identity::{Identity, KeyExchange, PemFile, Side};
use cotejo::service::protocol::{GalleryRoot, Line, ProgressView, Request};
use cotejo::service::server::{
    GallerySource, Limits, Loaded, Memory, Reloading, Renewal, Requester, ServedAgreement, Server, ServerError,
    Settings, Unloadable,
};
use cotejo::service::signing::{Hash, Name, Signed, SigningKey};
use cotejo::service::store::{Custody, Operator, Outbox, OutboxRequest, Owner, RequestState};
use cotejo::service::time::Time;
use cotejo::service::tree::TreeHead;
use cotejo::template::{RealVector, Record, SubjectId, Template};
use cotejo::wire::{Answer, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use tempfile::TempDir;

use crate::databases::{self, Kind};
use crate::held;

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Four persons of 16 coordinates, far from each other; `number` 0 to 3, others are nobody.
pub fn person(id: &str, number: usize) -> Record {
    let x = (0..16).map(|i| match number {
        0..4 => f64::from(i / 4 == number as i32),
        _ => -f64::from(i % 4 == 0),
    });
    let template = Template::Vector(RealVector::new(x.collect()).unwrap());
    Record { subject: SubjectId::try_from(id.to_owned()).unwrap(), eye: None, template }
}

/// Terms of a trial: quick, and insecure.
pub fn terms() -> Terms {
    let mut terms = Terms::face(16);
    terms.encryption.parameter_set = "insecure-test".to_owned();
    terms.limits.references = 1000;
    terms.service = Some(ServiceTerms { required: Vec::new(), ..ServiceTerms::default() });
    terms
}

/// The same under the exact scheme.
pub fn exact_terms() -> Terms {
    let mut terms = terms().with_scheme(SchemeChoice::Bgv);
    terms.encryption.parameter_set = "insecure-bgv-test".to_owned();
    terms.limits.references = 100;
    terms
}

/// A certificate authority.
pub struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

/// PEM texts of a certificate, its key, and the authority to trust.
#[derive(Clone)]
pub struct Certified {
    pub chain: String,
    pub key: String,
    pub authority: String,
}

impl Authority {
    pub fn new() -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let name = format!("Authority {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: rcgen::Issuer::new(parameters, key), pem }
    }

    /// Valid for so many days from now; negative: expired since then.
    pub fn issue(&self, name: &str, days: i64) -> Certified {
        self.issue_for(name, time::Duration::days(days))
    }

    /// Valid for so long from now.
    pub fn issue_for(&self, name: &str, left: time::Duration) -> Certified {
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let now = time::OffsetDateTime::from(SystemTime::now());
        parameters.not_before = now - time::Duration::days(10);
        parameters.not_after = now + left;
        let key = rcgen::KeyPair::generate().unwrap();
        let chain = parameters.signed_by(&key, &self.issuer).unwrap().pem();
        Certified { chain, key: key.serialize_pem(), authority: self.pem.clone() }
    }
}

impl Authority {
    /// A list that has this certificate, and is to be replaced in so many days.
    pub fn revoking(&self, certified: &Certified, days: i64) -> String {
        let now = time::OffsetDateTime::from(SystemTime::now());
        let revoked = rcgen::RevokedCertParams {
            serial_number: certified.serial(),
            revocation_time: now - time::Duration::days(5),
            reason_code: None,
            invalidity_date: None,
        };
        let list = rcgen::CertificateRevocationListParams {
            this_update: now - time::Duration::days(5),
            next_update: now + time::Duration::days(days),
            crl_number: 1_u64.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

impl Certified {
    fn serial(&self) -> rcgen::SerialNumber {
        use x509_parser::prelude::{FromDer, X509Certificate};
        let chain = self.identity().chain;
        rcgen::SerialNumber::from_slice(X509Certificate::from_der(&chain[0]).unwrap().1.raw_serial())
    }

    pub fn identity(&self) -> Identity {
        let [chain, key, authority] = [&self.chain, &self.key, &self.authority]
            .map(|text| PemFile { path: Path::new("test"), content: text.as_bytes() });
        Identity::from_pem(chain, key, authority).unwrap()
    }

    pub fn fingerprint(&self) -> Hash {
        Hash::of(&self.identity().chain[0])
    }

    /// The same certificate, but another authority to trust.
    pub fn trusting(&self, authority: &Authority) -> Self {
        Self { authority: authority.pem.clone(), ..self.clone() }
    }
}

/// A gallery that a test can change.
#[derive(Default)]
pub struct Source(Mutex<Option<Result<Loaded, String>>>, AtomicBool);

impl Source {
    pub fn set(&self, agreement: &Opened, people: &[Record], exempt: &[&str]) {
        let gallery = match people {
            // Everybody was removed.
            [] => {
                let gallery = Gallery::enrol(agreement, vec![person("gone", 0)]).gallery.unwrap();
                let gone = [SubjectId::try_from("gone".to_owned()).unwrap()];
                let change = gallery.remove(&gone).unwrap().unwrap();
                let bytes = change.applied_to(gallery.as_bytes()).unwrap();
                Gallery::open(bytes, agreement).unwrap()
            }
            people => Gallery::enrol(agreement, people.to_vec()).gallery.unwrap(),
        };
        self.hold(gallery, exempt);
    }

    /// This gallery, however it came about.
    pub fn hold(&self, gallery: Gallery, exempt: &[&str]) {
        let exempt: BTreeSet<SubjectId> =
            exempt.iter().map(|id| SubjectId::try_from((*id).to_owned()).unwrap()).collect();
        *self.0.lock().unwrap() = Some(Ok(Loaded { gallery, exempt }));
        self.1.store(false, Ordering::Relaxed);
    }

    /// It is not there any more.
    pub fn remove(&self) {
        self.1.store(true, Ordering::Relaxed);
        self.fail("gallery.cotejo: is not there");
    }

    /// Of three persons, with a byte of their references changed: that is found when they are compared with.
    pub fn damage(&self, agreement: &Opened, people: &[Record]) {
        let sound = Gallery::enrol(agreement, people.to_vec()).gallery.unwrap();
        let bytes = sound.as_bytes();
        let changed = (0..bytes.len()).rev().find_map(|place| {
            let mut bytes = bytes.to_vec();
            bytes[place] ^= 1;
            Gallery::open(bytes, agreement).ok().filter(|gallery| gallery.len() == people.len())
        });
        *self.0.lock().unwrap() = Some(Ok(Loaded { gallery: changed.unwrap(), exempt: BTreeSet::new() }));
    }

    pub fn fail(&self, why: &str) {
        *self.0.lock().unwrap() = Some(Err(why.to_owned()));
    }
}

struct Shared(Arc<Source>);

/// As a server takes it.
pub fn source_of(source: &Arc<Source>) -> Box<dyn GallerySource> {
    Box::new(Shared(Arc::clone(source)))
}

impl GallerySource for Shared {
    fn is_there(&self) -> bool {
        !self.0.1.load(Ordering::Relaxed)
    }

    fn load(&self) -> Result<Option<Loaded>, Unloadable> {
        let loaded = self.0.0.lock().unwrap().take().transpose();
        loaded.map_err(|what| Unloadable { what, remedy: None })
    }
}

/// How a trial is set up.
pub struct Setup {
    pub terms: Terms,
    pub limits: Limits,
    pub server_days: i64,
    /// The key of TLS is held elsewhere, signs one at a time, and takes so long for it.
    pub signs_in: Option<Duration>,
    /// In which ways the server agrees on keys.
    pub exchange: KeyExchange,
}

impl Default for Setup {
    fn default() -> Self {
        let limits = Limits { workers: 2, stall: Duration::from_secs(3), ..Limits::default() };
        Self { terms: terms(), limits, server_days: 30, signs_in: None, exchange: KeyExchange::Any }
    }
}

/// A trial under other terms of a service.
pub fn with(change: impl Fn(&mut ServiceTerms)) -> Setup {
    let mut service = terms().service.unwrap();
    change(&mut service);
    Setup { terms: Terms { service: Some(service), ..terms() }, ..Setup::default() }
}

/// A custodian and what it needs to serve again.
pub struct Trial {
    pub agreement: Opened,
    pub authority: Authority,
    pub source: Arc<Source>,
    pub database: String,
    pub requesters: Vec<(String, Certified, u64)>,
    /// Whose orders are carried out, from the next start or reload on.
    pub operators: Vec<Operator>,
    folder: TempDir,
    certified: Certified,
    clock: Arc<AtomicI64>,
    limits: Limits,
    signs_in: Option<Duration>,
    exchange: KeyExchange,
    running: Option<Running>,
}

struct Running {
    address: SocketAddr,
    operations: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    openapi: String,
    reloading: Reloading,
}

pub fn signing_key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut rng(seed))
}

pub const CUSTODIAN_KEY: u64 = 1;

impl Trial {
    /// Serves a gallery of the first three persons.
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, Setup::default())
    }

    pub fn with(kind: Kind, setup: Setup) -> Self {
        Self::on(kind, setup, String::new())
    }

    /// On a database that is there already; a fresh one, where none is named.
    pub fn on(kind: Kind, setup: Setup, database: String) -> Self {
        let agreement = planning::open(setup.terms).unwrap();
        let authority = Authority::new();
        let source = Arc::new(Source::default());
        let people: Vec<Record> = (0..3).map(|number| person(&format!("person-{number}"), number)).collect();
        source.set(&agreement, &people, &[]);
        let folder = tempfile::tempdir().unwrap();
        let requesters = vec![
            ("A-BORDER".to_owned(), authority.issue("A-BORDER", 3650), 2),
            ("C-POLICE".to_owned(), authority.issue("C-POLICE", 3650), 3),
        ];
        let mut trial = Self {
            agreement,
            source,
            database: if database.is_empty() { databases::fresh(kind, folder.path()) } else { database },
            requesters,
            operators: Vec::new(),
            certified: authority.issue("B-REGISTRY", setup.server_days),
            authority,
            folder,
            clock: Arc::new(AtomicI64::new(0)),
            limits: setup.limits,
            signs_in: setup.signs_in,
            exchange: setup.exchange,
            running: None,
        };
        trial.start();
        trial
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn now(&self) -> Time {
        now(&self.clock)
    }

    /// So much time passes: in no month of it nothing happens at all. The server is told at the end of it.
    pub fn step_clock(&self, seconds: i64) {
        const MONTH: i64 = 30 * 86_400;
        let mut left = seconds;
        if seconds > MONTH {
            let (mut custody, requester) = (self.custody(), "A-BORDER".parse().unwrap());
            while left > MONTH {
                // A key that nobody has had.
                let admitted = |custody: &mut Custody, now: Time| {
                    let key = Name(Hash::of(&now.millis().to_le_bytes()).0[..16].try_into().unwrap());
                    custody.admit_key(&requester, &self.digest(), &key, b"", 1, now).unwrap();
                };
                admitted(&mut custody, self.now());
                self.set_clock_ahead(MONTH);
                left -= MONTH;
                if left <= MONTH {
                    admitted(&mut custody, self.now());
                }
            }
        }
        self.pass(left);
    }

    fn pass(&self, seconds: i64) {
        self.set_clock_ahead(seconds);
        if self.running.is_some() {
            self.reload(self.requesters(), self.limits).unwrap();
        }
    }

    /// The custodian's clock is set, and nobody says that it is right.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    pub fn custody(&self) -> Custody {
        self.custody_in(&self.database)
    }

    /// The custodian's database by another way, or another one of its own.
    pub fn custody_in(&self, database: &str) -> Custody {
        let owner =
            Owner { party: "B-REGISTRY".parse().unwrap(), role: Role::Custodian, key: signing_key(CUSTODIAN_KEY) };
        Custody::create(databases::location(database), owner, Box::new(rng(50)), self.now()).unwrap()
    }

    /// Requesters as they are registered.
    pub fn requesters(&self) -> Vec<Requester> {
        let requester = |(code, certified, seed): &(String, Certified, u64)| Requester {
            code: code.parse().unwrap(),
            certificate: certified.fingerprint(),
            until: None,
            signers: Signers::new(signing_key(*seed).public()),
            agreements: vec![self.digest()],
        };
        self.requesters.iter().map(requester).collect()
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Has the server go on with these.
    pub fn reload(&self, requesters: Vec<Requester>, limits: Limits) -> Result<(), ServerError> {
        let (identity, operators) = (self.certified.identity(), self.operators.clone());
        self.running().reloading.renew(Renewal { identity, requesters, operators, limits })
    }

    /// Has the server go on with a list of revoked certificates.
    pub fn reload_revoking(&self, list: &str) -> Result<(), String> {
        let list = PemFile { path: Path::new("list"), content: list.as_bytes() };
        let identity = self.certified.identity().revoking(&[list]).map_err(|error| error.to_string())?;
        identity.fit(Side::Server, self.now()).map_err(|error| error.to_string())?;
        let operators = self.operators.clone();
        let renewal = Renewal { identity, requesters: self.requesters(), operators, limits: self.limits };
        self.running().reloading.renew(renewal).map_err(|error| error.to_string())
    }

    /// Has the server go on with these exchanges of keys alone.
    pub fn reload_exchanging(&self, exchange: KeyExchange) {
        let identity = self.certified.identity().exchanging(exchange).unwrap();
        let (requesters, operators, limits) = (self.requesters(), self.operators.clone(), self.limits);
        self.running().reloading.renew(Renewal { identity, requesters, operators, limits }).unwrap();
    }

    /// What the server is started with.
    pub fn settings(&self) -> Settings {
        let clock = Arc::clone(&self.clock);
        let any = "127.0.0.1:0".parse().unwrap();
        Settings {
            listen: any,
            operations: Some(any),
            identity: self
                .signs_in
                .map_or_else(|| self.certified.identity(), |time| held::identity(&self.certified, time))
                .exchanging(self.exchange)
                .unwrap(),
            requesters: self.requesters(),
            operators: self.operators.clone(),
            agreements: vec![ServedAgreement {
                agreement: self.agreement.clone(),
                pace: planning::Pace::reference(self.agreement.parameters()),
                source: source_of(&self.source),
                loaded: None,
            }],
            limits: self.limits,
            memory: Memory { key_bytes: 1 << 30, gallery_bytes: 1 << 24 },
            clock: Arc::new(move || now(&clock)),
            trust_clock: false,
            takes_over: false,
        }
    }

    pub fn start(&mut self) {
        let server = Server::new(self.settings(), self.custody(), &mut rng(60)).unwrap();
        let (address, operations) = (server.address().unwrap(), server.operations_address().unwrap());
        let (openapi, reloading) = (server.openapi(), server.reloading());
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || server.run(move || told.load(Ordering::Relaxed)).unwrap());
        self.running = Some(Running { address, operations, stop, thread, openapi, reloading });
    }

    /// Stops the server as an operator does.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.store(true, Ordering::Relaxed);
            running.thread.join().unwrap();
        }
        // Loaded anew at the next start.
    }

    pub fn restart(&mut self, people: &[Record]) {
        self.stop();
        self.source.set(&self.agreement, people, &[]);
        self.start();
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    pub fn openapi(&self) -> &str {
        &self.running().openapi
    }

    pub fn digest(&self) -> Hash {
        Hash(self.agreement.digest().0)
    }

    pub fn operations_address(&self) -> SocketAddr {
        self.running().operations
    }

    /// What the operator's port says.
    pub fn operations(&self, path: &str) -> String {
        said(self.operations_address(), path).unwrap()
    }

    /// Waits until the gallery that was set is searched.
    pub fn await_version(&self, version: u64) {
        let asker = Asker::<Tfhe>::idle(self, 0);
        for _ in 0..100 {
            if asker.client.agreements().unwrap()[0].gallery_version == version {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("version {version} was never searched");
    }

    /// The version of the gallery that was searched last, as the log tells.
    pub fn gallery(&self) -> GalleryRoot {
        let told = self.log().0.into_iter().rev().find_map(|entry| match entry.event() {
            Ok(Some(Event::Gallery { version, root, .. })) => Some(GalleryRoot { version, root: root.unwrap() }),
            _ => None,
        });
        told.unwrap()
    }

    /// Checks the custodian's log.
    pub fn log(&self) -> (Vec<Entry>, Report) {
        entries_of(self.custody().journal(), CUSTODIAN_KEY)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.store(true, Ordering::Relaxed);
            drop(running.thread.join());
        }
    }
}

fn now(clock: &AtomicI64) -> Time {
    let real = Time::from_system(SystemTime::now());
    Time::from_millis(real.millis() + clock.load(Ordering::Relaxed))
}

fn entries_of(journal: &mut cotejo::service::store::Journal, key: u64) -> (Vec<Entry>, Report) {
    let mut entries = Vec::new();
    loop {
        let page = journal.entries(entries.len() as u64 + 1).unwrap();
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    let mut verifier = Verifier::new(Some(signing_key(key).public()), None);
    entries.iter().for_each(|entry| verifier.entry(entry));
    (entries, verifier.finish())
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    fn note(&self, _: &str) {}
    fn progress(&self, _: &ProgressView) {}
    fn stop(&self) -> bool {
        false
    }
}

/// Stops as soon as it may.
struct Stopping;

impl Watch for Stopping {
    fn note(&self, _: &str) {}
    fn progress(&self, _: &ProgressView) {}
    fn stop(&self) -> bool {
        true
    }
}

/// A requester with all it needs to ask.
pub struct Asker<S: Holder> {
    pub code: String,
    pub client: Client,
    pub certified: Certified,
    pub seed: u64,
    pub agreement: Opened,
    pub key_content: Vec<u8>,
    pub key: Name,
    secret: Vec<u8>,
    outbox: RefCell<Outbox>,
    clock: Arc<AtomicI64>,
    pub patience: Duration,
    pub custodian: Code,
    of: std::marker::PhantomData<S>,
}

impl<S: Holder> Asker<S> {
    /// A requester who has uploaded nothing yet.
    pub fn idle(trial: &Trial, which: usize) -> Self {
        let (code, certified, seed) = trial.requesters[which].clone();
        let (secret, public) = SecretKey::<S>::generate(&trial.agreement, &mut rng(70 + seed)).unwrap();
        let database = trial.folder().join(format!("querier-{code}-{:?}.sqlite", std::time::Instant::now()));
        let owner = Owner { party: code.parse().unwrap(), role: Role::Querier, key: signing_key(seed) };
        let outbox =
            Outbox::open(databases::location(&database.display().to_string()), owner, Box::new(rng(80)), trial.now())
                .unwrap();
        Self {
            client: Client::new(&format!("https://localhost:{}", trial.address().port()), certified.identity())
                .unwrap(),
            code,
            certified,
            seed,
            agreement: trial.agreement.clone(),
            key: Name(secret.id().0),
            key_content: public.to_bytes(&trial.agreement).to_vec(),
            secret: secret.to_secret_bytes(&trial.agreement).to_vec(),
            outbox: RefCell::new(outbox),
            clock: Arc::clone(&trial.clock),
            patience: Duration::from_secs(20),
            custodian: "B-REGISTRY".parse().unwrap(),
            of: std::marker::PhantomData,
        }
    }

    /// From here on its clock is its own.
    pub fn part_clocks(&mut self) {
        self.clock = Arc::new(AtomicI64::new(self.clock.load(Ordering::Relaxed)));
    }

    /// One whose key is uploaded.
    pub fn new(trial: &Trial, which: usize) -> Self {
        let asker = Self::idle(trial, which);
        let agreement = Hash(asker.agreement.digest().0);
        asker.client.put_key(&agreement, &asker.key, &asker.key_content).unwrap();
        asker
    }

    /// Reconnects to a custodian that serves elsewhere now.
    pub fn reconnect(&mut self, trial: &Trial) {
        let base = format!("https://localhost:{}", trial.address().port());
        self.client = Client::new(&base, self.certified.identity()).unwrap();
    }

    /// Goes on with whoever serves at one of these addresses, tried in this order.
    pub fn reach(&mut self, addresses: &[SocketAddr]) {
        let base = format!("https://localhost:{}", addresses[0].port());
        self.client = Client::reaching(&base, addresses, self.certified.identity()).unwrap();
    }

    pub fn querier(&self) -> Querier<S> {
        let secret = SecretKey::read(self.secret.as_slice(), &self.agreement).unwrap();
        Querier::new(&self.agreement, secret)
    }

    /// A request, signed, with its query.
    pub fn request(&self, number: &str, probes: Vec<Record>, target: Target) -> (OutboxRequest, Request) {
        let (query, pending) = self.querier().ask(probes, target, &mut ChaCha20Rng::from_os_rng()).unwrap();
        let content = query.to_bytes(&self.agreement).unwrap().to_vec();
        let request = Request {
            requester: self.code.parse().unwrap(),
            number: number.parse().unwrap(),
            time: now(&self.clock),
            agreement: Hash(self.agreement.digest().0),
            purpose: "identification".parse().unwrap(),
            justification: None,
            case_category: None,
            officer: None,
            key: self.key,
            query: Name(query.id.0),
            query_digest: Hash::of(&content),
            probes: query.layouts.len() as u32,
            seen: None,
        };
        let kept = OutboxRequest {
            number: request.number.clone(),
            agreement: request.agreement,
            custodian: self.client.base().to_owned(),
            statement: Signed::new(&request, &signing_key(self.seed)).unwrap(),
            query: Some(content),
            pending: Some(pending.to_bytes(&self.agreement).unwrap()),
            state: RequestState::Prepared,
            job: None,
            reply: None,
            answer: None,
            verdicts: None,
            nonce: None,
        };
        (kept, request)
    }

    pub fn prepare(&self, number: &str, probes: Vec<Record>, target: Target) {
        let (request, _) = self.request(number, probes, target);
        assert!(self.outbox.borrow_mut().prepare(&request, now(&self.clock)).unwrap());
    }

    /// Goes on until there is a reply.
    pub fn conclude(&self, number: &str) -> Result<Concluded, AskError> {
        self.go_on(number, &Unwatched)
    }

    /// Goes on until there is a receipt, and no further.
    pub fn accepted(&self, number: &str) {
        assert!(matches!(self.go_on(number, &Stopping), Err(AskError::Stopped)));
    }

    /// Goes on with a request no more.
    pub fn abandon(&self, number: &str) {
        let abandoned = self.outbox.borrow_mut().abandon(&number.parse().unwrap(), now(&self.clock)).unwrap();
        assert!(abandoned.is_some());
    }

    fn go_on(&self, number: &str, watch: &dyn Watch) -> Result<Concluded, AskError> {
        let clock = || now(&self.clock);
        let mut outbox = self.outbox.borrow_mut();
        let mut asking = Asking {
            client: &self.client,
            outbox: &mut outbox,
            custodian: &self.custodian,
            custodian_signers: &Signers::new(signing_key(CUSTODIAN_KEY).public()),
            key_content: &self.key_content,
            answer_limit_bytes: Answer::<S>::limit_bytes(&self.agreement).unwrap(),
            patience: self.patience,
            clock: &clock,
            watch,
        };
        asking.conclude(&number.parse().unwrap())
    }

    /// Asks, and reads the verdicts.
    pub fn ask(&self, number: &str, probes: Vec<Record>, target: Target) -> Result<Vec<Verdict>, AskError> {
        self.prepare(number, probes, target);
        self.verdicts(number)
    }

    pub fn verdicts(&self, number: &str) -> Result<Vec<Verdict>, AskError> {
        let concluded = self.conclude(number)?;
        let (Some(answer), Some(pending)) = (concluded.request.answer, concluded.request.pending) else {
            panic!("no answer: {:?}", concluded.reply.outcome)
        };
        let answer = Answer::<S>::read(answer.as_slice(), &self.agreement, None).unwrap();
        let pending = Pending::from_reader(pending.as_slice(), &self.agreement).unwrap();
        let verdicts = pending.read(&self.querier(), &answer).unwrap();
        self.outbox.borrow_mut().done(&number.parse().unwrap()).unwrap();
        Ok(verdicts.into_iter().map(|(_, verdict)| verdict).collect())
    }

    /// The head of the custodian's log that was seen last.
    pub fn seen(&self) -> Option<TreeHead> {
        self.outbox.borrow_mut().seen(&self.custodian).unwrap()
    }

    /// Goes on from another head of the custodian's log.
    pub fn trust(&self, head: &TreeHead, reason: &Line) {
        self.outbox.borrow_mut().trust(&self.custodian, head, reason.clone(), now(&self.clock)).unwrap();
    }

    /// Checks the querier's log.
    pub fn log(&self) -> (Vec<Entry>, Report) {
        entries_of(self.outbox.borrow_mut().journal(), self.seed)
    }

    pub fn unfinished(&self) -> usize {
        self.outbox.borrow_mut().unfinished().unwrap().len()
    }
}

/// What an operator's port says.
pub fn said(address: SocketAddr, path: &str) -> std::io::Result<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// The kind of a refusal.
pub fn refused<T>(result: Result<T, AskError>) -> String {
    match result {
        Err(AskError::Client(cotejo::service::client::ClientError::Refused(refusal))) => refusal.kind,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// A path beside the sources.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
