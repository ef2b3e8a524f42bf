//! NumPy's `.npz`: a zip archive of `.npy` files.

use std::io::Read;

use super::array::{Array, Declared, HEADER_LIMIT_BYTES};
use super::error::{ArchiveFault, ArrayFault, ReadError, RecordFault};
use super::foreign::Foreign;
use super::names::{self, MaskMarks};
use super::rows::{self, Strings};
use super::source::{Seekable, Source};
use super::{Asked, Beside, Found, Raw, Row, Sink, npy, text};
use crate::template::{Bits, IrisShape, TemplateShape};

/// An array that is never taken for the templates.
const BESIDE: &str = "shape";

/// Larger arrays are inflated in parts where they are templates, and not at all where nothing is read from them; so that an archive of a
/// million vectors need not fit in memory.
const WHOLE_BYTES: u64 = 1 << 24;

/// What an archive of irises must have.
const CODE_EXPECTED: &str =
    "`code` and `valid` (or `noise`, `mask`), `iris_codes` and `mask_codes`, or `iris_codes_0`, `mask_codes_0`, ...";
/// What an archive of irises must have beside their codes; where all bits are valid, they may all be 1.
const MASK_EXPECTED: &str = "a mask `valid` (1 is a valid bit), `noise` (1 is not) or `mask`";

/// Codes with their masks, the arrays that they are from, and the name of the masks'.
type Irises = (Vec<Result<Raw, RecordFault>>, Vec<String>, String);

/// The most bytes that an archive of a given length may inflate to: 64 times its length and a mebibyte.
///
/// Deflate could make a thousand times; a code with its mask, unpacked, comes to 16 times.
pub fn limit_bytes(archive_bytes: usize) -> usize {
    archive_bytes.saturating_mul(64).saturating_add(1 << 20)
}

/// Reads a `.npz` archive.
pub(super) fn rows(
    source: Source<'_>,
    shape: TemplateShape,
    asked: Asked<'_>,
    sink: &mut dyn Sink,
) -> Result<Beside, ReadError> {
    let mut archive = Archive::open(source, shape, asked)?;
    let handles = archive.handles(asked)?;
    let label =
        if asked.apart { None } else { names::label(archive.labels(), asked).map_err(ArchiveFault::TwoLabels)? };
    let (label, handles) = (label.map(str::to_owned), handles.map(str::to_owned));
    let quality = archive.quality(asked)?.map(str::to_owned);
    let columns = Columns { label: label.as_deref(), handles: handles.as_deref(), quality: quality.as_deref() };
    sink.named(label.is_some());
    let (count, read, mask) = match shape {
        TemplateShape::Iris(iris) => {
            let (templates, read, mask) = archive.irises(iris)?;
            let (count, labels) = (templates.len(), archive.beside(columns, templates.len())?);
            templates.into_iter().enumerate().try_for_each(|(index, raw)| sink.row(labels.row(index, raw)))?;
            (count, read, mask)
        }
        TemplateShape::Bits(_) | TemplateShape::Vector(_) => {
            let name = archive.templates_name(shape)?.to_owned();
            // An array of another shape than is agreed is refused for that.
            let count = archive.declared(&name)?.and_then(|array| rows::count(&array, shape));
            let labels = count.map(|count| archive.beside(columns, count)).transpose()?.unwrap_or_default();
            let mut take = |index, template| sink.row(labels.row(index, template));
            let count = npy::templates(archive.source(&name)?, shape, &name, &mut take)?;
            (count, vec![name], String::new())
        }
    };
    let Columns { label, handles, quality } = columns;
    let is_column = |name: &str| [label, handles, quality].contains(&Some(name));
    let is_read = |name: &str| read.iter().any(|read| read == name) || is_column(name) || archive.is_beside(name);
    // Under another name than usual it is told which array it is.
    let unusual = |name: &&String| !names::is_one_of(&names::VECTORS, name) && archive.arrays.len() > 1;
    let found = Found {
        templates: match shape {
            TemplateShape::Iris(_) => None,
            TemplateShape::Bits(_) | TemplateShape::Vector(_) => read.first().filter(unusual).cloned(),
        },
        label: label.map(names::shortened),
        handles: handles.map(names::shortened),
        quality: quality.map(names::shortened),
        unread: names::listed(archive.names().filter(|name| !is_read(name))),
        candidates: if asked.apart || label.is_some() { Vec::new() } else { archive.candidates(count, &read) },
        ..Found::default()
    };
    Ok(Beside { found, mask })
}

/// The names of the arrays that go with the templates.
#[derive(Clone, Copy)]
struct Columns<'a> {
    label: Option<&'a str>,
    handles: Option<&'a str>,
    quality: Option<&'a str>,
}

/// What goes with the templates, one for each.
#[derive(Default)]
struct Labels {
    subjects: Option<Vec<String>>,
    eyes: Option<Vec<String>>,
    handles: Option<Vec<String>>,
    qualities: Option<Vec<f64>>,
}

impl Labels {
    /// The row of a template, from 0.
    fn row(&self, index: usize, template: Result<Raw, RecordFault>) -> Row<Raw> {
        let of = |texts: &Option<Vec<String>>| texts.as_ref().and_then(|texts| texts.get(index).cloned());
        let mut row = rows::unnamed(index, template);
        row.quality = self.qualities.as_ref().and_then(|qualities| qualities.get(index).copied());
        match of(&self.subjects).map(|subject| RecordFault::subject(&subject)).transpose() {
            Ok(subject) => row.subject = subject,
            Err(fault) => row.template = Err(fault),
        }
        match of(&self.eyes).filter(|eye| !eye.is_empty()).map(|eye| text::eye(&eye)).transpose() {
            Ok(eye) => row.eye = eye,
            Err(fault) => row.template = Err(fault),
        }
        match of(&self.handles).map_or(Ok(None), |handle| RecordFault::handle(&handle)) {
            Ok(handle) => row.handle = handle,
            Err(fault) => row.template = Err(fault),
        }
        row
    }
}

/// The arrays of an archive, in its order. Folders are left out of names: whoever packs a folder again adds them.
struct Archive<'a> {
    zip: zip::ZipArchive<Box<dyn Seekable + 'a>>,
    arrays: Vec<Entry>,
}

/// An array of an archive.
struct Entry {
    name: String,
    /// Its place in the archive.
    index: usize,
    /// The file, or its beginning where the array is large and read in parts.
    bytes: Vec<u8>,
}

impl<'a> Archive<'a> {
    /// Inflates the arrays, but for the larger ones where templates are read in parts.
    fn open(source: Source<'a>, shape: TemplateShape, asked: Asked<'_>) -> Result<Self, ReadError> {
        let (file, bytes) = source.seekable()?;
        let limit_bytes = limit_bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
        let whole_bytes = match shape {
            TemplateShape::Iris(_) => u64::MAX,
            TemplateShape::Bits(_) | TemplateShape::Vector(_) => WHOLE_BYTES,
        };
        let mut zip = zip::ZipArchive::new(file).map_err(|_| ArchiveFault::NotZip)?;
        let (mut arrays, mut left) = (Vec::new(), limit_bytes as u64);
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).map_err(|_| ArchiveFault::NotZip)?;
            let name = file.name().map_err(|_| ArchiveFault::NotZip)?.into_owned();
            let Some(name) = name.strip_suffix(".npy") else { continue };
            let name = name.rsplit('/').next().unwrap_or(name).to_owned();
            // What an archive says of sizes is not relied upon.
            let mut bytes = Vec::new();
            let mut inflate = |bytes: &mut Vec<u8>, most: u64| {
                (&mut file).take(most).read_to_end(bytes).map(drop).map_err(|_| ReadError::from(ArchiveFault::NotZip))
            };
            inflate(&mut bytes, whole_bytes.min(left).saturating_add(1))?;
            let mut all = bytes.len() as u64;
            let is_column = names::is_label(&name) || asked.is_handles(&name) || asked.is_quality(&name);
            if all > whole_bytes && is_column {
                inflate(&mut bytes, left)?;
                all = bytes.len() as u64;
            } else if all > whole_bytes {
                all = Declared::of(&bytes)
                    .map_or(all, |(declared, header)| declared.bytes().saturating_add(header) as u64);
                bytes.truncate(2 * HEADER_LIMIT_BYTES);
                bytes.shrink_to_fit();
            }
            left = left.checked_sub(all).ok_or(ArchiveFault::Inflates { limit_bytes })?;
            arrays.push(Entry { name, index, bytes });
        }
        let names: Vec<_> = zip.file_names().filter_map(Result::ok).collect();
        match Foreign::archive(names.iter().map(AsRef::as_ref)).filter(|_| arrays.is_empty()) {
            Some(foreign) => Err(ReadError::Foreign(foreign)),
            None => Ok(Self { zip, arrays }),
        }
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.arrays.iter().find(|entry| entry.name == name)
    }

    /// What the header of an array says.
    fn declared(&self, name: &str) -> Result<Option<Declared>, ReadError> {
        let Some(entry) = self.entry(name) else { return Ok(None) };
        Declared::of(&entry.bytes).map(|(declared, _)| Some(declared)).map_err(ReadError::in_array(name))
    }

    fn array(&self, name: &str) -> Result<Option<Array<'_>>, ReadError> {
        let Some(entry) = self.entry(name) else { return Ok(None) };
        Array::parse(&entry.bytes).map(Some).map_err(ReadError::in_array(name))
    }

    /// An array from its beginning.
    fn source(&mut self, name: &str) -> Result<Source<'_>, ReadError> {
        let missing = self.no_templates("that array");
        let index = self.entry(name).map(|entry| entry.index).ok_or(missing)?;
        let file = self.zip.by_index(index).map_err(|_| ArchiveFault::NotZip)?;
        Source::new(file)
    }

    fn required(&self, name: &str) -> Result<Array<'_>, ReadError> {
        self.array(name)?.ok_or_else(|| self.no_templates("that array").into())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.iter().map(|entry| entry.name.as_str())
    }

    fn no_templates(&self, expected: &'static str) -> ArchiveFault {
        let mut found = names::listed(self.names());
        if found.is_empty() {
            found.push("no array".to_owned());
        }
        ArchiveFault::NoTemplates { expected, found }
    }

    /// Arrays that may say whose the templates are.
    fn labels(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| names::is_label(name))
    }

    /// The array that handles are read from, where they are asked for.
    fn handles(&self, asked: Asked<'_>) -> Result<Option<&str>, ReadError> {
        let called = names::one(self.names().filter(|name| asked.is_handles(name)).collect());
        match called.map_err(ArchiveFault::TwoTemplates)? {
            None if asked.handles.is_some() => Err(asked.no_handles(self.names())),
            called => Ok(called),
        }
    }

    /// The array of the quality, where that is asked for.
    fn quality(&self, asked: Asked<'_>) -> Result<Option<&str>, ReadError> {
        let called = names::one(self.names().filter(|name| asked.is_quality(name)).collect());
        Ok(called.map_err(ArchiveFault::TwoTemplates)?)
    }

    /// Whether an array is of those that go with templates and say neither what nor whose they are.
    fn is_beside(&self, name: &str) -> bool {
        names::is_one_of(&names::EYES, name) || name == BESIDE
    }

    /// The array of vectors or bits: the one that is called so, or the only one that has their shape.
    fn templates_name(&self, shape: TemplateShape) -> Result<&str, ArchiveFault> {
        let called = |name: &&str| names::is_one_of(&names::VECTORS, name) || names::is_one_of(&names::BITS, name);
        let fits = |name: &&str| self.declared(name).ok().flatten().is_some_and(|array| rows::fits(&array, shape));
        let named: Vec<&str> = self.names().filter(called).collect();
        if let Some(name) = names::one(named).map_err(ArchiveFault::TwoTemplates)? {
            return Ok(name);
        }
        let others: Vec<&str> = self
            .names()
            .filter(|name| !names::is_label(name) && !self.is_beside(name) && !names::is_quality(name))
            .collect();
        let fitting = names::one(others.iter().copied().filter(fits).collect());
        match (fitting.map_err(ArchiveFault::TwoTemplates)?, &others[..]) {
            (Some(name), _) => Ok(name),
            (None, [name]) => Ok(*name),
            _ => Err(self.no_templates("one array `embeddings`, `templates`, `vectors` or `bits`")),
        }
    }

    fn irises(&self, shape: IrisShape) -> Result<Irises, ReadError> {
        if let Some(declared) = self.array("shape")? {
            let expected = [shape.rows, shape.columns, shape.channels];
            let agrees =
                |(position, axis): (usize, &usize)| declared.text(position).is_some_and(|n| n == axis.to_string());
            if declared.shape() != [3] || !expected.iter().enumerate().all(agrees) {
                let expected = format!("the rows, columns and channels {expected:?}");
                let actual = (0..declared.shape().iter().product::<usize>().min(8))
                    .map_while(|position| declared.text(position)?.parse().ok())
                    .collect();
                return Err(ReadError::in_array("shape")(ArrayFault::Shape { expected, actual }));
            }
        }
        let one = |is: &dyn Fn(&str) -> bool| {
            names::one(self.names().filter(|name| is(name)).collect()).map_err(ArchiveFault::TwoTemplates)
        };
        let Some(code) = one(&|name| names::is_one_of(&names::CODES, name))? else { return self.filters(shape) };
        let mask = one(&names::is_mask)?.ok_or_else(|| self.no_templates(MASK_EXPECTED))?;
        let codes = rows::iris_bits(&self.required(code)?, shape, code)?;
        let masks = rows::iris_bits(&self.required(mask)?, shape, mask)?;
        let templates = rows::irises(codes, masks.bits, mask, names::marks_of(mask))?;
        Ok((templates, vec![code.to_owned(), mask.to_owned()], names::shortened(mask)))
    }

    /// Irises from an array for each filter: `iris_codes_0`, `mask_codes_0`, `iris_codes_1`, ... of `(rows, columns, 2)`.
    fn filters(&self, shape: IrisShape) -> Result<Irises, ReadError> {
        let mut read = Vec::new();
        let mut of = |stem: &str| {
            let mut filters: Vec<Vec<Result<Bits, RecordFault>>> = Vec::new();
            for filter in 0..shape.channels.div_ceil(2) {
                let name = format!("{stem}_{filter}");
                let array = self.array(&name)?.ok_or_else(|| self.no_templates(CODE_EXPECTED))?;
                let bits = rows::filter_bits(&array, shape, &name)?;
                if let Some(first) = filters.first().filter(|first| first.len() != bits.len()) {
                    let expected = format!("as many irises as {stem}_0 has, {},", first.len());
                    return Err(ReadError::in_array(&name)(ArrayFault::Shape {
                        expected,
                        actual: array.shape().to_vec(),
                    }));
                }
                filters.push(bits);
                read.push(name);
            }
            let mut filters: Vec<_> = filters.into_iter().map(Vec::into_iter).collect();
            let records = filters.first().map_or(0, std::vec::IntoIter::len);
            let record = |_| {
                let parts =
                    filters.iter_mut().filter_map(Iterator::next).collect::<Result<Vec<Bits>, RecordFault>>()?;
                Ok(rows::joined(parts, shape)?)
            };
            Ok((0..records).map(record).collect::<Vec<Result<Bits, RecordFault>>>())
        };
        let (codes, masks) = (of("iris_codes")?, of("mask_codes")?);
        let codes = Strings { bits: codes, flat: false };
        let templates = rows::irises(codes, masks, "mask_codes_0", Some(MaskMarks::Valid))?;
        Ok((templates, read, String::new()))
    }

    /// Arrays of one text or integer a record, but for the templates.
    fn candidates(&self, records: usize, read: &[String]) -> Vec<String> {
        let fits = |name: &&str| {
            let array = self.declared(name).ok().flatten();
            let is_column = array.is_some_and(|array| array.axes() == [records] && array.is_textual());
            is_column && !self.is_beside(name) && !names::is_quality(name) && !read.iter().any(|read| read == name)
        };
        names::listed(self.names().filter(fits))
    }

    /// What goes with so many templates: the texts of the arrays of identifiers and handles, and of the eyes where the archive has some.
    fn beside(&self, columns: Columns<'_>, records: usize) -> Result<Labels, ReadError> {
        let Columns { label, handles, quality } = columns;
        let eyes = self.names().find(|name| names::is_one_of(&names::EYES, name));
        let column = |name: Option<&str>| name.map(|name| self.column(name, records)).transpose();
        let qualities = quality.map(|name| self.numbers(name, records)).transpose()?;
        Ok(Labels { subjects: column(label)?, eyes: column(eyes)?, handles: column(handles)?, qualities })
    }

    /// The numbers of an array, one a row; no number where a text is none.
    fn numbers(&self, name: &str, rows: usize) -> Result<Vec<f64>, ReadError> {
        let array = self.required(name)?;
        if !array.is_float() {
            let texts = self.column(name, rows)?;
            return Ok(texts.iter().map(|text| text.trim().parse().unwrap_or(f64::NAN)).collect());
        }
        check_column(&array, name, rows)?;
        Ok((0..rows).map(|row| array.float(row).unwrap_or(f64::NAN)).collect())
    }

    /// The texts of an array, one a row.
    fn column(&self, name: &str, rows: usize) -> Result<Vec<String>, ReadError> {
        let array = self.required(name)?;
        check_column(&array, name, rows)?;
        let texts: Option<Vec<String>> = (0..rows).map(|row| array.text(row)).collect();
        texts.ok_or_else(|| ReadError::in_array(name)(array.not("text or an integer type")))
    }
}

/// Whether an array has one element for each row.
fn check_column(array: &Array<'_>, name: &str, rows: usize) -> Result<(), ReadError> {
    if array.rows_of(1) == Some(rows) {
        return Ok(());
    }
    let expected = format!("({rows},), one for each record,");
    Err(ReadError::in_array(name)(ArrayFault::Shape { expected, actual: array.shape().to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::read::testing::{self, Rows, archive};
    use crate::template::read::{self, Format};
    use crate::template::{Eye, MaskSharing, Record, Template};

    const IRIS: IrisShape = IrisShape { rows: 1, columns: 2, channels: 4, mask: MaskSharing::PerBit };
    const SHAPE: TemplateShape = TemplateShape::Iris(IRIS);

    fn rows(file: &[u8], shape: TemplateShape, apart: bool) -> Result<Rows, ReadError> {
        let asked = Asked { apart, ..Asked::default() };
        testing::rows(file, |source, sink| super::rows(source, shape, asked, sink))
    }

    fn codes(file: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let packed = |record: Record| match record.template {
            Template::Iris(iris) => (iris.code().to_msb_first(), iris.mask().to_msb_first()),
            _ => panic!(),
        };
        read::records(file, Format::Npz, SHAPE, None).unwrap().into_iter().map(packed).collect()
    }

    #[test]
    fn vectors_may_have_any_name_when_they_are_alone() {
        let data: Vec<u8> = [1f32, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        for name in ["embeddings", "arr_0"] {
            let file = archive(&[
                ("ids", "|u1", "(2,)", &[7, 9]),
                ("name", "|S1", "(2,)", b"xy"),
                (name, "<f4", "(2, 2)", &data),
            ]);
            let read = rows(&file, TemplateShape::Vector(2), false).unwrap().rows;
            let ids: Vec<_> = read.iter().map(|row| row.subject.as_ref().unwrap().as_str()).collect();
            assert_eq!(ids, ["7", "9"]);
        }
        let two = archive(&[("a", "<f4", "(2, 2)", &data), ("b", "<f4", "(2, 2)", &data)]);
        let refused = rows(&two, TemplateShape::Vector(2), false).err().unwrap();
        let both = names::Two { first: "a".to_owned(), second: "b".to_owned() };
        assert_eq!(refused, ReadError::Archive(ArchiveFault::TwoTemplates(both)));
    }

    #[test]
    fn irises_are_read_in_every_layout() {
        let bits = [1, 0, 1, 0, 0, 0, 0, 1]; // column 0: filter 0 (1, 0), filter 1 (1, 0); column 1: (0, 0), (0, 1)
        let ones = [1; 8];
        let expected = [(vec![0xa1], vec![0xff])];
        assert_eq!(
            codes(&archive(&[("code", "|u1", "(1, 1)", &[0xa1]), ("valid", "|u1", "(1, 1)", &[0xff])])),
            expected
        );
        assert_eq!(codes(&archive(&[("code", "|b1", "(1, 8)", &bits), ("mask", "|b1", "(1, 8)", &ones)])), expected);
        assert_eq!(
            codes(&archive(&[("code", "|b1", "(1, 1, 2, 4)", &bits), ("mask", "|b1", "(1, 1, 2, 4)", &ones)])),
            expected
        );
        let open_iris =
            [("iris_codes", "|u1", "(1, 2, 2, 2)", &bits[..]), ("mask_codes", "|u1", "(1, 2, 2, 2)", &ones)];
        assert_eq!(codes(&archive(&open_iris)), expected);
        let filters = [
            ("iris_codes_0", "|b1", "(1, 2, 2)", &[1, 0, 0, 0][..]),
            ("iris_codes_1", "|b1", "(1, 2, 2)", &[1, 0, 0, 1]),
            ("mask_codes_0", "|b1", "(1, 2, 2)", &[1; 4]),
            ("mask_codes_1", "|b1", "(1, 2, 2)", &[1; 4]),
        ];
        assert_eq!(codes(&archive(&filters)), expected);
    }

    #[test]
    fn eyes_and_subjects_must_be_one_a_record() {
        let code = ("code", "|u1", "(2, 1)", &[0xa1, 0][..]);
        let valid = ("valid", "|u1", "(2, 1)", &[0xff, 0][..]);
        let read =
            rows(&archive(&[code, valid, ("eye", "|S5", "(2,)", b"right\0\0\0\0\0")]), SHAPE, false).unwrap().rows;
        assert_eq!(read.iter().map(|row| row.eye).collect::<Vec<_>>(), [Some(Eye::Right), None]);
        let refused = rows(&archive(&[code, valid, ("subject", "|u1", "(1,)", &[1])]), SHAPE, false).err().unwrap();
        assert!(matches!(refused, ReadError::Array { array, fault: ArrayFault::Shape { .. } } if array == "subject"));
        let read = rows(&archive(&[code, valid, ("eye", "|S1", "(2,)", b"lx")]), SHAPE, false).unwrap().rows;
        assert_eq!(
            read.iter().map(|row| row.template.as_ref().err()).collect::<Vec<_>>(),
            [None, Some(&RecordFault::Eye)]
        );
    }

    #[test]
    fn another_shape_or_no_mask_is_refused() {
        let code = ("code", "|u1", "(1, 1)", &[0xa1][..]);
        let valid = ("valid", "|u1", "(1, 1)", &[0xff][..]);
        let refused = rows(&archive(&[code, valid, ("shape", "|u1", "(3,)", &[2, 1, 4])]), SHAPE, false).err().unwrap();
        assert!(
            matches!(refused, ReadError::Array { fault: ArrayFault::Shape { actual, .. }, .. } if actual == [2, 1, 4])
        );
        assert!(matches!(
            rows(&archive(&[code]), SHAPE, false),
            Err(ReadError::Archive(ArchiveFault::NoTemplates { .. }))
        ));
        let two = ("valid", "|u1", "(2, 1)", &[0xff, 0xff][..]);
        assert!(
            matches!(rows(&archive(&[code, two]), SHAPE, false), Err(ReadError::Array { array, .. }) if array == "valid")
        );
        assert!(matches!(rows(b"PK\x03\x04", SHAPE, false), Err(ReadError::Archive(ArchiveFault::NotZip))));
    }

    #[test]
    fn a_large_array_is_read_in_parts() {
        const ROWS: usize = 70_000;
        let value = |position: usize| position as f32;
        let data: Vec<u8> = (0..64 * ROWS).flat_map(|position| value(position).to_le_bytes()).collect();
        assert!(data.len() as u64 > WHOLE_BYTES);
        let ids: Vec<u8> = (0..ROWS as u32).flat_map(u32::to_le_bytes).collect();
        let (shape, count) = (format!("({ROWS}, 64)"), format!("({ROWS},)"));
        let file = archive(&[
            ("others", "<f4", &format!("({ROWS}, 63)"), &data[..63 * 4 * ROWS]),
            ("vectors", "<f4", &shape, &data),
            ("ids", "<u4", &count, &ids),
        ]);
        let read = rows(&file, TemplateShape::Vector(64), false).unwrap();
        assert_eq!((read.rows.len(), &read.found.unread[..]), (ROWS, &["others".to_owned()][..]));
        for (index, row) in read.rows.iter().enumerate().step_by(997) {
            let Ok(Raw::Whole(Template::Vector(vector))) = &row.template else { panic!() };
            assert_eq!(row.subject.as_ref().unwrap().as_str(), index.to_string());
            assert!(
                vector.coordinates().iter().zip(64 * index..).all(|(x, position)| *x == f64::from(value(position)))
            );
        }
        // The header promises what is not there, or less than is.
        for (shape, expected) in [(format!("({}, 64)", ROWS + 1), ROWS + 1), (format!("({}, 64)", ROWS - 1), ROWS - 1)]
        {
            let refused =
                rows(&archive(&[("a", "<f4", &shape, &data)]), TemplateShape::Vector(64), false).err().unwrap();
            let fault = ArrayFault::Size { expected: 256 * expected, actual: 256 * ROWS };
            assert_eq!(refused, ReadError::Array { array: "a".to_owned(), fault });
        }
        let bomb = archive(&[("a", "<f4", "(100000000, 64)", &vec![0; 1 << 25])]);
        let refused = rows(&bomb, TemplateShape::Vector(64), false).err().unwrap();
        assert!(matches!(refused, ReadError::Archive(ArchiveFault::Inflates { .. })), "{refused}");
    }

    #[test]
    fn an_archive_inflates_to_its_limit_only() {
        let bomb = archive(&[("code", "|u1", "(8000000, 1)", &vec![0; 8_000_000])]);
        let limit_bytes = limit_bytes(bomb.len());
        assert!(limit_bytes < 8_000_000);
        let refused = rows(&bomb, SHAPE, false).err().unwrap();
        assert_eq!(refused, ReadError::Archive(ArchiveFault::Inflates { limit_bytes }));
    }
}
