//! The program, for one in another language that embeds it: its commands on what is held in memory, its files, its words.
//!
//! Commands are those of the command line, told by the same arguments; agreements and templates may lie on a [`Desk`] under names of files that
//! there need not be. A command's result is its document, as with `--json`. One command runs at a time in a process: what it reads, writes, asks for
//! and is interrupted by is the process's.

use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Parser as _;
use zeroize::Zeroizing;

use super::console::Console;
use super::decrypt;
use super::encrypt;
use super::keygen::Place;
use super::{Cli, files, interrupt, load, passphrase, token};
use crate::agreement::{Agreement, AgreementError};
use crate::custodian::{AnswerError, Gallery};
use crate::exchange::{Answer, ExchangeError, Pending, Querier};
use crate::scheme::{Opened, Unanswered};

pub use super::desk::{Desk, Listener, Records, Said};
pub use super::failure::{Cause, Failure, MendableProblem};

/// One command at a time, as long as this lives: at its end its passphrase is wiped.
struct Alone(#[expect(dead_code, reason = "it is held, not looked at")] MutexGuard<'static, ()>);

fn alone(passphrase: Option<Zeroizing<String>>) -> Alone {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    interrupt::begin();
    files::begin();
    passphrase::begin(passphrase);
    Alone(guard)
}

impl Drop for Alone {
    fn drop(&mut self) {
        passphrase::begin(None);
    }
}

/// How a command ended, and what it said.
pub struct Ran {
    /// Its exit code: 0, or what else its help says of a good ending.
    pub code: u8,
    /// What it said.
    pub said: Said,
}

/// Runs a command, told by its arguments: `["enroll", "--templates", "people.npy"]`.
///
/// # Errors
///
/// [`Failure`], as the command line tells it; [`Failure::Interrupted`] where `interrupt` was called meanwhile.
pub fn run(
    arguments: impl IntoIterator<Item = String>,
    passphrase: Option<Zeroizing<String>>,
    desk: Desk,
) -> Result<Ran, Failure> {
    let _alone = alone(passphrase);
    let arguments = std::iter::once("cotejo".to_owned()).chain(arguments);
    let cli = Cli::try_parse_from(arguments).map_err(|error| misunderstood(&error))?;
    let console = Console::of(desk);
    let ended = cli.command.run(&console);
    token::end();
    let said = console.desk().map(Desk::said).unwrap_or_default();
    Ok(Ran { code: ended?.code(), said })
}

/// Asks the command that runs to stop where nothing is half-done.
pub fn interrupt() {
    interrupt::request();
}

/// What clap has to say, without the usage that it adds.
fn misunderstood(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let what = text.strip_prefix("error: ").unwrap_or(&text);
    let what = what.split("\n\nUsage:").next().unwrap_or_default();
    Failure::new("arguments", what.trim_end(), "'cotejo help' lists what each command takes")
}

/// Reads an agreement's file: opened, and as it is written.
///
/// # Errors
///
/// [`Failure`] where there is none, or it is none.
pub fn agreement(path: &Path, listener: Arc<dyn Listener>) -> Result<(Opened, String), Failure> {
    let _alone = alone(None);
    let opened = load::agreement(path, &Console::of(Desk::new(listener)))?;
    let text = String::from_utf8(files::read_at_most(path, Agreement::LIMIT_BYTES as u64)?);
    // Read as text a moment ago.
    Ok((opened, text.map_err(|error| Failure::at(path, error, "read it again"))?))
}

/// Writes a text that others may read: whole, or not at all.
///
/// # Errors
///
/// [`Failure`] where there is a file of that name already, unless it is to be overwritten, and where it cannot be written.
pub fn write_text(path: &Path, text: &str, overwrite: bool) -> Result<(), Failure> {
    let _alone = alone(None);
    files::write(&[files::Output { path, bytes: text.as_bytes(), access: files::Access::Shared }], overwrite)
}

/// Writes the keys of a querier into a folder, as `cotejo keygen` does: the secret one readable for its owner alone, under a passphrase if one is
/// given.
///
/// # Errors
///
/// [`Failure`] where keys are there already, unless they are to be overwritten, and where the folder cannot be written to.
pub fn save_keys(
    folder: &Path,
    querier: &Querier,
    evaluation_key: &[u8],
    passphrase: Option<Zeroizing<String>>,
    overwrite: bool,
) -> Result<(), Failure> {
    let _alone = alone(passphrase.clone());
    let place = Place::prepare(folder, overwrite)?;
    let passphrase = passphrase.map(|_| passphrase::new(&folder.join(load::SECRET_KEY))).transpose()?;
    place.fill(querier, evaluation_key, passphrase).map(drop)
}

/// Reads the keys of a folder of `cotejo keygen`: the querier, and its evaluation key for the custodian.
///
/// # Errors
///
/// [`Failure`] where there are none, others can read them, they are of another agreement, or their passphrase is missing or wrong.
pub fn load_keys(
    folder: &Path,
    agreement: &Opened,
    passphrase: Option<Zeroizing<String>>,
) -> Result<(Querier, Vec<u8>), Failure> {
    let _alone = alone(passphrase);
    let querier = load::querier(folder, agreement, "folder")?;
    Ok((querier, files::read(&folder.join(load::EVALUATION_KEY))?))
}

/// Writes what waits for an answer into the folder of the keys, as `cotejo encrypt` does.
///
/// # Errors
///
/// [`Failure`] where it cannot be written.
pub fn remember(folder: &Path, pending: &Pending) -> Result<(), Failure> {
    let _alone = alone(None);
    let (_, folders) = encrypt::remember(folder, pending)?;
    folders.keep();
    Ok(())
}

/// What the folder of the keys remembers of the query that is answered, as `cotejo decrypt` finds it.
///
/// # Errors
///
/// [`Failure`] where nothing is remembered of it.
pub fn remembered(folder: &Path, querier: &Querier, answer: &Answer) -> Result<Pending, Failure> {
    let _alone = alone(None);
    decrypt::remembered(folder, querier, answer, "answer".as_ref()).map(|(pending, _)| pending)
}

/// Maps the file of a gallery, which nobody changes meanwhile.
///
/// # Errors
///
/// [`Failure`] for anything but a gallery under this agreement, or one that another command is changing.
pub fn gallery(path: &Path, agreement: &Opened, listener: Arc<dyn Listener>) -> Result<Gallery, Failure> {
    let _alone = alone(None);
    files::gallery::read(path, agreement, &Console::of(Desk::new(listener)))
}

/// The failure that a step of an exchange ends with; `place` names what it is about.
pub fn failed(place: impl Display, error: &ExchangeError) -> Failure {
    let path = place.to_string();
    let path = Path::new(&path);
    let (cause, otherwise) = match error {
        ExchangeError::Wire(error) => return Failure::wire(path, error),
        ExchangeError::Unanswered(AnswerError::Unanswered(Unanswered::Stopped(_))) => return Failure::Interrupted,
        ExchangeError::Agreement(_) => (Cause::Agreement, "agree on other terms"),
        ExchangeError::Enrolment(_) | ExchangeError::Ask(_) => {
            (Cause::Templates, "give templates of the agreed shape, one of each person")
        }
        ExchangeError::Unanswered(AnswerError::OtherKey { .. }) => (Cause::OtherKey, "use one querier's key and query"),
        ExchangeError::Unanswered(AnswerError::OtherTerms) => (Cause::OtherAgreement, "make keys and queries under it"),
        ExchangeError::Unanswered(AnswerError::EmptyGallery | AnswerError::Damaged(_)) => {
            (Cause::Gallery, "enroll somebody")
        }
        ExchangeError::Unanswered(_) => (Cause::Query, "ask about fewer probes at a time"),
        ExchangeError::Refused(_) => (Cause::Answer, "get the answer to this query from the custodian"),
    };
    Failure::of(path, error, otherwise).because(cause)
}

/// The failure of terms that are no agreement.
pub fn unsound(place: impl Display, error: &AgreementError) -> Failure {
    Failure::of(place.to_string().as_ref(), error, "correct that field").because(Cause::Agreement)
}
