//! Apache Arrow's files (Feather, version 2) and streams, read front to back: a file is a stream between two marks, with a table of contents
//! behind it.
//!
//! Memory: one batch, as it lies in the file and as it is read, which a batch makes at most [`super::super::npz::limit_bytes`] of its length.

use std::collections::HashMap;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::{RecordBatchDecoder, read_dictionary};
use arrow_ipc::{Message, MessageHeader, MetadataVersion};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use super::super::error::ReadError;
use super::super::npz::limit_bytes;
use super::super::source::Source;
use super::super::{Asked, Beside, ContainerFault, Sink};
use super::guard::{guarded, unreadable};
use super::rows::Plan;
use crate::template::TemplateShape;

/// What a file begins and ends with.
pub(super) const MAGIC: &[u8] = b"ARROW1";
/// What stands before each message.
pub(super) const CONTINUES: [u8; 4] = [0xff; 4];
/// The mark at the beginning of a file, with what fills it up.
const MAGIC_BYTES: usize = 8;
/// The longest that it is filled up to.
const PADDED_BYTES: usize = 64;
/// Most bytes that describe one message, or a file's contents.
const DESCRIPTION_BYTES: u64 = 16 << 20;
const FORMAT: &str = "Arrow";

/// Reads the rows of a file or a stream.
pub(in super::super) fn rows(
    mut source: Source<'_>,
    shape: TemplateShape,
    asked: Asked<'_>,
    sink: &mut dyn Sink,
) -> Result<Beside, ReadError> {
    let is_file = source.ahead(MAGIC_BYTES)?.starts_with(MAGIC);
    if is_file {
        source.pass(MAGIC_BYTES);
        pass_padding(&mut source)?;
    }
    let first = described(&mut source)?.ok_or(ContainerFault::Short { format: FORMAT })?;
    let schema = guarded(FORMAT, || schema(&first))?;
    let plan = Plan::of(&schema, shape, asked)?;
    let needed = plan.needed();
    let stream = Stream {
        source,
        is_file,
        schema: schema.into(),
        needed,
        dictionaries: HashMap::new(),
        batches: 0,
        ended: false,
    };
    super::all(plan.projected(), &mut { stream }, sink)
}

/// Passes what some programs fill up a file's mark with, up to a multiple of 64 bytes.
fn pass_padding(source: &mut Source<'_>) -> Result<(), ReadError> {
    for _ in 1..PADDED_BYTES / MAGIC_BYTES {
        if !source.ahead(MAGIC_BYTES)?.starts_with(&[0; MAGIC_BYTES]) {
            break;
        }
        source.pass(MAGIC_BYTES);
    }
    Ok(())
}

/// The messages behind the schema.
struct Stream<'a> {
    source: Source<'a>,
    is_file: bool,
    schema: SchemaRef,
    needed: Vec<usize>,
    dictionaries: HashMap<i64, ArrayRef>,
    batches: usize,
    ended: bool,
}

impl Iterator for Stream<'_> {
    type Item = Result<RecordBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.batch().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Stream<'_> {
    /// The next batch; none behind the last.
    fn batch(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        while let Some(description) = described(&mut self.source)? {
            let message = guarded(FORMAT, || message(&description))?;
            let body_bytes = u64::try_from(message.bodyLength()).map_err(|_| unreadable(FORMAT, "a length below 0"))?;
            let body = self.source.piece(body_bytes)?;
            if body.len() as u64 != body_bytes {
                return Err(ContainerFault::Short { format: FORMAT }.into());
            }
            check(&message, &body)?;
            let read = guarded(FORMAT, || self.read(&message, Buffer::from_vec(body)))?;
            if read.is_some() {
                self.batches += 1;
                return Ok(read);
            }
        }
        if self.is_file {
            self.check_contents()?;
        }
        Ok(None)
    }

    /// A batch of rows, or a dictionary, which is kept.
    fn read(&mut self, message: &Message<'_>, body: Buffer) -> Result<Option<RecordBatch>, ArrowError> {
        let version = message.version();
        if let Some(batch) = message.header_as_record_batch() {
            let decoder = RecordBatchDecoder::try_new(&body, batch, self.schema.clone(), &self.dictionaries, &version)?;
            return decoder
                .with_projection(Some(&self.needed))
                .with_require_alignment(false)
                .read_record_batch()
                .map(Some);
        }
        match message.header_as_dictionary_batch() {
            Some(batch) => read_dictionary(&body, batch, &self.schema, &mut self.dictionaries, &version).map(|()| None),
            None => Err(ArrowError::IpcError("a message that is neither rows nor a dictionary".to_owned())),
        }
    }

    /// Whether a file has behind its messages what it should: as many batches as it says.
    fn check_contents(&mut self) -> Result<(), ReadError> {
        let short = || ContainerFault::Short { format: FORMAT };
        let rest = self.source.piece(DESCRIPTION_BYTES)?;
        let footer = rest.strip_suffix(MAGIC).and_then(|rest| rest.split_last_chunk::<4>()).ok_or_else(short)?;
        let (footer, length) = footer;
        if usize::try_from(i32::from_le_bytes(*length)) != Ok(footer.len()) {
            return Err(short().into());
        }
        let told = guarded(FORMAT, || {
            arrow_ipc::root_as_footer(footer).map(|footer| footer.recordBatches().map_or(0, |all| all.len()))
        })?;
        match told == self.batches {
            true => Ok(()),
            false => Err(unreadable(FORMAT, format_args!("{told} batches are listed, but {} are there", self.batches))),
        }
    }
}

/// The description of the next message; none where the end is marked.
fn described(source: &mut Source<'_>) -> Result<Option<Vec<u8>>, ReadError> {
    let short = || ReadError::from(ContainerFault::Short { format: FORMAT });
    let mut number = || -> Result<[u8; 4], ReadError> {
        let next = source.ahead(4)?.first_chunk().copied().ok_or_else(short)?;
        source.pass(4);
        Ok(next)
    };
    // Before version 0.15 of Arrow, a length alone stood there.
    let length = match number()? {
        CONTINUES => number()?,
        length => length,
    };
    let length = u64::try_from(i32::from_le_bytes(length)).map_err(|_| unreadable(FORMAT, "a length below 0"))?;
    match length {
        0 => return Ok(None),
        1..=DESCRIPTION_BYTES => {}
        _ => {
            let what = "a description of one message, in bytes,";
            return Err(ContainerFault::Limit { what, limit: DESCRIPTION_BYTES, actual: length }.into());
        }
    }
    let description = source.piece(length)?;
    if description.len() as u64 == length { Ok(Some(description)) } else { Err(short()) }
}

fn message(description: &[u8]) -> Result<Message<'_>, ArrowError> {
    arrow_ipc::root_as_message(description).map_err(|error| ArrowError::ParseError(error.to_string()))
}

fn schema(description: &[u8]) -> Result<Schema, ArrowError> {
    let message = message(description)?;
    let Some(schema) = message.header_as_schema() else {
        return Err(ArrowError::IpcError("it does not begin with a schema".to_owned()));
    };
    if !schema.endianness().equals_to_target_endianness() {
        return Err(ArrowError::IpcError("its bytes are in another order".to_owned()));
    }
    arrow_ipc::convert::try_fb_to_schema(schema)
}

/// Whether what a message declares is there, and what it inflates to is within its limit.
fn check(message: &Message<'_>, body: &[u8]) -> Result<(), ReadError> {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => return Err(unreadable(FORMAT, "a message that is neither rows nor a dictionary")),
    };
    let Some(batch) = batch else { return Err(unreadable(FORMAT, "a message without its data")) };
    if message.version() < MetadataVersion::V4 {
        return Err(unreadable(FORMAT, "it is older than version 4 of its description"));
    }
    let limit = limit_bytes(body.len()) as u64;
    let (mut inflated, compressed) = (0u64, batch.compression().is_some());
    for buffer in batch.buffers().iter().flatten() {
        let (start, length) = (usize::try_from(buffer.offset()), usize::try_from(buffer.length()));
        let (Ok(start), Ok(length)) = (start, length) else { return Err(unreadable(FORMAT, "a length below 0")) };
        let bytes = start.checked_add(length).and_then(|end| body.get(start..end));
        let bytes = bytes.ok_or_else(|| unreadable(FORMAT, "a column reaches beyond its batch"))?;
        // -1 says that a buffer is not compressed.
        let declared = bytes.first_chunk().map_or(0, |length| i64::from_le_bytes(*length));
        if compressed {
            inflated = inflated.saturating_add(u64::try_from(declared).unwrap_or(bytes.len() as u64));
        }
    }
    let rows = batch.nodes().iter().flatten().map(|node| u64::try_from(node.length()).unwrap_or(u64::MAX)).max();
    let rows = rows.unwrap_or_default().max(u64::try_from(batch.length()).unwrap_or(u64::MAX));
    for (what, limit, actual) in [
        ("a batch, in bytes,", limit, inflated),
        // A bit a row is the least that a column takes.
        ("rows of a batch, or values of a column in it,", limit.saturating_mul(8), rows),
    ] {
        if actual > limit {
            return Err(ContainerFault::Limit { what, limit, actual }.into());
        }
    }
    Ok(())
}
