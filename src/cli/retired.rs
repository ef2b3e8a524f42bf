//! A querier's keys of before: kept as long as something waits for them, and then deleted.
//!
//! `retired/KEY.DAY/` in the folder of keys holds what that folder held: `secret.key`, `evaluation.key`, and what `encrypt` remembers. After
//! the end of DAY nothing waits any more.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::service::signing::Name;
use crate::service::time::Time;

use super::encrypt::pending_folder;
use super::failure::Failure;
use super::files::{self, Access, Folders};
use super::load::{EVALUATION_KEY, SECRET_KEY};

/// What a folder of keys holds.
const HELD: [&str; 3] = [SECRET_KEY, EVALUATION_KEY, "pending"];

/// Keys of before.
pub struct Retired {
    /// Where they are: a folder of keys like any other.
    pub folder: PathBuf,
    /// Names them.
    pub key: Name,
    /// The last day on which anything waits for them.
    day: String,
}

impl Retired {
    /// All that are there, in the order of their names. Of those whose deletion was begun and not finished, it is finished.
    pub fn all(keys: &Path) -> Result<Vec<Self>, Failure> {
        let place = keys.join("retired");
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::io(&place, "read it", &error)),
        };
        let folders = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
        let mut folders = folders.map_err(|error| Failure::io(&place, "read it", &error))?;
        folders.sort();
        let mut all = Vec::new();
        for retired in folders.into_iter().filter_map(Self::at) {
            match files::is_overwritten(&retired.folder.join(SECRET_KEY))? {
                // Somebody may just be about it.
                true => drop(retired.delete()?),
                false => all.push(retired),
            }
        }
        Ok(all)
    }

    /// None for what is no folder of ours.
    fn at(folder: PathBuf) -> Option<Self> {
        let (key, day) = folder.file_name()?.to_str()?.split_once('.')?;
        let (key, day) = (key.parse().ok()?, day.to_owned());
        Some(Self { folder, key, day })
    }

    /// Puts the keys of a folder aside, until the end of a day.
    pub fn put_aside(keys: &Path, key: Name, last: Time) -> Result<Self, Failure> {
        let day = last.day().to_string();
        let folder = keys.join("retired").join(format!("{key}.{day}"));
        let made = Folders::create(&folder, Access::Private)?;
        let retired = Self { folder, key, day };
        let moved = retired.take(keys, &retired.folder);
        if moved.is_err() {
            drop(retired.put_back(keys));
        }
        moved?;
        made.keep();
        Ok(retired)
    }

    /// Undoes [`Retired::put_aside`].
    pub fn put_back(&self, keys: &Path) -> Result<(), Failure> {
        self.take(&self.folder, keys)?;
        fs::remove_dir(&self.folder).map_err(|error| Failure::io(&self.folder, "remove it", &error))
    }

    /// Moves what is there, over nothing that is there already.
    fn take(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        for name in HELD {
            let (from, to) = (from.join(name), to.join(name));
            // A rename would replace it. Nobody else moves keys meanwhile: see `files::alone`.
            if fs::symlink_metadata(&from).is_ok() && fs::symlink_metadata(&to).is_ok() {
                let remedy = "look whose it is, and move it elsewhere";
                return Err(Failure::at(&to, "is there already, where a key of before is to be kept", remedy));
            }
            match fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::io(&from, "move it", &error));
                }
                _ => {}
            }
        }
        files::sync(from)?;
        files::sync(to)
    }

    /// Whether its last day has passed.
    pub fn is_over(&self, now: Time) -> bool {
        now.day().to_string() > self.day
    }

    /// The last day on which anything waits for them.
    pub fn last_day(&self) -> &str {
        &self.day
    }

    /// Queries that were made by hand and whose answers nobody has read.
    pub fn pending(&self) -> Result<usize, Failure> {
        let place = pending_folder(&self.folder);
        match fs::read_dir(&place) {
            Ok(entries) => Ok(entries.count()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Failure::io(&place, "read it", &error)),
        }
    }

    /// Deletes them, the secret key first; false where somebody reads an answer with them just now.
    pub fn delete(self) -> Result<bool, Failure> {
        if !files::erase(&self.folder.join(SECRET_KEY))? {
            return Ok(false);
        }
        fs::remove_dir_all(&self.folder).map_err(|error| Failure::io(&self.folder, "delete it", &error))?;
        files::sync(self.folder.parent().unwrap_or(Path::new("."))).map(|()| true)
    }
}
