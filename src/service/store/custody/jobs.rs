//! Looking jobs up.

use super::{Custody, Job, Waiting, replays};
use crate::agreement::Code;
use crate::scheme::Randomness;
use crate::service::protocol::limits::JOBS_LISTED;
use crate::service::protocol::{Receipt, Request};
use crate::service::signing::{Hash, Name, Signed};
use crate::service::store::StoreError;
use crate::service::store::values::{Row, Value};
use zeroize::Zeroizing;

const COLUMNS: &str = "id, agreement, number, state, accepted, probes, receipt, reply, answer IS NOT NULL";

/// What is to be answered.
pub struct Work {
    /// The request.
    pub request: Request,
    /// The query's file.
    pub query: Vec<u8>,
    /// What the answer is drawn from; none for a job that was accepted by an earlier version.
    pub randomness: Option<Randomness>,
}

impl Custody {
    /// Every job that waits, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn waiting(&mut self) -> Result<Vec<Waiting>, StoreError> {
        let sql = "SELECT id, requester, agreement FROM jobs WHERE state = 'waiting' ORDER BY sequence";
        let rows = self.journal.database.read(sql, &[])?;
        let waiting =
            |mut row: Row| Ok(Waiting { id: row.parsed()?, requester: row.parsed()?, agreement: row.parsed()? });
        rows.into_iter().map(waiting).collect()
    }

    /// What to work on: the request and its query; none if the job no longer waits.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read; [`StoreError::Damaged`] also where request or query are not those that were accepted:
    /// somebody has changed the database.
    pub(crate) fn work(&mut self, job: &Name) -> Result<Option<Work>, StoreError> {
        let sql = "SELECT request, jobs.query, request_digest, requester, jobs.agreement, seed, receipt FROM jobs \
             LEFT JOIN replays ON replays.job = jobs.id WHERE id = ?1 AND state = 'waiting'";
        let rows = self.journal.database.read(sql, &[job.into()])?;
        let work = |mut row: Row| {
            let damaged = |_| StoreError::Damaged("request");
            let statement = Signed::<Request>::from_json(&row.text()?).map_err(damaged)?;
            let request = statement.verify(None).map_err(damaged)?;
            let (query, digest): (_, Hash) = (row.bytes()?, row.parsed()?);
            let of: (Code, Hash) = (row.parsed()?, row.parsed()?);
            if statement.digest() != digest || of != (request.requester.clone(), request.agreement) {
                return Err(StoreError::Damaged("request"));
            }
            let seed = row.maybe_bytes()?.map(Zeroizing::new);
            let randomness = seed.map(|seed| replays::randomness(&seed)).transpose()?;
            let receipt = Signed::<Receipt>::from_json(&row.text()?).and_then(|receipt| receipt.verify(None));
            let promised = receipt.map_err(|_| StoreError::Damaged("receipt"))?.randomness;
            if promised.map(|promised| promised.0) != randomness.as_ref().map(|drawn| drawn.commitment(&digest.0)) {
                return Err(StoreError::Damaged("seed of an answer"));
            }
            match Hash::of(&query) == request.query_digest {
                true => Ok(Work { request, query, randomness }),
                false => Err(StoreError::Damaged("query")),
            }
        };
        rows.into_iter().next().map(work).transpose()
    }

    /// A job, for its requester.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn job(&mut self, requester: &Code, id: &Name) -> Result<Option<Job>, StoreError> {
        let sql = format!("SELECT {} FROM jobs WHERE requester = ?1 AND id = ?2", columns());
        self.jobs_of(&sql, &[requester.into(), id.into()]).map(|jobs| jobs.into_iter().next())
    }

    /// A requester's jobs, the latest first, at most 100: those before a certain one, if one is named.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub(crate) fn jobs(&mut self, requester: &Code, before: Option<&Name>) -> Result<Vec<Job>, StoreError> {
        let earlier = match before {
            Some(_) => "AND sequence < (SELECT sequence FROM jobs WHERE id = ?3 AND requester = ?1)",
            None => "",
        };
        let sql = format!(
            "SELECT {} FROM jobs WHERE requester = ?1 AND state <> 'deleted' {earlier} ORDER BY sequence DESC LIMIT ?2",
            columns()
        );
        let mut values: Vec<Value> = vec![requester.into(), JOBS_LISTED.into()];
        values.extend(before.map(Value::from));
        self.jobs_of(&sql, &values)
    }

    fn jobs_of(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Job>, StoreError> {
        let rows = self.journal.database.read(sql, values)?;
        let job = |mut row: Row| {
            Ok(Job {
                id: row.parsed()?,
                agreement: row.parsed()?,
                number: row.parsed()?,
                state: row.parsed()?,
                accepted: row.time()?,
                probes: row.count()?,
                receipt: Signed::from_json(&row.text()?).map_err(|_| StoreError::Damaged("receipt"))?,
                reply: match row.maybe_text()? {
                    Some(text) => Some(Signed::from_json(&text).map_err(|_| StoreError::Damaged("reply"))?),
                    None => None,
                },
                has_answer: row.int()? != 0,
            })
        };
        rows.into_iter().map(job).collect()
    }
}

/// A truth value is a number in one database and a kind of its own in the other.
fn columns() -> String {
    COLUMNS.replace("answer IS NOT NULL", "CAST(CASE WHEN answer IS NULL THEN 0 ELSE 1 END AS BIGINT)")
}
