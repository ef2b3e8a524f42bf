//! The custodian, online: HTTPS in front of the store, workers behind it.
//!
//! ```text
//!            connection ── routes ── store (a step) ── queue ── workers ── store (a step)
//!  TLS, who,  limits        problems   request, receipt   turns     engine     reply
//! ```
//!
//! What a requester is told, it is told from the store: the queue and the workers can be lost at any moment.

// Sizes and times are the other party's to choose.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod admission;
mod connection;
mod doubts;
mod download;
mod engine;
mod held;
mod keys;
mod limits;
mod metrics;
mod older;
mod operations;
mod orders;
mod pace;
mod problem;
mod queue;
mod readiness;
mod release;
mod reload;
mod routes;
mod standby;
mod state;
mod steady;
mod taking;
mod upkeep;
mod upload;
mod workers;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::CryptoRng;
use tokio::net::TcpListener;

use crate::exchange::ExchangeError;
use crate::planning::Pace;
use crate::remedy::Remedy;
use crate::scheme::Opened;
use crate::service::identity::Identity;
use crate::service::signing::Hash;
use crate::service::store::{Custody, Operator, StoreError};
use crate::service::time::Time;
pub(crate) use engine::computed_with;
pub use engine::{GallerySource, Loaded, Memory, Unloadable};
pub use limits::Limits;
pub use older::Older;
pub use reload::{Reloading, Renewal};
pub use standby::stand_by;
pub use state::{Clock, Requester};
pub use taking::TakingError;

/// A custodian that is ready to serve.
pub struct Server {
    state: Arc<state::State>,
    listener: TcpListener,
    operations: Option<TcpListener>,
    runtime: tokio::runtime::Runtime,
}

/// Where and how a server serves.
pub struct Settings {
    /// Where requesters connect.
    pub listen: SocketAddr,
    /// Where the operator's own tools connect, if they do.
    pub operations: Option<SocketAddr>,
    /// The certificate that is shown, and the authority whose requesters are let in.
    pub identity: Identity,
    /// Who may ask.
    pub requesters: Vec<Requester>,
    /// Whose orders are carried out.
    pub operators: Vec<Operator>,
    /// The agreements, each with its gallery.
    pub agreements: Vec<ServedAgreement>,
    /// What is not exceeded.
    pub limits: Limits,
    /// What engines keep in memory.
    pub memory: Memory,
    /// What time it is.
    pub clock: Clock,
    /// Whether that is right, however long the log was not written to.
    pub trust_clock: bool,
    /// Whether it takes over from another server by itself: see [`stand_by`], which sets it.
    pub takes_over: bool,
}

/// A log is gone on with after so many days, and nobody doubts the clock.
const SILENT_DAYS: u32 = 31;

/// An agreement, and the gallery that is asked under it.
pub struct ServedAgreement {
    /// The agreement.
    pub agreement: Opened,
    /// How fast this machine works under it: when answers are released follows from the plan, not from the work.
    pub pace: Pace,
    /// Where its gallery comes from.
    pub source: Box<dyn GallerySource>,
    /// What came from there already, if anything did.
    pub loaded: Option<Loaded>,
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// An address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address that was configured.
        address: SocketAddr,
        /// What the system says.
        error: std::io::ErrorKind,
    },
    /// The clock may be wrong: what is written with it, and deleted by it, cannot be taken back.
    #[error("the clock is {days} days ahead of the last entry of the log")]
    ClockAhead {
        /// So many.
        days: u64,
    },
    /// The system gave no threads.
    #[error("cannot start threads: {0}")]
    Threads(std::io::ErrorKind),
    /// The database, or who it belongs to.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A gallery.
    #[error(transparent)]
    Gallery(#[from] Unloadable),
    /// A gallery that cannot be taken into use.
    #[error(transparent)]
    Taking(#[from] TakingError),
    /// A gallery or an exempt list that a server does not take over with by itself.
    #[error(transparent)]
    Older(#[from] Older),
    /// A gallery of another agreement.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// An agreement that says nothing of a service.
    #[error("agreement {0} has no [service] table")]
    NoService(Hash),
    /// The same agreement twice, or none.
    #[error("each agreement is served once, and at least one is")]
    Agreements,
    /// The same certificate twice, or none.
    #[error("each requester has a code and a certificate of its own, and there is at least one")]
    Requesters,
}

impl Remedy for ServerError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Store(error) => return error.remedy(),
            Self::Gallery(error) => return error.remedy(),
            Self::Taking(error) => return error.remedy(),
            Self::Older(error) => return error.remedy(),
            Self::Exchange(error) => return error.remedy(),
            Self::ClockAhead { .. } => "set the clock; where it is right, say so: serve --trust-clock",
            Self::Listen { .. } => "choose another address, or end what listens there",
            Self::Threads(..) => "raise the system's limits",
            Self::NoService(_) => "agree on one",
            Self::Agreements | Self::Requesters => "correct the configuration",
        };
        Some(remedy.into())
    }
}

/// Whether a clock is near the log's last entry.
///
/// # Errors
///
/// [`ServerError::ClockAhead`] where it is not.
fn check_silence(custody: &mut Custody, now: Time) -> Result<(), ServerError> {
    let logged = custody.journal().head()?.time;
    if logged != Time::ZERO && logged.plus_days(SILENT_DAYS) < now {
        return Err(ServerError::ClockAhead { days: logged.seconds_until(now).div_euclid(86_400) });
    }
    Ok(())
}

impl Server {
    /// Takes the database for itself, loads the galleries, and listens: from here on connections are accepted, and served by
    /// [`Server::run`].
    ///
    /// # Errors
    ///
    /// [`ServerError`] says what is in the way.
    pub fn new(settings: Settings, mut custody: Custody, rng: &mut dyn CryptoRng) -> Result<Self, ServerError> {
        custody.journal().claim()?;
        let now = (settings.clock)();
        if !settings.trust_clock {
            check_silence(&mut custody, now)?;
        }
        // An administrator who erases has no agreement at hand.
        let log_days =
            settings.agreements.iter().filter_map(|served| Some(served.agreement.terms().service.as_ref()?.log_days));
        custody.journal().retain(log_days.max().unwrap_or(0))?;
        let mut custody = Mutex::new(custody);
        let metrics = metrics::Metrics::new();
        let keys = Arc::new(keys::Prepared::new(settings.memory.key_bytes));
        let mut desks = BTreeMap::new();
        for ServedAgreement { agreement, pace, source, loaded } in settings.agreements {
            let digest = engine::digest(&agreement);
            if agreement.terms().service.is_none() {
                return Err(ServerError::NoService(digest));
            }
            let loaded = source.load()?.or(loaded);
            let loaded = loaded
                .ok_or_else(|| Unloadable { what: "the gallery could not be loaded".to_owned(), remedy: None })?;
            if settings.takes_over {
                // Read anew since it stood by.
                let custody = custody.get_mut().unwrap_or_else(PoisonError::into_inner);
                older::find(custody, &digest, &loaded)?.map_or(Ok(()), Err)?;
            }
            metrics.report_exempt(&digest, &loaded);
            let version = taking::number(&custody, &digest, &loaded, now)?;
            let engine =
                Arc::new(engine::Engine::new(agreement, pace, loaded, version, settings.memory, Arc::clone(&keys))?);
            if desks.insert(digest, state::Desk::new(engine, source)).is_some() {
                return Err(ServerError::Agreements);
            }
        }
        let mut custody = custody.into_inner().unwrap_or_else(PoisonError::into_inner);
        let requesters = reload::registered(&mut custody, settings.requesters, &settings.operators, now)?;
        if desks.is_empty() {
            return Err(ServerError::Agreements);
        }
        let waiting = custody.waiting()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(64)
            .enable_all()
            .build()
            .map_err(|error| ServerError::Threads(error.kind()))?;
        let listen = |address: SocketAddr| {
            let listening = runtime.block_on(async { connection::listen(address) });
            listening.map_err(|error| ServerError::Listen { address, error: error.kind() })
        };
        let listener = listen(settings.listen)?;
        let operations = settings.operations.map(listen).transpose()?;
        let renewed = reload::renewed(&settings.identity, requesters, settings.limits);
        let state = state::State::new(custody, desks, renewed, metrics, settings.clock, rng);
        for job in waiting {
            let cost = state.cost(&job)?;
            state.queue.push(queue::Costed { job, cost });
        }
        Ok(Self { state: Arc::new(state), listener, operations, runtime })
    }

    /// Where requesters connect: with the port that the system chose, where it was asked to.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Where the operator's tools connect.
    pub fn operations_address(&self) -> Option<SocketAddr> {
        self.operations.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Has it go on with another configuration while it serves.
    pub fn reloading(&self) -> Reloading {
        Reloading::new(Arc::clone(&self.state))
    }

    /// The document that describes the interface, as JSON.
    pub fn openapi(&self) -> String {
        routes::router(Arc::clone(&self.state)).1.to_pretty_json().unwrap_or_default()
    }

    /// Serves until `stop` says so; then takes no more, lets what is worked on finish within the grace period, and leaves the rest in
    /// the database.
    ///
    /// # Errors
    ///
    /// [`ServerError::Threads`] where a thread cannot be started, [`StoreError::TakenOver`] where another server serves from the database
    /// now, [`StoreError::CutOff`] where it cannot be reached and another may.
    pub fn run(self, stop: impl Fn() -> bool + Send + 'static) -> Result<(), ServerError> {
        let Self { state, listener, operations, runtime } = self;
        let threads = |name: String, work: fn(&Arc<state::State>)| {
            let state = Arc::clone(&state);
            let thread = std::thread::Builder::new().name(name).spawn(move || work(&state));
            thread.map_err(|error| ServerError::Threads(error.kind()))
        };
        let mut workers = Vec::new();
        for number in 0..state.limits().workers.max(1) {
            workers.push(threads(format!("worker {number}"), workers::work)?);
        }
        let release = threads("release".to_owned(), release::release)?;
        let upkeep = threads("upkeep".to_owned(), upkeep::keep_up)?;
        if let Some(listener) = operations {
            runtime.spawn(operations::serve(listener, operations::router(Arc::clone(&state))));
        }
        let stopping = Arc::clone(&state);
        let heart = state.with_custody(|custody| custody.journal().heart());
        let stopped = async move {
            while !stop() && stopping.over().is_none() {
                if let Some(Err(error)) = heart.as_ref().map(|heart| heart.check()) {
                    stopping.end_for(&error);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            stopping.stopping.store(true, Ordering::Relaxed);
            stopping.queue.close();
        };
        let router = routes::router(Arc::clone(&state)).0;
        runtime.block_on(connection::serve(listener, router, Arc::clone(&state), stopped));
        state.queue.close();
        let (begun, grace) = (Instant::now(), state.grace());
        let within_grace = |ended: &dyn Fn() -> bool| {
            while !ended() && begun.elapsed() < grace {
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        within_grace(&|| workers.iter().all(std::thread::JoinHandle::is_finished));
        state.held.close();
        within_grace(&|| release.is_finished());
        // What is not finished or released by now is worked on again after the next start.
        state.held.drop_all();
        state.queue.stop_all();
        workers.into_iter().chain([release, upkeep]).for_each(|thread| drop(thread.join()));
        runtime.shutdown_timeout(Duration::from_secs(2));
        state.with_custody(|custody| custody.journal().close());
        state.over().map_or(Ok(()), |error| Err(error.clone().into()))
    }
}
