//! Who serves from a PostgreSQL database, where several could: one at a time, each for a *term*.
//!
//! Whoever serves holds an advisory lock for as long as its session lives, and has raised the term by one when it began. Its steps look
//! at the term under the lock that every step takes on `about`: of a server whose term is over nothing happens any more, whatever it
//! believes (a *fencing token*: M. Kleppmann, Designing Data-Intensive Applications, 2017, chapter 8). It also *beats*, by a connection
//! of its own, so that those who stand by tell one that hangs from one that is busy.

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

/// The right to serve, until somebody else takes it.
#[derive(Debug)]
pub(super) struct Claim {
    term: i64,
    /// PostgreSQL's process that holds the lock for us.
    session: i32,
}

/// What a server has shown of itself: another one each time, as long as it is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub term: i64,
    pub beat: i64,
}

impl Claim {
    /// Takes the right for a new term.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] where another server has it.
    pub(super) fn take(link: &mut Client) -> Result<Self, StoreError> {
        let Some(session) = lock(link)? else { return Err(StoreError::InUse) };
        let mut step = link.transaction()?;
        step.batch_execute("LOCK TABLE about IN EXCLUSIVE MODE")?;
        let sql = "INSERT INTO serving (name, term, beat) VALUES ('server', 1, 0) \
                   ON CONFLICT (name) DO UPDATE SET term = serving.term + 1 RETURNING term";
        let term = step.query_one(sql, &[])?.try_get(0)?;
        step.commit()?;
        Ok(Self { term, session })
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

    pub(super) fn term(&self) -> i64 {
        self.term
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

/// Ends the session of a server that shows nothing any more, and with it whatever step it is in the middle of.
pub(super) fn depose(link: &mut Client) -> Result<(), StoreError> {
    link.execute(&format!("SELECT pg_terminate_backend(pid) FROM ({HOLDERS}) AS held"), &[&ADVISORY_LOCK])?;
    Ok(())
}
