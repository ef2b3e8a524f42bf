//! A change of a gallery that somebody is about to make: looked at, confirmed, waiting, written, taken back. All of it in memory.
//!
//! ```text
//! shown ──► waiting ──► writing ──► written ──► undoing ──► undone
//!   │          │           └──► shown, with what went wrong
//!   └──────────┴──► dropped
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::RngCore as _;

use crate::cli::browser::upload::Uploaded;
use crate::cli::enroll::Outlook;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::service::signing::Hash;
use crate::service::time::Time;
use crate::template::SubjectId;

/// Changes that are remembered: those that were only looked at hold templates in memory. The oldest makes room.
const MOST: usize = 8;
/// One that nobody goes on with goes after so long.
const IDLE: Duration = Duration::from_secs(3600);

/// What is to be changed.
pub enum What {
    Append(Append),
    Remove(Remove),
}

/// Templates that are to be enrolled.
pub struct Append {
    /// Their name and size, for people.
    pub name: String,
    pub bytes: u64,
    /// Whether they replace what is enrolled of the same persons.
    pub replace: bool,
    /// Whether records that are refused are left out.
    pub skip: bool,
    pub outlook: Outlook,
    /// The options of `enroll` that name them.
    pub options: Vec<String>,
    /// The files; gone when they are not needed any more.
    files: Mutex<Vec<Uploaded>>,
}

/// Persons who are to be removed.
pub struct Remove {
    /// Each with its references, as far as they are enrolled.
    pub leaving: Vec<Leaving>,
    /// Ids that are not enrolled, each as it is told.
    pub unknown: Vec<String>,
}

/// Somebody who is to be removed.
pub struct Leaving {
    pub id: SubjectId,
    pub references: usize,
    /// Whether the person is on the exempt list.
    pub exempt: bool,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was looked at.
    Shown,
    /// It was confirmed, and is written then, unless it is dropped.
    Waiting(Instant),
    Writing,
    Written(Written),
    Undoing,
    Undone,
    Dropped,
}

/// A change that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub at: Time,
    /// The content that it has left.
    pub state: Hash,
    /// Whether it did what was shown before.
    pub as_shown: bool,
}

/// Whether a change that was made can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    Offered,
    /// It has changed persons who were enrolled before.
    Impossible,
    /// It did not do what was shown: somebody else has changed the gallery at the same moment.
    Otherwise,
    /// The server searches it already.
    Served,
    /// The gallery was changed again.
    Changed,
}

/// One change of one gallery.
pub struct Change {
    /// Names it; nobody can guess it.
    pub id: String,
    /// The place of its gallery, from 0.
    pub gallery: usize,
    pub what: What,
    /// The content of the gallery that it was looked at with.
    pub before: Hash,
    stage: Mutex<Stage>,
    made: Instant,
}

impl Append {
    pub fn new(
        (file, ids): (Uploaded, Option<Uploaded>),
        (replace, skip): (bool, bool),
        options: Vec<String>,
        outlook: Outlook,
    ) -> Self {
        let (name, bytes) = (file.name().to_owned(), file.bytes());
        let files = Mutex::new(std::iter::once(file).chain(ids).collect());
        Self { name, bytes, replace, skip, outlook, options, files }
    }
}

impl What {
    /// Whether there is anything to write, and nothing that keeps it from being written.
    pub fn can_be_done(&self) -> bool {
        match self {
            Self::Append(Append { skip, outlook, .. }) => {
                outlook.references > 0 && (*skip || outlook.refused.is_empty())
            }
            Self::Remove(remove) => !remove.leaving.is_empty() && remove.unknown.is_empty(),
        }
    }

    /// Whether it can be taken back once it is written: there is a command that does the reverse.
    pub fn can_be_undone(&self) -> bool {
        match self {
            // Further references cannot be taken from a person, nor those given back that were replaced.
            Self::Append(append) => append.outlook.earlier.is_empty(),
            Self::Remove(_) => true,
        }
    }

    /// How many persons it is about.
    pub fn persons(&self) -> usize {
        match self {
            Self::Append(append) => append.outlook.new.len() + append.outlook.earlier.len(),
            Self::Remove(remove) => remove.leaving.len(),
        }
    }

    /// What was sent is not needed any more.
    fn forget(&self) {
        if let Self::Append(append) = self {
            append.files.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl Change {
    /// One that was looked at.
    pub fn new(gallery: usize, what: What, before: Hash) -> Result<Self, Failure> {
        let mut id = [0; 16];
        load::randomness()?.fill_bytes(&mut id);
        let stage = Mutex::new(Stage::Shown);
        Ok(Self { id: hex::encode(id), gallery, what, before, stage, made: Instant::now() })
    }

    pub fn stage(&self) -> Stage {
        *self.at()
    }

    /// Goes to another stage, where it is at one of these; whether it was.
    pub fn pass(&self, from: impl FnOnce(Stage) -> bool, to: Stage) -> bool {
        let mut stage = self.at();
        if !from(*stage) {
            return false;
        }
        *stage = to;
        drop(stage);
        if matches!(to, Stage::Written(_) | Stage::Dropped) {
            self.what.forget();
        }
        true
    }

    /// Whether its gallery must not be changed otherwise.
    fn is_busy(&self) -> bool {
        matches!(self.stage(), Stage::Waiting(_) | Stage::Writing | Stage::Undoing)
    }

    /// Whether what it has changed can be taken back: by the content of the file now, and by what the server searches.
    pub fn undo(&self, written: &Written, file: &Hash, served: Option<&Hash>) -> Undo {
        match () {
            () if !self.what.can_be_undone() => Undo::Impossible,
            () if !written.as_shown => Undo::Otherwise,
            () if *file != written.state => Undo::Changed,
            () if served == Some(&written.state) => Undo::Served,
            () => Undo::Offered,
        }
    }

    fn at(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All of them, the earliest first.
#[derive(Default)]
pub struct Changes(Mutex<VecDeque<Arc<Change>>>);

impl Changes {
    /// Keeps one.
    pub fn keep(&self, change: Change) -> Arc<Change> {
        let change = Arc::new(change);
        let mut all = self.all();
        while all.len() >= MOST {
            let Some(first) = all.iter().position(|other| !other.is_busy()) else { break };
            all.remove(first);
        }
        all.push_back(Arc::clone(&change));
        change
    }

    pub fn find(&self, id: &str) -> Option<Arc<Change>> {
        self.all().iter().find(|change| change.id == id).map(Arc::clone)
    }

    /// The last one of a gallery that was confirmed.
    pub fn last(&self, gallery: usize) -> Option<Arc<Change>> {
        let confirmed = |change: &&Arc<Change>| change.gallery == gallery && change.stage() != Stage::Shown;
        self.all().iter().rev().find(confirmed).map(Arc::clone)
    }

    /// Goes to another stage, where no other change of that gallery is under way; whether it went.
    pub fn pass(&self, change: &Change, from: impl FnOnce(Stage) -> bool, to: Stage) -> bool {
        let all = self.all();
        let others = |other: &Arc<Change>| other.gallery == change.gallery && other.id != change.id && other.is_busy();
        !all.iter().any(others) && change.pass(from, to)
    }

    /// Whether anything is being written.
    pub fn are_writing(&self) -> bool {
        self.all().iter().any(|change| matches!(change.stage(), Stage::Writing | Stage::Undoing))
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<Change>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|change| change.is_busy() || change.made.elapsed() < IDLE);
        all
    }
}

#[cfg(test)]
mod tests;
