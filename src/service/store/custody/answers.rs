//! The end of a request: one reply, once, and what becomes of query and answer.

use super::versions::leaked;
use super::{Computed, Custody, JobState, replays};
use crate::agreement::Code;
use crate::service::audit::Event;
use crate::service::protocol::{Acknowledgement, GalleryRoot, Reason, Reply, ReplyOutcome, Request, charge_returns};
use crate::service::signing::{Hash, Name, Signed};
use crate::service::store::StoreError;
use crate::service::store::logged::LoggedStep;
use crate::service::store::values::Value;
use crate::service::time::Time;

/// How work on a job ended.
pub enum Ending<'a> {
    /// With an answer.
    Answered {
        /// The answer's file.
        answer: &'a [u8],
        /// The version of the gallery that was searched.
        gallery: GalleryRoot,
        /// Bits that it discloses at most.
        bits: u64,
        /// Bits that answers may disclose of the persons in one version.
        limit_bits: u64,
        /// What it was computed on.
        computed: Computed<'a>,
    },
    /// Without one.
    Unanswered(Reason),
}

/// An answer as it is fetched.
pub struct Answered {
    /// The custodian's reply.
    pub reply: Signed<Reply>,
    /// The file.
    pub answer: Vec<u8>,
}

impl Custody {
    /// Replies to a job that waits; none if it no longer does, so that a job has one reply.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the reply cannot be kept: the job still waits.
    pub fn finish(&mut self, job: &Name, ending: &Ending<'_>, now: Time) -> Result<Option<Signed<Reply>>, StoreError> {
        self.journal.step(|step| reply(step, job, ending, now))
    }

    /// How many bytes an answer has, for its requester: none where there is no answer to be had.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn answer_bytes(&mut self, requester: &Code, job: &Name) -> Result<Option<u64>, StoreError> {
        let sql =
            "SELECT CAST(length(answer) AS bigint) FROM jobs WHERE id = ?1 AND requester = ?2 AND answer IS NOT NULL";
        let rows = self.journal.database.read(sql, &[job.into(), requester.into()])?;
        rows.into_iter().next().map(|mut row| row.count()).transpose()
    }

    /// An answer, for its requester: none where there is no such job of theirs, or no answer to be had.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn answer(&mut self, requester: &Code, job: &Name) -> Result<Option<Answered>, StoreError> {
        let sql = "SELECT reply, answer FROM jobs WHERE id = ?1 AND requester = ?2 AND answer IS NOT NULL";
        let rows = self.journal.database.read(sql, &[job.into(), requester.into()])?;
        let answered = |mut row: crate::service::store::values::Row| {
            let reply = Signed::from_json(&row.text()?).map_err(|_| StoreError::Damaged("reply"))?;
            Ok(Answered { reply, answer: row.bytes()? })
        };
        rows.into_iter().next().map(answered).transpose()
    }

    /// Keeps the requester's word that the reply has arrived, and wipes the answer. Whether there was such a job with such a reply. The
    /// first word counts.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn acknowledge(
        &mut self,
        requester: &Code,
        job: &Name,
        statement: &Signed<Acknowledgement>,
        said: &Acknowledgement,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.journal.step(|step| {
            let sql = "SELECT request_digest, reply, acknowledgement FROM jobs WHERE id = ?1 AND requester = ?2";
            let Some(mut row) = step.row(sql, &[job.into(), requester.into()])? else { return Ok(false) };
            let (request, reply, earlier): (Hash, _, _) = (row.parsed()?, row.maybe_text()?, row.maybe_text()?);
            let Some(reply) = reply else { return Ok(false) };
            let reply = Signed::<Reply>::from_json(&reply).map_err(|_| StoreError::Damaged("reply"))?;
            if said.request != request || said.reply != reply.digest() {
                return Ok(false);
            }
            if earlier.is_none() {
                let sql = "UPDATE jobs SET acknowledgement = ?2, answer = NULL WHERE id = ?1";
                step.execute(sql, &[job.into(), statement.to_json().into()])?;
                step.log(Event::Acknowledgement { statement: statement.clone() }, now)?;
            }
            Ok(true)
        })
    }

    /// Deletes what is left of a job; one that waits is cancelled and replied to as such. Whether there was such a job.
    ///
    /// The first few that a requester cancels of a day are not charged: see [`charge_returns`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be done.
    pub fn delete(&mut self, requester: &Code, job: &Name, now: Time) -> Result<bool, StoreError> {
        self.journal.step(|step| {
            let sql = "SELECT request_digest, state FROM jobs WHERE id = ?1 AND requester = ?2";
            let Some(mut row) = step.row(sql, &[job.into(), requester.into()])? else { return Ok(false) };
            let (request, state): (Hash, JobState) = (row.parsed()?, row.parsed()?);
            end(step, job, request, state, now)?;
            // Also what was kept for an auditor: its requester wants it gone.
            replays::forget_query(step, job)?;
            Ok(true)
        })
    }

    /// Deletes answers that nobody fetched in time, and keys that have run out and are no longer needed. Says how many jobs that were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be done.
    pub fn expire(&mut self, agreement: &Hash, answer_days: u32, now: Time) -> Result<u64, StoreError> {
        self.journal.step(|step| {
            let sql = "SELECT id, request_digest FROM jobs \
                       WHERE agreement = ?1 AND state IN ('answered', 'unanswered') AND replied < ?2";
            let rows = step.query(sql, &[agreement.into(), now.minus_days(answer_days).into()])?;
            let mut expired = 0_u64;
            for mut row in rows {
                let job: Name = row.parsed()?;
                wipe(step, &job, row.parsed()?, now)?;
                expired = expired.saturating_add(1);
            }
            // A key stays known for as long again, so that it is not admitted anew.
            let sql = "DELETE FROM keys WHERE agreement = ?1 AND until < ?2 AND NOT EXISTS \
                       (SELECT 1 FROM jobs WHERE jobs.key_id = keys.id AND jobs.state = 'waiting')";
            step.execute(sql, &[agreement.into(), now.minus_days(3650).into()])?;
            let sql = "UPDATE keys SET content = ?3 WHERE agreement = ?1 AND until < ?2 AND NOT EXISTS \
                       (SELECT 1 FROM jobs WHERE jobs.key_id = keys.id AND jobs.state = 'waiting')";
            step.execute(sql, &[agreement.into(), now.into(), [].as_slice().into()])?;
            Ok(expired)
        })
    }
}

/// Ends a job, at whatever state it is: one that waits is cancelled, and query and answer go.
pub(super) fn end(
    step: &mut LoggedStep<'_, '_>,
    job: &Name,
    request: Hash,
    state: JobState,
    now: Time,
) -> Result<(), StoreError> {
    if state == JobState::Waiting {
        reply(step, job, &Ending::Unanswered(Reason::Cancelled), now)?;
    }
    if state == JobState::Deleted { Ok(()) } else { wipe(step, job, request, now) }
}

fn wipe(step: &mut LoggedStep<'_, '_>, job: &Name, request: Hash, now: Time) -> Result<(), StoreError> {
    let sql = "UPDATE jobs SET state = 'deleted', query = NULL, answer = NULL WHERE id = ?1";
    step.execute(sql, &[job.into()])?;
    step.log(Event::Deleted { request }, now)
}

/// How many requests of that day were cancelled before; as many as matter, where the reason is another.
fn cancelled_before(
    step: &mut LoggedStep<'_, '_>,
    of_requester: &[Value],
    day: &str,
    reason: Reason,
) -> Result<u64, StoreError> {
    if reason != Reason::Cancelled {
        return Ok(0);
    }
    // The word may stand elsewhere in a reply: it is read.
    let sql = "SELECT reply FROM jobs WHERE requester = ?1 AND agreement = ?2 AND day = ?3 \
               AND state IN ('unanswered', 'deleted') AND reply LIKE '%cancelled%'";
    let mut before = 0_u64;
    for mut row in step.query(sql, &[of_requester, &[day.into()]].concat())? {
        let reply = Signed::<Reply>::from_json(&row.text()?).and_then(|signed| signed.verify(None));
        let reply = reply.map_err(|_| StoreError::Damaged("reply"))?;
        if reply.outcome == (ReplyOutcome::Unanswered { reason: Reason::Cancelled }) {
            before = before.saturating_add(1);
        }
    }
    Ok(before)
}

fn reply(
    step: &mut LoggedStep<'_, '_>,
    job: &Name,
    ending: &Ending<'_>,
    now: Time,
) -> Result<Option<Signed<Reply>>, StoreError> {
    let sql = "SELECT requester, agreement, request, request_digest, probes, day, person FROM jobs WHERE id = ?1 AND state = 'waiting'";
    let Some(mut row) = step.row(sql, &[job.into()])? else { return Ok(None) };
    let (requester, agreement): (Code, Hash) = (row.parsed()?, row.parsed()?);
    let request = Signed::<Request>::from_json(&row.text()?).and_then(|signed| signed.verify(None));
    let request = request.map_err(|_| StoreError::Damaged("request"))?;
    let (request_digest, probes, day): (Hash, u64, String) = (row.parsed()?, row.count()?, row.text()?);
    let person = row.maybe_text()?;
    let of_requester: [Value; 2] = [(&requester).into(), (&agreement).into()];

    let mut kept_answer = None;
    let (state, outcome) = match *ending {
        Ending::Answered { answer, gallery, bits, limit_bits, ref computed } => {
            let GalleryRoot { version, root } = gallery;
            match leaked(step, &of_requester, version)?.saturating_add(bits) > limit_bits {
                true => (JobState::Unanswered, ReplyOutcome::Unanswered { reason: Reason::Leakage }),
                false => {
                    kept_answer = Some(answer);
                    replays::answered(step, job, computed)?;
                    let parts = (!computed.parts.is_empty()).then(|| Hash::of(computed.parts));
                    let sql = "INSERT INTO leaked (requester, agreement, gallery, bits) VALUES (?1, ?2, ?3, ?4) \
                               ON CONFLICT (requester, agreement, gallery) DO UPDATE SET bits = leaked.bits + ?4";
                    step.execute(sql, &[of_requester.as_slice(), &[version.into(), bits.into()]].concat())?;
                    if let Some(person) = person {
                        let sql = "INSERT INTO asked (requester, agreement, person, bits) VALUES (?1, ?2, ?3, ?4) \
                                   ON CONFLICT (requester, agreement, person) DO UPDATE SET bits = asked.bits + ?4";
                        step.execute(sql, &[of_requester.as_slice(), &[person.into(), bits.into()]].concat())?;
                    }
                    let (answer_digest, root) = (Hash::of(answer), Some(root));
                    let outcome = ReplyOutcome::Answered { answer_digest, gallery: version, bits, parts, root };
                    (JobState::Answered, outcome)
                }
            }
        }
        Ending::Unanswered(reason) => (JobState::Unanswered, ReplyOutcome::Unanswered { reason }),
    };
    let returns = match &outcome {
        ReplyOutcome::Answered { .. } => false,
        ReplyOutcome::Unanswered { reason } => {
            let before = cancelled_before(step, &of_requester, &day, *reason)?;
            charge_returns(*reason, before)
        }
    };
    if returns {
        // Nothing was disclosed: the charge goes back to the day it was taken from.
        let sql = "UPDATE spent SET probes = probes - ?4 WHERE requester = ?1 AND agreement = ?2 AND day = ?3";
        step.execute(sql, &[of_requester.as_slice(), &[day.as_str().into(), probes.into()]].concat())?;
    }
    let (number, time) = (step.head()?.number.saturating_add(1), step.time(now)?);
    let log = Some(step.tree_head()?);
    let reply = Reply { request, request_digest, number, time, outcome, log };
    let reply = step.owner.sign(&reply, "request")?;
    let sql = "UPDATE jobs SET state = ?2, reply = ?3, replied = ?4, answer = ?5, query = NULL WHERE id = ?1";
    let answer = kept_answer.map_or(Value::Null, Value::from);
    step.execute(sql, &[job.into(), state.name().into(), reply.to_json().into(), time.into(), answer])?;
    step.log(Event::Reply { statement: reply.once() }, time)?;
    Ok(Some(reply))
}
