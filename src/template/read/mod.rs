//! Reading templates from the files that people have. `docs/formats.md` tells them what is read.
//!
//! A file is given as bytes, so that the length of the input bounds what reading it can cost: nothing that a
//! file merely declares is allocated. Only `.npz` archives inflate, up to [`npz::limit_bytes`].
//!
//! Bytes become rows (`npy`, `npz`, `csv`, `json`, `iris_base64`), each a template or the fault that makes it none; irises are settled
//! (`irises`: which order of bits, which masks); then it is known whose they are.

mod array;
mod bit_order;
mod csv;
mod error;
mod fields;
mod foreign;
mod identities;
mod iris_base64;
mod irises;
mod json;
mod names;
mod npy;
pub mod npz;
mod rows;
mod text;

pub use bit_order::BitOrder;
pub use error::{ArchiveFault, ArrayFault, Place, ReadError, RecordFault, Unusable};
pub use foreign::Foreign;
pub(super) use identities::written;
pub use identities::{Identity, identities};
pub use irises::Told;
pub use names::{MaskMarks, Two};

use super::{Bits, Eye, RealVector, Record, RecordError, SubjectId, Template, TemplateShape};

/// How a file of templates is written. Names of arrays, columns and fields are those of `docs/formats.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// NumPy's `.npy`: one row a record. Vectors as floating-point numbers; bits as 0 and 1, or packed into `uint8`, most significant bit
    /// first, as `numpy.packbits` does. An array of one axis is one record.
    Npy,
    /// NumPy's `.npz`. Vectors or bits as in [`Format::Npy`], in the array that is named as one, or else in the only one of their shape.
    /// Iris codes with their masks, packed, or with axes: `(n, rows, columns, channels)`, and as Open-IRIS has them, also by filter.
    Npz,
    /// Values separated by commas, semicolons, tabs or spaces, one line a record; with all but commas, decimal commas are read.
    ///
    /// One column a value, or all in one column, as a list. Unless [`Given::header`] says, the first line is a header when it names a
    /// known column, when none of its fields is a number, or when it counts 0, 1, 2, ... (as pandas does); without one, all columns are
    /// values. A first line of numbers that may be a header (it counts from another number, is whole above fractions, or far longer than
    /// the rest) is refused. Lines before it that begin with `#` are comments.
    Csv,
    /// JSON: objects one after the other (JSON Lines) or in a list, each a record; bare lists of numbers; one object of a list a person.
    /// Bits and irises are texts of 0/1 characters, hexadecimal or base64, also as Open-IRIS and iris-mpc write them.
    Json,
    /// Base64 iris codes, most significant bit first, in lines code, mask, code, mask; or JSON that holds them.
    IrisBase64,
}

impl Format {
    /// How a file is written, by its content.
    ///
    /// # Errors
    ///
    /// [`ReadError::Foreign`] for what other programs write.
    pub fn of(bytes: &[u8], shape: TemplateShape) -> Result<Self, ReadError> {
        if bytes.starts_with(array::MAGIC) {
            return Ok(Self::Npy);
        }
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            return Ok(Self::Npz);
        }
        let text = text::decoded(bytes);
        let values = match shape {
            TemplateShape::Vector(dimension) => Some(dimension),
            TemplateShape::Bits(_) | TemplateShape::Iris(_) => None,
        };
        if let Some(foreign) = Foreign::of(&text, values) {
            return Err(ReadError::Foreign(foreign));
        }
        let first = text.trim_ascii_start();
        let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
        Ok(match (first.first(), shape) {
            (Some(b'{' | b'['), _) => Self::Json,
            (Some(_), TemplateShape::Iris(_)) if !line.iter().any(|byte| b",;\t #\"".contains(byte)) => {
                Self::IrisBase64
            }
            _ => Self::Csv,
        })
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Npy => ".npy",
            Self::Npz => ".npz",
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::IrisBase64 => "lines of base64 iris codes",
        })
    }
}

/// A template as it is written, before a file's irises are settled.
enum Raw {
    /// As it will be.
    Whole(Template),
    /// The bits of an iris, in an order and with a mask that other places tell of.
    Iris {
        code: Bits,
        mask: Bits,
        /// What the ones of the mask mark, where its name says it.
        marks: Option<MaskMarks>,
    },
}

impl Raw {
    /// The vector of these coordinates.
    fn vector(values: Vec<f64>, dimension: usize) -> Result<Self, RecordFault> {
        match values.len() == dimension {
            true => Ok(Self::Whole(Template::Vector(RealVector::new(values)?))),
            false => Err(RecordFault::Columns { expected: dimension, actual: values.len() }),
        }
    }
}

/// A record as found, before it is known whether its identifier comes with it or from elsewhere.
struct Row<T> {
    place: Place,
    /// Counts people from 1; the two eyes of one line are of one person.
    person: usize,
    subject: Option<SubjectId>,
    eye: Option<Eye>,
    /// Or what makes the record unusable, were it its identifier.
    template: Result<T, RecordFault>,
}

impl<T> Row<T> {
    fn and_then<U>(self, next: impl FnOnce(T) -> Result<U, RecordFault>) -> Row<U> {
        let Self { place, person, subject, eye, template } = self;
        Row { place, person, subject, eye, template: template.and_then(next) }
    }
}

/// The rows of a file, and what else it says.
struct Rows {
    rows: Vec<Row<Raw>>,
    found: Found,
    layout: irises::Layout,
}

/// What was found where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The array, column or field of the templates, where it is one of several that could be.
    pub templates: Option<String>,
    /// The array, column or field of the identifiers, where it has a name.
    pub label: Option<String>,
    /// Whether identifiers are the names of fields.
    pub by_id: bool,
    /// Arrays, columns and fields that were not read.
    pub unread: Vec<String>,
    /// The order in which the bits of iris codes were read that are strings of bits, of which nothing in the file says what is where.
    pub order: Option<BitOrder>,
    /// Those of them that might say whose the records are.
    pub candidates: Vec<String>,
}

impl From<Vec<Row<Raw>>> for Rows {
    fn from(rows: Vec<Row<Raw>>) -> Self {
        Self { rows, found: Found::default(), layout: irises::Layout::default() }
    }
}

/// What is known of a file beside its content.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// One for each record. They take precedence over what the file says; a missing eye here leaves the file's.
    pub identities: Option<Vec<Identity>>,
    /// Whether the first line of a CSV file is a header; where nothing is said, it is found out.
    pub header: Option<bool>,
    /// How irises are written.
    pub irises: Told,
}

/// Whose word it is that records are of their subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdSource {
    /// Identities that were given beside the file.
    Given,
    /// The file's.
    File,
    /// Nobody's: records are numbered from "1". A number is no identity.
    Numbered,
}

/// What was read.
pub struct Reading {
    /// All usable records with their numbers, which count the file's records from 1.
    pub records: Vec<(usize, Record)>,
    /// The others.
    pub unusable: Vec<Unusable>,
    /// Where the subjects come from.
    pub ids: IdSource,
    /// What was found where.
    pub found: Found,
}

/// Reads all records of a file, in its order: see [`read`].
///
/// # Errors
///
/// As of [`read`]; also for a record that is unusable.
pub fn records(
    bytes: &[u8],
    format: Format,
    shape: TemplateShape,
    identities: Option<Vec<Identity>>,
) -> Result<Vec<Record>, ReadError> {
    let Reading { records, unusable, .. } = read(bytes, format, shape, Given { identities, ..Given::default() })?;
    match unusable.into_iter().next() {
        Some(Unusable { place, fault, .. }) => Err(ReadError::Record { place, fault }),
        None => Ok(records.into_iter().map(|(_, record)| record).collect()),
    }
}

/// Reads all records of a file, and where their subjects come from.
///
/// Where neither what is given nor the file names a record, its subject is its number, from "1". Whether a subject may come twice is for
/// the gallery to say. A record that makes no template is told apart, with its place, and the others are read.
///
/// # Errors
///
/// [`ReadError`] where the file as a whole cannot be understood.
pub fn read(bytes: &[u8], format: Format, shape: TemplateShape, given: Given) -> Result<Reading, ReadError> {
    let apart = given.identities.is_some();
    let Rows { rows, mut found, layout } = match format {
        Format::Npy => npy::rows(bytes, shape)?.into(),
        Format::Npz => npz::rows(bytes, shape, apart)?,
        Format::Csv => csv::rows(&text::decoded(bytes), shape, given.header, apart)?,
        Format::Json => json::rows(&text::decoded(bytes), shape, apart)?,
        Format::IrisBase64 => iris_base64::rows(&text::decoded(bytes), shape, apart)?,
    };
    if rows.is_empty() {
        return Err(ReadError::NoRecords);
    }
    if matches!(shape, TemplateShape::Iris(iris) if layout.flat && iris.channels > 1) {
        found.order = Some(given.irises.order.unwrap_or_default());
    }
    let mut rows = match shape {
        TemplateShape::Iris(iris) => irises::settle(rows, iris, &layout, given.irises)?,
        TemplateShape::Bits(_) | TemplateShape::Vector(_) => rows.into_iter().map(whole).collect(),
    };
    let ids = match rows.iter().any(|row| row.subject.is_some()) {
        _ if apart => IdSource::Given,
        true => IdSource::File,
        false => IdSource::Numbered,
    };
    match given.identities {
        None => {}
        Some(given) if given.len() != rows.len() => {
            return Err(ReadError::IdentityCount { identities: given.len(), records: rows.len() });
        }
        Some(given) => rows.iter_mut().zip(given).for_each(|(row, identity)| {
            row.subject = Some(identity.subject);
            row.eye = identity.eye.or(row.eye);
        }),
    }
    if ids == IdSource::File {
        check_written(&rows)?;
    }
    let mut reading = Reading { records: Vec::with_capacity(rows.len()), unusable: Vec::new(), ids, found };
    rows.into_iter().enumerate().for_each(|(index, row)| reading.add(index + 1, row));
    Ok(reading)
}

fn whole(row: Row<Raw>) -> Row<Template> {
    row.and_then(|raw| match raw {
        Raw::Whole(template) => Ok(template),
        // No reader makes an iris of another shape.
        Raw::Iris { .. } => Err(RecordFault::NotText),
    })
}

/// Whether the identifiers of a file are ones that other files have too.
fn check_written(rows: &[Row<Template>]) -> Result<(), ReadError> {
    let subjects = rows.iter().filter_map(|row| Some((row.place, row.subject.as_ref()?)));
    match identities::first_if_all_fractions(subjects) {
        Some(place) => Err(ReadError::at(place)(RecordFault::FractionIds)),
        None => Ok(()),
    }
}

impl Reading {
    /// Takes a row, in the order of the file.
    fn add(&mut self, record: usize, row: Row<Template>) {
        let Row { place, person, subject, eye, template } = row;
        let numbered = || SubjectId::try_from(person.to_string()).map_err(|fault: RecordError| fault.into());
        let named = match (&subject, self.ids) {
            (Some(subject), _) => Ok(subject.clone()),
            (None, IdSource::Numbered) => numbered(),
            (None, _) => Err(RecordFault::Unnamed),
        };
        match template.and_then(|template| Ok((named?, template))) {
            Ok((subject, template)) => self.records.push((record, Record { subject, eye, template })),
            Err(fault) => self.unusable.push(Unusable { place, record, subject, eye, fault }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::{Bits, IrisCode, IrisShape, MaskSharing, write};

    const IRIS: IrisShape = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };
    const FORMATS: [Format; 5] = [Format::Npy, Format::Npz, Format::Csv, Format::Json, Format::IrisBase64];
    const SHAPES: [TemplateShape; 3] = [TemplateShape::Vector(2), TemplateShape::Bits(8), TemplateShape::Iris(IRIS)];

    proptest! {
        #[test]
        fn whatever_is_read_has_the_shape_asked_for(text in "[-0-9a-f{}\\[\\]\":,.=/+\\n ]{0,60}") {
            for (format, shape) in FORMATS.into_iter().flat_map(|format| SHAPES.map(|shape| (format, shape))) {
                for record in records(text.as_bytes(), format, shape, None).into_iter().flatten() {
                    prop_assert_eq!(record.template.shape(), shape);
                }
            }
        }

        #[test]
        fn a_damaged_archive_is_refused_or_read_in_order(at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
            let code = Bits::from_msb_first(&[0xa1], 8).unwrap();
            let mask = Bits::from_msb_first(&[0xff], 8).unwrap();
            let template = Template::Iris(IrisCode::new(IRIS, code, mask).unwrap());
            let subject = SubjectId::try_from("a".to_owned()).unwrap();
            let mut file = std::io::Cursor::new(Vec::new());
            write::npz(&mut file, &[Record { subject, eye: None, template }]).unwrap();
            let mut file = file.into_inner();
            let at = at.index(file.len());
            file[at] = byte;
            for file in [&file[..], &file[..cut.index(file.len())]] {
                for record in records(file, Format::Npz, TemplateShape::Iris(IRIS), None).into_iter().flatten() {
                    prop_assert_eq!(record.template.shape(), TemplateShape::Iris(IRIS));
                }
            }
        }
    }

    fn ids(records: &[Record]) -> Vec<(&str, Option<Eye>)> {
        records.iter().map(|record| (record.subject.as_str(), record.eye)).collect()
    }

    #[test]
    fn a_format_is_known_by_its_content() {
        let of = |bytes: &[u8], shape| Format::of(bytes, shape).unwrap();
        let (vector, iris) = (TemplateShape::Vector(2), TemplateShape::Iris(IRIS));
        assert_eq!(of(b"\x93NUMPY\x01\x00", vector), Format::Npy);
        assert_eq!(of(b"PK\x03\x04", vector), Format::Npz);
        assert_eq!(of(b" \n[{\"vector\": [1, 2]}]", vector), Format::Json);
        assert_eq!(of(b"\xef\xbb\xbf{\"vector\": [1, 2]}", vector), Format::Json);
        assert_eq!(of(b"oQ==\n/w==\n", iris), Format::IrisBase64);
        assert_eq!(of(b"code,mask\na1,ff\n", iris), Format::Csv);
        assert_eq!(of(b"1\t2\n", vector), Format::Csv);
        assert_eq!(Format::of(b"PAR1", vector).unwrap_err(), ReadError::Foreign(Foreign::Parquet));
    }

    #[test]
    fn records_without_identifiers_are_numbered() {
        let read = records(b"1,2\n3,4\n", Format::Csv, TemplateShape::Vector(2), None).unwrap();
        assert_eq!(ids(&read), [("1", None), ("2", None)]);
    }

    #[test]
    fn identifiers_given_apart_take_precedence_but_leave_the_eye() {
        let file = b"id,eye,a,b\nx,left,1,2\ny,right,3,4\n";
        let given = identities(b"anna\nbert,left\n").unwrap();
        let read = records(file, Format::Csv, TemplateShape::Vector(2), Some(given)).unwrap();
        assert_eq!(ids(&read), [("anna", Some(Eye::Left)), ("bert", Some(Eye::Left))]);
    }

    #[test]
    fn a_count_of_identifiers_other_than_of_records_is_refused() {
        let given = identities(b"anna\n").unwrap();
        let refused = records(b"1,2\n3,4\n", Format::Csv, TemplateShape::Vector(2), Some(given)).unwrap_err();
        assert_eq!(refused, ReadError::IdentityCount { identities: 1, records: 2 });
    }

    #[test]
    fn a_file_without_records_is_refused() {
        for (format, file) in [(Format::Csv, &b"id,v1,v2\n"[..]), (Format::Json, b"\n"), (Format::Csv, b"")] {
            let refused = records(file, format, TemplateShape::Vector(2), None).unwrap_err();
            assert_eq!(refused, ReadError::NoRecords);
        }
    }
}
