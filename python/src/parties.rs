//! The two parties. [`Querier`] and [`Pending`] hold SECRETS; [`Custodian`] holds a gallery, and has no name for a key.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cotejo::cli::embedded::{self, Cause, Failure};
use cotejo::exchange::{self, AdmittedKey, EvaluationKey, Question};
use cotejo::wire::{KeyId, Target};
use cotejo::{ExchangeError, Record, SubjectId, Verdict};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use crate::agreement::Agreement;
use crate::gallery::Gallery;
use crate::raised::{of_exchange, problem, raised};
use crate::records::{Given, Records, Refused};
use crate::work;

fn randomness(py: Python<'_>) -> PyResult<ChaCha20Rng> {
    let unseeded = |error: &dyn std::fmt::Display| {
        Failure::new("random generator of the system", error, "repair the system before making keys")
    };
    ChaCha20Rng::try_from_os_rng().map_err(|error| raised(py, unseeded(&error)))
}

/// Refuses to be copied or pickled.
fn stays(what: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{what} holds secrets: it cannot be copied or pickled; write it to a folder with save()"
    ))
}

/// The authority that asks. SECRET: the key.
#[pyclass(frozen, module = "cotejo._native")]
pub struct Querier {
    querier: exchange::Querier,
    evaluation_key: Vec<u8>,
}

#[pymethods]
impl Querier {
    /// Fresh keys.
    #[staticmethod]
    fn generate(py: Python<'_>, agreement: &Agreement) -> PyResult<Self> {
        let mut rng = randomness(py)?;
        let mut seed = cotejo::querier::KeySeed::default();
        rand::RngCore::fill_bytes(&mut rng, seed.as_mut());
        let made = work::run(py, || exchange::Querier::from_seed(agreement.opened(), seed), || (), |_| Ok(()))?;
        let (querier, evaluation_key) = made.map_err(|error| of_exchange(py, "keys", &error.into()))?;
        Ok(Self { querier, evaluation_key })
    }

    /// The keys of a folder.
    #[staticmethod]
    #[pyo3(signature = (agreement, folder, passphrase = None))]
    fn load(py: Python<'_>, agreement: &Agreement, folder: PathBuf, passphrase: Option<String>) -> PyResult<Self> {
        let passphrase = passphrase.map(Zeroizing::new);
        let loaded = py.detach(|| embedded::load_keys(&folder, agreement.opened(), passphrase));
        let (querier, evaluation_key) = loaded.map_err(|failure| raised(py, failure))?;
        Ok(Self { querier, evaluation_key })
    }

    /// Writes the keys into a folder.
    #[pyo3(signature = (folder, passphrase = None, overwrite = false))]
    fn save(&self, py: Python<'_>, folder: PathBuf, passphrase: Option<String>, overwrite: bool) -> PyResult<()> {
        let passphrase = passphrase.map(Zeroizing::new);
        let (querier, key) = (&self.querier, &self.evaluation_key);
        let saved = py.detach(|| embedded::save_keys(&folder, querier, key, passphrase, overwrite));
        saved.map_err(|failure| raised(py, failure))
    }

    /// The public key, for the custodian.
    #[getter]
    fn evaluation_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.evaluation_key)
    }

    /// Names the keys.
    #[getter]
    fn key_id(&self) -> String {
        self.querier.key().to_string()
    }

    /// Encrypts probes: the query, what waits for its answer, and what was skipped.
    fn encrypt<'py>(
        &self,
        py: Python<'py>,
        records: &Records,
        reference: Option<String>,
        skip: bool,
    ) -> PyResult<(Bound<'py, PyBytes>, Pending, Vec<Refused>)> {
        let target = match reference.map(SubjectId::try_from).transpose() {
            Ok(reference) => reference.map_or(Target::Gallery, Target::Subject),
            Err(error) => {
                let remedy = "give the id under which the person is enrolled";
                return Err(problem(py, Cause::Input, "reference", &error.to_string(), remedy));
            }
        };
        let (given, mut rng, querier) = (records.shared(), randomness(py)?, &self.querier);
        let asked = work::watched(py, None, ("encrypt", "probe", given.count() as u64), |watched| {
            let (probes, refused) = probes(&given, querier, skip, watched)?;
            let asked = querier.ask_about(target, probes, &mut rng);
            asked.map(|asked| (asked, refused)).map_err(|error| embedded::failed("templates", &error))
        })?;
        let ((query, pending), refused) = asked.map_err(|failure| raised(py, failure))?;
        Ok((PyBytes::new(py, &query), Pending::of(pending), refused))
    }

    /// What waits for this answer, as the folder of the keys remembers it.
    fn pending(&self, py: Python<'_>, folder: PathBuf, answer: PyBackedBytes) -> PyResult<Pending> {
        let found = py.detach(|| {
            let answer = self.querier.answer(&*answer).map_err(|error| embedded::failed("answer", &error.into()))?;
            embedded::remembered(&folder, &self.querier, &answer)
        });
        found.map(Pending::of).map_err(|failure| raised(py, failure))
    }

    fn __repr__(&self) -> String {
        format!("<Querier with key {}, secret>", self.querier.key())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(stays("a Querier"))
    }

    fn __copy__(&self) -> PyResult<()> {
        Err(stays("a Querier"))
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(stays("a Querier"))
    }
}

/// The records that make probes; those that make none are refused, unless these are to be skipped.
fn probes(
    given: &Given,
    querier: &exchange::Querier,
    skip: bool,
    watched: &work::Watched,
) -> Result<(Vec<Record>, Vec<Refused>), Failure> {
    let functional = querier.agreement().functional();
    let (mut records, mut refused) = (Vec::new(), Vec::new());
    given.for_each(querier.agreement().shape(), None, watched, &mut |entry| {
        match entry {
            Ok((number, filed)) => match functional.probe(&filed.record.template) {
                Ok(_) => records.push(filed.record),
                Err(error) => refused.push(Refused::probe(number, &filed.record.subject, &error)),
            },
            Err(one) => refused.push(Refused::unusable(&one)),
        }
        true
    })?;
    match Refused::failure(&refused, refused.len() + records.len(), "probes").filter(|_| !skip || records.is_empty()) {
        Some(failure) => Err(failure),
        None => Ok((records, refused)),
    }
}

/// A query that waits for its answer. SECRET: whom it is about.
#[pyclass(frozen, module = "cotejo._native")]
pub struct Pending {
    query: String,
    subjects: Vec<String>,
    /// An answer is read once.
    pending: Mutex<Option<exchange::Pending>>,
}

/// What an answer says of a probe: hit, places or none, count or none, handles or none, most that have handles where more hit.
type Said = (bool, Option<Vec<bool>>, Option<usize>, Option<Vec<Option<String>>>, Option<usize>);

impl Pending {
    fn of(pending: exchange::Pending) -> Self {
        let subjects = pending.subjects().iter().map(|subject| subject.as_str().to_owned()).collect();
        Self { query: pending.query().to_string(), subjects, pending: Mutex::new(Some(pending)) }
    }
}

#[pymethods]
impl Pending {
    /// Names the query.
    #[getter]
    fn query_id(&self) -> &str {
        &self.query
    }

    /// Whose probes were asked about, in order.
    #[getter]
    fn ids(&self) -> Vec<String> {
        self.subjects.clone()
    }

    /// Writes it into the folder of the keys.
    fn save(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        let saved = py.detach(|| {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.as_ref().map(|pending| embedded::remember(&folder, pending))
        });
        match saved {
            Some(saved) => saved.map_err(|failure| raised(py, failure)),
            None => Err(self.was_read(py)),
        }
    }

    /// The verdicts, in the order of [`Pending::ids`].
    fn read(&self, py: Python<'_>, answer: PyBackedBytes) -> PyResult<Vec<Said>> {
        let read = py.detach(|| {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            // What is refused leaves it waiting for the right one.
            let opened = pending.as_ref()?.open(&answer);
            Some(opened.and_then(|answer| match pending.take() {
                Some(pending) => Ok(pending.read_answer(&answer)?),
                None => Ok(Vec::new()), // it was there, and is locked
            }))
        });
        let verdicts = read.ok_or_else(|| self.was_read(py))?;
        let verdicts = verdicts.map_err(|error| of_exchange(py, "answer", &error))?;
        Ok(verdicts.into_iter().map(|(_, verdict)| said(verdict)).collect())
    }

    fn __repr__(&self) -> String {
        format!("<Pending query {}>", self.query)
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(stays("a Pending query"))
    }

    fn __copy__(&self) -> PyResult<()> {
        Err(stays("a Pending query"))
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(stays("a Pending query"))
    }
}

impl Pending {
    fn was_read(&self, py: Python<'_>) -> PyErr {
        let what = format!("the answer to query {} was read", self.query);
        problem(py, Cause::Answer, "answer", &what, "keep the verdicts that decrypt() gave, or ask again")
    }
}

fn said(verdict: Verdict) -> Said {
    let hit = verdict.hit();
    match verdict {
        Verdict::Any(_) => (hit, None, None, None, None),
        Verdict::Each(bits) => (hit, Some(bits), None, None, None),
        Verdict::Count(count) => (hit, None, Some(count), None, None),
        Verdict::Handles(handles) => {
            let texts = handles.into_iter().map(|handle| handle.map(|handle| handle.as_str().to_owned()));
            (hit, None, None, Some(texts.collect()), None)
        }
        Verdict::MoreThan(most) => (hit, None, None, None, Some(most)),
    }
}

/// The authority that holds records.
#[pyclass(frozen, module = "cotejo._native")]
pub struct Custodian {
    custodian: exchange::Custodian,
    keys: RwLock<HashMap<KeyId, Arc<AdmittedKey>>>,
}

#[pymethods]
impl Custodian {
    /// A custodian with its gallery; answers keep up to `memory` bytes of it as the scheme computes on it.
    #[new]
    fn new(py: Python<'_>, agreement: &Agreement, gallery: &Gallery, memory: u64) -> PyResult<Self> {
        let custodian = exchange::Custodian::keeping(agreement.opened(), gallery.shared(), memory);
        let custodian = custodian.map_err(|error| of_exchange(py, "gallery", &error))?;
        Ok(Self { custodian, keys: RwLock::default() })
    }

    /// Admits a querier's public key; its name.
    fn admit(&self, py: Python<'_>, key: PyBackedBytes) -> PyResult<String> {
        let read = work::run(
            py,
            || EvaluationKey::read(&*key, self.custodian.agreement()).map(EvaluationKey::expand),
            || (),
            |_| Ok(()),
        )?;
        let admitted = read.map_err(|error| of_exchange(py, "evaluation key", &error.into()))?;
        let id = admitted.id();
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(admitted));
        Ok(id.to_string())
    }

    /// The answer to a query.
    #[pyo3(name = "match")]
    fn answer<'py>(
        &self,
        py: Python<'py>,
        query: PyBackedBytes,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let failed = |error: &ExchangeError| embedded::failed("query", error);
        let read = py.detach(|| {
            let question =
                Question::read(&*query, self.custodian.agreement()).map_err(|error| failed(&error.into()))?;
            self.custodian.check_bits(&question).map_err(|error| failed(&error.into()))?;
            Ok(question)
        });
        let question = read.map_err(|failure| raised(py, failure))?;
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&question.key).cloned();
        let Some(key) = known else {
            let what = format!("the query is encrypted with key {}, which is not admitted", question.key);
            return Err(problem(
                py,
                Cause::OtherKey,
                "query",
                &what,
                "admit the querier's evaluation key first: admit(key)",
            ));
        };
        let mut rng = randomness(py)?;
        let told = ("match", self.custodian.step(), self.custodian.steps(&question));
        let answer =
            work::watched(py, progress, told, |watched| self.custodian.answer(&key, &question, &mut rng, watched))?;
        answer.map(|answer| PyBytes::new(py, &answer)).map_err(|error| of_exchange(py, "query", &error))
    }
}
