//! Templates in columns, a batch of rows at a time: Parquet, Arrow, and whatever else makes record batches.
//!
//! It is known from the schema which columns are read (`columns`) and which rows are meant (`filter`), before the first row is. Of a batch,
//! columns get their types once (`lists`, `template`, `texts`), and a row is a slice of them (`rows`).

mod arrow;
mod columns;
mod filter;
mod guard;
mod lists;
mod parquet;
mod rows;
mod template;
#[cfg(test)]
mod tests;
mod texts;
mod types;

use std::ops::ControlFlow;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::error::ReadError;
use super::naming::Naming;
use super::{Beside, End, Entry, Format, Given, IdSource, Sink};
use crate::template::TemplateShape;
pub(super) use arrow::rows as arrow;
pub use filter::Filter;
pub(super) use parquet::rows as parquet;
use rows::Plan;

/// How a file is written that says so in its first bytes, if it holds columns.
pub(super) fn format(beginning: &[u8]) -> Option<Format> {
    if beginning.starts_with(b"PAR1") || beginning.starts_with(b"PARE") {
        return Some(Format::Parquet);
    }
    let is_stream = beginning.starts_with(&arrow::CONTINUES);
    (is_stream || beginning.starts_with(arrow::MAGIC)).then_some(Format::Arrow)
}

/// Reads the records in batches of rows of one schema one by one, in their order; see [`super::each`].
///
/// Columns are found by their names, those of `docs/formats.md`, or as they are `given`:
///
/// - vectors as lists of floating-point numbers or integers, or as texts; without a name that is known, the only column of lists of
///   floating-point numbers, of the agreed length where it has one;
/// - bits as lists of booleans, of 0 and 1, or of the bytes that hold them, as packed bytes, most significant bit first, or as texts;
/// - irises as a code and a mask, each as bits;
/// - ids, eyes and handles as texts, ids and handles also as integers; dictionaries of these are read.
///
/// Memory: that of a batch.
///
/// # Errors
///
/// [`ReadError::Column`] where no column can be it, or of another type; [`ReadError::Filter`] where the condition on rows names other columns
/// or types; those of the batches; and as of [`super::each`].
pub fn each_of_batches(
    schema: &Schema,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, ReadError>>,
    shape: TemplateShape,
    given: Given,
    take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
) -> Result<End, ReadError> {
    let plan = Plan::of(schema, shape, given.asked())?;
    named(plan, batches, shape, given, take)
}

/// Which columns of a schema are read.
pub struct Needed {
    /// Their numbers, from 0, ascending.
    pub columns: Vec<usize>,
    /// Whether one of them says whose the rows are.
    pub with_ids: bool,
}

/// The same of rows of which only those columns are fetched that are read: `batches` makes batches of these columns alone, in the order of the
/// schema, and may fail in its own way.
///
/// # Errors
///
/// Those of `batches`; and as of [`each_of_batches`].
pub fn each_of_columns<E: From<ReadError>, I: Iterator<Item = Result<RecordBatch, E>>>(
    schema: &Schema,
    batches: impl FnOnce(Needed) -> Result<I, E>,
    shape: TemplateShape,
    given: Given,
    take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
) -> Result<End, E> {
    let plan = Plan::of(schema, shape, given.asked())?;
    let mut batches = batches(Needed { columns: plan.needed(), with_ids: plan.is_named() })?;
    named(plan.projected(), &mut batches, shape, given, take)
}

/// Takes the rows of all batches, and says whose they are.
fn named<E: From<ReadError>>(
    plan: Plan,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, E>>,
    shape: TemplateShape,
    given: Given,
    take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
) -> Result<End, E> {
    let mut naming = Naming::new(shape, given.irises, given.identities.as_deref(), given.minimum_quality, take);
    let Beside { found, mask } = all(plan, batches, &mut naming)?;
    Ok(naming.finish(found, mask)?)
}

/// Takes the rows of all batches.
fn all<E: From<ReadError>>(
    plan: Plan,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, E>>,
    sink: &mut dyn Sink,
) -> Result<Beside, E> {
    sink.named(plan.is_named());
    let mut before = 0;
    for batch in batches {
        let batch = batch?;
        plan.take(&batch, before, sink)?;
        before += batch.num_rows();
    }
    Ok(plan.beside())
}
