//! The custodian's gallery: in memory, or a file that is mapped.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use cotejo::cli::embedded::{self, Cause, Failure};
use cotejo::custodian::{self, Enrolling};
use cotejo::template::read::IdSource;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use crate::agreement::Agreement;
use crate::command::Heard;
use crate::raised::raised;
use crate::records::{Records, Refused};
use crate::work;

/// Enrolled references. Secret to the custodian: it neither prints nor pickles what it holds.
#[pyclass(frozen, module = "cotejo._native")]
pub struct Gallery {
    gallery: Arc<custodian::Gallery>,
}

impl Gallery {
    pub fn shared(&self) -> Arc<custodian::Gallery> {
        Arc::clone(&self.gallery)
    }
}

#[pymethods]
impl Gallery {
    /// Maps a gallery's file.
    #[new]
    fn new(py: Python<'_>, agreement: &Agreement, path: PathBuf) -> PyResult<Self> {
        let heard = Arc::new(Heard::default());
        let opened = py.detach(|| embedded::gallery(&path, agreement.opened(), heard.clone()));
        heard.tell(py, None)?;
        Ok(Self { gallery: Arc::new(opened.map_err(|failure| raised(py, failure))?) })
    }

    fn __len__(&self) -> usize {
        self.gallery.len()
    }

    /// How many references there are in all.
    #[getter]
    fn references(&self) -> usize {
        self.gallery.references()
    }

    /// How many subjects have a handle.
    #[getter]
    fn handles(&self) -> usize {
        self.gallery.handles()
    }

    /// Names this content in answers.
    #[getter]
    fn version(&self) -> String {
        self.gallery.version().to_string()
    }

    /// The ids, in the order of enrolment.
    fn ids(&self) -> Vec<String> {
        (0..self.gallery.len()).filter_map(|position| self.gallery.id(position)).map(str::to_owned).collect()
    }
}

/// A gallery in memory, and the records that were not enrolled. A record that cannot be is refused, unless refused ones are to be skipped.
#[pyfunction]
pub fn enrol(
    py: Python<'_>,
    agreement: &Agreement,
    records: &Records,
    skip: bool,
    minimum_quality: Option<f64>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Gallery, Vec<Refused>)> {
    let opened = agreement.opened();
    let mut salt = [0; 12];
    ChaCha20Rng::try_from_os_rng().map_err(|error| PyRuntimeError::new_err(error.to_string()))?.fill_bytes(&mut salt);
    let given = records.shared();
    let count = given.count() as u64;
    let made = work::watched(py, progress, ("enroll", "record", count), |watched| {
        let mut enrolling = Enrolling::new(opened, salt, Cursor::new(Vec::new()));
        let (mut refused, mut unwritten, mut seen) = (Vec::new(), None, 0);
        let end = given.for_each(opened.shape(), minimum_quality, watched, &mut |entry| {
            seen += 1;
            match entry {
                // The spool is in memory, and takes whatever comes.
                Ok((number, filed)) => unwritten = enrolling.add(number, filed).err(),
                Err(one) => refused.push(Refused::unusable(&one)),
            }
            unwritten.is_none()
        })?;
        if let Some(end) = end.filter(|end| given.is_frame() && end.ids == IdSource::Numbered) {
            return Err(without_ids(&end.found.candidates));
        }
        let unwritable = |error: std::io::Error| Failure::new("gallery", error, "report this as a defect");
        let made = unwritten.map_or_else(|| enrolling.finish(), Err).map_err(unwritable)?;
        refused.extend(made.refused.iter().map(Refused::of));
        if !skip && let Some(failure) = Refused::failure(&refused, seen, "gallery") {
            return Err(failure);
        }
        let change = made.change.ok_or_else(|| nobody(&refused))?;
        let bytes = change.applied_to(&[]).map_err(unwritable)?;
        let gallery = custodian::Gallery::open(bytes, opened);
        Ok((gallery.map_err(|error| Failure::gallery("gallery".as_ref(), &error))?, refused))
    })?;
    let (gallery, refused) = made.map_err(|failure| raised(py, failure))?;
    Ok((Gallery { gallery: Arc::new(gallery) }, refused))
}

/// A frame of which nothing says whose its rows are: their numbers are no identities.
fn without_ids(candidates: &[String]) -> Failure {
    let remedy = match candidates {
        [] => "name the column that has them (id_column=...), or give them apart (ids=...)".to_owned(),
        names => {
            format!("name the column that has them: id_column={:?}, or give them apart (ids=...)", names.join(", "))
        }
    };
    Failure::new("gallery", "a frame without ids: nothing says whose its rows are", remedy).because(Cause::Templates)
}

/// A gallery must not be empty.
fn nobody(refused: &[Refused]) -> Failure {
    let details = refused.iter().map(ToString::to_string).collect();
    let what = "no template can be enrolled, and a gallery must not be empty";
    let remedy = "give at least one valid template; where a quality is asked for, give it, or ask for a lower one";
    Failure::with_details("gallery", what, details, remedy).because(Cause::Templates)
}
