//! What all connections share.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use rand::{CryptoRng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rustls::NamedGroup;
use rustls::pki_types::{CertificateDer, UnixTime};
use tokio::sync::Semaphore;

use super::admission::Admission;
use super::doubts::{ClockInDoubt, Doubts};
use super::engine::{Engine, GallerySource, Loaded};
use super::held::Held;
use super::limits::Limits;
use super::metrics::Metrics;
use super::problem::HttpProblem;
use super::queue::{Cost, Queue};
use crate::agreement::{Code, ServiceTerms};
use crate::remedy::Remedy;
use crate::service::audit::Signers;
use crate::service::identity::Acceptance;
use crate::service::signing::Hash;
use crate::service::store::{Custody, StoreError, Waiting};
use crate::service::time::Time;

/// Somebody who may ask.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Their code in requests.
    pub code: Code,
    /// SHA-256 of the certificate that they present, in DER.
    pub certificate: Hash,
    /// When that ends, where it is known.
    pub until: Option<Time>,
    /// What their statements are signed with.
    pub signers: Signers,
    /// Digests of the agreements under which they may ask.
    pub agreements: Vec<Hash>,
}

/// One agreement that is served.
pub(crate) struct Desk {
    /// Computes answers against the gallery that is loaded.
    pub engine: Arc<Engine>,
    /// Where new versions of the gallery come from.
    pub source: Box<dyn GallerySource>,
    /// What was loaded, and is not in use yet: the database failed.
    pub pending: Mutex<Option<Loaded>>,
    /// Why the newest version cannot be used, if it cannot.
    pub trouble: Mutex<Option<String>>,
    /// Whether a reference of it was found damaged.
    pub damaged: AtomicBool,
}

impl Desk {
    /// With nothing the matter.
    pub(super) fn new(engine: Arc<Engine>, source: Box<dyn GallerySource>) -> Self {
        Self { engine, source, pending: Mutex::default(), trouble: Mutex::default(), damaged: AtomicBool::new(false) }
    }

    /// Whether its gallery is still where it comes from: where it is not, nothing is accepted or answered.
    pub(crate) fn is_there(&self) -> bool {
        self.source.is_there()
    }

    /// What was agreed on the service.
    pub(crate) fn terms(&self) -> Result<&ServiceTerms, HttpProblem> {
        // No agreement is served without: see `Server::new`.
        self.engine.agreement().terms().service.as_ref().ok_or_else(HttpProblem::not_found)
    }
}

/// Requesters by certificate.
pub(crate) type Requesters = BTreeMap<Hash, Arc<Requester>>;

/// What all connections share.
pub(crate) struct State {
    pub custody: Mutex<Custody>,
    /// Agreements by digest.
    pub desks: BTreeMap<Hash, Desk>,
    /// What a reload changes.
    renewed: RwLock<Renewed>,
    /// Jobs that wait.
    pub queue: Queue,
    /// Answers that were computed and are not released.
    pub held: Held,
    /// Who gets in.
    pub admission: Admission,
    /// What is counted for `/metrics`.
    pub metrics: Metrics,
    /// Why it is not ready, if it is not.
    pub doubts: Doubts,
    /// The clock.
    pub clock: Clock,
    /// Seeds of the workers' generators, and names of requests.
    rng: Mutex<ChaCha20Rng>,
    /// Orders of operators are carried out one at a time, however many come.
    pub orders: Arc<Semaphore>,
    /// Told to stop.
    pub stopping: AtomicBool,
    /// Why it has to end: another server serves from the database, or may.
    over: OnceLock<StoreError>,
}

/// What a reload changes: all of it, or nothing.
#[derive(Clone)]
pub(crate) struct Renewed {
    /// TLS.
    pub tls: Arc<Acceptance>,
    /// When our certificate ends.
    pub until: Option<Time>,
    /// When the first list of revoked certificates is to be replaced by another.
    pub lists_until: Option<Time>,
    /// Who may ask.
    pub requesters: Arc<Requesters>,
    /// What is not exceeded.
    pub limits: Limits,
}

impl Renewed {
    /// Whether whoever shows this chain is registered, and it and this exchange of keys are taken at this time.
    pub(crate) fn admits(&self, chain: &[CertificateDer<'_>], group: Option<NamedGroup>, now: Time) -> bool {
        let seconds = u64::try_from(now.millis().div_euclid(1000)).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        chain.first().is_some_and(|own| self.requesters.contains_key(&Hash::of(own)))
            && self.tls.takes(chain, group, time)
    }
}

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

impl State {
    pub(super) fn new(
        custody: Custody,
        desks: BTreeMap<Hash, Desk>,
        renewed: Renewed,
        metrics: Metrics,
        clock: Clock,
        rng: &mut dyn CryptoRng,
    ) -> Self {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        let (limits, requesters) = (renewed.limits, renewed.requesters.len());
        Self {
            custody: Mutex::new(custody),
            desks,
            queue: Queue::new(limits.queue, requesters, limits.workers),
            held: Held::default(),
            admission: Admission::new(&limits, requesters),
            renewed: RwLock::new(renewed),
            metrics,
            doubts: Doubts::new(clock()),
            clock,
            rng: Mutex::new(ChaCha20Rng::from_seed(*seed)),
            orders: Arc::new(Semaphore::new(1)),
            stopping: AtomicBool::new(false),
            over: OnceLock::new(),
        }
    }

    /// What holds now, until the next reload.
    pub(crate) fn renewed(&self) -> Renewed {
        self.renewed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From here on this holds.
    pub(super) fn renew(&self, renewed: Renewed) {
        let (limits, requesters) = (renewed.limits, renewed.requesters.len());
        self.admission.signing.keep(|code| renewed.requesters.values().any(|requester| requester.code == *code));
        *self.renewed.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        self.queue.resize(limits.queue, requesters);
        self.admission.resize(&limits, requesters);
    }

    /// What it does not exceed.
    pub(crate) fn limits(&self) -> Limits {
        self.renewed.read().unwrap_or_else(PoisonError::into_inner).limits
    }

    /// Who has this certificate, if it is registered.
    pub(crate) fn requester(&self, certificate: &Hash) -> Option<Arc<Requester>> {
        self.renewed.read().unwrap_or_else(PoisonError::into_inner).requesters.get(certificate).map(Arc::clone)
    }

    /// Another server serves from the database, or may: nothing of ours is kept any more, so that the server ends.
    pub(super) fn end_for(&self, error: &StoreError) {
        if self.over.set(error.clone()).is_ok() {
            tracing::error!("{}", error.in_full());
        }
    }

    /// Why it has to end, if it has to.
    pub(crate) fn over(&self) -> Option<&StoreError> {
        self.over.get()
    }

    /// What is under way when it ends gets so long: none, where nothing of it could be kept.
    pub(crate) fn grace(&self) -> Duration {
        if self.over().is_some() { Duration::ZERO } else { self.limits().grace }
    }

    /// The time.
    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    /// The time, for what is written or deleted by it: a clock that is in doubt does neither.
    ///
    /// # Errors
    ///
    /// [`ClockInDoubt`].
    pub(crate) fn sure(&self) -> Result<Time, ClockInDoubt> {
        let now = self.now();
        if self.doubts.clock(now).is_some() { Err(ClockInDoubt) } else { Ok(now) }
    }

    /// Works on the database; blocks, so only on threads that may.
    pub(crate) fn with_custody<T>(&self, work: impl FnOnce(&mut Custody) -> T) -> T {
        work(&mut self.custody.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works on the database, from a task.
    pub(crate) async fn custody<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Custody) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, HttpProblem> {
        self.blocking(move |state| state.with_custody(work).map_err(HttpProblem::from)).await
    }

    /// Does what takes time, from a task.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, HttpProblem> + Send + 'static,
    ) -> Result<T, HttpProblem> {
        let state = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&state)).await;
        done.unwrap_or_else(|_| Err(HttpProblem::unavailable("the request could not be served; try again")))
    }

    /// Exemptions were read anew: to be told by whoever keeps account of them.
    pub(super) fn exemptions_read(&self, agreement: &Hash, loaded: &Loaded) {
        self.metrics.report_exempt(agreement, loaded);
    }

    /// What the answer to a job that waits in the database costs.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where its query cannot be read.
    pub(crate) fn cost(&self, job: &Waiting) -> Result<Cost, StoreError> {
        let work = match self.with_custody(|custody| custody.work(&job.id)) {
            // Its worker will say so.
            Err(StoreError::Damaged(_)) => None,
            work => work?,
        };
        let desk = self.desks.get(&job.agreement);
        let facts = work.zip(desk).and_then(|(work, desk)| desk.engine.read_query(&work.query).ok());
        Ok(facts.map_or(Cost::NONE, |facts| facts.cost))
    }

    /// A generator for one worker.
    pub(crate) fn generator(&self) -> ChaCha20Rng {
        ChaCha20Rng::from_rng(&mut *self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Names a request.
    pub(crate) fn request_id(&self) -> String {
        use rand::RngCore;
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:016x}", rng.next_u64())
    }
}
