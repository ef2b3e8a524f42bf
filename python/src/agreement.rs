//! The agreement, as Python holds it.

use std::path::PathBuf;
use std::sync::Arc;

use cotejo::cli::embedded;
use cotejo::planning;
use cotejo::template::TemplateShape;
use cotejo::{Agreement as Terms, Opened};
use pyo3::prelude::*;

use crate::command::Heard;
use crate::raised::raised;

/// What both parties have signed.
#[pyclass(frozen, module = "cotejo._native")]
pub struct Agreement {
    opened: Opened,
    /// As it was written, with its comments.
    text: String,
}

impl Agreement {
    /// Ready for either party.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }
}

#[pymethods]
impl Agreement {
    /// Reads the text of an agreement.
    #[new]
    #[pyo3(signature = (text, place = "agreement"))]
    fn new(py: Python<'_>, text: String, place: &str) -> PyResult<Self> {
        // The choice of an own set is weighed for a second.
        let opened = py.detach(|| Terms::from_toml(&text).and_then(Opened::new));
        let opened = opened.map_err(|error| raised(py, embedded::unsound(place, &error)))?;
        Ok(Self { opened, text })
    }

    /// Reads an agreement's file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let heard = Arc::new(Heard::default());
        let read = py.detach(|| embedded::agreement(&path, heard.clone()));
        heard.tell(py, None)?;
        let (opened, text) = read.map_err(|failure| raised(py, failure))?;
        Ok(Self { opened, text })
    }

    /// The text, with its comments.
    #[getter]
    fn toml(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the terms, in hexadecimal.
    #[getter]
    fn digest(&self) -> String {
        self.opened.digest().to_string()
    }

    /// The scheme's name.
    #[getter]
    fn scheme(&self) -> String {
        self.opened.scheme().to_string()
    }

    /// The parameter set's name.
    #[getter]
    fn parameter_set(&self) -> &str {
        self.opened.parameters().name()
    }

    /// Whether the set has 128 bits of security at least.
    #[getter]
    fn is_secure(&self) -> bool {
        self.opened.parameters().is_secure()
    }

    /// "vector", "bits" or "iris", and the lengths of a template's axes.
    #[getter]
    fn shape(&self) -> (&'static str, Vec<usize>) {
        match self.opened.shape() {
            TemplateShape::Vector(dimension) => ("vector", vec![dimension]),
            TemplateShape::Bits(bits) => ("bits", vec![bits]),
            TemplateShape::Iris(iris) => ("iris", vec![iris.rows, iris.columns, iris.channels]),
        }
    }

    /// What a template is, in words.
    #[getter]
    fn template(&self) -> String {
        self.opened.shape().to_string()
    }

    /// All terms, as JSON.
    #[getter]
    fn terms_json(&self, py: Python<'_>) -> PyResult<String> {
        serde_json::to_string(self.opened.terms())
            .map_err(|error| raised(py, embedded::Failure::new("agreement", error, "report this as a defect")))
    }

    /// The terms in words.
    fn sentences(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| planning::sentences(&self.opened))
    }
}
