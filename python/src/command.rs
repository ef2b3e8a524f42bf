//! Commands of the program, on what Python holds in memory as well as on files.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cotejo::cli::embedded::{self, Desk, Listener};
use pyo3::prelude::*;
use zeroize::Zeroizing;

use crate::agreement::Agreement;
use crate::raised::raised;
use crate::records::Records;
use crate::work;

/// What a command has said that Python has not heard yet.
#[derive(Default)]
pub struct Heard {
    waiting: Mutex<VecDeque<Word>>,
}

enum Word {
    Note(String),
    Warning(String),
    Progress(&'static str, &'static str, u64, u64),
}

impl Heard {
    fn hear(&self, word: Word) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(word);
    }

    /// Tells it: notes to the log, warnings as warnings, progress to whoever wants it.
    pub fn tell(&self, py: Python<'_>, progress: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        loop {
            let word = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match word {
                None => return Ok(()),
                Some(Word::Note(text)) => {
                    py.import("cotejo._telling")?.call_method1("note", (text,))?;
                }
                Some(Word::Warning(text)) => {
                    py.import("cotejo._telling")?.call_method1("warn", (text,))?;
                }
                Some(Word::Progress(label, unit, done, steps)) => {
                    progress.map_or(Ok(()), |progress| progress.call1((label, unit, done, steps)).map(drop))?;
                }
            }
        }
    }
}

impl Listener for Heard {
    fn note(&self, text: &str) {
        self.hear(Word::Note(text.to_owned()));
    }

    fn warn(&self, text: &str) {
        self.hear(Word::Warning(text.to_owned()));
    }

    fn progress(&self, label: &'static str, unit: &'static str, done: u64, steps: u64) {
        self.hear(Word::Progress(label, unit, done, steps));
    }
}

/// Runs a command: its exit code, its document as JSON, its text. `agreement` and `templates` stand under names that arguments name as files.
#[pyfunction]
#[pyo3(signature = (arguments, agreement = None, templates = Vec::new(), passphrase = None, progress = None))]
pub fn run(
    py: Python<'_>,
    arguments: Vec<String>,
    agreement: Option<(String, PyRef<'_, Agreement>)>,
    templates: Vec<(String, PyRef<'_, Records>)>,
    passphrase: Option<String>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(u8, Option<String>, String)> {
    let heard = Arc::new(Heard::default());
    let mut desk = Desk::new(heard.clone());
    if let Some((name, agreement)) = agreement {
        desk = desk.with_agreement(name, agreement.opened().clone());
    }
    for (name, records) in templates {
        desk = desk.with_templates(name, Arc::new(records.shared()));
    }
    let passphrase = passphrase.map(Zeroizing::new);
    let ran = work::run(
        py,
        || embedded::run(arguments, passphrase, desk),
        embedded::interrupt,
        |py| heard.tell(py, progress),
    )?;
    let ran = ran.map_err(|failure| raised(py, failure))?;
    Ok((ran.code, ran.said.document.map(|document| document.to_string()), ran.said.text))
}

/// Writes a text that others may read: whole, or not at all.
#[pyfunction]
pub fn write_text(py: Python<'_>, path: PathBuf, text: &str, overwrite: bool) -> PyResult<()> {
    py.detach(|| embedded::write_text(&path, text, overwrite)).map_err(|failure| raised(py, failure))
}

/// The command `cotejo`, as the command of this process; its exit code.
#[pyfunction]
pub fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| cotejo::cli::main_of(std::iter::once("cotejo".into()).chain(arguments)))
}
