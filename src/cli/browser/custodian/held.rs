//! One agreement that is served, its gallery's file, and who is exempt from it, as the files are now.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::agreement::ServiceTerms;
use crate::cli::console::Console;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::serve::{Look, look};
use crate::cli::{files, load};
use crate::custodian::Gallery;
use crate::scheme::Opened;
use crate::service::signing::Hash;
use crate::template::SubjectId;

use crate::cli::browser::commands::Deaf;

/// The root of a gallery with more references is not computed for a page: every reference would be read.
const ROOT: usize = 4000;

/// An agreement with the files of its gallery.
pub struct Held {
    pub agreement: Opened,
    pub digest: Hash,
    /// The agreement's file.
    pub agreement_file: PathBuf,
    /// The gallery's file.
    pub file: PathBuf,
    exempt: Option<PathBuf>,
    /// Held while the file is open: whoever changes it has to have it alone.
    hands: Mutex<()>,
    known: Mutex<Option<(Look, Arc<Holds>)>>,
}

/// What a gallery's file holds.
pub struct Holds {
    pub persons: usize,
    pub references: usize,
    pub handles: usize,
    pub removed: usize,
    /// As answers name it.
    pub version: String,
    /// Names the content.
    pub state: Hash,
    /// Commits to who is in it, where that was cheap to compute.
    pub root: Option<String>,
    /// Bytes that an interrupted append has left.
    pub ignored_bytes: usize,
}

impl Held {
    pub fn new(agreement: Opened, agreement_file: PathBuf, file: PathBuf, exempt: Option<PathBuf>) -> Self {
        let digest = Hash(agreement.digest().0);
        Self { agreement, digest, agreement_file, file, exempt, hands: Mutex::new(()), known: Mutex::new(None) }
    }

    /// The title that was agreed on.
    pub fn title(&self) -> &str {
        &self.agreement.terms().title
    }

    /// What was agreed on asking; none where nobody may ask.
    pub fn terms(&self) -> Option<&ServiceTerms> {
        self.agreement.terms().service.as_ref()
    }

    /// Nobody of this process opens the file as long as this is kept.
    pub fn alone(&self) -> MutexGuard<'_, ()> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the gallery, and looks into it.
    pub fn open<T>(&self, look: impl FnOnce(&Gallery) -> Result<T, Failure>) -> Result<T, Failure> {
        let _hands = self.alone();
        look(&self.read()?)
    }

    /// What names its content now, to somebody who has it alone.
    pub fn state(&self, _alone: &MutexGuard<'_, ()>) -> Result<Hash, Failure> {
        Ok(Hash(self.read()?.state()))
    }

    fn read(&self) -> Result<Gallery, Failure> {
        files::gallery::read(&self.file, &self.agreement, &Console::of(Desk::new(Arc::new(Deaf))))
    }

    /// What the file holds; none where it is being changed, or looked into, just now. Nobody waits for that.
    pub fn holds(&self) -> Result<Option<Arc<Holds>>, Failure> {
        let _hands = match self.hands.try_lock() {
            Ok(hands) => hands,
            Err(TryLockError::Poisoned(hands)) => hands.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        // Before it is read: a change in between is found the next time.
        let now = look(&self.file);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some((before, holds)), Some(now)) = (&*known, now)
            && *before == now
        {
            return Ok(Some(Arc::clone(holds)));
        }
        let holds = Arc::new(Holds::of(&self.read()?));
        *known = now.map(|now| (now, Arc::clone(&holds)));
        Ok(Some(holds))
    }

    /// Who is on the exempt list now; none where there is no list.
    pub fn exempt(&self) -> Result<Option<BTreeSet<SubjectId>>, Failure> {
        let Some(path) = &self.exempt else { return Ok(None) };
        let persons = load::exempt(path, true)?;
        Ok(Some(persons.into_iter().map(|person| person.subject).collect()))
    }

    /// The folder of the gallery's file.
    pub fn folder(&self) -> &Path {
        self.file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
    }
}

impl Holds {
    fn of(gallery: &Gallery) -> Self {
        let cheap = gallery.references() <= ROOT;
        Self {
            persons: gallery.len(),
            references: gallery.references(),
            handles: gallery.handles(),
            removed: gallery.file().removed(),
            version: gallery.version().to_string(),
            state: Hash(gallery.state()),
            root: cheap.then(|| gallery.root(&()).ok()).flatten().map(|root| root.to_string()),
            ignored_bytes: gallery.file().ignored_bytes(),
        }
    }
}
