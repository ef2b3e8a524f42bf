//! A custodian's side: keys, jobs, quotas, the leakage account, the circuit breaker.
//!
//! A job's life, each arrow a step:
//!
//! ```text
//! submit ──► waiting ──► answered ───► (acknowledged: the answer is wiped) ──► deleted
//!               └──────► unanswered ─► (the charge may be returned)       ──► deleted
//! ```
//!
//! That a job is being worked on is not kept: whoever is killed over it finds it waiting.

mod abandonment;
mod accounts;
mod answers;
mod breaker;
mod exempt;
mod history;
mod jobs;
mod keys;
mod operators;
mod orders;
mod persons;
mod queue;
mod replays;
mod submission;
#[cfg(test)]
mod tests;
mod versions;
mod witness;

use rand::CryptoRng;

use super::logged::LoggedStep;
use super::operators::known;
use super::{Journal, Location, Owner, StoreError};
use crate::agreement::Code;
use crate::service::audit::Succession;
use crate::service::protocol::{Receipt, Reply, Standing};
use crate::service::signing::{Hash, Name, PublicKey, Signed, SigningKey};
use crate::service::time::Time;
pub use abandonment::Abandoned;
pub use accounts::{Account, GalleryBits};
pub use answers::{Answered, Ending};
pub use breaker::Breaker;
pub(crate) use exempt::ListStanding;
pub use history::GalleryVersionRow;
pub use jobs::Work;
pub use keys::{Admitted, KEYS_LIMIT, KeyInUse};
pub use persons::PersonKey;
pub use queue::{Queued, TodaysUse};
pub use replays::{Computed, NoReplay, Replay};
pub use submission::{Period, Submission, SubmitError, Submitted};
pub use versions::NewVersion;

/// A custodian's database.
pub struct Custody {
    journal: Journal,
    persons: PersonKey,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Accepted and charged.
    Waiting,
    /// Replied to with an answer.
    Answered,
    /// Replied to without one.
    Unanswered,
    /// Over: query and answer are gone.
    Deleted,
}

impl JobState {
    /// As it is kept, and said.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
            Self::Deleted => "deleted",
        }
    }
}

impl std::str::FromStr for JobState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Waiting, Self::Answered, Self::Unanswered, Self::Deleted];
        all.into_iter().find(|state| state.name() == text).ok_or(())
    }
}

/// A job, as its requester may see it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Names it.
    pub id: Name,
    /// Digest of the agreement it was asked under.
    pub agreement: Hash,
    /// The requester's number of it.
    pub number: Code,
    /// How far it is.
    pub state: JobState,
    /// When it was accepted.
    pub accepted: Time,
    /// How many persons it asks about.
    pub probes: u64,
    /// What was signed when it was accepted.
    pub receipt: Signed<Receipt>,
    /// What was signed when it ended.
    pub reply: Option<Signed<Reply>>,
    /// Whether the answer can still be fetched.
    pub has_answer: bool,
}

/// A job that waits to be worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Names it.
    pub id: Name,
    /// Who asks.
    pub requester: Code,
    /// Under which agreement.
    pub agreement: Hash,
}

impl Custody {
    /// Opens a custodian's database, which was made on purpose.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub fn open(location: Location, owner: Owner, rng: Box<dyn CryptoRng + Send>) -> Result<Self, StoreError> {
        Self::of(Journal::open(location, owner, rng)?)
    }

    /// Makes a custodian's database, or brings one of an earlier version up to date.
    ///
    /// # Errors
    ///
    /// As [`Journal::create`].
    pub fn create(
        location: Location,
        owner: Owner,
        rng: Box<dyn CryptoRng + Send>,
        now: Time,
    ) -> Result<Self, StoreError> {
        Self::of(Journal::create(location, owner, rng, now)?)
    }

    fn of(mut journal: Journal) -> Result<Self, StoreError> {
        let persons = journal.step(PersonKey::of)?;
        Ok(Self { journal, persons })
    }

    /// Has another key sign from now on: see `Journal::succeed`. What introduces it, to be told to requesters.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] where a server serves from it, [`StoreError::Operators`] where it is an operator's key; or it cannot be kept.
    pub fn succeed(self, successor: &SigningKey, now: Time) -> Result<Vec<Signed<Succession>>, StoreError> {
        let Self { mut journal, persons } = self;
        journal.claim()?;
        let hand_on = |step: &mut LoggedStep<'_, '_>| {
            if known(step)?.registered().values().any(|key| *key == successor.public()) {
                return Err(StoreError::Operators);
            }
            persons.hand_on(step, successor)
        };
        journal.succeed(successor, hand_on, now)
    }

    /// The log.
    pub fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// Whether it is on a database server, so that another can stand by.
    pub fn is_on_a_server(&self) -> bool {
        self.file().is_none()
    }

    /// The key that the log's entries are checked with.
    pub fn public_key(&self) -> PublicKey {
        self.journal.public_key()
    }

    /// The file that it is in; none for a database on a server.
    pub(crate) fn file(&self) -> Option<std::path::PathBuf> {
        self.journal.database.file()
    }

    /// Who we are, and how far our log has come.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn standing(&mut self, now: Time) -> Result<Signed<Standing>, StoreError> {
        self.journal.step(|step| {
            let standing =
                Standing { custodian: step.owner.party.clone(), log: step.tree_head()?, time: step.time(now)? };
            step.owner.sign(&standing, "standing")
        })
    }
}
