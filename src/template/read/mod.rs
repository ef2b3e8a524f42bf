//! Reading templates from the files that people have.
//!
//! A file is given as bytes, so that the length of the input bounds what reading it can cost: nothing that a
//! file merely declares is allocated. Only `.npz` archives inflate, up to [`npz::limit_bytes`].

mod array;
mod csv;
mod error;
mod identities;
mod iris_base64;
mod json_lines;
mod labels;
mod npy;
pub mod npz;
mod rows;
mod text;

pub use error::{ArchiveFault, ArrayFault, Place, ReadError, RecordFault};
pub(super) use identities::written;
pub use identities::{Identity, identities};

use super::{Eye, Record, RecordError, SubjectId, Template, TemplateShape};

/// How a file of templates is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// NumPy's `.npy`: one row a record. Vectors as floating-point numbers; bits as `bool`, as integers 0 and 1,
    /// or packed into `uint8`, most significant bit first, as `numpy.packbits` does.
    Npy,
    /// NumPy's `.npz`.
    ///
    /// Vectors or bits: the array `embeddings`, `templates`, `vectors` or `bits`, or else the only one, as in
    /// [`Format::Npy`]. Iris codes: `code` with `valid` (or `mask`; 1 is a valid bit), packed to rows of
    /// `uint8` or as `(n, rows, columns, channels)`; or what Open-IRIS has, `iris_codes` with `mask_codes` of
    /// `(rows, columns, filters, 2)` or `iris_codes_0`, `mask_codes_0`, `iris_codes_1`, ... of `(rows, columns, 2)`,
    /// which become channels `2 * filter + part`. An array `shape` of rows, columns and channels must agree.
    ///
    /// Identifiers (text or integers) from the array `id`, `subject`, `label`, `identity`, `y` or `target`, or of the plural; else from
    /// `name` or `names`. Two of the former are refused. Eyes from `eye`, where present.
    Npz,
    /// Comma-separated values, one line a record.
    ///
    /// Columns `id` (or `subject`, `label`, `identity`, `name`, or the plural) and `eye` where present, then one column a value; bits as 0
    /// and 1, or all in one column `bits`; iris codes in columns `code` and `mask`. Bits in one column are 0/1 characters, hexadecimal or
    /// base64. Unless [`Given::header`] says, the first line is a header when it names one of these columns, when none of its fields is a
    /// number, or when it counts 0, 1, 2, ... (as pandas does); without one, all columns are values. A first line of numbers that may be a
    /// header (it counts from another number, is whole above fractions, or far longer than the rest) is refused.
    Csv,
    /// One JSON object a line: `{"id": "...", "eye": "left", ...}` with `"vector": [...]`, `"bits": "..."`, or
    /// `"code": "..."` and `"mask": "..."`; `id` and `eye` may be absent. Bits are written as in [`Format::Csv`].
    JsonLines,
    /// Base64 iris codes of iris-mpc and Open-IRIS, most significant bit first: JSON objects with `left_iris_code`,
    /// `left_mask_code`, `right_iris_code` and `right_mask_code`, or text lines code, mask, code, mask.
    IrisBase64,
}

impl Format {
    /// The format that goes by an extension: npy, npz, csv, jsonl or ndjson, json or txt.
    pub fn from_path_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "npy" => Some(Self::Npy),
            "npz" => Some(Self::Npz),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "json" | "txt" => Some(Self::IrisBase64),
            _ => None,
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Npy => "an iris needs its mask: write .npz with arrays `code` and `valid`",
            _ => "write .npy, .npz, CSV or JSON Lines (.jsonl)",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Npy => ".npy",
            Self::Npz => ".npz",
            Self::Csv => "CSV",
            Self::JsonLines => "JSON Lines",
            Self::IrisBase64 => "base64 iris codes (.json, .txt)",
        })
    }
}

/// A record as found, before it is known whether its identifier comes with it or from elsewhere.
struct Row {
    place: Place,
    /// Counts people from 1; the two eyes of one line are of one person.
    person: usize,
    subject: Option<SubjectId>,
    eye: Option<Eye>,
    template: Template,
}

/// The rows of a file, and where their identifiers come from.
struct Rows {
    rows: Vec<Row>,
    /// The array or column of the identifiers, where it has a name.
    label: Option<String>,
    /// Arrays of one element a record that might say whose the records are.
    candidates: Vec<String>,
}

impl From<Vec<Row>> for Rows {
    fn from(rows: Vec<Row>) -> Self {
        Self { rows, label: None, candidates: Vec::new() }
    }
}

/// What is known of a file beside its content.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// One for each record. They take precedence over what the file says; a missing eye here leaves the file's.
    pub identities: Option<Vec<Identity>>,
    /// Whether the first line of a CSV file is a header; where nothing is said, it is found out.
    pub header: Option<bool>,
}

/// Whose word it is that records are of their subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdSource {
    /// Identities that were given beside the file.
    Given,
    /// The file's: from an array or a column of this name, or from fields that have no choice of names.
    File(Option<String>),
    /// Nobody's: records are numbered from "1". A number is no identity.
    Numbered {
        /// Arrays of the file, one element a record, that may hold identifiers under another name.
        candidates: Vec<String>,
    },
}

/// What was read.
pub struct Reading {
    /// All records, in the order of the file.
    pub records: Vec<Record>,
    /// Where their subjects come from.
    pub ids: IdSource,
}

/// Reads all records of a file, in its order: see [`read`].
///
/// # Errors
///
/// As of [`read`].
pub fn records(
    bytes: &[u8],
    format: Format,
    shape: TemplateShape,
    identities: Option<Vec<Identity>>,
) -> Result<Vec<Record>, ReadError> {
    read(bytes, format, shape, Given { identities, header: None }).map(|reading| reading.records)
}

/// Reads all records of a file, and where their subjects come from.
///
/// Where neither what is given nor the file names a record, its subject is its number, from "1". Whether a subject may come twice is for
/// the gallery to say.
///
/// # Errors
///
/// [`ReadError`], with the place of the first fault. The file as a whole is refused.
pub fn read(bytes: &[u8], format: Format, shape: TemplateShape, given: Given) -> Result<Reading, ReadError> {
    let apart = given.identities.is_some();
    let Rows { rows, label, candidates } = match format {
        Format::Npy => npy::rows(bytes, shape)?.into(),
        Format::Npz => npz::rows(bytes, shape, apart)?,
        Format::Csv => csv::rows(bytes, shape, given.header, apart)?,
        Format::JsonLines => json_lines::rows(bytes, shape)?.into(),
        Format::IrisBase64 => iris_base64::rows(bytes, shape)?.into(),
    };
    if rows.is_empty() {
        return Err(ReadError::NoRecords);
    }
    let ids = match rows.iter().filter(|row| row.subject.is_some()).count() {
        _ if apart => IdSource::Given,
        0 => IdSource::Numbered { candidates },
        _ => IdSource::File(label),
    };
    if let (IdSource::File(_), Some(row)) = (&ids, rows.iter().find(|row| row.subject.is_none())) {
        return Err(ReadError::at(row.place)(RecordFault::Unnamed));
    }
    let records = match given.identities {
        None => rows.into_iter().map(|row| row.named(None)).collect(),
        Some(given) if given.len() != rows.len() => {
            Err(ReadError::IdentityCount { identities: given.len(), records: rows.len() })
        }
        Some(given) => rows.into_iter().zip(given).map(|(row, identity)| row.named(Some(identity))).collect(),
    };
    Ok(Reading { records: records?, ids })
}

impl Row {
    fn named(self, given: Option<Identity>) -> Result<Record, ReadError> {
        let (subject, eye) = match given {
            Some(given) => (Some(given.subject), given.eye.or(self.eye)),
            None => (self.subject, self.eye),
        };
        let subject = match subject {
            Some(subject) => subject,
            None => SubjectId::try_from(self.person.to_string())
                .map_err(|fault: RecordError| ReadError::at(self.place)(fault.into()))?,
        };
        Ok(Record { subject, eye, template: self.template })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::{Bits, IrisCode, IrisShape, MaskSharing, write};

    const IRIS: IrisShape = IrisShape { rows: 1, columns: 4, channels: 2, mask: MaskSharing::ByPair };
    const FORMATS: [Format; 5] = [Format::Npy, Format::Npz, Format::Csv, Format::JsonLines, Format::IrisBase64];
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
    fn a_format_is_known_by_its_extension() {
        assert_eq!(Format::from_path_extension("NPZ"), Some(Format::Npz));
        assert_eq!(Format::from_path_extension("ndjson"), Some(Format::JsonLines));
        assert_eq!(Format::from_path_extension("txt"), Some(Format::IrisBase64));
        assert_eq!(Format::from_path_extension("pkl"), None);
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
        for (format, file) in [(Format::Csv, &b"id,v1,v2\n"[..]), (Format::JsonLines, b"\n"), (Format::Csv, b"")] {
            let refused = records(file, format, TemplateShape::Vector(2), None).unwrap_err();
            assert_eq!(refused, ReadError::NoRecords);
        }
    }
}
