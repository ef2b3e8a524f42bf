//! Which columns hold what, by their names and types.

use arrow_schema::Schema;

use super::super::error::ReadError;
use super::super::names::{self, Two, shortened};
use super::super::{Asked, ColumnFault, Found};
use super::guard::two;
use super::types::{self, Kind};
use crate::template::TemplateShape;

/// Columns by their number, from 0.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) template: Place,
    pub(super) label: Option<usize>,
    pub(super) eye: Option<usize>,
    pub(super) handles: Option<usize>,
    pub(super) quality: Option<usize>,
}

/// Where a template is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Whole(usize),
    Iris { code: usize, mask: usize },
}

impl Columns {
    /// Those of a schema.
    pub(super) fn of(schema: &Schema, shape: TemplateShape, asked: Asked<'_>) -> Result<Self, ReadError> {
        let named = |name: &str| position(schema, name).map_err(ColumnFault::Repeated);
        let handles = match asked.handles {
            None => None,
            Some(name) => {
                let names = || schema.fields().iter().map(|field| field.name().as_str());
                Some(named(name)?.ok_or_else(|| asked.no_handles(names()))?)
            }
        };
        let label = match asked.id_column {
            _ if asked.apart => None,
            Some(name) => Some(named(name)?.ok_or_else(|| unknown(schema, name))?),
            None => label(schema, asked)?,
        };
        let eye = one(schema, |name| names::is_one_of(&names::EYES, name)).map_err(ColumnFault::Repeated)?;
        let eye = eye.filter(|eye| types::is_text(schema.field(*eye).data_type()));
        let quality = one(schema, |name| asked.is_quality(name)).map_err(ColumnFault::Repeated)?;
        let taken = |column| [label, eye, handles, quality].contains(&Some(column));
        let template = template(schema, shape, asked, &taken)?;
        let columns = Self { template, label, eye, handles, quality };
        columns.check(schema, shape)?;
        Ok(columns)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        let (first, second) = match self.template {
            Place::Whole(column) => (column, None),
            Place::Iris { code, mask } => (code, Some(mask)),
        };
        [Some(first), second, self.label, self.eye, self.handles, self.quality].into_iter().flatten()
    }

    /// What is said of them; `judged` are those that rows are judged by.
    pub(super) fn found(&self, schema: &Schema, shape: TemplateShape, asked: Asked<'_>, judged: &[usize]) -> Found {
        let name = |column: usize| schema.field(column).name().clone();
        let read: Vec<usize> = self.all().chain(judged.iter().copied()).collect();
        let unread = || (0..schema.fields().len()).filter(|column| !read.contains(column) && !is_index(&name(*column)));
        let perhaps = |column: &usize| types::is_text_or_integer(schema.field(*column).data_type());
        let candidates = match self.label.is_none() && !asked.apart {
            true => unread().filter(perhaps).map(name).collect(),
            false => Vec::new(),
        };
        let templates = match self.template {
            Place::Whole(column) => Some(name(column)).filter(|name| asked.column.is_some() || !is_known(name, shape)),
            Place::Iris { code, .. } => asked.column.is_some().then(|| name(code)),
        };
        Found {
            templates: templates.map(|name| shortened(&name)),
            label: self.label.map(|label| shortened(&name(label))),
            handles: self.handles.map(|handles| shortened(&name(handles))),
            quality: self.quality.map(|quality| shortened(&name(quality))),
            unread: names::listed(unread().map(name).collect::<Vec<_>>().iter().map(String::as_str)),
            candidates: names::listed(candidates.iter().map(String::as_str)),
            ..Found::default()
        }
    }

    /// Whether each has a type that can be read.
    fn check(&self, schema: &Schema, shape: TemplateShape) -> Result<(), ColumnFault> {
        let kind = Kind::of(shape);
        let parts = match self.template {
            Place::Whole(column) => [Some(column), None],
            Place::Iris { code, mask } => [Some(code), Some(mask)],
        };
        for column in parts.into_iter().flatten() {
            if !kind.is_read(schema.field(column).data_type()) {
                return Err(of_type(schema, column, kind.expected()));
            }
        }
        for (column, is_label) in [(self.label, true), (self.handles, false)] {
            let Some(column) = column else { continue };
            let found = schema.field(column).data_type();
            if types::is_text_or_integer(found) {
                continue;
            }
            if is_label && types::plain(found).is_floating() {
                let name = shortened(schema.field(column).name());
                return Err(ColumnFault::FractionIds { name, found: types::named(found) });
            }
            return Err(of_type(schema, column, "text or integers".to_owned()));
        }
        match self.quality.filter(|column| !schema.field(*column).data_type().is_numeric()) {
            Some(column) => Err(of_type(schema, column, "numbers".to_owned())),
            None => Ok(()),
        }
    }
}

fn of_type(schema: &Schema, column: usize, expected: String) -> ColumnFault {
    let field = schema.field(column);
    ColumnFault::Type { name: shortened(field.name()), found: types::named(field.data_type()), expected }
}

fn unknown(schema: &Schema, name: &str) -> ColumnFault {
    ColumnFault::Unknown { name: shortened(name), found: types::listed(schema) }
}

/// The column of a name: the one that is called exactly so, or else the only one when letters count alike in either case.
pub(super) fn position(schema: &Schema, name: &str) -> Result<Option<usize>, Two> {
    match one(schema, |known| known == name)? {
        Some(column) => Ok(Some(column)),
        None => one(schema, |known| known.eq_ignore_ascii_case(name)),
    }
}

/// The only column with such a name; or the names of two.
fn one(schema: &Schema, is: impl Fn(&str) -> bool) -> Result<Option<usize>, Two> {
    let mut fields = schema.fields().iter().enumerate().filter(|(_, field)| is(field.name()));
    match (fields.next(), fields.next()) {
        (Some((_, first)), Some((_, second))) => Err(two(first.name(), second.name())),
        (first, _) => Ok(first.map(|(column, _)| column)),
    }
}

/// The column that says whose the templates are, by its name.
fn label(schema: &Schema, asked: Asked<'_>) -> Result<Option<usize>, ColumnFault> {
    let labels = schema.fields().iter().map(|field| field.name().as_str()).filter(|name| names::is_label(name));
    let Some(label) = names::label(labels, asked).map_err(ColumnFault::TwoLabels)? else { return Ok(None) };
    Ok(schema.fields().iter().position(|field| field.name() == label))
}

/// Where the templates are; what is `taken` holds something else.
fn template(
    schema: &Schema,
    shape: TemplateShape,
    asked: Asked<'_>,
    taken: &dyn Fn(usize) -> bool,
) -> Result<Place, ColumnFault> {
    let given = match asked.column {
        Some(name) => {
            let column = position(schema, name).map_err(ColumnFault::Repeated)?;
            Some(column.ok_or_else(|| unknown(schema, name))?)
        }
        None => None,
    };
    let absent = |expected: String| ColumnFault::Absent { expected, found: types::listed(schema) };
    if let TemplateShape::Iris(_) = shape {
        let code = one(schema, |name| names::is_one_of(&names::CODES, name)).map_err(ColumnFault::TwoTemplates);
        let code = given.map_or(code, |column| Ok(Some(column)))?.ok_or_else(|| absent("`code`".to_owned()))?;
        let mask = one(schema, names::is_mask).map_err(ColumnFault::TwoMasks)?;
        let mask = mask.ok_or_else(|| absent("`valid`, `noise` or `mask`".to_owned()))?;
        return Ok(Place::Iris { code, mask });
    }
    if let Some(column) = given {
        return Ok(Place::Whole(column));
    }
    let called = one(schema, |name| is_known(name, shape)).map_err(ColumnFault::TwoTemplates)?;
    let kind = Kind::of(shape);
    let likely = || {
        let is = |column: &usize| kind.is_likely(schema.field(*column).data_type()) && !taken(*column);
        let mut columns = (0..schema.fields().len()).filter(is);
        match (columns.next(), columns.next()) {
            (Some(first), Some(second)) => {
                Err(ColumnFault::TwoTemplates(two(schema.field(first).name(), schema.field(second).name())))
            }
            (first, _) => Ok(first),
        }
    };
    let name = if matches!(shape, TemplateShape::Vector(_)) { "`embedding`" } else { "`bits`" };
    let column = called.filter(|column| !taken(*column)).map_or_else(likely, |column| Ok(Some(column)))?;
    column.map(Place::Whole).ok_or_else(|| absent(format!("{name} and no other column of {}", kind.expected())))
}

/// Whether templates of a shape are called so.
fn is_known(name: &str, shape: TemplateShape) -> bool {
    match shape {
        TemplateShape::Vector(_) => names::is_one_of(&names::VECTORS, name),
        TemplateShape::Bits(_) => names::is_one_of(&names::BITS, name),
        TemplateShape::Iris(_) => names::is_one_of(&names::CODES, name),
    }
}

/// Whether pandas calls an index so.
fn is_index(name: &str) -> bool {
    name.starts_with("__index_level_")
}
