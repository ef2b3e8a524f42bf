//! A gallery's file that others change while it is served.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::custodian::NotEnrolled;
use crate::scheme::Opened;
use crate::service::server::{GallerySource, Loaded, Unloadable};
use crate::template::SubjectId;
use crate::template::read::Identity;

use crate::cli::console::count;
use crate::cli::failure::{Failure, MendableProblem};
use crate::cli::{files, load};

/// The files of one gallery.
pub struct GalleryFiles {
    gallery: PathBuf,
    exempt: Mutex<Option<PathBuf>>,
    /// Whether exempt persons may be unknown, or none.
    allow_unknown: bool,
    agreement: Opened,
    /// What the files looked like when they were loaded last.
    seen: Mutex<Option<Looks>>,
    /// What was read before the server was started.
    checked: Mutex<Option<(Looks, Loaded)>>,
}

/// What gallery and exempt list look like.
type Looks = [Option<Look>; 2];

/// What tells a file from a changed one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Look {
    bytes: u64,
    changed: Option<SystemTime>,
    inode: u64,
}

/// What a file looks like now; none where it is not there.
pub fn look(path: &Path) -> Option<Look> {
    let found = path.metadata().ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Look { bytes: found.len(), changed: found.modified().ok(), inode })
}

impl GalleryFiles {
    pub fn new(gallery: PathBuf, exempt: Option<PathBuf>, allow_unknown: bool, agreement: Opened) -> Self {
        let (exempt, seen, checked) = (Mutex::new(exempt), Mutex::new(None), Mutex::new(None));
        Self { gallery, exempt, allow_unknown, agreement, seen, checked }
    }

    /// Reads both files, to find what is wrong with them: also whether everybody who is to be exempt is enrolled. What was read is what
    /// is loaded first.
    pub fn check(&self) -> Result<(), Failure> {
        let looks = self.looks();
        let (loaded, persons) = self.read()?;
        let unknown = loaded.unknown_exempt();
        match &self.exempt() {
            Some(path) if !unknown.is_empty() && !self.allow_unknown => {
                Err(unknown_exempt(path, &self.gallery, &persons, &unknown))
            }
            _ => {
                *self.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some((looks, loaded));
                Ok(())
            }
        }
    }

    /// Who is exempt, where there is a list and it was checked.
    pub fn exempted(&self) -> Option<BTreeSet<SubjectId>> {
        self.exempt()?;
        let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        checked.as_ref().map(|(_, loaded)| loaded.exempt.clone())
    }

    /// Refuses a gallery, which was checked, that nobody is enrolled in.
    pub fn check_use(&self) -> Result<(), Failure> {
        let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        match checked.as_ref().is_some_and(|(_, loaded)| loaded.gallery.is_empty()) {
            true => Err(Failure::at(
                &self.gallery,
                "nobody is enrolled in it: no request would be answered",
                "enroll somebody with 'cotejo enroll --append'",
            )),
            false => Ok(()),
        }
    }

    fn read(&self) -> Result<(Loaded, Vec<Identity>), Failure> {
        // The exempt first: nobody is answered about before it is known who is.
        let persons = match self.exempt() {
            None => Vec::new(),
            Some(path) => load::exempt(&path, self.allow_unknown)?,
        };
        let exempt = persons.iter().map(|person| person.subject.clone()).collect();
        let gallery = files::gallery::snapshot(&self.gallery, &self.agreement)?;
        match gallery.file().ignored_bytes() {
            0 => Ok((Loaded { gallery, exempt }, persons)),
            // It is not answered without: whoever was enrolled or removed by that would be missed in silence.
            _ => Err(files::gallery::torn(&self.gallery, gallery.file())),
        }
    }

    /// The gallery's file.
    pub fn gallery(&self) -> &Path {
        &self.gallery
    }

    fn exempt(&self) -> Option<PathBuf> {
        self.exempt.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether another exempt list can be taken: one that shrinks to nothing is refused, as at the start.
    pub fn check_exempt(&self, exempt: Option<&Path>) -> Result<(), Failure> {
        match (self.exempt(), exempt) {
            (_, Some(path)) => load::exempt(path, self.allow_unknown).map(drop),
            (Some(path), None) if !self.allow_unknown => Err(Failure::at(
                &path,
                "the configuration no longer names an exempt list: nobody would be exempt",
                "name one, or start the server anew",
            )),
            _ => Ok(()),
        }
    }

    /// From the next look on with this exempt list.
    pub fn set_exempt(&self, exempt: Option<PathBuf>) {
        *self.exempt.lock().unwrap_or_else(PoisonError::into_inner) = exempt;
        // Read anew, though it may look as it did.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn looks(&self) -> Looks {
        [look(&self.gallery), self.exempt().as_deref().and_then(look)]
    }
}

impl GallerySource for Arc<GalleryFiles> {
    fn is_there(&self) -> bool {
        self.gallery.is_file()
    }

    fn load(&self) -> Result<Option<Loaded>, Unloadable> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((looks, loaded)) = self.checked.lock().unwrap_or_else(PoisonError::into_inner).take() {
            *seen = Some(looks);
            return Ok(Some(loaded));
        }
        // Before it is read: a change in between is found the next time.
        let looks = self.looks();
        if *seen == Some(looks) {
            return Ok(None);
        }
        // What could not be read is read again, also where it looks as it did before that: it may have been put back.
        *seen = None;
        // Who is removed from a gallery that is being served may still be on the list: the server reports it, and goes on.
        let (loaded, _) = self.read().map_err(unloadable)?;
        *seen = Some(looks);
        Ok(Some(loaded))
    }
}

/// A file that is refused, as the server tells of it.
fn unloadable(failure: Failure) -> Unloadable {
    match failure {
        Failure::Problem(problem) => {
            let MendableProblem { place, what, remedy, .. } = *problem;
            Unloadable { what: format!("{place}: {what}"), remedy: Some(remedy) }
        }
        other => Unloadable { what: other.one_line(), remedy: None },
    }
}

/// Names a line at most so often.
const NAMED: usize = 20;

/// Exempt ids that are not enrolled refuse the start: whoever was meant would be matched.
fn unknown_exempt(path: &Path, gallery: &Path, persons: &[Identity], unknown: &[NotEnrolled]) -> Failure {
    let place = |id: &SubjectId| persons.iter().find(|person| person.subject == *id).map(|person| person.place);
    let named = unknown.iter().take(NAMED).map(|unknown| match place(&unknown.id) {
        Some(place) => format!("{place}: {unknown}"),
        None => unknown.to_string(),
    });
    let more = unknown.len().checked_sub(NAMED + 1).map(|more| format!("and {} more", more + 1));
    let are = if unknown.len() == 1 { "is" } else { "are" };
    Failure::with_details(
        path.display(),
        format_args!("{} {are} not enrolled in {}", count(unknown.len(), "exempt id"), gallery.display()),
        named.chain(more).collect(),
        "write the ids as 'cotejo gallery list' does, or serve nevertheless with --allow-unknown-exempt",
    )
}
