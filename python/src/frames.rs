//! Frames of pandas, polars, pyarrow and whatever else gives an Arrow stream: read batch by batch, through the Arrow C data interface.

use std::io::ErrorKind;
use std::ops::ControlFlow;

use arrow_array::RecordBatchReader as _;
use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_pyarrow::FromPyArrow as _;
use cotejo::template::TemplateShape;
use cotejo::template::read::{self, End, Entry, IdSource, ReadError};
use pyo3::prelude::*;

/// A frame, and which of its columns are meant where their names do not say it.
pub struct Frame {
    frame: Py<PyAny>,
    column: Option<String>,
    id_column: Option<String>,
    handles: Option<String>,
}

impl Frame {
    pub fn new(frame: Py<PyAny>, column: Option<String>, id_column: Option<String>, handles: Option<String>) -> Self {
        Self { frame, column, id_column, handles }
    }

    /// As [`read::each`].
    pub fn each(
        &self,
        shape: TemplateShape,
        identities: Option<Vec<read::Identity>>,
        minimum_quality: Option<f64>,
        take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
    ) -> Result<End, ReadError> {
        // A stream that another has read, or one whose maker refuses.
        let stream = Python::attach(|py| RecordBatchStreamReader::from_pyarrow_bound(self.frame.bind(py)));
        let stream = stream.map_err(|_| ReadError::Unreadable(ErrorKind::InvalidInput))?;
        let given = read::Given {
            identities,
            minimum_quality,
            handles: self.handles.clone(),
            column: self.column.clone(),
            id_column: self.id_column.clone(),
            ..read::Given::default()
        };
        let schema = stream.schema();
        let mut batches = stream.map(|batch| batch.map_err(|_| ReadError::Unreadable(ErrorKind::InvalidData)));
        read::each_of_batches(&schema, &mut batches, shape, given, take)
    }
}
