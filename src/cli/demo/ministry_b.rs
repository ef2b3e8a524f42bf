//! Ministry B answers: it holds the records, and public keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::custodian::{AnswerError, Gallery};
use crate::exchange::{Custodian, ExchangeError};
use crate::functional::oracle::Oracle;
use crate::scheme::{Opened, Unanswered};
use crate::template::Record;
use crate::template::synthetic::Population;

use super::{ENROLLED, write};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access};
use crate::cli::{interrupt, load, synthesize};

/// Ministry B with its records and ministry A's public keys.
pub struct MinistryB<'a> {
    agreement: &'a Opened,
    exchanged: PathBuf,
    key: PathBuf,
    pub gallery: Arc<Gallery>,
    pub gallery_bytes: usize,
}

/// What ministry B answered.
pub struct Reply {
    pub path: PathBuf,
    pub answer_bytes: usize,
    pub probes: usize,
    pub references: usize,
    pub took: Duration,
}

/// What the clear oracle says of one probe: whether it hits, and its best score.
pub struct ClearVerdict {
    pub hit: bool,
    pub best: f64,
}

impl<'a> MinistryB<'a> {
    /// Enrolls its records, and files the public keys that came.
    pub fn enroll(
        root: &Path,
        agreement: &'a Opened,
        population: &Population,
        evaluation_key: &Path,
    ) -> Result<Self, Failure> {
        let (folder, exchanged) = (root.join("ministry-b"), root.join("exchanged"));
        let path = folder.join("gallery.npy");
        let defect = |error: &dyn std::fmt::Display| Failure::at(&path, error, "report this as a defect");
        let records: Vec<Record> =
            population.records(0..ENROLLED, 0..1).collect::<Result<_, _>>().map_err(|error| defect(&error))?;
        for (path, bytes) in synthesize::encoded(&path, &records)? {
            write(&path, &bytes, Access::Private)?;
        }
        let gallery = Gallery::enrol(agreement, records).gallery.ok_or_else(|| defect(&"nobody can be enrolled"))?;
        let out = folder.join("gallery.cotejo");
        write(&out, gallery.as_bytes(), Access::Private)?;
        let key = folder.join(load::EVALUATION_KEY);
        write(&key, &files::read(evaluation_key)?, Access::Shared)?;
        let gallery_bytes = gallery.as_bytes().len();
        Ok(Self { agreement, exchanged, key, gallery: Arc::new(gallery), gallery_bytes })
    }

    /// Compares the query with the records, under encryption.
    pub fn answer(&self, query: &Path, console: &Console) -> Result<Reply, Failure> {
        let defect = |error: ExchangeError| Failure::new("demo", error, "report this as a defect");
        let custodian = Custodian::keeping(self.agreement, Arc::clone(&self.gallery), 0).map_err(defect)?;
        let key = custodian.read_key(files::open(&self.key)?).map_err(Failure::in_file(&self.key))?.expand();
        let question = custodian.read_query(files::open(query)?).map_err(Failure::in_file(query))?;
        interrupt::check()?;
        let meter = console.meter("   match", custodian.step(), custodian.steps(&question));
        let start = Instant::now();
        let answer = custodian.answer(&key, &question, &mut load::randomness()?, &meter);
        let took = start.elapsed();
        meter.finish();
        let content = answer.map_err(|error| match error {
            ExchangeError::Unanswered(AnswerError::Unanswered(Unanswered::Stopped(_))) => Failure::Interrupted,
            _ => Failure::of(query, &error, "report this as a defect"),
        })?;
        let path = self.exchanged.join("probes.answer.cotejo");
        write(&path, &content, Access::Shared)?;
        let (probes, references) = (question.probes, self.gallery.references());
        Ok(Reply { path, answer_bytes: content.len(), probes, references, took })
    }

    /// What neither ministry could compute alone: probes and records together, in the clear.
    pub fn clear_verdicts(&self, probes: &[Record]) -> Result<Vec<ClearVerdict>, Failure> {
        let functional = self.agreement.functional();
        let subjects = self.gallery.subjects().collect::<Result<Vec<_>, _>>();
        let subjects = subjects.map_err(|error| Failure::new("demo", error, "report this as a defect"))?;
        let references = || subjects.iter().flat_map(|subject| &subject.references);
        let verdict = |probe: &Record| {
            let sample = functional.probe(&probe.template);
            let sample = sample.map_err(|error| Failure::new("demo", error, "report this as a defect"))?;
            let oracle = Oracle::new(functional, &sample);
            let compared: Vec<_> = references().map(|(_, reference)| oracle.compare(reference)).collect();
            Ok(ClearVerdict {
                hit: compared.iter().any(|comparison| comparison.hit),
                best: compared.iter().map(|comparison| comparison.score).fold(f64::NEG_INFINITY, f64::max),
            })
        };
        probes.iter().map(verdict).collect()
    }
}
