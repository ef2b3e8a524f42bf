//! What the columns hold: by their names in the header, or values all of them.

use super::super::error::RecordFault;
use super::super::names::{self, Two};
use super::super::{Asked, text};
use crate::template::TemplateShape;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Subject,
    Eye,
    /// All bits.
    Bits,
    /// All coordinates.
    Vector,
    Code,
    Mask,
    Quality,
    /// One coordinate or bit.
    Value,
    /// What no template needs.
    Unread,
    /// Nothing: behind a last comma.
    Empty,
}

impl Column {
    /// By the name in the header; whatever is not known is a value.
    fn named(name: &str, shape: TemplateShape) -> Self {
        let is = |known: &[&str]| names::is_one_of(known, name);
        match shape {
            _ if names::is_column(name) => Self::Subject,
            _ if is(&names::EYES) => Self::Eye,
            TemplateShape::Vector(_) if is(&names::VECTORS) => Self::Vector,
            TemplateShape::Bits(_) if is(&names::BITS) => Self::Bits,
            // Of another kind than is agreed on: told as such.
            _ if name.eq_ignore_ascii_case("bits") => Self::Bits,
            _ if is(&names::CODES) => Self::Code,
            _ if names::is_mask(name) => Self::Mask,
            _ if names::is_quality(name) => Self::Quality,
            _ => Self::Value,
        }
    }
}

/// The columns of a file.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) all: Vec<Column>,
    /// Their names, where there is a header.
    pub(super) names: Option<Vec<String>>,
    /// Which of them has handles, where they are asked for; it may be read as something else too.
    pub(super) handle: Option<usize>,
}

/// Why columns are refused.
pub(super) enum Misfit {
    /// None of those with these names is the one of the handles.
    NoHandles(Vec<String>),
    /// Something else.
    Record(RecordFault),
}

impl From<RecordFault> for Misfit {
    fn from(fault: RecordFault) -> Self {
        Self::Record(fault)
    }
}

impl Columns {
    /// What the columns hold, by the first line; `given` says whether it is a header, where that is known, `comma` whether one may stand
    /// before a fraction.
    pub(super) fn of(
        fields: &[&str],
        shape: TemplateShape,
        given: Option<bool>,
        asked: Asked<'_>,
        comma: bool,
    ) -> Result<Self, Misfit> {
        let mut columns = match is_header(fields, shape, given, asked, comma)? {
            // Fields that are no names are values, and not told.
            false if asked.handles.is_some() => return Err(Misfit::NoHandles(Vec::new())),
            false => Self { all: vec![Column::Value; fields.len()], names: None, handle: None },
            true => {
                let all = fields.iter().map(|name| Column::named(name, shape)).collect();
                let names = Some(fields.iter().map(|name| names::shortened(name)).collect());
                let mut columns = Self { all, names, handle: handles(fields, asked)? };
                columns.choose(fields, shape, asked)?;
                columns.settle_quality(shape, asked)?;
                columns
            }
        };
        columns.drop_last_comma(fields, shape);
        columns.check(fields, shape)?;
        Ok(columns)
    }

    /// The name of the first column of a kind.
    pub(super) fn name_of(&self, kind: impl Fn(Column) -> bool) -> Option<&str> {
        let names = self.names.iter().flatten();
        names.zip(&self.all).find(|(_, column)| kind(**column)).map(|(name, _)| name.as_str())
    }

    /// The names of the columns that are not read; pandas' index has none.
    pub(super) fn unread(&self) -> Vec<String> {
        let names = self.names.iter().flatten().zip(&self.all).enumerate();
        let unread = names.filter(|(place, (name, column))| {
            **column == Column::Unread && !is_index(name) && self.handle != Some(*place)
        });
        names::listed(unread.map(|(_, (name, _))| name.as_str()))
    }

    /// The name of the column that has handles.
    pub(super) fn handles_name(&self) -> Option<&str> {
        Some(self.names.as_ref()?.get(self.handle?)?.as_str())
    }

    /// The names of columns that by the first record may say whose the templates are: neither lists and objects nor fractions.
    pub(super) fn perhaps_ids(&self, first: &[&str]) -> Vec<String> {
        let is_id = |field: &str| {
            !field.starts_with(['{', '[', '(']) && (field.parse::<f64>().is_err() || field.parse::<i64>().is_ok())
        };
        let names = self.names.iter().flatten().zip(first);
        let names = names.filter(|(name, field)| is_id(field) && !names::is_quality(name));
        names.map(|(name, _)| name.clone()).collect()
    }

    /// Which of the columns say whose templates these are, and that no other kind is there twice.
    fn choose(&mut self, fields: &[&str], shape: TemplateShape, asked: Asked<'_>) -> Result<(), RecordFault> {
        let of = |all: &[Column], kind: fn(Column) -> bool| -> Vec<&str> {
            fields.iter().zip(all).filter(|(_, column)| kind(**column)).map(|(name, _)| *name).collect()
        };
        let labels = of(&self.all, |column| column == Column::Subject);
        let mut seen = std::collections::HashSet::new();
        if let Some(repeated) = labels.iter().find(|name| !seen.insert(**name)) {
            return Err(RecordFault::Repeated { name: names::shortened(repeated) });
        }
        let label =
            if asked.apart { None } else { names::label(labels.into_iter(), asked).map_err(RecordFault::TwoLabels)? };
        for (name, column) in fields.iter().zip(&mut self.all) {
            if *column == Column::Subject && label != Some(name) {
                *column = Column::Unread;
            }
        }
        if let Some(column) =
            self.handle.and_then(|place| self.all.get_mut(place)).filter(|column| **column == Column::Value)
        {
            *column = Column::Unread;
        }
        let one =
            |kind: fn(Column) -> bool, fault: fn(Two) -> RecordFault| names::one(of(&self.all, kind)).map_err(fault);
        let whole = one(|column| matches!(column, Column::Vector | Column::Bits), RecordFault::TwoTemplates)?;
        let code = one(|column| column == Column::Code, RecordFault::TwoTemplates)?;
        one(|column| column == Column::Mask, RecordFault::TwoMasks)?;
        one(|column| column == Column::Eye, |two| RecordFault::Repeated { name: two.second })?;
        if whole.is_some() && !matches!(shape, TemplateShape::Iris(_))
            || code.is_some() && matches!(shape, TemplateShape::Iris(_))
        {
            self.all.iter_mut().filter(|column| **column == Column::Value).for_each(|column| *column = Column::Unread);
        }
        Ok(())
    }

    /// A column of this name is a coordinate where one would be missing without it; it is not read where quality is not asked for.
    fn settle_quality(&mut self, shape: TemplateShape, asked: Asked<'_>) -> Result<(), RecordFault> {
        let name = self.name_of(|column| column == Column::Quality).map(str::to_owned);
        let Some(name) = name else { return Ok(()) };
        if self.all.iter().filter(|column| **column == Column::Quality).count() > 1 {
            return Err(RecordFault::Repeated { name });
        }
        let whole = self.name_of(|column| matches!(column, Column::Vector | Column::Bits)).is_some();
        let to = match expected(shape) {
            Some(expected) if !whole && self.values() + 1 == expected => Column::Value,
            _ if asked.quality => return Ok(()),
            _ => Column::Unread,
        };
        self.all.iter_mut().filter(|column| **column == Column::Quality).for_each(|column| *column = to);
        Ok(())
    }

    /// A comma at the end of every line makes no column.
    fn drop_last_comma(&mut self, fields: &[&str], shape: TemplateShape) {
        let one_more = expected(shape).is_some_and(|expected| self.values() == expected + 1);
        if let (Some(&""), Some(last @ Column::Value), true) = (fields.last(), self.all.last_mut(), one_more) {
            *last = Column::Empty;
        }
    }

    pub(super) fn values(&self) -> usize {
        self.all.iter().filter(|column| **column == Column::Value).count()
    }

    /// Whether the columns can hold templates of this shape.
    fn check(&self, fields: &[&str], shape: TemplateShape) -> Result<(), RecordFault> {
        let has = |kind: fn(Column) -> bool| self.name_of(kind);
        let bits = |column| column == Column::Bits;
        let of_iris = |column| matches!(column, Column::Code | Column::Mask);
        let stray = match shape {
            TemplateShape::Vector(_) => has(bits).or(has(of_iris)),
            TemplateShape::Bits(_) => has(of_iris),
            TemplateShape::Iris(_) => has(bits),
        };
        if let Some(name) = stray {
            return Err(RecordFault::OtherKind { name: name.to_owned(), shape });
        }
        let Some(expected) = expected(shape) else {
            return match (has(|column| column == Column::Code), has(|column| column == Column::Mask)) {
                (None, _) => Err(RecordFault::Missing { name: "code" }),
                (_, None) => Err(RecordFault::Missing { name: "mask" }),
                _ => Ok(()),
            };
        };
        let whole = has(|column| matches!(column, Column::Vector | Column::Bits)).is_some();
        match self.values() {
            _ if whole => Ok(()),
            actual if actual == expected => Ok(()),
            actual if actual > expected && self.has_index(fields) => Err(RecordFault::IndexColumn),
            actual => match self.strays() {
                strays if actual > expected && !strays.is_empty() => {
                    Err(RecordFault::Strays { expected, actual, strays })
                }
                _ => Err(RecordFault::Columns { expected, actual }),
            },
        }
    }

    /// Whether the first column has the name that pandas gives to an index.
    fn has_index(&self, fields: &[&str]) -> bool {
        self.names.is_some()
            && fields.first().is_some_and(|name| is_index(name))
            && self.all.first() == Some(&Column::Value)
    }

    /// The names of value columns that are not called as most of them are: a stem and a number.
    fn strays(&self) -> Vec<String> {
        let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
        let values: Vec<&str> = self
            .names
            .iter()
            .flatten()
            .zip(&self.all)
            .filter(|(_, column)| **column == Column::Value)
            .map(|(name, _)| name.as_str())
            .collect();
        let mut stems: Vec<String> = values.iter().map(|name| stem(name)).collect();
        stems.sort();
        let usual = stems.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
        match usual {
            Some(same @ [usual, ..]) if 2 * same.len() > values.len() => {
                names::listed(values.into_iter().filter(|name| stem(name) != *usual))
            }
            _ => Vec::new(),
        }
    }
}

/// How many columns of values a template has, where it has some.
fn expected(shape: TemplateShape) -> Option<usize> {
    match shape {
        TemplateShape::Vector(length) | TemplateShape::Bits(length) => Some(length),
        TemplateShape::Iris(_) => None,
    }
}

/// Whether pandas calls an index so.
fn is_index(name: &str) -> bool {
    name.is_empty() || name.starts_with("Unnamed: ") || name.eq_ignore_ascii_case("index")
}

/// Which column is called as handles are said to be, where they are asked for.
fn handles(fields: &[&str], asked: Asked<'_>) -> Result<Option<usize>, Misfit> {
    let mut called = fields.iter().enumerate().filter(|(_, name)| asked.is_handles(name));
    match (called.next(), called.next()) {
        (None, _) if asked.handles.is_some() => Err(Misfit::NoHandles(names::listed(fields.iter().copied()))),
        (_, Some((_, name))) => Err(RecordFault::Repeated { name: names::shortened(name) }.into()),
        (first, None) => Ok(first.map(|(place, _)| place)),
    }
}

/// Whether the first line names columns.
fn is_header(
    fields: &[&str],
    shape: TemplateShape,
    given: Option<bool>,
    asked: Asked<'_>,
    comma: bool,
) -> Result<bool, RecordFault> {
    if let Some(given) = given {
        return Ok(given);
    }
    let names_one = fields.iter().any(|name| Column::named(name, shape) != Column::Value || asked.is_handles(name));
    let numbers = fields.iter().filter(|field| text::number(field, comma).is_some()).count();
    let empty = fields.iter().filter(|field| field.is_empty()).count();
    let counts =
        |fields: &[&str]| fields.len() >= 3 && fields.iter().enumerate().all(|(at, field)| *field == at.to_string());
    // The index of pandas stands before its columns, with no name.
    let indexed = matches!(fields, [first, rest @ ..] if is_index(first) && counts(rest));
    match numbers {
        _ if names_one || counts(fields) || indexed => Ok(true),
        0 => Ok(!fields.iter().all(|field| text::numbers(field, "").is_ok())),
        _ if numbers + empty == fields.len() => Ok(false),
        _ => Err(RecordFault::MixedHeader),
    }
}
