//! The log in the database.

use std::sync::Arc;

use rand::CryptoRng;

use super::connection::Database;
use super::entries::{entries_from, page};
use super::layout::{RETAINED, SUCCESSIONS};
use super::logged::{self, LoggedStep};
use super::serving::{Heart, Pulse};
use super::{Location, Owner, StoreError, operators, schema, tree};
use crate::agreement::Code;
use crate::service::audit::{
    Consent, Entry, Event, Head, Measure, Order, RETENTION_DAYS, Role, Signers, Succession, read_successions,
};
use crate::service::protocol::Line;
use crate::service::signing::{Hash, PublicKey, Signed, SigningKey, Trial};
use crate::service::time::Time;
use crate::service::tree::TreeHead;

/// A log and the database it is in.
pub struct Journal {
    pub(super) database: Database,
    pub(super) owner: Owner,
    pub(super) rng: Box<dyn CryptoRng + Send>,
    /// The end of the log that we have seen last: what has another there is not the database that we know.
    last: Head,
}

/// What an erasure took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasedContents {
    /// Contents of entries.
    pub contents: u64,
    /// The last entry that was old enough.
    pub through: u64,
}

impl Journal {
    /// Opens a database that was made on purpose: see [`Journal::create`].
    ///
    /// # Errors
    ///
    /// [`StoreError::NotMade`] where there is none, [`StoreError::Older`] where an earlier version made it, [`StoreError::Foreign`] where
    /// another program did; else as [`Journal::create`]. Nothing is written then.
    pub fn open(location: Location, owner: Owner, rng: Box<dyn CryptoRng + Send>) -> Result<Self, StoreError> {
        let mut journal = Self { database: Database::new(location), owner, rng, last: Head::NONE };
        if !journal.database.is_there() {
            return Err(StoreError::NotMade);
        }
        let mut step = journal.database.step()?;
        schema::check(&mut step, &journal.owner)?;
        drop(step);
        journal.database.exists();
        Ok(journal)
    }

    /// Makes a database, and begins its log; brings one of an earlier version up to date; opens one that is as it should be.
    ///
    /// # Errors
    ///
    /// [`StoreError::Owner`] for somebody else's database, [`StoreError::SigningKey`] for one that is bound to another key,
    /// [`StoreError::Foreign`] for one with tables of another program, or whatever keeps it from being opened. Nothing is written then.
    pub fn create(
        location: Location,
        owner: Owner,
        rng: Box<dyn CryptoRng + Send>,
        now: Time,
    ) -> Result<Self, StoreError> {
        let mut journal = Self { database: Database::new(location), owner, rng, last: Head::NONE };
        let (party, role) = (journal.owner.party.clone(), journal.owner.role);
        let mut step = journal.database.step()?;
        schema::prepare(&mut step, &journal.owner)?;
        step.commit()?;
        journal.step(|step| match step.head()? {
            Head::NONE => step.log(Event::Opened { party, role }, now),
            _ => Ok(()),
        })?;
        Ok(journal)
    }

    /// Nobody else can serve from this database from here on; on a PostgreSQL server, as long as it can be reached.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] where somebody does.
    pub(crate) fn claim(&mut self) -> Result<(), StoreError> {
        self.database.claim()
    }

    /// The key that its entries are checked with.
    pub fn public_key(&self) -> PublicKey {
        self.owner.key.public()
    }

    /// What finds out whether entries can be signed now.
    pub(crate) fn signing_trial(&self) -> Trial {
        self.owner.key.trial()
    }

    /// One step: all of `work` happens, or nothing does.
    pub(super) fn step<T>(
        &mut self,
        work: impl FnOnce(&mut LoggedStep<'_, '_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.attempt(work)
    }

    /// [`Journal::step`] for work with errors of its own.
    pub(super) fn attempt<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut LoggedStep<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Self { database, owner, rng, last } = self;
        let done = {
            let mut step = database.step()?;
            step.alone()?;
            let mut logged = LoggedStep::begun(step, owner, rng.as_mut());
            logged.goes_on_from(last)?;
            let done = work(&mut logged)?;
            let head = logged.head()?;
            logged.commit()?;
            *last = head;
            done
        };
        if owner.role == Role::Querier {
            // Nobody asks so often that it would matter; what a step has done stays done.
            drop(database.tidy());
        }
        Ok(done)
    }

    /// Whether the database is still the one that was opened, and ours to serve from, if it was claimed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Gone`] where it is another, [`StoreError::TakenOver`] where another server serves from it.
    pub(crate) fn is_in_place(&mut self) -> Result<(), StoreError> {
        self.database.check_claim()?;
        self.step(|_| Ok(()))
    }

    /// From here on the database is not used any more: a thread that outlives the server does not keep it open.
    pub(crate) fn close(&mut self) {
        self.database.close();
    }

    /// Lets another server serve from it.
    pub(crate) fn release(&mut self) {
        self.database.release();
    }

    /// What beats for a server that serves from it; none where nobody could stand by.
    pub(crate) fn heart(&self) -> Option<Arc<Heart>> {
        self.database.heart()
    }

    /// What whoever serves from it has shown of itself; none where none ever did.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn pulse(&mut self) -> Result<Option<Pulse>, StoreError> {
        self.database.pulse()
    }

    /// Ends the session of whoever serves from it, unless it has shown something else since.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be done.
    pub(crate) fn depose(&mut self, last: &Pulse) -> Result<(), StoreError> {
        self.database.depose(last)
    }

    /// Whether a log that others write holds all that we have seen of it; from here on, also what it has now. Nobody has to wait for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Gone`] where it does not.
    pub(crate) fn follow(&mut self) -> Result<(), StoreError> {
        let Self { database, owner, rng, last } = self;
        let mut step = LoggedStep::begun(database.step()?, owner, rng.as_mut());
        step.goes_on_from(last)?;
        *last = step.head()?;
        Ok(())
    }

    /// What was deleted leaves the journal of an SQLite file: from time to time, where many write.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be written to.
    pub(crate) fn tidy(&mut self) -> Result<(), StoreError> {
        self.database.tidy()
    }

    /// The end of the log.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn head(&mut self) -> Result<Head, StoreError> {
        logged::end(self.database.read(logged::END, &[])?)
    }

    /// The log as a tree.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub fn tree_head(&mut self) -> Result<TreeHead, StoreError> {
        self.step(|step| step.tree_head())
    }

    /// The proof that the log, when it had so many entries, held all that it had when it had fewer; none where it never had as many, or
    /// the first number is not the smaller.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn proof(&mut self, earlier: u64, later: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        self.step(|step| {
            let size = step.head()?.number;
            match earlier {
                _ if later > size || earlier > later => Ok(None),
                0 => Ok(Some(Vec::new())),
                _ => tree::proof(step, earlier, later).map(Some),
            }
        })
    }

    /// Goes on with a log whose last time lies in the future, because the clock had been ahead: from an entry on that says so, its times
    /// are right again. The time that the log had come to; none where it lies in the past, and nothing was done.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn correct_clock(&mut self, reason: Line, now: Time) -> Result<Option<Time>, StoreError> {
        self.step(|step| {
            let head = step.head()?;
            if head.time <= now.second() {
                return Ok(None);
            }
            step.append(Event::Clock { ahead: head.time, reason }, now, &Head { time: now.second(), ..head })?;
            Ok(Some(head.time))
        })
    }

    /// Registers what another party signs with, if it is another key than before; what introduces it is logged with it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn register(&mut self, party: &Code, signers: &Signers, now: Time) -> Result<(), StoreError> {
        self.step(|step| step.register(party, signers, now))
    }

    /// Has another key sign from now on: the log tells so, and what introduces the key is what the other party is to be told. The database
    /// is bound to the new key: what is open with the old one writes nothing any more. What the old key has kept secret is handed on in the
    /// same step.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(super) fn succeed(
        mut self,
        successor: &SigningKey,
        handed_on: impl FnOnce(&mut LoggedStep<'_, '_>) -> Result<(), StoreError>,
        now: Time,
    ) -> Result<Vec<Signed<Succession>>, StoreError> {
        self.step(|step| {
            let Owner { party, role, key } = step.owner;
            let time = step.time(now)?;
            let statement = Succession::signed((party, *role), (key, successor), time)
                .map_err(|error| StoreError::unsigned(error, "succession"))?;
            let before = schema::about(step, SUCCESSIONS)?.unwrap_or_default();
            let all = format!("{before}{}\n", statement.to_json());
            schema::set_about(step, SUCCESSIONS, &all)?;
            handed_on(step)?;
            step.log(Event::Succession { statement }, now)?;
            schema::bind(step, &successor.public())?;
            read_successions(&all).map_err(|_| StoreError::Damaged("succession"))
        })
    }

    /// Contents are kept for so many days, as an agreement says, where that is longer than [`RETENTION_DAYS`]: from here on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn retain(&mut self, days: u32) -> Result<(), StoreError> {
        self.step(|step| match days > retention(step)? {
            true => schema::set_about(step, RETAINED, &days.to_string()),
            false => Ok(()),
        })
    }

    /// Erases the contents of entries before a time; what is needed to check the log stays. Requests of before then go as well, where
    /// they were replied to or abandoned. `consents` are needed for what is younger than agreed ([`Journal::retain`]), of every other party;
    /// `orders` of the custodian's operators, if it ever had any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be done, or a consent or an order is lacking: then nothing was.
    pub(crate) fn erase(
        &mut self,
        before: Time,
        consents: &[Signed<Consent>],
        orders: &[Signed<Order>],
        now: Time,
    ) -> Result<ErasedContents, StoreError> {
        let role = self.owner.role;
        let erased = self.step(|step| {
            let (owner, time) = (step.owner, step.time(now)?);
            operators::admit(step, owner, &Measure::Erase { before }, orders, time)?;
            if before > time {
                return Err(StoreError::Future(before));
            }
            let days = retention(step)?;
            if before.plus_days(days) > time {
                require_consents(step, (before, days), consents)?;
            }
            // Up to the first that is younger: where a clock had been ahead, later ones may be older again.
            let first = step.row("SELECT CAST(MIN(number) AS BIGINT) FROM log WHERE time >= ?1", &[before.into()])?;
            let younger = first.map_or(Ok(None), |mut row| row.maybe_int())?;
            let last = step.head()?.number;
            let through =
                younger.and_then(|first| u64::try_from(first).ok()).map_or(last, |first| first.saturating_sub(1));
            let mut contents = 0;
            let mut from = 1;
            while from <= through {
                for entry in page(step, from, through)? {
                    from = entry.number.saturating_add(1);
                    let event = entry.event().map_err(|_| StoreError::Damaged("log entry"))?;
                    if event.is_some_and(|event| event.is_erasable()) {
                        let sql = "UPDATE log SET content = NULL WHERE number = ?1";
                        contents = step.execute(sql, &[entry.number.into()])?.saturating_add(contents);
                    }
                }
            }
            let sql = match role {
                Role::Custodian => "DELETE FROM jobs WHERE replied < ?1 AND accepted < ?1",
                Role::Querier => "DELETE FROM requests WHERE stage IN ('done', 'abandoned') AND sequence <= ?1",
            };
            match role {
                Role::Custodian => {
                    step.execute(sql, &[before.into()])?;
                    // What it takes to make the answers of these again goes with them.
                    let sql = "DELETE FROM replays WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = replays.job)";
                    step.execute(sql, &[])?
                }
                // A querier's requests are numbered by their log entries.
                Role::Querier => {
                    step.execute(sql, &[through.into()])?;
                    // That they were about canaries goes with them.
                    let sql = "DELETE FROM about WHERE name LIKE 'canaries %' AND NOT EXISTS \
                               (SELECT 1 FROM requests WHERE 'canaries ' || requests.number = about.name)";
                    step.execute(sql, &[])?
                }
            };
            if contents > 0 {
                let (consents, orders) = (consents.to_vec(), orders.to_vec());
                step.log(Event::Erased { before, through, contents, consents, orders }, now)?;
            }
            Ok(ErasedContents { contents, through })
        })?;
        // It is erased, whatever comes of this.
        drop(self.tidy());
        Ok(erased)
    }

    /// Some of the entries from a number on, in order; none behind the last.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn entries(&mut self, from: u64) -> Result<Vec<Entry>, StoreError> {
        entries_from(&mut self.database, from)
    }
}

/// Contents are kept for so many days.
pub(super) fn retention(step: &mut LoggedStep<'_, '_>) -> Result<u32, StoreError> {
    let agreed = schema::about(step, RETAINED)?.map(|kept| kept.parse().map_err(|_| StoreError::Damaged("days")));
    Ok(agreed.transpose()?.map_or(RETENTION_DAYS, |agreed: u32| agreed.max(RETENTION_DAYS)))
}

/// Every other party that the log knows has signed that contents of before this time may go.
fn require_consents(
    step: &mut LoggedStep<'_, '_>,
    (before, days): (Time, u32),
    consents: &[Signed<Consent>],
) -> Result<(), StoreError> {
    let parties = step.query("SELECT party, public_key FROM registered ORDER BY party", &[])?;
    for mut row in parties {
        let (party, key): (Code, PublicKey) = (row.parsed()?, row.parsed()?);
        let owner = (&step.owner.party, step.owner.role);
        let mut said = consents.iter().filter_map(|signed| signed.verify(Some(&key)).ok());
        let consented = said.any(|said| said.covers(&party, owner, before));
        if !consented {
            return Err(StoreError::Consent { party, days });
        }
    }
    Ok(())
}
