//! What a command finds in the memory of the program that embeds it, under names of files, and who listens there (`super::embedded`).

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::scheme::Opened;
use crate::template::TemplateShape;
use crate::template::read::{End, Entry, IdSource, ReadError};

/// Who listens to a command instead of a terminal.
pub trait Listener: Send + Sync {
    /// A note for people.
    fn note(&self, text: &str);

    /// Something that must be known.
    fn warn(&self, text: &str);

    /// How far long work is: `done` of `steps` that are called `unit`. Told a few times a second.
    fn progress(&self, label: &'static str, unit: &'static str, done: u64, steps: u64);
}

/// Templates in memory, told one by one as those of a file are.
pub trait Records: Send + Sync {
    /// As [`crate::template::read::each`], also in what becomes of records below a minimum of quality.
    ///
    /// # Errors
    ///
    /// As of [`crate::template::read::each`].
    fn each(
        &self,
        shape: TemplateShape,
        minimum_quality: Option<f64>,
        take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
    ) -> Result<End, ReadError>;
}

/// What one command finds there, and what it has said.
pub struct Desk {
    listener: Arc<dyn Listener>,
    agreement: Option<(PathBuf, Opened)>,
    templates: Vec<(PathBuf, Arc<dyn Records>)>,
    said: Mutex<Said>,
}

/// The result of a command.
#[derive(Default)]
pub struct Said {
    /// Its document, where it has one.
    pub document: Option<Value>,
    /// Its lines.
    pub text: String,
}

impl Desk {
    /// One with nothing on it.
    pub fn new(listener: Arc<dyn Listener>) -> Self {
        Self { listener, agreement: None, templates: Vec::new(), said: Mutex::default() }
    }

    /// With an agreement, under the name of a file.
    pub fn with_agreement(mut self, name: impl Into<PathBuf>, agreement: Opened) -> Self {
        self.agreement = Some((name.into(), agreement));
        self
    }

    /// With templates, under the name of a file.
    pub fn with_templates(mut self, name: impl Into<PathBuf>, records: Arc<dyn Records>) -> Self {
        self.templates.push((name.into(), records));
        self
    }

    pub(super) fn listener(&self) -> &Arc<dyn Listener> {
        &self.listener
    }

    pub(super) fn agreement(&self, name: &Path) -> Option<&Opened> {
        self.agreement.as_ref().filter(|(found, _)| found == name).map(|(_, agreement)| agreement)
    }

    pub(super) fn templates(&self, name: &Path) -> Option<&Arc<dyn Records>> {
        self.templates.iter().find(|(found, _)| found == name).map(|(_, records)| records)
    }

    pub(super) fn print(&self, text: &str) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.text.push_str(text);
        said.text.push('\n');
    }

    pub(super) fn document(&self, document: Value) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).document = Some(document);
    }

    pub(super) fn said(&self) -> Said {
        std::mem::take(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
