//! A querier's side: what was asked, how far it came, and what is needed to go on after a crash.
//!
//! ```text
//! prepared ──► accepted ──► replied ──► acknowledged ──► done
//! ```
//!
//! A request that has no reply can also be abandoned: it is kept, and nobody goes on with it.
//!
//! Each state is kept before the next is begun, so that whatever is sent again is the same.

mod charged;
mod paging;
mod request;
#[cfg(test)]
mod tests;

use rand::CryptoRng;

use super::entries::maybe_about;
use super::logged::LoggedStep;
use super::values::{Row, Value};
use super::{Journal, Location, Owner, StoreError, schema};
use crate::agreement::Code;
use crate::service::audit::{Divergence, Event, Succession};
use crate::service::protocol::{Abandonment, Acknowledgement, Line, Receipt, Reply, Request};
use crate::service::signing::{Hash, Name, Signed, SigningKey};
use crate::service::time::Time;
use crate::service::tree::TreeHead;
pub use charged::Charged;
use charged::Charges;
pub use paging::Totals;
use request::{COLUMNS, LISTED};
pub use request::{ListedRequest, OutboxRequest, RequestState};

/// Under this name a database keeps which divergence it has logged last.
const DIVERGED: &str = "diverged";

/// A querier's database.
pub struct Outbox {
    journal: Journal,
    charges: Charges,
}

impl Outbox {
    /// Opens a querier's database, or makes one.
    ///
    /// # Errors
    ///
    /// As [`Journal::create`].
    pub fn open(
        location: Location,
        owner: Owner,
        rng: Box<dyn CryptoRng + Send>,
        now: Time,
    ) -> Result<Self, StoreError> {
        Ok(Self { journal: Journal::create(location, owner, rng, now)?, charges: Charges::default() })
    }

    /// The log.
    pub fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// Signs a request.
    ///
    /// # Errors
    ///
    /// [`StoreError`] for a request that is too long.
    pub(crate) fn sign(&self, request: &Request) -> Result<Signed<Request>, StoreError> {
        self.journal.owner.sign(request, "request")
    }

    /// Has another key sign from now on: see `Journal::succeed`. What introduces it, to be told to the custodian.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn succeed(self, successor: &SigningKey, now: Time) -> Result<Vec<Signed<Succession>>, StoreError> {
        self.journal.succeed(successor, |_| Ok(()), now)
    }

    /// Keeps a request that is about to be sent; false where its number is taken.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn prepare(&mut self, request: &OutboxRequest, now: Time) -> Result<bool, StoreError> {
        self.prepare_as(request, false, now)
    }

    /// The same of a request about canaries: when its answer is read, the log tells how many of them were found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn prepare_canaries(&mut self, request: &OutboxRequest, now: Time) -> Result<bool, StoreError> {
        self.prepare_as(request, true, now)
    }

    /// Whether a request was about canaries.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn is_about_canaries(&mut self, number: &Code) -> Result<bool, StoreError> {
        Ok(maybe_about(&mut self.journal.database, &canaries_of(number))?.is_some())
    }

    fn prepare_as(&mut self, request: &OutboxRequest, canaries: bool, now: Time) -> Result<bool, StoreError> {
        self.journal.step(|step| {
            if step.row("SELECT number FROM requests WHERE number = ?1", &[(&request.number).into()])?.is_some() {
                return Ok(false);
            }
            let sequence = step.head()?.number.saturating_add(1);
            step.log(Event::Request { statement: request.statement.once() }, now)?;
            let sql = "INSERT INTO requests (number, sequence, agreement, custodian, request_digest, request, query, pending, stage, \
                       nonce) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
            let bytes = |bytes: Option<&[u8]>| bytes.map_or(Value::Null, Value::from);
            let values = [
                (&request.number).into(),
                sequence.into(),
                (&request.agreement).into(),
                request.custodian.as_str().into(),
                (&request.statement.digest()).into(),
                request.statement.to_json().into(),
                bytes(request.query.as_deref()),
                bytes(request.pending.as_ref().map(|pending| pending.as_slice())),
                RequestState::Prepared.name().into(),
                bytes(request.nonce.as_ref().map(<[u8; 32]>::as_slice)),
            ];
            step.execute(sql, &values)?;
            if canaries {
                schema::set_about(step, &canaries_of(&request.number), ASKED)?;
            }
            Ok(true)
        })
    }

    /// Signs a request anew that was not accepted, with the time at which it is sent now; the log tells that nobody goes on with the
    /// statement of before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn renew(&mut self, number: &Code, seen: Option<TreeHead>, now: Time) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let sql = "SELECT request FROM requests WHERE number = ?1 AND stage = 'prepared'";
            let Some(mut row) = step.row(sql, &[number.into()])? else { return Ok(()) };
            let damaged = |_| StoreError::Damaged("request");
            let before = Signed::<Request>::from_json(&row.text()?).map_err(damaged)?;
            let request = Request { time: step.time(now)?, seen, ..before.verify(None).map_err(damaged)? };
            let statement = step.owner.sign(&request, "request")?;
            step.log(Event::Abandoned { request: before.digest(), statement: None }, now)?;
            let sequence = step.head()?.number.saturating_add(1);
            step.log(Event::Request { statement: statement.once() }, now)?;
            let sql = "UPDATE requests SET request = ?2, request_digest = ?3, sequence = ?4 WHERE number = ?1";
            let values = [number.into(), statement.to_json().into(), (&statement.digest()).into(), sequence.into()];
            step.execute(sql, &values).map(drop)
        })
    }

    /// The last head of a custodian's log that we have seen, and found to hold those before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub fn seen(&mut self, custodian: &Code) -> Result<Option<TreeHead>, StoreError> {
        let rows = self.journal.database.read("SELECT head FROM heads WHERE custodian = ?1", &[custodian.into()])?;
        rows.into_iter().next().map(|mut row| row.parsed()).transpose()
    }

    /// Keeps a head of a custodian's log that was found to hold the last one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn see(&mut self, custodian: &Code, head: &TreeHead) -> Result<(), StoreError> {
        self.journal.step(|step| see(step, custodian, head))
    }

    /// Notes that a custodian has shown a log that does not hold what it has shown before: once for each such head.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn diverged(&mut self, diverged: Divergence, now: Time) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let said = format!("{} {}", diverged.custodian, diverged.shown);
            if schema::about(step, DIVERGED)?.as_ref() == Some(&said) {
                return Ok(());
            }
            schema::set_about(step, DIVERGED, &said)?;
            step.log(Event::Diverged(diverged), now)
        })
    }

    /// Goes on from another head of a custodian's log, which need not hold those that were seen: its operator has said why.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn trust(&mut self, custodian: &Code, head: &TreeHead, reason: Line, now: Time) -> Result<(), StoreError> {
        let seen = self.seen(custodian)?;
        self.journal.step(|step| {
            see(step, custodian, head)?;
            schema::set_about(step, &replied_by(custodian), "0")?;
            step.log(Event::Trusted { custodian: custodian.clone(), seen, head: *head, reason }, now)
        })
    }

    /// The custodian's receipt for a request; none while it is not accepted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn receipt(&mut self, number: &Code) -> Result<Option<Signed<Receipt>>, StoreError> {
        let sql = "SELECT receipt FROM requests WHERE number = ?1 AND receipt IS NOT NULL";
        let rows = self.journal.database.read(sql, &[number.into()])?;
        let receipt = |mut row: Row| Signed::from_json(&row.text()?).map_err(|_| StoreError::Damaged("receipt"));
        rows.into_iter().next().map(receipt).transpose()
    }

    /// Keeps the custodian's receipt. The query is no longer needed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn accepted(
        &mut self,
        number: &Code,
        job: &Name,
        receipt: &Signed<Receipt>,
        now: Time,
    ) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let sql = "UPDATE requests SET stage = 'accepted', job = ?2, receipt = ?3, query = NULL \
                       WHERE number = ?1 AND stage = 'prepared'";
            if step.execute(sql, &[number.into(), job.into(), receipt.to_json().into()])? > 0 {
                step.log(Event::Receipt { statement: receipt.clone() }, now)?;
            }
            Ok(())
        })
    }

    /// Keeps the reply, and its answer.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn replied(
        &mut self,
        (custodian, number): (&Code, &Code),
        reply: &Signed<Reply>,
        answer: Option<&[u8]>,
        now: Time,
    ) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let sql = "UPDATE requests SET stage = 'replied', reply = ?2, answer = ?3 WHERE number = ?1 AND stage = 'accepted'";
            let answer = answer.map_or(Value::Null, Value::from);
            if step.execute(sql, &[number.into(), reply.to_json().into(), answer])? > 0 {
                let said = reply.verify(None).map_err(|_| StoreError::Damaged("reply"))?;
                if said.number > reply_number(schema::about(step, &replied_by(custodian))?)? {
                    schema::set_about(step, &replied_by(custodian), &said.number.to_string())?;
                }
                step.log(Event::Reply { statement: reply.clone() }, now)?;
            }
            Ok(())
        })
    }

    /// The largest number of a reply that a custodian has given us, which its log has to reach; 0 before the first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn last_reply(&mut self, custodian: &Code) -> Result<u64, StoreError> {
        reply_number(maybe_about(&mut self.journal.database, &replied_by(custodian))?)
    }

    /// The acknowledgement of a reply: the one that was made already, if one was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn acknowledgement(
        &mut self,
        number: &Code,
        now: Time,
    ) -> Result<Option<Signed<Acknowledgement>>, StoreError> {
        self.journal.step(|step| {
            let sql = "SELECT request_digest, reply, acknowledgement FROM requests WHERE number = ?1";
            let Some(mut row) = step.row(sql, &[number.into()])? else { return Ok(None) };
            let (request, reply, made): (Hash, _, _) = (row.parsed()?, row.maybe_text()?, row.maybe_text()?);
            if let Some(made) = made {
                return Signed::from_json(&made).map(Some).map_err(|_| StoreError::Damaged("acknowledgement"));
            }
            let Some(reply) = reply else { return Ok(None) };
            let reply = Signed::<Reply>::from_json(&reply).map_err(|_| StoreError::Damaged("reply"))?;
            let said = Acknowledgement { request, reply: reply.digest(), time: step.time(now)? };
            let statement = step.owner.sign(&said, "acknowledgement")?;
            let sql = "UPDATE requests SET acknowledgement = ?2 WHERE number = ?1";
            step.execute(sql, &[number.into(), statement.to_json().into()])?;
            step.log(Event::Acknowledgement { statement: statement.clone() }, now)?;
            Ok(Some(statement))
        })
    }

    /// The custodian has the acknowledgement.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where that cannot be kept.
    pub(crate) fn acknowledged(&mut self, number: &Code) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let sql = "UPDATE requests SET stage = 'acknowledged' WHERE number = ?1 AND stage = 'replied'";
            step.execute(sql, &[number.into()]).map(drop)
        })
    }

    /// The answer was read: its verdicts take the place of all else that is secret, before anybody is told. `asked` and `found` are how many
    /// it is about, and how many of them are hits: of canaries the log tells.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be kept.
    pub(crate) fn keep(
        &mut self,
        number: &Code,
        verdicts: &[u8],
        (asked, found): (u64, u64),
        now: Time,
    ) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let sql = "UPDATE requests SET verdicts = ?2, query = NULL, pending = NULL, answer = NULL \
                       WHERE number = ?1 AND stage IN ('replied', 'acknowledged', 'done')";
            let kept = step.execute(sql, &[number.into(), verdicts.into()])? > 0;
            let name = canaries_of(number);
            if kept && schema::about(step, &name)?.as_deref() == Some(ASKED) {
                schema::set_about(step, &name, TOLD)?;
                let sql = "SELECT request_digest FROM requests WHERE number = ?1";
                let row = step.row(sql, &[number.into()])?;
                let request = row.ok_or(StoreError::Damaged("request"))?.parsed()?;
                step.log(Event::Canaries { request, asked, found }, now)?;
            }
            Ok(())
        })
    }

    /// The verdicts were told, or there are none. An acknowledgement that was not delivered still has to be.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn done(&mut self, number: &Code) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let sql = "UPDATE requests SET stage = CASE WHEN stage = 'acknowledged' THEN 'done' ELSE stage END, \
                       query = NULL, pending = NULL, answer = NULL WHERE number = ?1";
            step.execute(sql, &[number.into()]).map(drop)
        })
    }

    /// Nobody goes on with a request any more: the statement that says so, which the custodian is to be told; none where it is done with,
    /// or there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn abandon(&mut self, number: &Code, now: Time) -> Result<Option<Signed<Abandonment>>, StoreError> {
        self.journal.step(|step| {
            let sql =
                "SELECT request_digest FROM requests WHERE number = ?1 AND stage IN ('prepared', 'accepted')";
            let Some(mut row) = step.row(sql, &[number.into()])? else { return Ok(None) };
            let request = row.parsed()?;
            let said = Abandonment { request, time: step.time(now)? };
            let statement = step.owner.sign(&said, "abandonment")?;
            let sql = "UPDATE requests SET stage = 'abandoned', query = NULL, pending = NULL, answer = NULL, abandonment = ?2 \
                       WHERE number = ?1";
            step.execute(sql, &[number.into(), statement.to_json().into()])?;
            step.log(Event::Abandoned { request, statement: Some(statement.clone()) }, now)?;
            Ok(Some(statement))
        })
    }

    /// Abandonments that the custodian was not told of yet, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub(crate) fn untold(&mut self) -> Result<Vec<(Code, Signed<Abandonment>)>, StoreError> {
        let sql = "SELECT number, abandonment FROM requests WHERE abandonment IS NOT NULL ORDER BY sequence";
        let rows = self.journal.database.read(sql, &[])?;
        let untold = |mut row: super::values::Row| {
            let statement = |text: &str| Signed::from_json(text).map_err(|_| StoreError::Damaged("abandonment"));
            Ok((row.parsed()?, statement(&row.text()?)?))
        };
        rows.into_iter().map(untold).collect()
    }

    /// The custodian has the abandonment of a request.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where that cannot be kept.
    pub(crate) fn told(&mut self, number: &Code) -> Result<(), StoreError> {
        self.journal.step(|step| {
            step.execute("UPDATE requests SET abandonment = NULL WHERE number = ?1", &[number.into()]).map(drop)
        })
    }

    /// Forgets the verdicts of a request; false where none are kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be forgotten.
    pub(crate) fn forget(&mut self, number: &Code) -> Result<bool, StoreError> {
        self.journal.step(|step| {
            let sql = "UPDATE requests SET verdicts = NULL WHERE number = ?1 AND verdicts IS NOT NULL";
            Ok(step.execute(sql, &[number.into()])? > 0)
        })
    }

    /// A request by its number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn request(&mut self, number: &Code) -> Result<Option<OutboxRequest>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM requests WHERE number = ?1");
        let rows = self.journal.database.read(&sql, &[number.into()])?;
        rows.into_iter().next().map(request::request).transpose()
    }

    /// Numbers of the requests that are not done, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn unfinished(&mut self) -> Result<Vec<Code>, StoreError> {
        let sql = "SELECT number FROM requests WHERE stage NOT IN ('done', 'abandoned') ORDER BY sequence";
        let rows = self.journal.database.read(sql, &[])?;
        rows.into_iter().map(|mut row| row.parsed()).collect()
    }

    /// All requests, the oldest first, without what is long or secret.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub(crate) fn list(&mut self) -> Result<Vec<ListedRequest>, StoreError> {
        let sql = format!("SELECT {LISTED} FROM requests ORDER BY sequence");
        let rows = self.journal.database.read(&sql, &[])?;
        rows.into_iter().map(request::listed).collect()
    }
}

/// Under this name stands that a request is about canaries.
fn canaries_of(number: &Code) -> String {
    format!("canaries {number}")
}

/// What of canaries is done: nothing, or their entry stands in the log.
const ASKED: &str = "asked";
const TOLD: &str = "told";

/// Under this name stands the largest number of a custodian's replies.
fn replied_by(custodian: &Code) -> String {
    format!("last reply of {custodian}")
}

/// What stands there; 0 where nothing does.
fn reply_number(kept: Option<String>) -> Result<u64, StoreError> {
    kept.map_or(Ok(0), |kept| kept.parse().map_err(|_| StoreError::Damaged("reply")))
}

fn see(step: &mut LoggedStep<'_, '_>, custodian: &Code, head: &TreeHead) -> Result<(), StoreError> {
    let sql = "INSERT INTO heads (custodian, head) VALUES (?1, ?2) ON CONFLICT (custodian) DO UPDATE SET head = ?2";
    step.execute(sql, &[custodian.into(), head.to_string().into()]).map(drop)
}
