//! NumPy's `.npz`: a zip archive of `.npy` files.

use std::io::{Cursor, Read};

use super::array::Array;
use super::error::{ArchiveFault, ArrayFault, Place, ReadError, RecordFault};
use super::{Row, Rows, labels, rows, text};
use crate::template::{Bits, IrisShape, TemplateShape};

const TEMPLATES: [&str; 4] = ["embeddings", "templates", "vectors", "bits"];
const EYES: [&str; 2] = ["eye", "eyes"];
const MASKS: [&str; 2] = ["valid", "mask"];
/// An array that is never taken for the templates.
const BESIDE: &str = "shape";

/// The most bytes that an archive of a given length may inflate to: 64 times its length and a mebibyte.
///
/// Deflate could make a thousand times; a code with its mask, unpacked, comes to 16 times.
pub fn limit_bytes(archive_bytes: usize) -> usize {
    archive_bytes.saturating_mul(64).saturating_add(1 << 20)
}

/// Reads a `.npz` archive. Where identifiers are given `apart`, its own are not looked for.
pub(super) fn rows(bytes: &[u8], shape: TemplateShape, apart: bool) -> Result<Rows, ReadError> {
    let archive = Archive::inflate(bytes)?;
    let templates = match shape {
        TemplateShape::Iris(iris) => archive.irises(iris)?,
        _ => {
            let name = archive.templates_name()?;
            rows::templates(&archive.required(name)?, shape, name)?
        }
    };
    let mut rows = rows::unnamed(templates);
    let label = if apart { None } else { archive.label()? };
    archive.name(&mut rows, label)?;
    let candidates = if apart || label.is_some() { Vec::new() } else { archive.candidates(rows.len()) };
    Ok(Rows { rows, label: label.map(str::to_owned), candidates })
}

/// Names and `.npy` files, in the archive's order.
struct Archive(Vec<(String, Vec<u8>)>);

impl Archive {
    fn inflate(bytes: &[u8]) -> Result<Self, ArchiveFault> {
        let limit_bytes = limit_bytes(bytes.len());
        let mut left = limit_bytes;
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| ArchiveFault::NotZip)?;
        let mut arrays = Vec::new();
        for index in 0..zip.len() {
            let file = zip.by_index(index).map_err(|_| ArchiveFault::NotZip)?;
            let name = file.name().map_err(|_| ArchiveFault::NotZip)?.into_owned();
            let Some(name) = name.strip_suffix(".npy") else { continue };
            let mut content = Vec::new();
            file.take(left as u64 + 1).read_to_end(&mut content).map_err(|_| ArchiveFault::NotZip)?;
            left = left.checked_sub(content.len()).ok_or(ArchiveFault::Inflates { limit_bytes })?;
            arrays.push((name.to_owned(), content));
        }
        Ok(Self(arrays))
    }

    fn array(&self, name: &str) -> Result<Option<Array<'_>>, ReadError> {
        let Some((_, file)) = self.0.iter().find(|(found, _)| found == name) else { return Ok(None) };
        Array::parse(file).map(Some).map_err(ReadError::in_array(name))
    }

    fn required(&self, name: &str) -> Result<Array<'_>, ReadError> {
        self.array(name)?.ok_or_else(|| self.no_templates("that array").into())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn no_templates(&self, expected: &'static str) -> ArchiveFault {
        let mut found: Vec<String> = self.names().map(text::shortened).take(16).collect();
        if found.is_empty() {
            found.push("no array".to_owned());
        }
        ArchiveFault::NoTemplates { expected, found }
    }

    /// The array of vectors or bits: the one that is called so, or the only one that could be meant.
    fn templates_name(&self) -> Result<&str, ArchiveFault> {
        let beside = |name: &str| labels::is_label(name) || EYES.contains(&name) || name == BESIDE;
        let mut called: Vec<&str> = self.names().filter(|name| TEMPLATES.contains(name)).collect();
        if called.is_empty() {
            called = self.names().filter(|name| !beside(name)).collect();
        }
        match called[..] {
            [name] => Ok(name),
            _ => Err(self.no_templates("one array `embeddings`, `templates`, `vectors` or `bits`")),
        }
    }

    fn irises(&self, shape: IrisShape) -> Result<Vec<crate::template::Template>, ReadError> {
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
        let mask = MASKS.into_iter().find(|mask| self.names().any(|name| name == *mask));
        if let (Some(code), Some(mask)) = (self.array("code")?, mask) {
            let codes = rows::iris_bits(&code, shape, shape.channels, "code")?;
            let masks = rows::iris_bits(&self.required(mask)?, shape, shape.channels, mask)?;
            return rows::irises(codes, masks, shape, mask);
        }
        if let (Some(code), Some(mask)) = (self.array("iris_codes")?, self.array("mask_codes")?) {
            let codes = rows::iris_bits(&code, shape, shape.channels, "iris_codes")?;
            let masks = rows::iris_bits(&mask, shape, shape.channels, "mask_codes")?;
            return rows::irises(codes, masks, shape, "mask_codes");
        }
        let codes = self.filters("iris_codes", shape)?;
        let masks = self.filters("mask_codes", shape)?;
        rows::irises(vec![codes], vec![masks], shape, "mask_codes_0")
    }

    /// One code, or mask, from an array for each filter: `stem_0`, `stem_1`, ... of `(rows, columns, 2)`.
    fn filters(&self, stem: &str, shape: IrisShape) -> Result<Bits, ReadError> {
        let mut filters = Vec::new();
        for filter in 0..shape.channels.div_ceil(2) {
            let name = format!("{stem}_{filter}");
            let array = self.array(&name)?.ok_or_else(|| {
                self.no_templates(
                    "`code` and `valid`, `iris_codes` and `mask_codes`, or `iris_codes_0`, `mask_codes_0`, ...",
                )
            })?;
            let found = rows::iris_bits(&array, shape, shape.channels.min(2), &name)?;
            match <[Bits; 1]>::try_from(found) {
                Ok([bits]) => filters.push(bits),
                Err(_) => {
                    let expected = format!("({}, {}, 2)", shape.rows, shape.columns);
                    return Err(ReadError::in_array(&name)(ArrayFault::Shape {
                        expected,
                        actual: array.shape().to_vec(),
                    }));
                }
            }
        }
        rows::interleave(&filters, shape.rows * shape.columns).map_err(|e| ReadError::at(Place::Row(1))(e.into()))
    }

    /// The array that says whose the templates are, where there is one.
    fn label(&self) -> Result<Option<&str>, ArchiveFault> {
        let called =
            |mere: bool| self.names().filter(move |name| labels::is_label(name) && labels::is_mere_name(name) == mere);
        let found: Vec<&str> = called(false).collect();
        match if found.is_empty() { called(true).collect() } else { found }[..] {
            [] => Ok(None),
            [label] => Ok(Some(label)),
            [first, second, ..] => {
                Err(ArchiveFault::TwoLabels { first: text::shortened(first), second: text::shortened(second) })
            }
        }
    }

    /// Arrays of one text or integer a record.
    fn candidates(&self, records: usize) -> Vec<String> {
        let fits = |name: &&str| {
            let array = self.array(name).ok().flatten();
            array.is_some_and(|array| *array.shape() == [records] && array.text(0).is_some()) && !EYES.contains(name)
        };
        self.names().filter(fits).map(text::shortened).take(16).collect()
    }

    /// Gives the rows the identifiers of an array, and the eyes of the archive where it has some.
    fn name(&self, rows: &mut [Row], label: Option<&str>) -> Result<(), ReadError> {
        if let Some(label) = label
            && let Some(subjects) = self.column(&[label], rows.len())?
        {
            for (row, subject) in rows.iter_mut().zip(subjects) {
                row.subject = Some(RecordFault::subject(&subject).map_err(ReadError::at(row.place))?);
            }
        }
        if let Some(eyes) = self.column(&EYES, rows.len())? {
            for (row, eye) in rows.iter_mut().zip(eyes).filter(|(_, eye)| !eye.is_empty()) {
                row.eye = Some(text::eye(&eye).map_err(ReadError::at(row.place))?);
            }
        }
        Ok(())
    }

    /// The texts of the first array of a name, one a row.
    fn column(&self, names: &[&str], rows: usize) -> Result<Option<Vec<String>>, ReadError> {
        let Some(name) = names.iter().find(|name| self.names().any(|found| found == **name)) else { return Ok(None) };
        let Some(array) = self.array(name)? else { return Ok(None) };
        let fault = ReadError::in_array(name);
        if *array.shape() != [rows] {
            let expected = format!("({rows},), one for each record,");
            return Err(fault(ArrayFault::Shape { expected, actual: array.shape().to_vec() }));
        }
        let texts: Option<Vec<String>> = (0..rows).map(|row| array.text(row)).collect();
        texts.map(Some).ok_or_else(|| fault(array.not("text or an integer type")))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::template::{Eye, MaskSharing, Template};

    const IRIS: IrisShape = IrisShape { rows: 1, columns: 2, channels: 4, mask: MaskSharing::PerBit };
    const SHAPE: TemplateShape = TemplateShape::Iris(IRIS);

    fn archive(arrays: &[(&str, &str, &str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, element, shape, data) in arrays {
            zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::DEFAULT).unwrap();
            let header = format!("{{'descr': '{element}', 'fortran_order': False, 'shape': {shape}, }}");
            zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
            zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
            zip.write_all(header.as_bytes()).unwrap();
            zip.write_all(data).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn codes(file: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let packed = |row: Row| match row.template {
            Template::Iris(iris) => (iris.code().to_msb_first(), iris.mask().to_msb_first()),
            _ => panic!(),
        };
        rows(file, SHAPE, false).unwrap().rows.into_iter().map(packed).collect()
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
        assert!(matches!(refused, ReadError::Archive(ArchiveFault::NoTemplates { found, .. }) if found == ["a", "b"]));
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
        let refused = rows(&archive(&[code, valid, ("eye", "|S1", "(2,)", b"lx")]), SHAPE, false).err().unwrap();
        assert_eq!(refused, ReadError::Record { place: Place::Row(2), fault: RecordFault::Eye });
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
    fn an_archive_inflates_to_its_limit_only() {
        let bomb = archive(&[("code", "|u1", "(8000000, 1)", &vec![0; 8_000_000])]);
        let limit_bytes = limit_bytes(bomb.len());
        assert!(limit_bytes < 8_000_000);
        let refused = rows(&bomb, SHAPE, false).err().unwrap();
        assert_eq!(refused, ReadError::Archive(ArchiveFault::Inflates { limit_bytes }));
    }
}
