//! A server that waits until no other serves from its database.
//!
//! It does not listen for requesters: whoever connects to it by one of several addresses goes on to the next. The operator's port tells
//! that it is well, and that it is not ready.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

use super::{ServerError, Settings, connection, engine, older, operations};
use crate::remedy::Remedy;
use crate::service::store::{Custody, Pulse, StoreError};

/// The other server is looked at so often.
const LOOK: Duration = Duration::from_millis(250);
/// Galleries are looked at so often, as by a server that serves.
const READ: Duration = Duration::from_secs(1);
/// A server whose session has ended may come back within this: the database itself was started anew, say.
const QUIET: Duration = Duration::from_secs(2);
/// A server that has a session, and has not beaten for so long, hangs, or its machine is gone.
const SILENT: Duration = Duration::from_secs(5);

/// What a server says that has seen more of the log than there is: a copy of PostgreSQL that lagged goes on in its place, say.
const LOST: &str = "the log does not hold what this server has seen of it: entries were lost, or another database is in its place; nobody \
                    takes over; where that is in order, start this server again";

/// Waits until nobody else serves from the database, and takes it; whether it did: else `stop` said so.
///
/// Galleries and exempt lists are read anew meanwhile, whenever they change. With one that is or may be older than what was answered from
/// last it does not take over: see [`Older`](super::Older).
///
/// # Errors
///
/// [`ServerError`] where it cannot wait.
pub fn stand_by(settings: &mut Settings, custody: &mut Custody, stop: impl Fn() -> bool) -> Result<bool, ServerError> {
    let told = Told::default();
    let _operations = settings.operations.map(|address| Operations::open(address, &told)).transpose()?;
    let mut watched = Watched::new(Instant::now());
    let (mut read, mut lacking) = (Instant::now(), behind(settings, custody));
    tracing::info!("standing by");
    while !stop() {
        if read.elapsed() >= READ {
            (read, lacking) = (Instant::now(), behind(settings, custody));
        }
        told.say(match (watched.look(custody), &lacking) {
            (Err(error), _) => error.in_full(),
            (_, Err(error)) => error.in_full(),
            (Ok(standing), Ok(Some(Lack::Entries))) => {
                if standing != Standing::Serving {
                    // So that nobody else goes on from here either: one that was started since knows nothing of them.
                    drop(custody.journal().claim());
                }
                LOST.to_owned()
            }
            (Ok(_), Ok(Some(Lack::Other(what)))) => what.clone(),
            (Ok(Standing::Serving), Ok(None)) => "standing by: another server serves".to_owned(),
            (Ok(standing), Ok(None)) => match take(standing, &watched, settings, custody) {
                Ok(true) => {
                    settings.takes_over = true;
                    return Ok(true);
                }
                Ok(false) => "standing by: another server holds the database".to_owned(),
                Err(error) => error.in_full(),
            },
        });
        std::thread::sleep(LOOK);
    }
    Ok(false)
}

/// Why a server does not take over.
enum Lack {
    /// The log does not hold what was seen of it.
    Entries,
    Other(String),
}

/// Takes the database; whether nobody else did, and every gallery is still what it was seen to be.
fn take(
    standing: Standing,
    watched: &Watched,
    settings: &mut Settings,
    custody: &mut Custody,
) -> Result<bool, StoreError> {
    if let (Standing::Silent, Some(pulse)) = (standing, &watched.pulse) {
        tracing::warn!("the server shows nothing any more: its session is ended");
        custody.journal().depose(pulse)?;
    }
    match custody.journal().claim() {
        Ok(()) if behind(settings, custody).is_ok_and(|behind| behind.is_none()) => {
            tracing::warn!("taking over");
            Ok(true)
        }
        Ok(()) => {
            custody.journal().release();
            Ok(false)
        }
        Err(StoreError::InUse) => Ok(false),
        Err(error) => {
            custody.journal().release();
            Err(error)
        }
    }
}

/// Follows the log; reads galleries and exempt lists that have changed; says what is older than what was there or was answered from last, if
/// anything is, or cannot be read.
fn behind(settings: &mut Settings, custody: &mut Custody) -> Result<Option<Lack>, StoreError> {
    match custody.journal().follow() {
        Err(StoreError::Gone) => return Ok(Some(Lack::Entries)),
        followed => followed?,
    }
    for served in &mut settings.agreements {
        match served.source.load() {
            Ok(None) => {}
            Ok(newer) => served.loaded = newer,
            Err(error) => return Ok(Some(Lack::Other(error.in_full()))),
        }
        let Some(loaded) = &served.loaded else {
            return Ok(Some(Lack::Other("a gallery could not be read".to_owned())));
        };
        if let Some(older) = older::find(custody, &engine::digest(&served.agreement), loaded)? {
            return Ok(Some(Lack::Other(older.in_full())));
        }
    }
    Ok(None)
}

/// How the other server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It shows that it is alive, or may still do so.
    Serving,
    /// It has shown nothing for a while: its right may be free.
    Quiet,
    /// It has shown nothing for so long that it is ended.
    Silent,
}

/// What the other server has shown last, and since when.
struct Watched {
    pulse: Option<Pulse>,
    since: Instant,
}

impl Watched {
    fn new(now: Instant) -> Self {
        Self { pulse: None, since: now }
    }

    fn look(&mut self, custody: &mut Custody) -> Result<Standing, StoreError> {
        let begun = Instant::now();
        let pulse = custody.journal().pulse();
        if pulse.is_err() {
            // What this server may have held.
            custody.journal().release();
        }
        let standing = self.see(pulse, begun, Instant::now())?;
        // It shows itself.
        let held = custody.journal().heart().is_some();
        Ok(if held { Standing::Quiet } else { standing })
    }

    /// What was shown when it was asked for, from `begun` until `now`.
    fn see(
        &mut self,
        pulse: Result<Option<Pulse>, StoreError>,
        begun: Instant,
        now: Instant,
    ) -> Result<Standing, StoreError> {
        // Where the database cannot be asked, or not for a while, nobody can show anything.
        let pulse = pulse.inspect_err(|_| self.since = now)?;
        if pulse.is_none() {
            return Ok(Standing::Quiet);
        }
        if pulse != self.pulse || now.saturating_duration_since(begun) >= QUIET {
            (self.pulse, self.since) = (pulse, now);
        }
        let quiet = now.saturating_duration_since(self.since);
        Ok(match quiet {
            _ if quiet >= SILENT => Standing::Silent,
            _ if quiet >= QUIET => Standing::Quiet,
            _ => Standing::Serving,
        })
    }
}

/// What is told to operators: logged where it is another than before.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<String>>);

impl Told {
    fn say(&self, what: String) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *said != what {
            tracing::info!("{what}");
            *said = what;
        }
    }

    fn said(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The operator's port, until the server itself opens it.
struct Operations(Option<tokio::runtime::Runtime>);

impl Operations {
    fn open(address: std::net::SocketAddr, told: &Told) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| ServerError::Threads(error.kind()))?;
        let listener: std::io::Result<TcpListener> = runtime.block_on(async { connection::listen(address) });
        let listener = listener.map_err(|error| ServerError::Listen { address, error: error.kind() })?;
        let told = told.clone();
        let ready = async move || (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", told.said()));
        let router = Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready));
        runtime.spawn(operations::serve(listener, router));
        Ok(Self(Some(runtime)))
    }
}

impl Drop for Operations {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database that is away for ten seconds has not let the other server show anything either.
    #[test]
    fn silence_counts_while_the_database_can_be_asked() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut watched = Watched::new(start);
        let shown = |beat| Ok(Some(Pulse { term: 1, beat }));
        assert_eq!(watched.see(shown(1), start, start), Ok(Standing::Serving));
        let away = Err(StoreError::Unavailable("away".to_owned()));
        assert!(watched.see(away, after(1), after(11)).is_err());
        assert_eq!(watched.see(shown(1), after(11), after(11)), Ok(Standing::Serving));
        // It answers in the end.
        assert_eq!(watched.see(shown(1), after(12), after(20)), Ok(Standing::Serving));
        assert_eq!(watched.see(shown(1), after(24), after(24)), Ok(Standing::Quiet));
        assert_eq!(watched.see(shown(1), after(25), after(25)), Ok(Standing::Silent));
        assert_eq!(watched.see(shown(2), after(26), after(26)), Ok(Standing::Serving));
    }

    #[test]
    fn what_is_told_is_the_last_that_was_said() {
        let told = Told::default();
        told.say("one".to_owned());
        told.clone().say("two".to_owned());
        assert_eq!(told.said(), "two");
    }
}
