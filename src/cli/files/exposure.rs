//! Who else than its owner can reach a file: others of this machine who could read what is private, or put something else in the place
//! of what is ours.

use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;

/// What others may not do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Neither read nor change it.
    Private,
    /// Not change it.
    Ours,
}

/// A file that others can reach.
struct Exposed {
    path: PathBuf,
    what: String,
    remedy: String,
}

/// Warns of files that others than their owner can reach, or refuses them where that is `strict`. What is not there is passed over.
pub fn judge(files: &[(PathBuf, Kept)], strict: bool, warn: &dyn Fn(&str)) -> Result<(), Failure> {
    let mut found: Vec<Exposed> = files.iter().flat_map(|(path, kept)| exposed(path, *kept)).collect();
    let mut told: Vec<(PathBuf, String)> = Vec::new();
    found.retain(|one| {
        let one = (one.path.clone(), one.what.clone());
        let is_new = !told.contains(&one);
        told.extend(is_new.then_some(one));
        is_new
    });
    let line = |one: &Exposed| format!("{}: {}; {}", one.path.display(), one.what, one.remedy);
    match (found.first(), strict) {
        (None, _) => Ok(()),
        (Some(_), false) => {
            found.iter().for_each(|one| warn(&line(one)));
            Ok(())
        }
        (Some(first), true) => Err(Failure::with_details(
            first.path.display(),
            &first.what,
            found.iter().skip(1).map(line).collect(),
            &first.remedy,
        )),
    }
}

#[cfg(not(unix))]
fn exposed(_: &Path, _: Kept) -> Vec<Exposed> {
    Vec::new()
}

/// What is wrong with a file, with every folder that leads to it, and with those that lead to the links on the way.
#[cfg(unix)]
fn exposed(path: &Path, kept: Kept) -> Vec<Exposed> {
    use std::os::unix::fs::MetadataExt;

    let Ok(found) = path.metadata() else { return Vec::new() };
    let mut all = Vec::new();
    let mut tell = |path: &Path, what: &str, remedy: String| {
        all.push(Exposed { path: path.to_owned(), what: what.to_owned(), remedy });
    };
    let mode = if found.is_dir() { "700" } else { "600" };
    match kept {
        _ if is_a_strangers(found.uid()) => {
            let remedy = format!("have it belong to who runs this: chown USER {}", path.display());
            tell(path, "belongs to another user, who can change it", remedy);
        }
        _ if found.mode() & 0o022 != 0 => {
            let mode = if kept == Kept::Private { mode } else { "go-w" };
            tell(path, "others than its owner may write to it", format!("chmod {mode} {}", path.display()));
        }
        Kept::Private if found.mode() & 0o044 != 0 => {
            tell(
                path,
                "others than its owner may read it, and it is private",
                format!("chmod {mode} {}", path.display()),
            );
        }
        _ => {}
    }
    for held in on_the_way(path) {
        let Some(folder) = held.parent() else { continue };
        let Ok(found) = folder.metadata() else { continue };
        let is_open = found.mode() & 0o022 != 0;
        // What others may put into a folder with the sticky bit, they cannot put in the place of what is ours: `/tmp`.
        let is_sticky = found.mode() & 0o1000 != 0;
        let holds_ours = held.symlink_metadata().is_ok_and(|held| !is_a_strangers(held.uid()));
        if is_a_strangers(found.uid()) {
            let remedy = "move what is in it into a folder of one's own".to_owned();
            tell(folder, "the folder belongs to another user, who can replace what is in it", remedy);
        } else if is_open && !(is_sticky && holds_ours) {
            let what = "others than its owner may write to this folder, and replace what is in it";
            tell(folder, what, format!("chmod go-w {}", folder.display()));
        }
    }
    all
}

/// The system follows no more links on one way (`MAXSYMLINKS`).
#[cfg(unix)]
const LINKS: usize = 40;

/// What the system looks up on its way to a file, each in the folder where it really is: folders, links, what these name, the file.
#[cfg(unix)]
fn on_the_way(path: &Path) -> Vec<PathBuf> {
    use std::path::Component;

    let Ok(path) = std::path::absolute(path) else { return Vec::new() };
    // What is left of the way, its next step last.
    let steps =
        |path: &Path| -> Vec<PathBuf> { path.components().rev().map(|step| PathBuf::from(step.as_os_str())).collect() };
    let (mut held, mut links): (Vec<PathBuf>, usize) = (Vec::new(), 0);
    let (mut here, mut left) = (PathBuf::new(), steps(&path));
    while let Some(step) = left.pop() {
        match step.components().next() {
            Some(Component::ParentDir) => {
                here.pop();
            }
            Some(Component::Normal(name)) => {
                let next = here.join(name);
                match next.read_link() {
                    Ok(target) if links < LINKS => {
                        links += 1;
                        left.extend(steps(&target));
                    }
                    Ok(_) => return held,
                    Err(_) => here.clone_from(&next),
                }
                if !held.contains(&next) {
                    held.push(next);
                }
            }
            // The root: links may begin there.
            Some(Component::RootDir) => here.clone_from(&step),
            Some(Component::CurDir | Component::Prefix(_)) | None => {}
        }
    }
    held
}

/// Whether a user is neither who runs this nor root.
#[cfg(unix)]
fn is_a_strangers(user: u32) -> bool {
    user != 0 && user != rustix::process::geteuid().as_raw()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set(path: &Path, mode: u32) {
        assert!(fs::set_permissions(path, Permissions::from_mode(mode)).is_ok());
    }

    /// What is said of a file, by the places that are named.
    fn said(path: &Path, kept: Kept) -> Vec<String> {
        exposed(path, kept).into_iter().map(|one| format!("{}: {}", one.path.display(), one.what)).collect()
    }

    #[test]
    fn what_others_can_read_or_write_is_told_of_files_folders_and_links() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().canonicalize().unwrap().join("a");
        fs::create_dir(&folder).unwrap();
        set(&folder, 0o755);
        let file = folder.join("file");
        fs::write(&file, "x").unwrap();
        for (mode, private, ours) in [
            (0o600, None, None),
            (0o400, None, None),
            (0o640, Some("may read"), None),
            (0o604, Some("may read"), None),
            (0o620, Some("may write"), Some("may write")),
            (0o602, Some("may write"), Some("may write")),
        ] {
            set(&file, mode);
            for (kept, expected) in [(Kept::Private, private), (Kept::Ours, ours)] {
                let said = said(&file, kept);
                assert_eq!(said.len(), usize::from(expected.is_some()), "{mode:o} {said:?}");
                assert!(expected.is_none_or(|words| said[0].contains(words)), "{mode:o} {said:?}");
            }
        }
        set(&file, 0o600);
        for (mode, is_told) in [(0o775, true), (0o757, true), (0o1777, false), (0o700, false)] {
            set(&folder, mode);
            assert_eq!(
                said(&file, Kept::Ours).iter().any(|said| said.contains("write to this folder")),
                is_told,
                "{mode:o}"
            );
        }
        // By a link that lies elsewhere, and from a folder further up.
        let open = root.path().canonicalize().unwrap().join("open");
        fs::create_dir(&open).unwrap();
        let link = open.join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        set(&open, 0o777);
        assert_eq!(said(&link, Kept::Private).len(), 1);
        set(&file, 0o644);
        assert_eq!(said(&link, Kept::Private).len(), 2);
        set(&open, 0o755);
        set(&file, 0o600);
        set(&root.path().canonicalize().unwrap(), 0o777);
        assert!(!said(&file, Kept::Private).is_empty());
        assert!(said(&folder.join("nothing"), Kept::Private).is_empty());
    }

    #[test]
    fn the_folder_of_every_link_on_the_way_is_judged_and_links_without_end_are_none() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let made = ["own", "open", "real", "real/deep"].map(|name| root.join(name));
        for folder in &made {
            fs::create_dir(folder).unwrap();
            set(folder, 0o755);
        }
        let [own, open, real, deep] = made;
        let file = deep.join("file");
        fs::write(&file, "x").unwrap();
        set(&file, 0o600);
        let link = |target: &Path, link: &Path| std::os::unix::fs::symlink(target, link).unwrap();
        // From a folder of ours by one that anybody may write to, to a file of ours.
        link(&open.join("middle"), &own.join("first"));
        link(&file, &open.join("middle"));
        // The same with a link to a folder, and with one that is named from where it lies.
        link(&open.join("folder"), &own.join("folder"));
        link(Path::new("../real"), &open.join("folder"));
        let ways = [own.join("first"), own.join("folder/deep/file"), own.join("folder/deep/../deep/file")];
        for way in &ways {
            assert!(said(way, Kept::Private).is_empty(), "{}", way.display());
        }
        set(&open, 0o777);
        for way in &ways {
            let said = said(way, Kept::Private);
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with(&format!("{}: others", open.display())), "{said:?}");
        }
        assert!(said(&file, Kept::Private).is_empty());
        // What ".." leads to is beside where a link leads, not where it lies.
        set(&open, 0o755);
        set(&real, 0o777);
        assert_eq!(said(&own.join("folder/../real/deep/file"), Kept::Private).len(), 1);
        set(&real, 0o755);
        link(&own.join("b"), &own.join("a"));
        link(&own.join("a"), &own.join("b"));
        assert!(on_the_way(&own.join("a")).len() < 100);
    }
}
