//! What somebody is about to ask: kept in memory until it is sent, dropped, or too old.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::RngCore as _;

use crate::cli::browser::upload::Uploaded;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::cli::templates::Loaded;
use crate::scheme::Opened;
use crate::template::Template;

/// Drafts at a time: each holds templates in memory. The oldest makes room.
const MOST: usize = 4;
/// A draft that nobody goes on with goes after so long.
const IDLE: Duration = Duration::from_secs(3600);
/// So many refused rows are kept with their reasons.
const REASONS: usize = 50;

/// What was sent, and what was read of it.
pub struct Draft {
    /// Names it; nobody can guess it.
    pub id: String,
    pub file: Uploaded,
    pub ids: Option<Uploaded>,
    /// Whether rows that make no template are left out.
    pub skip: bool,
    /// Whether it is about donors.
    pub canaries: bool,
    /// The enrolled person that is named, where one is.
    pub reference: Option<String>,
    pub look: Look,
    pub record: Mutex<Option<Record>>,
    made: Instant,
}

/// What stands in a file of templates, without a value of any.
#[derive(Clone, Default)]
pub struct Look {
    pub given: usize,
    /// Persons who would be asked about.
    pub persons: usize,
    /// Templates of theirs.
    pub templates: usize,
    /// Least, median and greatest length of the vectors.
    pub norms: Option<[f64; 3]>,
    pub refused: usize,
    pub reasons: Vec<String>,
    /// What the reader has noted.
    pub notes: Vec<String>,
}

/// What a request says beside the query.
#[derive(Clone, Default, serde::Deserialize)]
pub struct Record {
    #[serde(default)]
    pub purpose: String,
    #[serde(default)]
    pub justification: String,
    #[serde(default)]
    pub case_category: String,
    #[serde(default)]
    pub officer: String,
}

/// All of them.
#[derive(Default)]
pub struct Drafts(Mutex<VecDeque<Arc<Draft>>>);

impl Drafts {
    /// Keeps one.
    pub fn keep(&self, draft: Draft) -> Arc<Draft> {
        let draft = Arc::new(draft);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| other.made.elapsed() < IDLE);
        while all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(Arc::clone(&draft));
        draft
    }

    pub fn find(&self, id: &str) -> Option<Arc<Draft>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| other.made.elapsed() < IDLE);
        all.iter().find(|draft| draft.id == id).map(Arc::clone)
    }

    /// Takes one away: what is sent, or not wanted any more.
    pub fn take(&self, id: &str) -> Option<Arc<Draft>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|draft| draft.id == id)?;
        all.remove(at)
    }
}

impl Draft {
    /// With nothing read of it yet.
    pub fn new(file: Uploaded, ids: Option<Uploaded>) -> Result<Self, Failure> {
        let mut id = [0; 16];
        load::randomness()?.fill_bytes(&mut id);
        Ok(Self {
            id: hex::encode(id),
            file,
            ids,
            skip: false,
            canaries: false,
            reference: None,
            look: Look::default(),
            record: Mutex::new(None),
            made: Instant::now(),
        })
    }

    /// The options of `ask` that say what is asked about.
    pub fn options(&self) -> Vec<String> {
        let file = if self.canaries { "--canary" } else { "--templates" };
        let mut options = vec![format!("{file}={}", self.file.path().display())];
        options.extend(self.ids.as_ref().map(|ids| format!("--ids={}", ids.path().display())));
        options.extend(self.skip.then(|| "--skip-refused".to_owned()));
        options.extend(self.reference.as_ref().map(|reference| format!("--reference={reference}")));
        options
    }

    pub fn record(&self) -> Option<Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_record(&self, record: Record) {
        *self.record.lock().unwrap_or_else(PoisonError::into_inner) = Some(record);
    }
}

impl Record {
    /// The options of `ask` that say it. Of what was left empty there is none.
    pub fn options(&self) -> Vec<String> {
        let fields = [
            ("purpose", &self.purpose),
            ("justification", &self.justification),
            ("case-category", &self.case_category),
            ("officer", &self.officer),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.trim().is_empty());
        given.map(|(name, value)| format!("--{name}={}", value.trim())).collect()
    }
}

impl Look {
    /// At records that were read.
    pub fn at(loaded: &Loaded, agreement: &Opened) -> Self {
        let functional = agreement.functional();
        let mut look = Self { given: loaded.given(), ..Self::default() };
        let mut refused = |reason: String| {
            look.refused += 1;
            if look.reasons.len() < REASONS {
                look.reasons.push(reason);
            }
        };
        loaded.unusable.iter().for_each(|one| refused(one.to_string()));
        let (mut persons, mut norms) = (std::collections::BTreeSet::new(), Vec::new());
        for (number, record) in &loaded.records {
            match functional.probe(&record.template) {
                Ok(_) => {
                    persons.insert(&record.subject);
                    look.templates += 1;
                }
                Err(error) => refused(format!("record {number}: {error}")),
            }
            if let Template::Vector(vector) = &record.template {
                norms.push(vector.norm());
            }
        }
        look.persons = persons.len();
        norms.sort_by(f64::total_cmp);
        let of = |share: f64| norms.get(((norms.len().saturating_sub(1)) as f64 * share) as usize).copied();
        look.norms = of(0.0).zip(of(0.5)).zip(of(1.0)).map(|((least, median), greatest)| [least, median, greatest]);
        look
    }
}
