//! The files that several commands read.

use std::path::Path;

use crate::agreement::{Agreement, AgreementError, Terms};
use crate::exchange::Querier;
use crate::planning;
use crate::scheme::Opened;
use crate::template::SubjectId;
use crate::template::read::{self, Identity, ReadError};
use crate::wire::{self, Kind, Target, WireError};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::console::Console;
use super::failure::{Cause, Failure};
use super::files::Secret;
use super::{files, passphrase};

/// The agreement, with a warning where its encryption protects nothing.
pub fn agreement(path: &Path, console: &Console) -> Result<Opened, Failure> {
    if let Some(agreement) = console.desk().and_then(|desk| desk.agreement(path)) {
        return Ok(agreement.clone());
    }
    let bytes = match path.try_exists() {
        Ok(false) => {
            return Err(Failure::at(
                path,
                "there is no agreement here",
                "make one with 'cotejo agreement init', or name it with --agreement",
            )
            .because(Cause::Agreement));
        }
        // One byte more than admitted: the library says that it is too long.
        _ => files::read_at_most(path, Agreement::LIMIT_BYTES as u64 + 1)?,
    };
    let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not UTF-8 text", "name an agreement.toml"))?;
    let agreement = Agreement::from_toml(&text).and_then(Opened::new).map_err(|error| match error {
        AgreementError::Open { .. } => left_open(path, &text, &error),
        _ => unsound(path, &error),
    })?;
    warn_if_insecure(&agreement, console);
    Ok(agreement)
}

fn unsound(path: &Path, error: &AgreementError) -> Failure {
    Failure::of(path, error, "correct that field; 'cotejo agreement init' writes a sound agreement")
        .because(Cause::Agreement)
}

/// A file that leaves something open is no agreement: the lines that would be chosen now are the remedy.
fn left_open(path: &Path, text: &str, open: &AgreementError) -> Failure {
    let settled = Terms::from_toml(text).and_then(|given| planning::settle(&given).map(|settled| (given, settled)));
    match settled {
        Ok((given, settled)) => {
            let lines: Vec<String> = settled.lines(&given).lines().map(|line| format!("  {line}")).collect();
            let remedy = format!(
                "write what both parties mean in its place, for example ({}):\n{}",
                settled.why.clause(),
                lines.join("\n")
            );
            Failure::at(path, open, remedy).because(Cause::Agreement)
        }
        Err(error) => unsound(path, &error),
    }
}

pub fn warn_if_insecure(agreement: &Opened, console: &Console) {
    let set = agreement.parameters();
    if !set.is_secure() {
        console.warn(format_args!("parameter set {} is INSECURE: {}", set.name(), set.weakness()));
    }
}

/// Whom a query is about: the enrolled person that is named, or anybody.
pub fn target(reference: Option<&str>) -> Result<Target, Failure> {
    match reference.map(|id| SubjectId::try_from(id.to_owned())).transpose() {
        Ok(None) => Ok(Target::Gallery),
        Ok(Some(id)) => Ok(Target::Subject(id)),
        Err(error) => Err(Failure::new("--reference", error, "give the id under which the person is enrolled")),
    }
}

/// Longest list of ids, in bytes.
const LIST_LIMIT_BYTES: u64 = 1 << 30;

/// A list of ids; none where nobody is on it.
fn list(path: &Path, remedy: &str) -> Result<Option<Vec<Identity>>, Failure> {
    let bytes = files::read_at_most(path, LIST_LIMIT_BYTES + 1)?;
    if bytes.len() as u64 > LIST_LIMIT_BYTES {
        return Err(Failure::at(path, format_args!("longer than {LIST_LIMIT_BYTES} bytes"), remedy));
    }
    match read::identities(&bytes) {
        Err(ReadError::NoRecords) => Ok(None),
        read => read.map(Some).map_err(|error| Failure::of(path, &error, remedy)),
    }
}

/// A list of ids of somebody.
pub fn identities(path: &Path, remedy: &str) -> Result<Vec<Identity>, Failure> {
    list(path, remedy)?.ok_or_else(|| Failure::of(path, &ReadError::NoRecords, remedy))
}

/// A list of persons: as any list of ids, but each person is meant as a whole.
pub fn persons(path: &Path) -> Result<Vec<Identity>, Failure> {
    whole(path, identities(path, ONE_A_LINE)?)
}

/// Persons that a command names, one by one or in a file; none where it names nobody.
pub fn whom(ids: &[String], file: Option<&Path>) -> Result<Option<Vec<SubjectId>>, Failure> {
    if let Some(path) = file {
        return Ok(Some(persons(path)?.into_iter().map(|person| person.subject).collect()));
    }
    let parse = |id: &String| {
        SubjectId::try_from(id.clone()).map_err(|error| Failure::new("--id", error, "give an enrolled id"))
    };
    let ids = ids.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(ids).filter(|ids| !ids.is_empty()))
}

const ONE_A_LINE: &str = "write one id a line";

fn whole(path: &Path, persons: Vec<Identity>) -> Result<Vec<Identity>, Failure> {
    match persons.iter().find(|person| person.eye.is_some()) {
        Some(person) => Err(Failure::at(
            path,
            format_args!(
                "{}: the id is followed by an eye, but a person is exempted, removed or restored as a whole",
                person.place
            ),
            "write the id alone",
        )),
        None => Ok(persons),
    }
}

/// A list of exempt persons, which has nobody on it only where that is `allowed`.
pub fn exempt(path: &Path, allowed: bool) -> Result<Vec<Identity>, Failure> {
    match list(path, ONE_A_LINE)? {
        Some(persons) => whole(path, persons),
        None if allowed => Ok(Vec::new()),
        None => Err(Failure::at(
            path,
            "the file holds no record: nobody would be exempt",
            "write one id a line, leave 'exempt' out of the configuration, or serve nevertheless with --allow-unknown-exempt",
        )),
    }
}

/// The secret key of a folder of keys, which is named by `option`.
pub fn querier(keys: &Path, agreement: &Opened, option: &str) -> Result<Querier, Failure> {
    let path = keys.join(SECRET_KEY);
    if let Ok(false) = path.try_exists() {
        return Err(Failure::at(
            &path,
            "there is no secret key here",
            format_args!("make keys with 'cotejo keygen --out {}', or name their folder ({option})", keys.display()),
        ));
    }
    let content = passphrase::read_key(&path, SECRET_KEY_LIMIT_BYTES)?;
    Querier::read(content.as_slice(), agreement).map_err(Failure::in_file(&path))
}

/// The secret key of a folder of keys; none where there is none, or one of another agreement, or somebody else is erasing it.
pub fn querier_under(keys: &Path, agreement: &Opened) -> Result<Option<Querier>, Failure> {
    let path = keys.join(SECRET_KEY);
    if let Ok(false) = path.try_exists() {
        return Ok(None);
    }
    let read = passphrase::read_key(&path, SECRET_KEY_LIMIT_BYTES).and_then(|content| {
        match Querier::read(content.as_slice(), agreement) {
            Ok(querier) => Ok(Some(querier)),
            Err(WireError::Agreement { .. } | WireError::Scheme(_) | WireError::Parameters { .. }) => Ok(None),
            Err(error) => Err(Failure::wire(&path, &error)),
        }
    });
    unless_erased(&path, read)
}

/// What was read of a secret; none where it could not be, for somebody else has erased it meanwhile.
fn unless_erased<T>(path: &Path, read: Result<Option<T>, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Err(_) if Secret::of(path)? != Secret::Kept => Ok(None),
        read => read,
    }
}

/// Longest file of a secret key, in bytes: those of any set are far shorter.
pub const SECRET_KEY_LIMIT_BYTES: u64 = 1 << 26;

/// Whether this is a secret key of ours, in the clear.
pub fn is_secret_key(content: &[u8]) -> bool {
    wire::inspect(content).is_ok_and(|header| header.kind == Kind::SecretKey)
}

/// Name of the secret key in a folder of keys.
pub const SECRET_KEY: &str = "secret.key";
/// Name of the evaluation key in a folder of keys.
pub const EVALUATION_KEY: &str = "evaluation.key";

/// Randomness for keys, encryption and sanitising, seeded by the operating system.
pub fn randomness() -> Result<ChaCha20Rng, Failure> {
    ChaCha20Rng::try_from_os_rng()
        .map_err(|error| Failure::new("random generator of the system", error, "repair the system before making keys"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_somebody_else_erases_is_none_and_one_that_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SECRET_KEY);
        let read =
            || unless_erased(&path, passphrase::read_key(&path, 100).and_then(|_| Err::<Option<()>, _>(unread())));
        fn unread() -> Failure {
            Failure::new("secret", "no key", "give another")
        }
        assert!(matches!(read(), Ok(None)), "it has no name any more");
        for (content, is_kept) in [(&[0; 80][..], false), (b"no key", true)] {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            assert_eq!(read().is_err(), is_kept);
        }
    }
}
