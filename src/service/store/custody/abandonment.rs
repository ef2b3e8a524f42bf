//! Requests that their requester goes on with no more, also those that this database does not know.

use super::answers::end;
use super::{Custody, JobState};
use crate::agreement::Code;
use crate::service::audit::Event;
use crate::service::protocol::Abandonment;
use crate::service::protocol::limits::LOST_A_DAY;
use crate::service::signing::{Name, Signed};
use crate::service::store::StoreError;
use crate::service::time::Time;

/// What became of an abandonment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// It is in the log, and this job is over.
    Job(Name),
    /// It is in the log; no job is known.
    Lost,
    /// As many of this requester's lost requests were abandoned on this day as are admitted.
    TooMany,
}

impl Custody {
    /// Keeps a requester's word that it goes on with a request no more. A job of that request is ended, as by [`Custody::delete`]. The
    /// same word again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn abandoned(
        &mut self,
        requester: &Code,
        statement: &Signed<Abandonment>,
        said: &Abandonment,
        now: Time,
    ) -> Result<Abandoned, StoreError> {
        self.journal.step(|step| {
            let request = &said.request;
            let sql = "SELECT id, state FROM jobs WHERE requester = ?1 AND request_digest = ?2";
            let job = step.row(sql, &[requester.into(), request.into()])?;
            let job =
                job.map(|mut row| Ok::<(Name, JobState), StoreError>((row.parsed()?, row.parsed()?))).transpose()?;
            let day = step.time(now)?.day();
            let sql = "SELECT request FROM abandonments WHERE requester = ?1 AND request = ?2";
            if step.row(sql, &[requester.into(), request.into()])?.is_none() {
                let sql = "SELECT COUNT(*) FROM abandonments WHERE requester = ?1 AND day = ?2";
                let today = step.row(sql, &[requester.into(), (&day).into()])?.map_or(Ok(0), |mut row| row.count())?;
                if job.is_none() && today >= LOST_A_DAY {
                    return Ok(Abandoned::TooMany);
                }
                let sql = "INSERT INTO abandonments (requester, request, day) VALUES (?1, ?2, ?3)";
                step.execute(sql, &[requester.into(), request.into(), (&day).into()])?;
                let statement = Some(statement.clone());
                step.log(Event::Abandoned { request: *request, statement }, now)?;
            }
            let Some((job, state)) = job else { return Ok(Abandoned::Lost) };
            end(step, &job, *request, state, now)?;
            Ok(Abandoned::Job(job))
        })
    }
}
