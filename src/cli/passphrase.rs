//! The passphrase of protected keys: from a file, the environment, or the terminal; never from the command line, which everybody can
//! read. One a command, for all keys that it reads.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zeroize::{Zeroize, Zeroizing};

use super::failure::Failure;
use super::files::{self, protected, protected::Standing};

/// Where a passphrase is found that no file is named for.
const VARIABLE: &str = "COTEJO_PASSPHRASE";
/// Longest file of a passphrase, in bytes.
const LIMIT_BYTES: u64 = 4096;
/// Fewest characters of a new passphrase: scrypt makes guesses slow, not short ones safe.
const LEAST: usize = 12;

const FILE: &str = "give --passphrase-file";

/// What this command, of which there is one in a process, knows of it.
struct Known {
    /// The file that the command line names.
    given: Option<PathBuf>,
    /// The file that the configuration names which was read last.
    configured: Option<PathBuf>,
    passphrase: Option<Zeroizing<String>>,
    /// Whether all keys were read that somebody may be asked for.
    silent: bool,
}

static KNOWN: Mutex<Known> = Mutex::new(Known { given: None, configured: None, passphrase: None, silent: false });

impl Known {
    /// The command line goes before a configuration.
    fn file(&self) -> Option<&Path> {
        self.given.as_deref().or(self.configured.as_deref())
    }
}

/// A key's file in the clear: as it is, or opened with the passphrase of this command. One of more than `limit` bytes is refused.
pub fn read_key(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    opened(path, files::read_secret(path, limit)?)
}

/// A key in the clear: as it is, or opened with the passphrase of this command.
pub fn opened(path: &Path, content: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match Standing::of(&content) {
        Standing::Protected => {
            let opened = of(path).and_then(|passphrase| protected::open(path, &content, &passphrase));
            wipe_stack();
            opened
        }
        _ => Ok(content),
    }
}

/// Overwrites what calls that are over have left on the stack: who derives a key puts the passphrase there, padded to a block.
#[inline(never)]
fn wipe_stack() {
    let mut left = [0xff_u8; 1 << 17];
    left.zeroize();
    std::hint::black_box(&mut left);
}

/// A command of an embedding program begins, which gives a passphrase or none. Nobody is asked: the terminal is that program's.
pub fn begin(passphrase: Option<Zeroizing<String>>) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known = Known { given: None, configured: None, passphrase, silent: true };
}

/// The command line names the file with the passphrase.
pub fn is_given_in(file: Option<PathBuf>) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).given = file;
}

/// A configuration that is read names the file with the passphrase, or none.
pub fn is_configured_in(file: Option<PathBuf>) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).configured = file;
}

/// Wipes what was taken from a file or the environment: whoever reads a key again takes it from there again.
pub fn put_away() {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.file().is_some() || std::env::var_os(VARIABLE).is_some() {
        known.passphrase = None;
    }
}

/// Wipes what was taken or typed: all keys are read. From here on nobody is asked: whoever reads a key again, as a reload does, takes its
/// passphrase from a file or the environment.
pub fn forget() {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.passphrase = None;
    known.silent = true;
}

/// The passphrase that a key is read with.
fn of(key: &Path) -> Result<Zeroizing<String>, Failure> {
    known(|| ask(&format!("passphrase of {}", key.display()), FILE), key)
}

/// The passphrase that a key is to be protected with.
pub fn new(key: &Path) -> Result<Zeroizing<String>, Failure> {
    let passphrase = known(
        || {
            // Nobody types twice what is refused.
            let first = long_enough(ask("new passphrase", FILE)?)?;
            match *ask("the same once more", FILE)? == *first {
                true => Ok(first),
                false => Err(Failure::new("passphrase", "not the same twice", "try again")),
            }
        },
        key,
    )?;
    long_enough(passphrase)
}

fn long_enough(passphrase: Zeroizing<String>) -> Result<Zeroizing<String>, Failure> {
    match passphrase.chars().count() < LEAST {
        true => Err(Failure::new(
            "passphrase",
            format_args!("shorter than {LEAST} characters"),
            "choose six words at random, or have a program make one",
        )),
        false => Ok(passphrase),
    }
}

fn known(
    otherwise: impl FnOnce() -> Result<Zeroizing<String>, Failure>,
    key: &Path,
) -> Result<Zeroizing<String>, Failure> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(passphrase) = &known.passphrase {
        return Ok(passphrase.clone());
    }
    let passphrase = match known.file() {
        Some(file) => line_of(file, "the passphrase")?,
        None => match std::env::var(VARIABLE) {
            Ok(passphrase) => Zeroizing::new(passphrase),
            Err(_) if !known.silent && is_at_a_terminal() => otherwise()?,
            Err(_) => {
                let remedy = format!("give --passphrase-file, or set {VARIABLE}; on a terminal it is asked for");
                return Err(Failure::at(key, "needs a passphrase, and none is given", remedy));
            }
        },
    };
    Ok(known.passphrase.insert(passphrase).clone())
}

/// The one line of a file; `what` it is.
pub fn line_of(file: &Path, what: &str) -> Result<Zeroizing<String>, Failure> {
    let bytes = files::read_secret(file, LIMIT_BYTES)?;
    let wrong = |wrong| Failure::at(file, wrong, format_args!("write {what} into it, one line"));
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("not UTF-8 text"))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(wrong("it is empty")),
        line if line.contains('\n') => Err(wrong("more than one line")),
        line => Ok(Zeroizing::new(line.to_owned())),
    }
}

/// Whether somebody can be asked now.
pub fn may_ask() -> bool {
    !KNOWN.lock().unwrap_or_else(PoisonError::into_inner).silent && is_at_a_terminal()
}

fn is_at_a_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on the terminal, which shows nothing of what is typed.
///
/// `otherwise`: what to do where it cannot be read there.
pub fn ask(what: &str, otherwise: &str) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new("the terminal", error, otherwise);
    let hidden = Hidden::new().map_err(|error| failed(&error))?;
    let mut err = std::io::stderr().lock();
    drop(write!(err, "{what}: ").and_then(|()| err.flush()));
    let mut line = Zeroizing::new(String::with_capacity(LIMIT_BYTES as usize));
    let read = std::io::stdin().lock().read_line(&mut line);
    drop(hidden);
    drop(writeln!(err));
    read.map_err(|error| failed(&error))?;
    let kept = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(kept);
    Ok(line)
}

/// A terminal that shows nothing, until this is dropped.
struct Hidden {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Hidden {
    fn new() -> std::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self { before })
    }
}

#[cfg(unix)]
impl Drop for Hidden {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(not(unix))]
impl Hidden {
    fn new() -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}
