//! Why an input is refused: where the fault is and what to do about it, never a value.

use std::borrow::Cow;

use super::Format;
use super::bit_order::BitOrder;
use super::column_fault::{ColumnFault, ContainerFault, FilterFault};
use super::foreign::Foreign;
use super::names::Two;
use crate::remedy::Remedy;
use crate::template::{Eye, Handle, HandleError, RecordError, SubjectId, TemplateError, TemplateShape};

/// Why a file of templates or of identifiers is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The format has no place for this kind of template.
    #[error("{format} does not hold {shape}")]
    Unsupported {
        /// The format that was asked for.
        format: Format,
        /// The shape that the agreement has.
        shape: TemplateShape,
    },
    /// A file of another program, in which templates are not looked for.
    #[error("this is {0}")]
    Foreign(Foreign),
    /// Reading it failed.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    /// Whoever takes the records wants no more.
    #[error("told to stop")]
    Stopped,
    /// Nothing in it.
    #[error("the file holds no record")]
    NoRecords,
    /// The name of a mask does not say what its ones mark, and neither does their number.
    #[error(
        "`{name}` has ones at {:.0} % of all bits: nothing says whether they mark valid bits or noise", 100.0 * share
    )]
    MaskMarks {
        /// The first 64 characters of the name.
        name: String,
        /// The share of bits that are marked, of all templates.
        share: f64,
    },
    /// Iris codes in another order of bits than they are read in.
    #[error(
        "neighbouring columns of the iris codes agree in {:.0} % of their bits as they are read (rows, columns, channels), but in {:.0} % \
         read as {other}", 100.0 * read, 100.0 * otherwise
    )]
    BitOrder {
        /// Share of agreeing bits as the codes are read.
        read: f64,
        /// In which order more agree.
        other: BitOrder,
        /// Share of agreeing bits in that order.
        otherwise: f64,
    },
    /// JSON that is neither records nor lists of them.
    #[error("JSON of another structure than is read: {found}")]
    Structure {
        /// What was found.
        found: &'static str,
    },
    /// The identifiers given apart are not as many as the templates.
    #[error("{identities} identifiers for {records} records")]
    IdentityCount {
        /// Identifiers given.
        identities: usize,
        /// Records in the file.
        records: usize,
    },
    /// Nothing is called as the handles are said to be.
    #[error("nothing is called `{name}`, which handles are to be read from{}", among(found))]
    NoHandles {
        /// The first 64 characters of the name that was given.
        name: String,
        /// The names that are there.
        found: Vec<String>,
    },
    /// The format has no place for handles.
    #[error("{format}: there is no place for handles beside the templates")]
    NoPlaceForHandles {
        /// How the file is written.
        format: Format,
    },
    /// One record, or one line, is at fault.
    #[error("{place}: {fault}")]
    Record {
        /// Where it is.
        place: Place,
        /// What is wrong.
        fault: RecordFault,
    },
    /// An array of a NumPy file is at fault.
    #[error("{}: {fault}", describe(array))]
    Array {
        /// Its name; empty in a `.npy` file, which holds only one.
        array: String,
        /// What is wrong.
        fault: ArrayFault,
    },
    /// The `.npz` archive is at fault.
    #[error("{0}")]
    Archive(#[from] ArchiveFault),
    /// The format has no columns that could be named, nor rows that could be judged.
    #[error("{format}: there is no choosing {what} by an option")]
    NotByColumn {
        /// How the file is written.
        format: Format,
        /// What was to be chosen.
        what: &'static str,
    },
    /// The columns of a Parquet or Arrow file are at fault.
    #[error("{0}")]
    Column(#[from] ColumnFault),
    /// The Parquet or Arrow file is.
    #[error("{0}")]
    Container(#[from] ContainerFault),
    /// The condition on rows is.
    #[error("{0}")]
    Filter(#[from] FilterFault),
}

impl Remedy for ReadError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unsupported { format: Format::Npy, .. } => {
                "an iris needs its mask: write .npz with arrays `code` and `valid`"
            }
            Self::Unsupported { .. } => "write .npy, .npz, CSV or JSON Lines (.jsonl)",
            Self::Record { fault, .. } => return fault.remedy(),
            Self::Array { fault, .. } => return fault.remedy(),
            Self::Archive(fault) => return fault.remedy(),
            Self::Column(fault) => return fault.remedy(),
            Self::Container(fault) => return fault.remedy(),
            Self::Filter(fault) => return fault.remedy(),
            Self::NotByColumn { .. } => {
                "leave it out: what is read is called as 'cotejo help formats' lists; or write Parquet or Arrow"
            }
            Self::IdentityCount { .. } => "give one a line, in the order of the records",
            Self::NoHandles { found, .. } if found.is_empty() => "give them a column, field or array of that name",
            Self::NoHandles { .. } => "name one of these",
            Self::NoPlaceForHandles { .. } => "write .npz, CSV or JSON Lines (.jsonl), with the handles in it",
            Self::Foreign(foreign) => return Some(foreign.remedy().into()),
            Self::MaskMarks { .. } => "call it `valid` or `noise`",
            Self::BitOrder { .. } => "say which it is",
            Self::Structure { .. } => {
                "write one object a record, each with its id and its vector: {\"id\": \"anna\", \"vector\": [0.1, 0.2]}"
            }
            Self::NoRecords | Self::Unreadable(_) | Self::Stopped => return None,
        };
        Some(remedy.into())
    }
}

/// A quality, in words.
fn quality_of(quality: Option<f64>) -> String {
    match quality {
        None => "no quality is given".to_owned(),
        Some(quality) if quality.is_nan() => "the quality is no number".to_owned(),
        Some(quality) => format!("the quality is {quality}"),
    }
}

fn among(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", but {}", quoted(names)) }
}

fn describe(array: &str) -> String {
    match array {
        "" => "the array".to_owned(),
        name => format!("array `{name}`"),
    }
}

/// Where in the input a record is, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A row of an array.
    Row(usize),
    /// A line of a text file, the header and comments counted.
    Line(usize),
    /// A record of a list, where lines do not tell records apart.
    Record(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Row(row) => write!(f, "row {row}"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Record(record) => write!(f, "record {record}"),
        }
    }
}

/// A record that makes no template, though the file around it is sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Unusable {
    /// Where it is.
    pub place: Place,
    /// Which record of the file, counted from 1.
    pub record: usize,
    /// Whose it is, where that can be read.
    pub subject: Option<SubjectId>,
    /// Of which eye, where that can be read.
    pub eye: Option<Eye>,
    /// What is wrong.
    pub fault: RecordFault,
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.place)?;
        if let Some(subject) = &self.subject {
            write!(f, ", '{subject}'")?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// What is wrong with one record. Columns are counted from 1.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// The values make no template.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// The identifier is unusable.
    #[error("{0}")]
    Identifier(#[from] RecordError),
    /// The handle is unusable.
    #[error("{0}")]
    Handle(#[from] HandleError),
    /// A handle of another JSON type.
    #[error("the handle must be {expected}")]
    HandleType {
        /// What it must be.
        expected: &'static str,
    },
    /// Handles that a program has written as if they were measures.
    #[error("the handles are written as fractions, such as 7.0, and would lead to nobody's record")]
    FractionHandles,
    /// The eye is not named as one.
    #[error("the eye must be `left` or `right` (or `l`, `r`)")]
    Eye,
    /// A quotation mark that does not enclose an id as CSV has it.
    #[error("quotation marks that do not enclose an id")]
    Quotes,
    /// A semicolon outside quotes: it separates, elsewhere.
    #[error("a semicolon")]
    Semicolon,
    /// Something that looks like a comment, behind an id.
    #[error("a comment behind an id")]
    Comment,
    /// The first line of a list of ids names a column.
    #[error("the line is a heading")]
    Heading,
    /// The first line of a CSV file may be a header of numbers.
    #[error("may be a header and not a template: {why}")]
    PerhapsHeader {
        /// What speaks for it.
        why: &'static str,
    },
    /// One record has no id where others have one.
    #[error("no id, where others have one")]
    Unnamed,
    /// Two columns that may say whose a template is.
    #[error("{0} may both say whose the templates are")]
    TwoLabels(Two),
    /// Two columns or fields that may hold the template.
    #[error("{0} may both be the template")]
    TwoTemplates(Two),
    /// Two columns or fields that may hold the mask.
    #[error("{0} may both be the mask")]
    TwoMasks(Two),
    /// Identifiers that a program has written as if they were measures.
    #[error("the ids are written as fractions, such as 7.0, and are no ids of anybody else's records")]
    FractionIds,
    /// The line has neither an identifier nor a comment.
    #[error("a blank line")]
    Blank,
    /// Not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// Another number of columns than the header has or the agreement asks for.
    #[error("{actual} value columns where {expected} are expected")]
    Columns {
        /// As the agreement or the header says.
        expected: usize,
        /// Value columns in the line.
        actual: usize,
    },
    /// More columns than values, of which some are named as no value is.
    #[error("{actual} value columns where {expected} are expected; these may be the stray ones: {}", quoted(strays))]
    Strays {
        /// As the agreement says.
        expected: usize,
        /// Value columns in the file.
        actual: usize,
        /// The names of those that are not called as the others, as far as they are told apart.
        strays: Vec<String>,
    },
    /// A column that counts the rows.
    #[error("column 1 is no value: it counts the rows, as the index does that pandas writes")]
    IndexColumn,
    /// The first line mixes names and values.
    #[error("the first line is neither all names nor all values")]
    MixedHeader,
    /// Neither an identifier, an eye nor a number.
    #[error("column {column} is not a number, written as -1.25e-3")]
    NotANumber {
        /// The column's number.
        column: usize,
    },
    /// A value is missing.
    #[error("column {column} is empty")]
    NoValue {
        /// The column's number.
        column: usize,
    },
    /// Nothing stands where something must.
    #[error("`{name}` is null")]
    Null {
        /// The first 64 characters of the column's name.
        name: String,
    },
    /// A whole number that has more digits than a coordinate.
    #[error("column {column} is a whole number beyond 2^53, which is not kept exactly")]
    Inexact {
        /// The column's number.
        column: usize,
    },
    /// A text in place of a list of numbers.
    #[error("`{name}` is no list of numbers")]
    NoNumbers {
        /// The first 64 characters of the column's or field's name.
        name: String,
    },
    /// A list of numbers that NumPy has shortened for display.
    #[error("`{name}` was shortened to \"...\" when it was written: its values are lost")]
    Elided {
        /// The first 64 characters of the column's or field's name.
        name: String,
    },
    /// A bit is something else.
    #[error("column {column} is neither 0 nor 1")]
    NotABit {
        /// The column's number.
        column: usize,
    },
    /// A text does not encode the agreed number of bits.
    #[error(
        "`{field}` does not hold {expected} bits as 0/1 characters, as hexadecimal or as base64 (most significant bit first)"
    )]
    NotBits {
        /// The first 64 characters of the column's or field's name.
        field: String,
        /// How many bits are agreed.
        expected: usize,
    },
    /// Not one JSON object.
    #[error("not a JSON object, at column {column}")]
    Json {
        /// Where parsing stopped.
        column: usize,
    },
    /// A template of another kind than is agreed on.
    #[error("`{name}` is no part of {shape}")]
    OtherKind {
        /// The first 64 characters of its name.
        name: String,
        /// The shape that the agreement has.
        shape: TemplateShape,
    },
    /// No field or column has the name of a template's.
    #[error("no {expected} among {}", quoted(found))]
    NoTemplate {
        /// What is looked for.
        expected: &'static str,
        /// The names that are there.
        found: Vec<String>,
    },
    /// A field or column stands there twice.
    #[error("`{name}` stands there twice")]
    Repeated {
        /// The first 64 characters of its name.
        name: String,
    },
    /// A field or column is missing.
    #[error("`{name}` is missing")]
    Missing {
        /// The field or column.
        name: &'static str,
    },
    /// A field is of another JSON type.
    #[error("`{name}` must be {expected}")]
    FieldType {
        /// The field.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A vector of another length than is agreed, or than those before it.
    #[error("a vector of {actual} values where {expected} are expected")]
    VectorLength {
        /// As the agreement says.
        expected: usize,
        /// As stands before the vector.
        actual: i32,
    },
    /// The file ends within a record.
    #[error("the file ends within it")]
    CutShort,
    /// A template that is not good enough: a failure to enrol, and no fault of the file.
    #[error("{} where {minimum} is the minimum", quality_of(*quality))]
    Quality {
        /// What the file says; no number where it says something that is none.
        quality: Option<f64>,
        /// The least that was asked for.
        minimum: f64,
    },
    /// A line with a code is not followed by one with its mask.
    #[error("a code without a mask")]
    Unpaired,
}

impl Remedy for RecordFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Template(error) => return error.remedy(),
            Self::Handle(error) => return error.remedy(),
            Self::HandleType { .. } => "write it as a text, in double quotes",
            Self::FractionHandles => {
                "write whole numbers or texts (in pandas, where some are missing: astype(\"Int64\"), or read them with dtype=str)"
            }
            Self::Eye => "write one id a line, one with a comma or a tab in double quotes",
            Self::Quotes => "write it plain, or in double quotes as CSV does",
            Self::Semicolon => "write one id a line, one with a semicolon in double quotes",
            Self::Comment => "give it a line of its own that begins with #",
            Self::Heading => "remove it, or write it in double quotes if it is an id",
            Self::PerhapsHeader { .. } => "say which it is",
            Self::Unnamed => "give every record its id",
            Self::TwoLabels(_) => "leave one out, or give the ids apart",
            Self::TwoTemplates(_) | Self::TwoMasks(_) => "leave one out",
            Self::FractionIds => {
                "write whole numbers (astype(int) in NumPy and pandas), or give the ids apart, in double quotes if they are so"
            }
            Self::Blank => "remove it, or name the record",
            Self::NotText => "convert the file, for example: iconv -f LATIN1 -t UTF-8 OLD > NEW",
            Self::Columns { .. } => {
                "give one value a column, separated by commas, semicolons, tabs or spaces, or one template a row in a column `embedding`"
            }
            Self::Strays { .. } => "leave out what is no value",
            Self::IndexColumn => "write the file without it: to_csv(..., index=False)",
            Self::Elided { .. } => "write them with tolist(), or the whole array with numpy.save",
            Self::Null { .. } => "give every record its template and its id, or leave out the record",
            Self::Inexact { .. } => "write floating-point numbers",
            Self::NoValue { .. } => "give every value, or leave out the record",
            Self::NoTemplate { .. } => "call it so",
            Self::OtherKind { .. } => "give templates of the agreed kind, or leave it out",
            Self::MixedHeader => "give each column a name (id, eye, v1, v2, ...) or none",
            Self::NotANumber { .. } => "remove or repair it",
            Self::Json { .. } => "write one object a line",
            Self::VectorLength { .. } => {
                "give vectors of the agreed length; where those before it have that, the file is damaged, or is the other of fvecs and bvecs"
            }
            Self::CutShort => "the file is cut short or damaged",
            Self::Quality { quality: None, .. } => "give every record its `quality`, or ask for none",
            Self::Quality { .. } => "take another sample of the person",
            Self::Unpaired => "lines alternate: code, mask, code, mask",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// What is wrong with an array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayFault {
    /// It does not begin as `.npy` does, or its header cannot be read.
    #[error("not in .npy format, version 1 to 3")]
    NotNpy,
    /// The header is over the limit, which is also NumPy's own.
    #[error("a header of {actual} bytes is over the limit of {limit}")]
    HeaderLength {
        /// Longest admitted, in bytes.
        limit: usize,
        /// Length in bytes that the file declares.
        actual: usize,
    },
    /// The shape declares another size than the data have.
    #[error("its shape declares {expected} bytes but {actual} are there")]
    Size {
        /// Bytes declared; more than memory could address is given as the largest number.
        expected: usize,
        /// Bytes found.
        actual: usize,
    },
    /// The shape has more digits than any array could fill.
    #[error("its shape has more than {limit_digits} digits")]
    Axes {
        /// Most digits admitted, of all axes together.
        limit_digits: usize,
    },
    /// A second array follows in the same file.
    #[error("a second array follows the first")]
    Appended,
    /// Objects of Python, which only Python can read.
    #[error("it holds {}, pickled", if *dictionary { "one object of Python, such as a dictionary" } else { "objects of Python" })]
    Pickled {
        /// Whether it is one object alone, not an array of them.
        dictionary: bool,
    },
    /// Records of several fields.
    #[error("it is an array of records with the fields {}", quoted(fields))]
    Structured {
        /// Their names.
        fields: Vec<String>,
    },
    /// The wrong type of element.
    #[error("elements of type {actual} where {expected} is expected")]
    ElementType {
        /// What is expected.
        expected: &'static str,
        /// NumPy's name of the type found.
        actual: String,
    },
    /// The wrong dimensions.
    #[error("shape {actual:?} where {expected} is expected")]
    Shape {
        /// What is expected.
        expected: String,
        /// The dimensions that the array has.
        actual: Vec<usize>,
    },
}

impl Remedy for ArrayFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::NotNpy => "write it with numpy.save",
            Self::Size { .. } => "the file is cut short or damaged",
            Self::Axes { .. } => "the file is damaged",
            Self::Appended => {
                "load both and join them: a = numpy.load(f); b = numpy.load(f); numpy.save(\"new.npy\", numpy.concatenate([a, b]))"
            }
            Self::Pickled { dictionary: true } => {
                "write its parts: d = numpy.load(\"old.npy\", allow_pickle=True).item(); \
                 numpy.savez(\"new.npz\", embeddings=numpy.array(list(d.values()), \"float32\"), ids=list(d))"
            }
            Self::Pickled { dictionary: false } => {
                "write numbers: a = numpy.load(\"old.npy\", allow_pickle=True); \
                 numpy.save(\"new.npy\", numpy.stack(a).astype(\"float32\")), and ids with astype(str)"
            }
            Self::Structured { .. } => {
                "write the fields as arrays of their own: \
                 a = numpy.load(\"old.npy\"); numpy.savez(\"new.npz\", embeddings=a[\"...\"], ids=a[\"...\"])"
            }
            Self::ElementType { actual, .. } if actual.contains('c') => {
                "a template is real: convert it with numpy.real, if its imaginary part is zero"
            }
            Self::ElementType { actual, .. } if actual.ends_with("f16") || actual.ends_with("f12") => {
                "convert it with astype(\"float64\")"
            }
            Self::ElementType { .. } => "convert it with astype",
            Self::Shape { .. } => "bring it into that shape with reshape, or T where rows are columns",
            Self::HeaderLength { .. } => return None,
        };
        Some(remedy.into())
    }
}

/// What is wrong with a `.npz` archive as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// Not a readable archive.
    #[error("not a readable .npz archive (stored or deflated, not encrypted, nor compressed otherwise)")]
    NotZip,
    /// It would inflate beyond the limit.
    #[error("the archive inflates to more than {limit_bytes} bytes")]
    Inflates {
        /// Most that an archive of this length may inflate to.
        limit_bytes: usize,
    },
    /// Two arrays may say whose the templates are.
    #[error("arrays {0} may both say whose the templates are")]
    TwoLabels(Two),
    /// Two arrays may be the templates, or the masks.
    #[error("arrays {0} may both be meant")]
    TwoTemplates(Two),
    /// The templates are not where they could be found.
    #[error("no templates: {expected} expected, but the archive holds {}", found.join(", "))]
    NoTemplates {
        /// The arrays that are looked for.
        expected: &'static str,
        /// The arrays that are there.
        found: Vec<String>,
    },
}

impl Remedy for ArchiveFault {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::NotZip => "write it with numpy.savez",
            Self::Inflates { .. } => "write it with numpy.savez, uncompressed",
            Self::TwoLabels(_) => "leave one out, or give the ids apart",
            Self::TwoTemplates(_) => "leave one out",
            Self::NoTemplates { .. } => "call the array so",
        };
        Some(remedy.into())
    }
}

/// Names as a message lists them.
fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl ReadError {
    pub(super) fn at(place: Place) -> impl Fn(RecordFault) -> Self {
        move |fault| Self::Record { place, fault }
    }

    pub(super) fn in_array(array: &str) -> impl Fn(ArrayFault) -> Self + '_ {
        move |fault| Self::Array { array: array.to_owned(), fault }
    }
}

impl RecordFault {
    /// The identifier in `text`.
    pub(super) fn subject(text: &str) -> Result<SubjectId, Self> {
        Ok(SubjectId::try_from(text.to_owned())?)
    }

    /// The handle in `text`; none in one that is blank.
    pub(super) fn handle(text: &str) -> Result<Option<Handle>, Self> {
        if text.trim().is_empty() { Ok(None) } else { Ok(Some(Handle::new(text)?)) }
    }
}
