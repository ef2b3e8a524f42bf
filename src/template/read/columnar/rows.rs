//! The rows of batches.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Schema};

use super::super::error::{Place as At, ReadError, RecordFault};
use super::super::names::shortened;
use super::super::{Asked, Beside, ColumnFault, Found, Raw, Row, Sink, text};
use super::columns::{Columns, Place};
use super::filter::Bound;
use super::template::{Part, Templates};
use super::texts::Texts;
use super::types::Kind;
use crate::template::{Eye, Handle, SubjectId, TemplateShape};

/// What is read of the batches of a schema.
pub(super) struct Plan {
    kind: Kind,
    columns: Columns,
    filter: Option<Bound>,
    found: Found,
    mask: String,
    /// The names of the schema's columns.
    names: Vec<String>,
    /// Where in a batch each of the schema's columns is, if it is there.
    places: Vec<Option<usize>>,
}

/// The columns of a batch that are read.
struct Columned {
    templates: Templates,
    label: Option<(String, Texts)>,
    eye: Option<Texts>,
    handles: Option<Texts>,
    quality: Option<Float64Array>,
}

impl Plan {
    /// What of a schema is read.
    pub(super) fn of(schema: &Schema, shape: TemplateShape, asked: Asked<'_>) -> Result<Self, ReadError> {
        let columns = Columns::of(schema, shape, asked)?;
        let filter = asked.filter.map(|filter| filter.bind(schema)).transpose()?;
        let judged: Vec<usize> = filter.iter().flat_map(Bound::columns).collect();
        let found = columns.found(schema, shape, asked, &judged);
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let mask = match columns.template {
            Place::Whole(_) => String::new(),
            Place::Iris { mask, .. } => shortened(schema.field(mask).name()),
        };
        let places = (0..names.len()).map(Some).collect();
        Ok(Self { kind: Kind::of(shape), columns, filter, found, mask, names, places })
    }

    /// The columns that are read, ascending.
    pub(super) fn needed(&self) -> Vec<usize> {
        let mut needed: Vec<usize> = self.columns.all().chain(self.filter.iter().flat_map(Bound::columns)).collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// The same of batches that hold the needed columns alone, in the order of the schema.
    pub(super) fn projected(mut self) -> Self {
        let needed = self.needed();
        self.places = (0..self.names.len()).map(|column| needed.iter().position(|needed| *needed == column)).collect();
        self
    }

    /// Whether rows say whose they are.
    pub(super) fn is_named(&self) -> bool {
        self.columns.label.is_some()
    }

    pub(super) fn beside(self) -> Beside {
        Beside { found: self.found, mask: self.mask }
    }

    /// Takes the rows of a batch that are meant; `before` is how many there were in the batches before.
    pub(super) fn take(&self, batch: &RecordBatch, before: usize, sink: &mut dyn Sink) -> Result<(), ReadError> {
        let column = |column: usize| self.column(batch, column);
        let chosen = self.filter.as_ref().map(|filter| filter.chosen(batch.num_rows(), &column)).transpose()?;
        let columned = self.columned(batch)?;
        for row in 0..batch.num_rows() {
            match &chosen {
                Some(chosen) if !chosen.value(row) => sink.left_out(),
                _ => sink.row(columned.row(row, before + row + 1))?,
            }
        }
        Ok(())
    }

    fn columned(&self, batch: &RecordBatch) -> Result<Columned, ReadError> {
        let part = |column: usize| {
            let name = self.name(column);
            Part::of(name, self.kind, self.column(batch, column)?).ok_or_else(|| self.changed(column))
        };
        let texts = |column: Option<usize>| {
            let texts = |column| Texts::of(self.column(batch, column)?).ok_or_else(|| self.changed(column));
            column.map(texts).transpose()
        };
        let templates = match self.columns.template {
            Place::Whole(column) => Templates { part: part(column)?, mask: None },
            Place::Iris { code, mask } => Templates { part: part(code)?, mask: Some(part(mask)?) },
        };
        let name = self.columns.label.map(|label| shortened(self.name(label)));
        let label = name.zip(texts(self.columns.label)?);
        let numbers = |column| {
            let numbers = arrow_cast::cast(self.column(batch, column)?, &DataType::Float64).ok();
            numbers.and_then(|numbers| numbers.as_primitive_opt().cloned()).ok_or_else(|| self.changed(column))
        };
        let quality = self.columns.quality.map(numbers).transpose()?;
        Ok(Columned { templates, label, eye: texts(self.columns.eye)?, handles: texts(self.columns.handles)?, quality })
    }

    fn column<'a>(&self, batch: &'a RecordBatch, column: usize) -> Result<&'a ArrayRef, ReadError> {
        let place = self.places.get(column).copied().flatten();
        place.and_then(|place| batch.columns().get(place)).ok_or_else(|| self.changed(column))
    }

    fn name(&self, column: usize) -> &str {
        self.names.get(column).map(String::as_str).unwrap_or_default()
    }

    /// The refusal of a batch whose columns are not those of the schema.
    fn changed(&self, column: usize) -> ReadError {
        ColumnFault::Changed { name: shortened(self.name(column)) }.into()
    }
}

impl Columned {
    /// A row of the batch, from 0, which has this number in the file.
    fn row(&self, row: usize, number: usize) -> Row<Raw> {
        let (subject, eye, handle) = (self.subject(row), self.eye(row), self.handle(row));
        let beside = [subject.as_ref().err(), eye.as_ref().err(), handle.as_ref().err()];
        let fault = beside.into_iter().flatten().next().cloned();
        Row {
            place: At::Row(number),
            person: number,
            subject: subject.ok().flatten(),
            eye: eye.ok().flatten(),
            handle: handle.ok().flatten(),
            quality: self.quality.as_ref().filter(|numbers| numbers.is_valid(row)).map(|numbers| numbers.value(row)),
            template: fault.map_or_else(|| self.templates.get(row), Err),
        }
    }

    fn subject(&self, row: usize) -> Result<Option<SubjectId>, RecordFault> {
        let Some((name, texts)) = &self.label else { return Ok(None) };
        let text = texts.get(row).ok_or_else(|| RecordFault::Null { name: name.clone() })?;
        RecordFault::subject(text).map(Some)
    }

    fn eye(&self, row: usize) -> Result<Option<Eye>, RecordFault> {
        let eye = self.eye.as_ref().and_then(|texts| texts.get(row)).filter(|eye| !eye.trim().is_empty());
        eye.map(text::eye).transpose()
    }

    fn handle(&self, row: usize) -> Result<Option<Handle>, RecordFault> {
        let handle = self.handles.as_ref().and_then(|texts| texts.get(row));
        handle.map_or(Ok(None), RecordFault::handle)
    }
}
