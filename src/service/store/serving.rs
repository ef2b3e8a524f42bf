//! Who serves from a PostgreSQL database, where several could: one at a time, each for a *term*.
//!
//! Whoever serves holds an advisory lock for as long as its session lives, and has raised the term by one when it began. Its steps look
//! at the term under the lock that every step takes on `about`: of a server whose term is over nothing happens any more, whatever it
//! believes (a *fencing token*: M. Kleppmann, Designing Data-Intensive Applications, 2017, chapter 8). From then on it also *beats*, by a
//! connection of its own, so that those who stand by tell one that hangs from one that is busy; and one that is cut off ends by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use postgres::Client;

use super::StoreError;

/// One row: the term, and how often its server has beaten.
pub(super) const SERVING: &str =
    "CREATE TABLE IF NOT EXISTS serving (name TEXT PRIMARY KEY, term BIGINT NOT NULL, beat BIGINT NOT NULL)";

/// Names the lock of a serving process among PostgreSQL's advisory locks: "cotejo".
const ADVISORY_LOCK: i64 = 0x636f_7465_6a6f;
/// The sessions that hold it, of this database.
const HOLDERS: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                       AND classid::bigint = ($1::bigint >> 32) AND objid::bigint = ($1::bigint & 4294967295)";
/// A session that was told to end has ended within this.
const ENDED: Duration = Duration::from_secs(3);

/// A server beats so often.
const BEAT: Duration = Duration::from_secs(1);
/// A server for which the database has done nothing for so long is cut off: whoever stands by has taken over in half that time.
const CUT_OFF: Duration = Duration::from_secs(10);

/// The right to serve, until somebody else takes it.
#[derive(Debug)]
pub(super) struct Claim {
    term: i64,
    /// PostgreSQL's process that holds the lock for us.
    session: i32,
    heart: Arc<Heart>,
}

/// Beats for a server, from its claim on until that is given back; knows whether the database still does anything for it.
#[derive(Debug, Default)]
pub(crate) struct Heart {
    /// Since when it does nothing, if so.
    failing: Mutex<Option<Instant>>,
    /// Why the server cannot go on.
    over: OnceLock<StoreError>,
    stopped: AtomicBool,
}

impl Heart {
    fn start(mut beat: impl FnMut() -> Result<(), StoreError> + Send + 'static) -> Result<Arc<Self>, StoreError> {
        let heart = Arc::new(Self::default());
        let ours = Arc::clone(&heart);
        let beating = move || {
            while !ours.stopped.load(Ordering::Relaxed) {
                let begun = Instant::now();
                match beat() {
                    Ok(()) => ours.succeeded(),
                    Err(error) => ours.failed(error, begun),
                }
                while begun.elapsed() < BEAT && !ours.stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        };
        let thread = std::thread::Builder::new().name("beat".to_owned()).spawn(beating);
        thread.map_err(|error| StoreError::Unavailable(format!("no thread can be started: {error}")))?;
        Ok(heart)
    }

    /// The database has done something for it: a beat or a step.
    pub(super) fn succeeded(&self) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// It did nothing, of what was begun then.
    fn failed(&self, error: StoreError, begun: Instant) {
        if error == StoreError::TakenOver {
            drop(self.over.set(error));
            return;
        }
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.is_none() {
            tracing::error!(error = %error, "the database does not know that this server is alive");
        }
        failing.get_or_insert(begun);
    }

    /// Whether the server may go on.
    ///
    /// # Errors
    ///
    /// [`StoreError::TakenOver`] where its term is over, [`StoreError::CutOff`] where it may be. From then on it is.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.check_at(Instant::now())
    }

    fn check_at(&self, now: Instant) -> Result<(), StoreError> {
        let failing = *self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = failing.map(|since| now.saturating_duration_since(since));
        if silent.is_some_and(|silent| silent >= CUT_OFF) {
            drop(self.over.set(StoreError::CutOff));
        }
        self.over.get().map_or(Ok(()), |error| Err(error.clone()))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.heart.stopped.store(true, Ordering::Relaxed);
    }
}

/// What a server has shown of itself: another one each time, as long as it is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub term: i64,
    pub beat: i64,
}

impl Claim {
    /// Takes the right for a new term, and begins to beat for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] where another server has it.
    pub(super) fn take(
        link: &mut Client,
        mut beat: impl FnMut(i64) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let Some(session) = lock(link)? else { return Err(StoreError::InUse) };
        let mut step = link.transaction()?;
        step.batch_execute("LOCK TABLE about IN EXCLUSIVE MODE")?;
        let sql = "INSERT INTO serving (name, term, beat) VALUES ('server', 1, 0) \
                   ON CONFLICT (name) DO UPDATE SET term = serving.term + 1 RETURNING term";
        let term = step.query_one(sql, &[])?.try_get(0)?;
        step.commit()?;
        let heart = Heart::start(move || beat(term))?;
        Ok(Self { term, session, heart })
    }

    /// Goes on with the term by another connection: the one before may be lost, and PostgreSQL not know it yet.
    ///
    /// # Errors
    ///
    /// [`StoreError::TakenOver`] where the term is over.
    pub(super) fn resume(&mut self, link: &mut Client) -> Result<(), StoreError> {
        let begun = Instant::now();
        loop {
            self.check(link)?;
            if let Some(session) = lock(link)? {
                self.session = session;
                return self.check(link);
            }
            // Ours of before; whoever else holds it has begun a term, or is about to.
            link.execute(
                &format!("SELECT pg_terminate_backend(pid) FROM ({HOLDERS}) AS held WHERE pid = $2"),
                &[&ADVISORY_LOCK, &self.session],
            )?;
            if begun.elapsed() > ENDED {
                return Err(StoreError::Unavailable("another session holds the lock of the server".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether the term is still this one: in a step, after its lock.
    pub(super) fn check(&self, link: &mut Client) -> Result<(), StoreError> {
        match pulse(link)?.is_some_and(|pulse| pulse.term == self.term) {
            true => Ok(()),
            false => Err(StoreError::TakenOver),
        }
    }

    pub(super) fn heart(&self) -> &Arc<Heart> {
        &self.heart
    }
}

/// The lock, for as long as the session lives; its process. None where another session has it.
fn lock(link: &mut Client) -> Result<Option<i32>, StoreError> {
    let row = link.query_one("SELECT pg_try_advisory_lock($1), pg_backend_pid()", &[&ADVISORY_LOCK])?;
    Ok(if row.try_get(0)? { Some(row.try_get(1)?) } else { None })
}

/// What the server of the newest term has shown; none where none ever served.
pub(super) fn pulse(link: &mut Client) -> Result<Option<Pulse>, StoreError> {
    let row = link.query_opt("SELECT term, beat FROM serving WHERE name = 'server'", &[])?;
    row.map(|row| Ok(Pulse { term: row.try_get(0)?, beat: row.try_get(1)? })).transpose()
}

/// Shows that the server of a term is alive.
///
/// # Errors
///
/// [`StoreError::TakenOver`] where its term is over.
pub(super) fn beat(link: &mut Client, term: i64) -> Result<(), StoreError> {
    match link.execute("UPDATE serving SET beat = beat + 1 WHERE name = 'server' AND term = $1", &[&term])? {
        0 => Err(StoreError::TakenOver),
        _ => Ok(()),
    }
}

/// Ends the session of a server that shows nothing any more, and with it whatever step it is in the middle of; of one that has shown
/// something else since nothing is ended.
pub(super) fn depose(link: &mut Client, last: &Pulse) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM ({HOLDERS}) AS held \
         WHERE EXISTS (SELECT 1 FROM serving WHERE name = 'server' AND term = $2 AND beat = $3)"
    );
    link.execute(&sql, &[&ADVISORY_LOCK, &last.term, &last.beat])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_cut_off_once_nothing_has_succeeded_for_long() {
        let (heart, begun) = (Heart::default(), Instant::now());
        let after = |seconds| begun + Duration::from_secs(seconds);
        let fail = |at| heart.failed(StoreError::Unavailable("away".to_owned()), at);
        // Told to stop and go on, a process has not failed in anything.
        assert_eq!(heart.check_at(after(60)), Ok(()));
        fail(begun);
        fail(after(5));
        assert_eq!(heart.check_at(after(9)), Ok(()));
        heart.succeeded();
        assert_eq!(heart.check_at(after(11)), Ok(()));
        fail(after(11));
        assert_eq!(heart.check_at(after(20)), Ok(()));
        assert_eq!(heart.check_at(after(21)), Err(StoreError::CutOff));
        // Another may have taken over since.
        heart.succeeded();
        assert_eq!(heart.check_at(after(22)), Err(StoreError::CutOff));
    }
}
