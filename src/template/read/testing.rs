//! The rows of a file in a list, for the tests of its readers.

use std::io::{Cursor, Write};

use super::error::ReadError;
use super::source::Source;
use super::{Beside, Found, Raw, Row, Sink};

/// All rows of a file, and what else it says.
pub(super) struct Rows {
    pub(super) rows: Vec<Row<Raw>>,
    pub(super) found: Found,
}

impl Sink for Vec<Row<Raw>> {
    fn named(&mut self, _: bool) {}

    fn row(&mut self, row: Row<Raw>) -> Result<(), ReadError> {
        self.push(row);
        Ok(())
    }

    #[cfg(feature = "columnar")]
    fn left_out(&mut self) {}
}

pub(super) fn rows(
    file: &[u8],
    read: impl FnOnce(Source<'_>, &mut dyn Sink) -> Result<Beside, ReadError>,
) -> Result<Rows, ReadError> {
    let mut rows = Vec::new();
    let Beside { found, .. } = read(Source::of(file)?, &mut rows)?;
    Ok(Rows { rows, found })
}

/// A `.npz` of arrays: name, type of element, shape, data.
pub(super) fn archive(arrays: &[(&str, &str, &str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, element, shape, data) in arrays {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::DEFAULT).unwrap();
        let header = format!("{{'descr': '{element}', 'fortran_order': False, 'shape': {shape}, }}");
        zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
        zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
        zip.write_all(header.as_bytes()).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
