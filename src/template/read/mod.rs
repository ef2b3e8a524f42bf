//! Reading templates from the files that people have. `docs/formats.md` tells them what is read.
//!
//! A file is read front to back ([`Source`]), and what it holds is told record by record ([`each`]), so that a file need not fit in memory.
//! The length of the input bounds what reading it can cost: nothing that a file merely declares is allocated. In memory as a whole are
//! `.npz` archives (which inflate, up to [`npz::limit_bytes`]), arrays that do not lie row by row, UTF-16, a JSON value that is a list
//! of all, and a batch of an Arrow file.
//!
//! Bytes become rows (`npy`, `npz`, `csv`, `json`, `vecs`, `iris_base64`, `columnar`), each a template or the fault that makes it none; irises
//! are settled
//! (`irises`: which order of bits, which masks); then it is known whose they are (`naming`).

mod array;
mod bit_order;
mod column_fault;
#[cfg(feature = "columnar")]
mod columnar;
mod csv;
mod error;
mod fields;
mod foreign;
#[cfg(test)]
mod handle_tests;
mod identities;
mod iris_base64;
mod irises;
mod json;
mod names;
mod naming;
mod npy;
pub mod npz;
#[cfg(test)]
mod quality_tests;
mod rows;
mod source;
#[cfg(test)]
mod testing;
mod text;
mod vecs;

pub use bit_order::BitOrder;
pub use column_fault::{ADMITTED, ColumnFault, ContainerFault, FilterFault};
#[cfg(feature = "columnar")]
pub use columnar::{Filter, Needed, each_of_batches, each_of_columns};
pub use error::{ArchiveFault, ArrayFault, Place, ReadError, RecordFault, Unusable};
pub use foreign::Foreign;
pub(super) use identities::written;
pub use identities::{Identity, identities};
pub use irises::Told;
pub use names::{MaskMarks, Two};
#[cfg(feature = "cli")]
pub(crate) use names::{is_quality, visible};
pub use source::Source;

use std::ops::ControlFlow;

use super::{Bits, Eye, Filed, Handle, RealVector, Record, SubjectId, Template, TemplateShape};
use naming::Naming;

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
    /// Vectors of 32-bit floats, each behind its length as a 32-bit number, little-endian.
    Fvecs,
    /// Vectors of bytes, each behind its length likewise: coordinates from 0 to 255.
    Bvecs,
    /// Base64 iris codes, most significant bit first, in lines code, mask, code, mask; or JSON that holds them.
    IrisBase64,
    /// Apache Parquet: a column of lists, of packed bytes or of texts, as in [`each_of_batches`].
    #[cfg(feature = "columnar")]
    Parquet,
    /// Apache Arrow's files (Feather, version 2) and streams, with columns as [`Format::Parquet`].
    #[cfg(feature = "columnar")]
    Arrow,
}

impl Format {
    /// How a file is written, by its beginning.
    ///
    /// # Errors
    ///
    /// [`ReadError::Foreign`] for what other programs write; [`ReadError::Unreadable`].
    pub fn of(source: &mut Source<'_>, shape: TemplateShape) -> Result<Self, ReadError> {
        let (bytes, whole) = source.beginning()?;
        if bytes.starts_with(array::MAGIC) {
            return Ok(Self::Npy);
        }
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            return Ok(Self::Npz);
        }
        #[cfg(feature = "columnar")]
        if let Some(format) = columnar::format(bytes) {
            return Ok(format);
        }
        if let Some(format) = vecs::format(bytes, whole) {
            return Ok(format);
        }
        let values = match shape {
            TemplateShape::Vector(dimension) => Some(dimension),
            TemplateShape::Bits(_) | TemplateShape::Iris(_) => None,
        };
        if let Some(foreign) = Foreign::of(bytes, whole, values) {
            return Err(ReadError::Foreign(foreign.or_by_its_end(&source.ending(4)?)));
        }
        let (bytes, _) = source.beginning()?;
        let first = bytes.trim_ascii_start();
        let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
        Ok(match (first.first(), shape) {
            (Some(b'{' | b'['), _) => Self::Json,
            (Some(_), TemplateShape::Iris(_)) if !line.iter().any(|byte| b",;\t #\"".contains(byte)) => {
                Self::IrisBase64
            }
            _ => Self::Csv,
        })
    }

    /// Whether columns have types and can be named, and rows be judged by them.
    fn has_columns(self) -> bool {
        match self {
            Self::Npy | Self::Npz | Self::Csv | Self::Json | Self::Fvecs | Self::Bvecs | Self::IrisBase64 => false,
            #[cfg(feature = "columnar")]
            Self::Parquet | Self::Arrow => true,
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Npy => ".npy",
            Self::Npz => ".npz",
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Fvecs => "fvecs",
            Self::Bvecs => "bvecs",
            Self::IrisBase64 => "lines of base64 iris codes",
            #[cfg(feature = "columnar")]
            Self::Parquet => "Parquet",
            #[cfg(feature = "columnar")]
            Self::Arrow => "Arrow",
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
        /// Whether the code is a string of bits, of which no axis says what is where.
        flat: bool,
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
    handle: Option<Handle>,
    /// What the file says of its quality, where that is asked for; no number where it says something that is none.
    quality: Option<f64>,
    /// Or what makes the record unusable, were it its identifier.
    template: Result<T, RecordFault>,
}

/// Takes the rows of a file, in their order.
trait Sink {
    /// Whether rows say whose they are, where that is known before the first.
    fn named(&mut self, named: bool);

    /// Takes a row; an error ends the reading.
    fn row(&mut self, row: Row<Raw>) -> Result<(), ReadError>;

    /// A row of the file is not meant.
    #[cfg(feature = "columnar")]
    fn left_out(&mut self);
}

/// What is asked of a file beside its templates.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    /// Identifiers are given apart: the file's own are not looked for, and may be several.
    apart: bool,
    /// What handles are read from.
    handles: Option<&'a str>,
    /// The column of the templates.
    column: Option<&'a str>,
    /// The column of the identifiers.
    id_column: Option<&'a str>,
    /// Which rows are meant.
    #[cfg(feature = "columnar")]
    filter: Option<&'a Filter>,
    /// Whether the quality of templates is looked for.
    quality: bool,
}

impl Asked<'_> {
    /// What is to be chosen in a way that only columns of a known type admit.
    fn by_column(&self) -> Option<&'static str> {
        #[cfg(feature = "columnar")]
        if self.filter.is_some() {
            return Some("rows");
        }
        match (self.column, self.id_column) {
            (Some(_), _) => Some("templates"),
            (None, Some(_)) => Some("ids"),
            (None, None) => None,
        }
    }

    /// Whether this is the name of what handles are read from.
    fn is_handles(&self, name: &str) -> bool {
        self.handles.is_some_and(|handles| handles.eq_ignore_ascii_case(name))
    }

    /// Whether this is the name of what the quality is read from.
    fn is_quality(&self, name: &str) -> bool {
        self.quality && names::is_quality(name)
    }

    /// Why a file is refused of which nothing is called so, but these.
    fn no_handles<'b>(&self, found: impl IntoIterator<Item = &'b str>) -> ReadError {
        ReadError::NoHandles { name: names::shortened(self.handles.unwrap_or_default()), found: names::listed(found) }
    }
}

/// What a file says beside its rows.
#[derive(Default)]
struct Beside {
    found: Found,
    /// The name of a mask that does not say what its ones mark, if there is one.
    mask: String,
}

/// What was found where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The array, column or field of the templates, where it is one of several that could be.
    pub templates: Option<String>,
    /// The array, column or field of the identifiers, where it has a name.
    pub label: Option<String>,
    /// The array, column or field of the handles, where they were asked for.
    pub handles: Option<String>,
    /// The array, column or field of the quality, where it was asked for.
    pub quality: Option<String>,
    /// Whether identifiers are the names of fields.
    pub by_id: bool,
    /// Arrays, columns and fields that were not read.
    pub unread: Vec<String>,
    /// The order in which the bits of iris codes were read that are strings of bits, of which nothing in the file says what is where.
    pub order: Option<BitOrder>,
    /// Those of them that might say whose the records are.
    pub candidates: Vec<String>,
}

/// What is known of a file beside its content.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// One for each record. They take precedence over what the file says; a missing eye here leaves the file's.
    pub identities: Option<Vec<Identity>>,
    /// Whether the first line of a CSV file is a header; where nothing is said, it is found out.
    pub header: Option<bool>,
    /// The array, column or field of the subjects' handles, by its name; letters count alike in either case.
    pub handles: Option<String>,
    /// The column of the templates, or of the codes of irises, by its name; Parquet and Arrow only.
    pub column: Option<String>,
    /// The column of the identifiers, by its name; Parquet and Arrow only.
    pub id_column: Option<String>,
    /// Which rows are meant; Parquet and Arrow only. Rows count as those of the file, also identities that are given.
    #[cfg(feature = "columnar")]
    pub filter: Option<Filter>,
    /// Of a lower quality, or of none that is known, nobody is enrolled: such records are unusable ([`RecordFault::Quality`]). Where
    /// nothing is said, quality is not looked at.
    pub minimum_quality: Option<f64>,
    /// How irises are written.
    pub irises: Told,
}

impl Given {
    /// What of it is asked of the file.
    fn asked(&self) -> Asked<'_> {
        Asked {
            apart: self.identities.is_some(),
            handles: self.handles.as_deref(),
            quality: self.minimum_quality.is_some(),
            column: self.column.as_deref(),
            id_column: self.id_column.as_deref(),
            #[cfg(feature = "columnar")]
            filter: self.filter.as_ref(),
        }
    }
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

/// A record with its number, which counts the file's records from 1, and its handle if it has one; or what is no record.
pub type Entry = Result<(usize, Filed), Unusable>;

/// What is known of a file at its end.
#[derive(Clone, Debug)]
pub struct End {
    /// How many records it has, usable or not.
    pub records: usize,
    /// Where the subjects come from.
    pub ids: IdSource,
    /// What was found where.
    pub found: Found,
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
    let given = Given { identities, ..Given::default() };
    let Reading { records, unusable, .. } = read(Source::of(bytes)?, format, shape, given)?;
    match unusable.into_iter().next() {
        Some(Unusable { place, fault, .. }) => Err(ReadError::Record { place, fault }),
        None => Ok(records.into_iter().map(|(_, record)| record).collect()),
    }
}

/// Reads all records of a file, and where their subjects come from: see [`each`].
///
/// # Errors
///
/// As of [`each`].
pub fn read(source: Source<'_>, format: Format, shape: TemplateShape, given: Given) -> Result<Reading, ReadError> {
    let (mut records, mut unusable) = (Vec::new(), Vec::new());
    let End { ids, found, .. } = each(source, format, shape, given, &mut |_, entry| {
        match entry {
            Ok((number, filed)) => records.push((number, filed.record)),
            Err(one) => unusable.push(one),
        }
        ControlFlow::Continue(())
    })?;
    Ok(Reading { records, unusable, ids, found })
}

/// Reads the records of a file one by one, in its order; `take` is told where their subjects come from, and may stop.
///
/// Where neither what is given nor the file names a record, its subject is its number, from "1". Whether a subject may come twice is for
/// the gallery to say. A record that makes no template is told apart, with its place, and the others are read.
///
/// What was taken counts only when the end has come without an error: that identifiers are measures, that codes lie in another order, or
/// that a first line was a header is known only then.
///
/// # Errors
///
/// [`ReadError`] where the file as a whole cannot be understood; [`ReadError::Stopped`] where `take` has stopped.
pub fn each(
    source: Source<'_>,
    format: Format,
    shape: TemplateShape,
    given: Given,
    take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
) -> Result<End, ReadError> {
    let asked = given.asked();
    if let Some(what) = asked.by_column().filter(|_| !format.has_columns()) {
        return Err(ReadError::NotByColumn { format, what });
    }
    let mut naming = Naming::new(shape, given.irises, given.identities.as_deref(), given.minimum_quality, take);
    let Beside { found, mask } = match format {
        #[cfg(feature = "columnar")]
        Format::Parquet => columnar::parquet(source, shape, asked, &mut naming)?,
        #[cfg(feature = "columnar")]
        Format::Arrow => columnar::arrow(source, shape, asked, &mut naming)?,
        Format::Npy | Format::Fvecs | Format::Bvecs if asked.handles.is_some() => {
            return Err(ReadError::NoPlaceForHandles { format });
        }
        Format::Fvecs | Format::Bvecs => vecs::rows(source, format, shape, &mut naming).map(|()| Beside::default())?,
        Format::Npy => npy::rows(source, shape, &mut naming).map(|()| Beside::default())?,
        Format::Npz => npz::rows(source, shape, asked, &mut naming)?,
        Format::Csv => csv::rows(source, shape, given.header, asked, &mut naming)?,
        Format::Json => json::rows(source, shape, asked, &mut naming)?,
        Format::IrisBase64 => iris_base64::rows(source, shape, asked, &mut naming)?,
    };
    naming.finish(found, mask)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::{Bits, IrisCode, IrisShape, MaskSharing, write};

    const IRIS: IrisShape = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };
    const FORMATS: [Format; 7] =
        [Format::Npy, Format::Npz, Format::Csv, Format::Json, Format::Fvecs, Format::Bvecs, Format::IrisBase64];
    const SHAPES: [TemplateShape; 3] = [TemplateShape::Vector(2), TemplateShape::Bits(8), TemplateShape::Iris(IRIS)];

    /// Gives a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl std::io::Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let few = out.len().min(self.1);
            self.0.read(&mut out[..few])
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_pieces_a_file_comes(
            text in "([-0-9a{}\\[\\]\":,;# \r\n]{0,8}(1,2|\\{\"id\": \"a\", \"vector\": \\[1, 2\\]\\}|\"a\nb\",1,2|id,x,y|oQ==\n/w==)?\r?\n){0,6}",
            few in 1..5usize,
        ) {
            for (format, shape) in FORMATS.into_iter().flat_map(|format| SHAPES.map(|shape| (format, shape))) {
                let told = |source| {
                    let mut told = Vec::new();
                    let end = each(source, format, shape, Given::default(), &mut |ids, entry| {
                        told.push(format!("{ids:?} {:?}", entry.map(|(number, filed)| (number, filed.record.subject))));
                        ControlFlow::Continue(())
                    });
                    (told, end.map(|end| (end.records, end.ids, end.found)))
                };
                let (whole, pieces) = (Source::of(text.as_bytes()), Source::new(Trickle(text.as_bytes(), few)));
                prop_assert_eq!(told(whole.unwrap()), told(pieces.unwrap()));
            }
        }

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

    #[test]
    fn whoever_takes_records_may_stop() {
        let source = Source::of(b"1,2.5\n3,4.5\n5,6.5\n").unwrap();
        let mut taken = 0;
        let end = each(source, Format::Csv, TemplateShape::Vector(2), Given::default(), &mut |_, _| {
            taken += 1;
            if taken == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((taken, end.err()), (2, Some(ReadError::Stopped)));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_apart_from_one_that_ends() {
        struct Broken;
        impl std::io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::ConnectionReset.into())
            }
        }
        use std::io::Read as _;
        for format in FORMATS {
            let shape = if format == Format::IrisBase64 { TemplateShape::Iris(IRIS) } else { TemplateShape::Vector(2) };
            let text: &[u8] = if format == Format::Npy { b"\x93NUMPY\x01\x00" } else { b"oQ==\n" };
            let read = Source::new(text.chain(Broken)).and_then(|source| read(source, format, shape, Given::default()));
            assert_eq!(read.err(), Some(ReadError::Unreadable(std::io::ErrorKind::ConnectionReset)), "{format}");
        }
    }

    fn ids(records: &[Record]) -> Vec<(&str, Option<Eye>)> {
        records.iter().map(|record| (record.subject.as_str(), record.eye)).collect()
    }

    #[test]
    fn a_format_is_known_by_its_content() {
        let of = |bytes: &[u8], shape| Format::of(&mut Source::of(bytes).unwrap(), shape).unwrap();
        let (vector, iris) = (TemplateShape::Vector(2), TemplateShape::Iris(IRIS));
        assert_eq!(of(b"\x93NUMPY\x01\x00", vector), Format::Npy);
        assert_eq!(of(b"PK\x03\x04", vector), Format::Npz);
        assert_eq!(of(b" \n[{\"vector\": [1, 2]}]", vector), Format::Json);
        assert_eq!(of(b"\xef\xbb\xbf{\"vector\": [1, 2]}", vector), Format::Json);
        assert_eq!(of(b"oQ==\n/w==\n", iris), Format::IrisBase64);
        assert_eq!(of(b"code,mask\na1,ff\n", iris), Format::Csv);
        assert_eq!(of(b"1\t2\n", vector), Format::Csv);
        let refused = |bytes: &[u8]| Format::of(&mut Source::of(bytes).unwrap(), vector).unwrap_err();
        assert_eq!(refused(b"FEA1\0\0\0\0"), ReadError::Foreign(Foreign::Arrow));
        #[cfg(not(feature = "columnar"))]
        assert_eq!(refused(b"PAR1"), ReadError::Foreign(Foreign::Parquet));
        #[cfg(feature = "columnar")]
        for (bytes, format) in [
            (&b"PAR1\x15\x04"[..], Format::Parquet),
            (b"ARROW1\0\0", Format::Arrow),
            (b"\xff\xff\xff\xff\x10\0\0\0", Format::Arrow),
        ] {
            assert_eq!(of(bytes, vector), format);
        }
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
