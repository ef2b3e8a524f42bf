//! The rows of a file in a list, for the tests of its readers.

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
}

pub(super) fn rows(
    file: &[u8],
    read: impl FnOnce(Source<'_>, &mut dyn Sink) -> Result<Beside, ReadError>,
) -> Result<Rows, ReadError> {
    let mut rows = Vec::new();
    let Beside { found, .. } = read(Source::of(file)?, &mut rows)?;
    Ok(Rows { rows, found })
}
