//! Columns that are made in memory, and files of them.

mod batches;
mod damaged;
mod files;

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};

use super::super::{End, Entry, Format, Given, IdSource, ReadError, Source, each};
use super::each_of_batches;
use crate::template::{Template, TemplateShape};

const SHAPE: TemplateShape = TemplateShape::Vector(2);

/// What was taken, as texts: subject and template, or what is wrong; and what is known at the end.
type Read = Result<(Vec<String>, End), ReadError>;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

fn texts(texts: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

/// Reads one batch.
fn read(batch: &RecordBatch, shape: TemplateShape, given: Given) -> Read {
    let mut told = Vec::new();
    let mut batches = std::iter::once(Ok(batch.clone()));
    let end = each_of_batches(&batch.schema(), &mut batches, shape, given, &mut |_, entry| take(&mut told, entry));
    end.map(|end| (told, end))
}

/// Reads a file, by its content.
fn file(bytes: &[u8], shape: TemplateShape, given: Given) -> Read {
    let mut source = Source::of(bytes)?;
    let format = Format::of(&mut source, shape)?;
    let mut told = Vec::new();
    each(source, format, shape, given, &mut |_, entry| take(&mut told, entry)).map(|end| (told, end))
}

fn take(told: &mut Vec<String>, entry: Entry) -> ControlFlow<()> {
    told.push(match entry {
        Ok((number, filed)) => {
            let handle = filed.handle.map(|handle| format!(" ({})", handle.as_str())).unwrap_or_default();
            let eye = filed.record.eye.map(|eye| format!(" {eye:?}")).unwrap_or_default();
            format!("{number} {}{eye}{handle}: {}", filed.record.subject, written(&filed.record.template))
        }
        Err(one) => one.to_string(),
    });
    ControlFlow::Continue(())
}

fn written(template: &Template) -> String {
    let digits = |bits: &crate::template::Bits| bits.iter().map(|bit| if bit { '1' } else { '0' }).collect::<String>();
    match template {
        Template::Vector(vector) => format!("{:?}", vector.coordinates()),
        Template::Bits(bits) => digits(bits),
        Template::Iris(iris) => format!("{}/{}", digits(iris.code()), digits(iris.mask())),
    }
}

/// The message of a refusal.
fn refused(read: Read) -> String {
    match read {
        Err(error) => error.to_string(),
        Ok((told, _)) => panic!("it is read: {told:?}"),
    }
}

fn told(read: Read) -> Vec<String> {
    read.unwrap().0
}

fn ids_of(end: &End) -> IdSource {
    end.ids
}
