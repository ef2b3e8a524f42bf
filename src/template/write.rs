//! Writing templates as NumPy reads them, for data that is made here. What is written, [`super::read`] reads.

use std::io::{Seek, Write};

use zip::write::SimpleFileOptions;

use super::{Eye, IrisShape, Record, Template, TemplateShape};

/// Why records are not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The sink failed.
    #[error("cannot write the templates")]
    Io(#[from] std::io::Error),
    /// The archive failed.
    #[error("cannot write the archive")]
    Zip(#[from] zip::result::ZipError),
    /// There is nothing to write.
    #[error("there is no record to write")]
    NoRecords,
    /// The format has no place for this kind of template.
    #[error("{0} cannot be written here; iris codes go to .npz, vectors and bits to .npy")]
    Unsupported(TemplateShape),
    /// The records are not all of one shape.
    #[error("record {record} is {actual} where the first is {expected}")]
    Mixed {
        /// Counted from 1.
        record: usize,
        /// Shape of the first.
        expected: TemplateShape,
        /// Shape of this one.
        actual: TemplateShape,
    },
}

/// Writes vectors as a `.npy` array of `float32`, or bits packed to rows of `uint8`; one row a record.
///
/// A coordinate beyond the range of `float32` becomes infinite, and is refused when read.
///
/// # Errors
///
/// [`WriteError`]; nothing is written unless all records are of one shape, which is not an iris.
pub fn npy(out: &mut impl Write, records: &[Record]) -> Result<(), WriteError> {
    match uniform(records)? {
        TemplateShape::Vector(dimension) => header(out, "<f4", &[records.len(), dimension])?,
        TemplateShape::Bits(length) => header(out, "|u1", &[records.len(), length.div_ceil(8)])?,
        shape @ TemplateShape::Iris(_) => return Err(WriteError::Unsupported(shape)),
    }
    for record in records {
        match &record.template {
            Template::Vector(vector) => {
                for &coordinate in vector.coordinates() {
                    out.write_all(&(coordinate as f32).to_le_bytes())?;
                }
            }
            Template::Bits(bits) => out.write_all(&bits.to_msb_first())?,
            Template::Iris(_) => {}
        }
    }
    Ok(())
}

/// Writes iris codes as `.npz` arrays: `code` and `valid`, packed to rows of `uint8`; `subject`; `eye`, `l`, `r` or
/// empty; and `shape`, the rows, columns and channels.
///
/// # Errors
///
/// [`WriteError`]; nothing is written unless all records are irises of one shape.
pub fn npz(out: &mut (impl Write + Seek), records: &[Record]) -> Result<(), WriteError> {
    let shape = match uniform(records)? {
        TemplateShape::Iris(shape) => shape,
        shape => return Err(WriteError::Unsupported(shape)),
    };
    let packed = [records.len(), shape.bits().div_ceil(8)];
    let mut zip = zip::ZipWriter::new(out);
    zip.start_file("code.npy", options())?;
    header(&mut zip, "|u1", &packed)?;
    for iris in irises(records) {
        zip.write_all(&iris.code().to_msb_first())?;
    }
    zip.start_file("valid.npy", options())?;
    header(&mut zip, "|u1", &packed)?;
    for iris in irises(records) {
        zip.write_all(&iris.mask().to_msb_first())?;
    }
    zip.start_file("subject.npy", options())?;
    texts(&mut zip, records.iter().map(|record| record.subject.as_str()))?;
    zip.start_file("eye.npy", options())?;
    texts(&mut zip, records.iter().map(|record| record.eye.map_or("", letter)))?;
    zip.start_file("shape.npy", options())?;
    axes(&mut zip, shape)?;
    zip.finish()?;
    Ok(())
}

/// Writes the identifiers, with the eye where there is one, as [`super::read::identities`] reads them.
///
/// # Errors
///
/// [`WriteError::Io`].
pub fn identities(out: &mut impl Write, records: &[Record]) -> Result<(), WriteError> {
    for record in records {
        match record.eye {
            Some(eye) => writeln!(out, "{},{eye}", record.subject)?,
            None => writeln!(out, "{}", record.subject)?,
        }
    }
    Ok(())
}

fn uniform(records: &[Record]) -> Result<TemplateShape, WriteError> {
    let expected = records.first().ok_or(WriteError::NoRecords)?.template.shape();
    let shapes = records.iter().map(|record| record.template.shape()).enumerate();
    match shapes.filter(|(_, shape)| *shape != expected).map(|(index, shape)| (index + 1, shape)).next() {
        Some((record, actual)) => Err(WriteError::Mixed { record, expected, actual }),
        None => Ok(expected),
    }
}

fn irises(records: &[Record]) -> impl Iterator<Item = &super::IrisCode> {
    records.iter().filter_map(|record| match &record.template {
        Template::Iris(iris) => Some(iris),
        _ => None,
    })
}

fn letter(eye: Eye) -> &'static str {
    match eye {
        Eye::Left => "l",
        Eye::Right => "r",
    }
}

/// Deflated, dated 1980: the same records make the same bytes.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::DEFAULT.compression_method(zip::CompressionMethod::Deflated).large_file(true)
}

/// The beginning of a `.npy` file, version 1.0, in C order, padded with spaces so that the data start at a multiple of 64.
fn header(out: &mut impl Write, element: &str, axes: &[usize]) -> std::io::Result<()> {
    let axes: String = axes.iter().map(|axis| format!("{axis}, ")).collect();
    let text = format!("{{'descr': '{element}', 'fortran_order': False, 'shape': ({}), }}", axes.trim_end());
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&(length as u16).to_le_bytes())?;
    writeln!(out, "{text:width$}", width = length - 1)
}

/// An array of texts, as wide as the longest and at least one character.
fn texts<'a>(out: &mut impl Write, texts: impl Iterator<Item = &'a str> + Clone) -> std::io::Result<()> {
    let width = texts.clone().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    header(out, &format!("<U{width}"), &[texts.clone().count()])?;
    for text in texts {
        for character in text.chars().chain(std::iter::repeat('\0')).take(width) {
            out.write_all(&u32::from(character).to_le_bytes())?;
        }
    }
    Ok(())
}

fn axes(out: &mut impl Write, shape: IrisShape) -> std::io::Result<()> {
    header(out, "<i8", &[3])?;
    for axis in [shape.rows, shape.columns, shape.channels] {
        out.write_all(&(axis as u64).to_le_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::template::read::{self, Format};
    use crate::template::{Bits, IrisCode, MaskSharing, RealVector, SubjectId};

    fn record(subject: &str, eye: Option<Eye>, template: Template) -> Record {
        Record { subject: SubjectId::try_from(subject.to_owned()).unwrap(), eye, template }
    }

    fn vector(coordinates: &[f32]) -> Template {
        Template::Vector(RealVector::new(coordinates.iter().map(|&x| x.into()).collect()).unwrap())
    }

    proptest! {
        #[test]
        fn irises_survive_a_round_trip(
            (rows, columns, pairs) in (1usize..4, 1usize..12, 1usize..3),
            seed in proptest::collection::vec(any::<(bool, bool)>(), 1..40),
        ) {
            let shape = IrisShape { rows, columns, channels: 2 * pairs, mask: MaskSharing::ByPair };
            let bits = |skip: usize| seed.iter().cycle().skip(skip);
            let iris = |skip| {
                let code = Bits::new(bits(skip).map(|seed| seed.0).take(shape.bits())).unwrap();
                let mask = bits(skip).flat_map(|seed| [seed.1; 2]).take(shape.bits());
                Template::Iris(IrisCode::new(shape, code, Bits::new(mask).unwrap()).unwrap())
            };
            let records = [record("añez", None, iris(0)), record("b", Some(Eye::Right), iris(1))];
            let mut file = Cursor::new(Vec::new());
            npz(&mut file, &records).unwrap();
            let read = read::records(file.get_ref(), Format::Npz, TemplateShape::Iris(shape), None).unwrap();
            prop_assert_eq!(read.len(), 2);
            for (read, record) in read.iter().zip(&records) {
                prop_assert_eq!((&read.subject, read.eye), (&record.subject, record.eye));
                let (Template::Iris(read), Template::Iris(iris)) = (&read.template, &record.template) else { panic!() };
                prop_assert!(read.code() == iris.code() && read.mask() == iris.mask());
            }
            let other = IrisShape { columns: rows * columns, rows: 1, ..shape };
            if rows > 1 {
                prop_assert!(read::records(file.get_ref(), Format::Npz, TemplateShape::Iris(other), None).is_err());
            }
        }

        #[test]
        fn bits_survive_a_round_trip(values in proptest::collection::vec(any::<bool>(), 2..40)) {
            let bits = Bits::new(values.iter().copied()).unwrap();
            let mut file = Vec::new();
            npy(&mut file, &[record("a", None, Template::Bits(bits.clone()))]).unwrap();
            let read = read::records(&file, Format::Npy, TemplateShape::Bits(values.len()), None).unwrap();
            let Template::Bits(read) = &read[0].template else { panic!() };
            prop_assert!(*read == bits);
        }
    }

    #[test]
    fn another_program_reads_what_is_written() {
        let mut file = Vec::new();
        npy(&mut file, &[record("a", None, vector(&[1.5, -2.0])), record("b", None, vector(&[0.0, 4.0]))]).unwrap();
        let read = npyz::NpyFile::new(&file[..]).unwrap();
        assert_eq!(read.shape(), [2, 2]);
        assert_eq!(read.into_vec::<f32>().unwrap(), [1.5, -2.0, 0.0, 4.0]);
    }

    #[test]
    fn identifiers_survive_a_round_trip() {
        let records = [record("a b", Some(Eye::Left), vector(&[1.0])), record("c", None, vector(&[1.0]))];
        let mut file = Vec::new();
        identities(&mut file, &records).unwrap();
        let read = read::identities(&file).unwrap();
        assert_eq!(
            read.iter().map(|i| (i.subject.as_str(), i.eye)).collect::<Vec<_>>(),
            [("a b", Some(Eye::Left)), ("c", None)]
        );
    }

    #[test]
    fn records_of_several_shapes_are_refused() {
        let mixed = [record("a", None, vector(&[1.0])), record("b", None, vector(&[1.0, 2.0]))];
        assert!(matches!(npy(&mut Vec::new(), &mixed), Err(WriteError::Mixed { record: 2, .. })));
        assert!(matches!(npy(&mut Vec::new(), &[]), Err(WriteError::NoRecords)));
        assert!(matches!(npz(&mut Cursor::new(Vec::new()), &mixed[..1]), Err(WriteError::Unsupported(_))));
    }
}
