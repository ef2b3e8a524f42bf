//! Writing templates as NumPy reads them, for data that is made here. What is written, [`super::read`] reads.

use std::borrow::Cow;
use std::io::{Seek, Write};

use npyz::{DType, WriteOptions, WriterBuilder};
use zip::write::SimpleFileOptions;

use super::{Bits, Eye, IrisCode, IrisShape, Record, Template, TemplateShape};
use crate::remedy::Remedy;

/// Why records are not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    #[error("{0} cannot be written here")]
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

impl Remedy for WriteError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unsupported(..) => "iris codes go to .npz, vectors and bits to .npy",
            _ => return None,
        };
        Some(remedy.into())
    }
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
        TemplateShape::Vector(dimension) => {
            let shape = [records.len() as u64, dimension as u64];
            let mut array = WriteOptions::new().dtype(scalar("<f4")?).shape(&shape).writer(out).begin_nd()?;
            for record in records {
                if let Template::Vector(vector) = &record.template {
                    array.extend(vector.coordinates().iter().map(|&coordinate| coordinate as f32))?;
                }
            }
            array.finish()?;
        }
        TemplateShape::Bits(length) => {
            let bits = records.iter().filter_map(|record| match &record.template {
                Template::Bits(bits) => Some(bits),
                _ => None,
            });
            packed(out, length, bits)?;
        }
        shape @ TemplateShape::Iris(_) => return Err(WriteError::Unsupported(shape)),
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
    let mut zip = zip::ZipWriter::new(out);
    zip.start_file("code.npy", options())?;
    packed(&mut zip, shape.bits(), irises(records).map(IrisCode::code))?;
    zip.start_file("valid.npy", options())?;
    packed(&mut zip, shape.bits(), irises(records).map(IrisCode::mask))?;
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
            Some(eye) => writeln!(out, "{},{eye}", super::read::written(&record.subject))?,
            None => writeln!(out, "{}", super::read::written(&record.subject))?,
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

fn irises(records: &[Record]) -> impl Iterator<Item = &IrisCode> + Clone {
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

/// NumPy's name of a type. Little-endian everywhere: the same records make the same bytes on every machine.
fn scalar(name: &str) -> std::io::Result<DType> {
    name.parse().map(DType::new_scalar).map_err(std::io::Error::other)
}

/// An array of bit strings, each packed to a row of bytes.
fn packed<'a>(
    out: &mut impl Write,
    length: usize,
    strings: impl Iterator<Item = &'a Bits> + Clone,
) -> std::io::Result<()> {
    let shape = [strings.clone().count() as u64, length.div_ceil(8) as u64];
    let options = WriteOptions::new_header_only().dtype(scalar("|u1")?).shape(&shape);
    let out = options.writer(out).write_header_only()?;
    strings.map(Bits::to_msb_first).try_for_each(|row| out.write_all(&row))
}

/// An array of texts, as wide as the longest and at least one character.
fn texts<'a>(out: &mut impl Write, texts: impl Iterator<Item = &'a str> + Clone) -> std::io::Result<()> {
    let width = texts.clone().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let options = WriteOptions::<str>::new().dtype(scalar(&format!("<U{width}"))?);
    let mut array = options.shape(&[texts.clone().count() as u64]).writer(out).begin_nd()?;
    for text in texts {
        array.push(text)?;
    }
    array.finish()
}

fn axes(out: &mut impl Write, shape: IrisShape) -> std::io::Result<()> {
    let mut array = WriteOptions::new().dtype(scalar("<i8")?).shape(&[3]).writer(out).begin_nd()?;
    array.extend([shape.rows, shape.columns, shape.channels].map(|axis| axis as i64))?;
    array.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::template::read::{self, Format};
    use crate::template::{MaskSharing, RealVector, SubjectId};

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
