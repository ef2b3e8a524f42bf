//! What all connections share.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use rand::{CryptoRng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tokio::sync::Semaphore;

use super::engine::{Engine, GallerySource, Loaded};
use super::held::Held;
use super::metrics::Metrics;
use super::problem::HttpProblem;
use super::queue::{Cost, Queue};
use crate::agreement::{Code, ServiceTerms};
use crate::service::signing::{Hash, PublicKey};
use crate::service::store::{Custody, StoreError, Waiting};
use crate::service::time::Time;

/// Somebody who may ask.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Their code in requests.
    pub code: Code,
    /// SHA-256 of the certificate that they present, in DER.
    pub certificate: Hash,
    /// What their statements are signed with.
    pub key: PublicKey,
    /// Digests of the agreements under which they may ask.
    pub agreements: Vec<Hash>,
}

/// What a server does not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Jobs that wait.
    pub queue: usize,
    /// Jobs that are worked on at a time.
    pub workers: usize,
    /// Connections that are open at a time.
    pub connections: usize,
    /// Bytes of uploads in memory, of all connections together.
    pub upload_bytes: u64,
    /// A client that sends nothing for so long is cut off; also one that reads nothing.
    pub stall: std::time::Duration,
    /// What is worked on may take so long to finish when the server is told to stop.
    pub grace: std::time::Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 1000,
            // One more than there are cores: while one waits for the disk, the others compute.
            workers: std::thread::available_parallelism().map_or(1, usize::from).saturating_add(1),
            connections: 1024,
            upload_bytes: 256 << 20,
            stall: std::time::Duration::from_secs(10),
            grace: std::time::Duration::from_secs(30),
        }
    }
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
}

impl Desk {
    pub(super) fn new(engine: Arc<Engine>, source: Box<dyn GallerySource>) -> Self {
        Self { engine, source, pending: Mutex::default(), trouble: Mutex::default() }
    }

    /// What was agreed on the service.
    pub(crate) fn terms(&self) -> Result<&ServiceTerms, HttpProblem> {
        // No agreement is served without: see `Server::new`.
        self.engine.agreement().terms().service.as_ref().ok_or_else(HttpProblem::not_found)
    }
}

/// What all connections share.
pub(crate) struct State {
    pub custody: Mutex<Custody>,
    /// Agreements by digest.
    pub desks: BTreeMap<Hash, Desk>,
    /// Requesters by certificate.
    pub requesters: BTreeMap<Hash, Requester>,
    /// Jobs that wait.
    pub queue: Queue,
    /// Answers that were computed and are not released.
    pub held: Held,
    /// Bytes that uploads may still take, in KiB.
    pub uploads: Arc<Semaphore>,
    /// What it does not exceed.
    pub limits: Limits,
    /// What is counted for `/metrics`.
    pub metrics: Metrics,
    /// The clock.
    pub clock: Clock,
    /// Seeds of the workers' generators, and names of requests.
    rng: Mutex<ChaCha20Rng>,
    /// Told to stop.
    pub stopping: AtomicBool,
    /// Open connections by requester.
    open: Mutex<BTreeMap<Code, usize>>,
}

/// A requester's connection, counted as long as this lives.
pub(crate) struct Open {
    state: Arc<State>,
    requester: Code,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.state.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.requester) {
            *count = count.saturating_sub(1);
        }
    }
}

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

impl State {
    pub(super) fn new(
        custody: Custody,
        desks: BTreeMap<Hash, Desk>,
        requesters: BTreeMap<Hash, Requester>,
        metrics: Metrics,
        limits: Limits,
        clock: Clock,
        rng: &mut dyn CryptoRng,
    ) -> Self {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self {
            custody: Mutex::new(custody),
            desks,
            queue: Queue::new(limits.queue, requesters.len(), limits.workers),
            held: Held::default(),
            requesters,
            uploads: Arc::new(Semaphore::new(kib(limits.upload_bytes) as usize)),
            limits,
            metrics,
            clock,
            rng: Mutex::new(ChaCha20Rng::from_seed(*seed)),
            stopping: AtomicBool::new(false),
            open: Mutex::default(),
        }
    }

    /// Counts a connection of a requester; none where it has its share already: half of all, where there are others.
    pub(crate) fn open(self: &Arc<Self>, requester: &Code) -> Option<Open> {
        let share =
            if self.requesters.len() > 1 { (self.limits.connections / 2).max(1) } else { self.limits.connections };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(requester.clone()).or_default();
        (*count < share).then(|| {
            *count = count.saturating_add(1);
            Open { state: Arc::clone(self), requester: requester.clone() }
        })
    }

    /// The time.
    pub(crate) fn now(&self) -> Time {
        (self.clock)()
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

/// Rounded up.
pub(crate) fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}
