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
use super::files::{self, Access, Folders, Secret};
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
            match Secret::of(&retired.folder.join(SECRET_KEY))? {
                Secret::Kept => all.push(retired),
                // Somebody may just be about it.
                Secret::Overwritten => drop(retired.delete()?),
                Secret::Gone => retired.finish(keys)?,
            }
        }
        Ok(all)
    }

    /// Deletes what is left of a key whose secret is gone.
    fn finish(self, keys: &Path) -> Result<(), Failure> {
        // Or a rotation is just about to put it there; who is alone knows that it is not, and that what was seen before still holds.
        let Some(_alone) = files::alone(keys)? else { return Ok(()) };
        match Secret::of(&self.folder.join(SECRET_KEY))? {
            Secret::Gone => self.remove(),
            _ => Ok(()),
        }
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
        let moved = Self::take(keys, &retired.folder, HELD);
        if moved.is_err() {
            drop(retired.put_back(keys));
        }
        moved?;
        made.keep();
        Ok(retired)
    }

    /// Undoes [`Retired::put_aside`]: the secret last, for without it the rest is taken for what a deletion has left.
    pub fn put_back(&self, keys: &Path) -> Result<(), Failure> {
        Self::take(&self.folder, keys, HELD.into_iter().rev())?;
        fs::remove_dir(&self.folder).map_err(|error| Failure::io(&self.folder, "remove it", &error))
    }

    /// Moves what is there, one after the other, over nothing that is there already.
    fn take(from: &Path, to: &Path, held: impl IntoIterator<Item = &'static str>) -> Result<(), Failure> {
        for name in held {
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
        match files::erase(&self.folder.join(SECRET_KEY))? {
            true => self.remove().map(|()| true),
            false => Ok(false),
        }
    }

    /// Deletes the folder, which somebody else may be deleting as well.
    fn remove(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::io(&self.folder, "delete it", &error));
            }
            _ => {}
        }
        files::sync(self.folder.parent().unwrap_or(Path::new(".")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of keys, with as many keys of before as there are texts; each has what is to stand in its secret key.
    fn keys(secrets: &[Option<&[u8]>]) -> tempfile::TempDir {
        let keys = tempfile::tempdir().unwrap();
        for (number, secret) in secrets.iter().enumerate() {
            let folder = keys.path().join("retired").join(format!("{}.2026-01-01", Name([number as u8; 16])));
            fs::create_dir_all(folder.join("pending")).unwrap();
            fs::write(folder.join(EVALUATION_KEY), "evaluation").unwrap();
            fs::write(folder.join("pending/1"), "pending").unwrap();
            secret.iter().for_each(|secret| fs::write(folder.join(SECRET_KEY), secret).unwrap());
        }
        keys
    }

    #[test]
    fn several_who_delete_one_key_at_once_all_have_it_deleted() {
        for _ in 0..50 {
            let keys = keys(&[Some(b"secret")]);
            let found: Vec<_> = (0..4).map(|_| Retired::all(keys.path()).unwrap().remove(0)).collect();
            std::thread::scope(|scope| {
                let all: Vec<_> = found.into_iter().map(|one| scope.spawn(|| one.delete().map(drop))).collect();
                for one in all {
                    assert!(one.join().unwrap().is_ok());
                }
            });
            assert!(Retired::all(keys.path()).unwrap().is_empty());
        }
        let keys = keys(&[Some(b"secret")]);
        let [first, second] = [(); 2].map(|()| Retired::all(keys.path()).unwrap().remove(0));
        assert!(first.delete().unwrap() && second.delete().unwrap());
    }

    #[test]
    fn a_deletion_that_was_broken_off_is_finished_wherever_it_was() {
        let keys = keys(&[Some(b"secret"), Some(&[0; 16]), None]);
        let place = keys.path().join("retired");
        let empty = place.join(format!("{}.2026-01-01", Name([9; 16])));
        fs::create_dir(&empty).unwrap();
        // While somebody puts keys aside, what has no secret key may be about to get one.
        let held = files::alone(keys.path()).unwrap();
        assert_eq!(Retired::all(keys.path()).unwrap().len(), 1);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 3);
        drop(held);
        assert_eq!(Retired::all(keys.path()).unwrap().len(), 1);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
    }

    #[test]
    fn what_is_put_back_is_all_that_was_put_aside() {
        let keys = tempfile::tempdir().unwrap();
        let both = [SECRET_KEY, EVALUATION_KEY];
        both.iter().for_each(|name| fs::write(keys.path().join(name), name).unwrap());
        let retired = Retired::put_aside(keys.path(), Name([1; 16]), Time::ZERO).unwrap();
        assert_eq!(Retired::all(keys.path()).unwrap().len(), 1);
        retired.put_back(keys.path()).unwrap();
        assert!(Retired::all(keys.path()).unwrap().is_empty());
        both.iter().for_each(|name| assert_eq!(fs::read_to_string(keys.path().join(name)).unwrap(), *name));
    }
}
