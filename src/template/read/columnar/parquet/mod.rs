//! Apache Parquet: page by page, so that a row group need not fit in memory.
//!
//! The decoder is the crate `parquet`. It trusts what a file declares more than is done here, so that what it would reserve memory by is looked
//! at before: the footer, the chunks of the columns that are read (`limits`), and the head of each page as it comes (`pages`).
//!
//! Memory: a page of each column, and a batch of some [`BATCH_BYTES`] of templates. What comes through a pipe is in memory as a whole.

mod chunks;
mod limits;
mod pages;
mod thrift;

use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};

use super::super::error::ReadError;
use super::super::source::Source;
use super::super::{Asked, Beside, ContainerFault, Sink};
use super::guard::{guarded, unreadable};
use super::rows::Plan;
use super::template::usual_bytes;
use crate::template::TemplateShape;
use chunks::{Chunks, File};
use limits::Limits;

const FORMAT: &str = "Parquet";
/// So many bytes of templates are decoded together, or one template.
const BATCH_BYTES: usize = 4 << 20;
/// At most so many rows are decoded together.
const BATCH_ROWS: usize = 8192;
/// Most bytes that are read from a pipe.
const PIPE_BYTES: u64 = 1 << 30;
/// Most bytes of a footer: it describes each chunk of each column of each row group in some hundred.
const FOOTER_BYTES: u64 = 16 << 20;
/// A file's last bytes: how long the footer is, and a mark.
const TAIL_BYTES: u64 = 8;

/// Reads the rows of a file.
pub(in super::super) fn rows(
    source: Source<'_>,
    shape: TemplateShape,
    asked: Asked<'_>,
    sink: &mut dyn Sink,
) -> Result<Beside, ReadError> {
    let whole = source.whole(PIPE_BYTES)?.ok_or(ContainerFault::Piped { limit_bytes: PIPE_BYTES })?;
    let file = File::of(whole)?;
    let metadata = Arc::new(footer(&file)?);
    let read =
        |options: ArrowReaderOptions| guarded(FORMAT, || ArrowReaderMetadata::try_new(metadata.clone(), options));
    let schema = read(ArrowReaderOptions::new())?.schema().clone();
    let plan = Plan::of(&schema, shape, asked)?;
    let needed = plan.needed();
    let projection = ProjectionMask::roots(metadata.file_metadata().schema_descr(), needed.iter().copied());
    let limits = Limits::of(&metadata, &projection, file.bytes())?;
    let rows_left = limits.rows();
    let described = read(ArrowReaderOptions::new().with_schema(Arc::new(views(&schema, &needed))))?;
    let rows = (BATCH_BYTES / usual_bytes(shape).max(1)).clamp(1, BATCH_ROWS);
    let reader = guarded(FORMAT, || {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(Chunks::new(file, limits), described);
        builder.with_projection(projection).with_batch_size(rows).build()
    })?;
    super::all(plan.projected(), &mut Batches { reader, rows_left, ended: false }, sink)
}

/// The batches of all row groups.
struct Batches {
    reader: ParquetRecordBatchReader,
    /// Rows that are declared and have not come yet.
    rows_left: u64,
    ended: bool,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        // A reader that has failed is not asked again.
        if self.ended {
            return None;
        }
        let next = guarded(FORMAT, || self.reader.next().transpose());
        let next = next.and_then(|batch| self.counted(batch)).transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Batches {
    /// The batch, or the end, if so many rows were to come.
    fn counted(&mut self, batch: Option<RecordBatch>) -> Result<Option<RecordBatch>, ReadError> {
        let left = match &batch {
            Some(batch) => self.rows_left.checked_sub(batch.num_rows() as u64),
            None => Some(0).filter(|left| *left == self.rows_left),
        };
        self.rows_left = left.ok_or_else(|| unreadable(FORMAT, "it holds another number of rows than it declares"))?;
        Ok(batch)
    }
}

/// What the end of a file says of its content.
fn footer(file: &File) -> Result<ParquetMetaData, ReadError> {
    let short = || ReadError::from(ContainerFault::Short { format: FORMAT });
    let start = file.bytes().checked_sub(TAIL_BYTES).ok_or_else(short)?;
    let tail = file.read(start, TAIL_BYTES)?;
    let length = match tail.split_first_chunk() {
        Some((length, b"PAR1")) => u64::from(u32::from_le_bytes(*length)),
        Some((_, b"PARE")) => return Err(ContainerFault::Encrypted.into()),
        _ => return Err(short()),
    };
    if length > FOOTER_BYTES {
        let what = "a footer, in bytes,";
        return Err(ContainerFault::Limit { what, limit: FOOTER_BYTES, actual: length }.into());
    }
    let footer = file.read(start.checked_sub(length).ok_or_else(short)?, length)?;
    if thrift::is_encrypted(&footer) {
        return Err(ContainerFault::Encrypted.into());
    }
    guarded(FORMAT, || ParquetMetaDataReader::decode_metadata(&footer))
}

/// The same schema, in which texts and bytes are views of a page, so that a text that a dictionary holds once is in memory once.
fn views(schema: &Schema, needed: &[usize]) -> Schema {
    let view = |(column, field): (usize, &Arc<Field>)| {
        let of = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
            _ => return field.clone(),
        };
        match needed.contains(&column) {
            true => Arc::new(field.as_ref().clone().with_data_type(of)),
            false => field.clone(),
        }
    };
    let fields: Vec<Arc<Field>> = schema.fields().iter().enumerate().map(view).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}
