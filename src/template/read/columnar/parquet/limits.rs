//! What a file may declare. Whatever it is, it must be in a proportion to the length of the file, as it is in an archive of NumPy's.

use ::parquet::arrow::ProjectionMask;
use ::parquet::basic::{Compression, Encoding};
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::super::super::ContainerFault;
use super::super::super::error::ReadError;
use super::super::super::npz::limit_bytes;
use super::super::guard::unreadable;
use super::FORMAT;
use super::pages::Head;

/// Most bytes of one page, inflated. DuckDB writes up to a hundred million.
const PAGE_BYTES: u64 = 256 << 20;
/// Most bytes of a page that gzip has compressed: it inflates whatever is declared, up to a thousand times.
const GZIP_BYTES: u64 = 2 << 20;

/// The chunks of the columns that are read.
pub(super) struct Limits {
    /// In the order in which they lie in the file.
    chunks: Vec<Chunk>,
    rows: u64,
}

/// A column in a row group.
struct Chunk {
    start: u64,
    end: u64,
    is_gzip: bool,
    /// Values that are declared and have not come yet.
    values_left: u64,
}

impl Limits {
    /// What the pages of a file of so many bytes are held to, if what its footer declares of the columns that are read is within bounds.
    pub(super) fn of(metadata: &ParquetMetaData, read: &ProjectionMask, file_bytes: u64) -> Result<Self, ReadError> {
        let limit = limit_bytes(usize::try_from(file_bytes).unwrap_or(usize::MAX)) as u64;
        let mut all = Declared { inflated_bytes: 0, values: 0, rows: 0 };
        let mut chunks = Vec::new();
        for group in metadata.row_groups() {
            let rows = size(group.num_rows())?;
            all.rows = all.rows.saturating_add(rows);
            let columns = group.columns().iter().enumerate().filter(|(leaf, _)| read.leaf_included(*leaf));
            for (_, column) in columns {
                let chunk = Chunk::of(column, rows, file_bytes)?;
                all.inflated_bytes = all.inflated_bytes.saturating_add(size(column.uncompressed_size())?);
                all.values = all.values.saturating_add(chunk.values_left);
                chunks.push(chunk);
            }
        }
        all.check(limit)?;
        chunks.sort_by_key(|chunk| chunk.start);
        Ok(Self { chunks, rows: all.rows })
    }

    /// How many rows are declared.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether a page that begins here may have this head.
    pub(super) fn admit(&mut self, start: u64, head: &Head) -> Result<(), String> {
        let behind = self.chunks.partition_point(|chunk| chunk.start <= start);
        let chunk = behind.checked_sub(1).and_then(|chunk| self.chunks.get_mut(chunk));
        let chunk = chunk.filter(|chunk| start < chunk.end).ok_or("a page lies outside of its column")?;
        let Head { bytes, inflated_bytes, stored_bytes, values, encoding, entries } = *head;
        let end = start.saturating_add(bytes as u64).saturating_add(stored_bytes);
        if end > chunk.end {
            return Err("a page reaches beyond its column".to_owned());
        }
        let most = PAGE_BYTES.min(limit_bytes(usize::try_from(stored_bytes).unwrap_or(usize::MAX)) as u64);
        if inflated_bytes > most {
            return Err(format!("a page declares {inflated_bytes} bytes where at most {most} are read"));
        }
        if chunk.is_gzip && stored_bytes > GZIP_BYTES {
            return Err(format!("a page in gzip has {stored_bytes} bytes where at most {GZIP_BYTES} are read"));
        }
        // Each begins with the values of the one before, so that few bytes can be very many.
        if encoding == Encoding::DELTA_BYTE_ARRAY as u64 {
            return Err("the encoding DELTA_BYTE_ARRAY is not read".to_owned());
        }
        if entries > inflated_bytes {
            return Err(format!("a dictionary declares {entries} values in {inflated_bytes} bytes"));
        }
        chunk.values_left =
            chunk.values_left.checked_sub(values).ok_or("its pages have more values than a column declares")?;
        Ok(())
    }
}

impl Chunk {
    fn of(column: &ColumnChunkMetaData, rows: u64, file_bytes: u64) -> Result<Self, ReadError> {
        let first = column.dictionary_page_offset().unwrap_or(i64::MAX).min(column.data_page_offset());
        let (start, stored_bytes) = (size(first)?, size(column.compressed_size())?);
        size(column.data_page_offset())?;
        let end = start.checked_add(stored_bytes).filter(|end| *end <= file_bytes);
        let end = end.ok_or_else(|| unreadable(FORMAT, "a column reaches beyond the file"))?;
        let values = size(column.num_values())?;
        if column.column_descr().max_rep_level() == 0 && values != rows {
            return Err(unreadable(FORMAT, format_args!("a column has {values} values in {rows} rows")));
        }
        let is_gzip = matches!(column.compression(), Compression::GZIP(_));
        Ok(Self { start, end, is_gzip, values_left: values })
    }
}

/// What the columns of a file declare together.
struct Declared {
    inflated_bytes: u64,
    values: u64,
    rows: u64,
}

impl Declared {
    fn check(&self, limit: u64) -> Result<(), ContainerFault> {
        let declared =
            [("columns, in bytes,", self.inflated_bytes), ("values of columns", self.values), ("rows", self.rows)];
        match declared.into_iter().find(|(_, actual)| *actual > limit) {
            Some((what, actual)) => Err(ContainerFault::Limit { what, limit, actual }),
            None => Ok(()),
        }
    }
}

/// A number that must not be below 0.
fn size(number: i64) -> Result<u64, ReadError> {
    u64::try_from(number).map_err(|_| unreadable(FORMAT, "a number below 0 where none can be"))
}
