//! Vectors each behind its length, a 32-bit number: `.fvecs` holds 32-bit floats, `.bvecs` bytes, all little-endian, as the data sets of TEXMEX
//! and Faiss have them (<http://corpus-texmex.irisa.fr>, "Vector file formats").

use super::error::{Place, ReadError, RecordFault};
use super::rows;
use super::source::Source;
use super::{Format, Raw, Sink};
use crate::template::TemplateShape;

/// Bytes of a length.
const LENGTH_BYTES: usize = 4;
/// Longer vectors are not looked for.
const MOST_VALUES: usize = 1 << 16;

/// Which of the two formats a file has, by its beginning, which may be the `whole`; none where that is not certain: a vector is followed by
/// another of its length, or by nothing.
pub(super) fn format(beginning: &[u8], whole: bool) -> Option<Format> {
    let floats = agreeing(beginning, whole, 4);
    let bytes = agreeing(beginning, whole, 1);
    match (floats, bytes) {
        (0, 0) => None,
        // Vectors of two or of eight bytes: some of their lengths stand where those of floats would.
        (floats, bytes) if bytes > floats => Some(Format::Bvecs),
        _ => Some(Format::Fvecs),
    }
}

/// How many vectors from the first on have its length, with coordinates of so many bytes; none where the first is not followed by another, or
/// is not alone.
fn agreeing(beginning: &[u8], whole: bool, value_bytes: usize) -> usize {
    let Some(length) = beginning.first_chunk::<LENGTH_BYTES>() else { return 0 };
    let values = u32::from_le_bytes(*length) as usize;
    if !(1..=MOST_VALUES).contains(&values) {
        return 0;
    }
    let vector_bytes = LENGTH_BYTES + value_bytes * values;
    let alone = whole && beginning.len() == vector_bytes;
    let count = beginning.chunks(vector_bytes).take_while(|vector| vector.starts_with(length)).count();
    if count > 1 || alone { count } else { 0 }
}

/// Reads vectors of floats or of bytes, each behind its length.
pub(super) fn rows(
    mut source: Source<'_>,
    format: Format,
    shape: TemplateShape,
    sink: &mut dyn Sink,
) -> Result<(), ReadError> {
    let TemplateShape::Vector(dimension) = shape else { return Err(ReadError::Unsupported { format, shape }) };
    sink.named(false);
    let vector_bytes = LENGTH_BYTES + dimension * if format == Format::Bvecs { 1 } else { 4 };
    let mut index = 0;
    loop {
        let ahead = source.ahead(vector_bytes)?;
        if ahead.is_empty() {
            return Ok(());
        }
        let at = ReadError::at(Place::Row(index + 1));
        let vector = ahead.get(..vector_bytes).unwrap_or(ahead);
        let (length, values) = vector.split_first_chunk().ok_or_else(|| at(RecordFault::CutShort))?;
        match i32::from_le_bytes(*length) {
            actual if usize::try_from(actual) != Ok(dimension) => {
                return Err(at(RecordFault::VectorLength { expected: dimension, actual }));
            }
            _ if vector.len() < vector_bytes => return Err(at(RecordFault::CutShort)),
            _ => {}
        }
        let raw = Raw::vector(coordinates(values, format), dimension);
        sink.row(rows::unnamed(index, raw))?;
        source.pass(vector_bytes);
        index += 1;
    }
}

fn coordinates(values: &[u8], format: Format) -> Vec<f64> {
    match format {
        Format::Bvecs => values.iter().map(|&value| value.into()).collect(),
        _ => values.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value).into()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;
    use crate::template::read::{self, Given};

    /// Vectors as NumPy writes them: `numpy.hstack([lengths.view("<f4"), vectors]).tofile(...)`.
    fn fvecs(vectors: &[&[f32]]) -> Vec<u8> {
        let of = |vector: &&[f32]| {
            let length = (vector.len() as i32).to_le_bytes();
            length.into_iter().chain(vector.iter().flat_map(|value| value.to_le_bytes())).collect::<Vec<u8>>()
        };
        vectors.iter().flat_map(of).collect()
    }

    fn bvecs(vectors: &[&[u8]]) -> Vec<u8> {
        let of = |vector: &&[u8]| [&(vector.len() as i32).to_le_bytes()[..], vector].concat();
        vectors.iter().flat_map(of).collect()
    }

    fn read(file: &[u8], format: Format, dimension: usize) -> Result<Vec<Vec<f64>>, ReadError> {
        let read = read::read(Source::of(file)?, format, TemplateShape::Vector(dimension), Given::default())?;
        let values = read.records.into_iter().map(|(_, record)| match record.template {
            Template::Vector(vector) => vector.coordinates().to_vec(),
            _ => panic!(),
        });
        Ok(values.collect())
    }

    #[test]
    fn vectors_are_read_behind_their_lengths() {
        let floats = fvecs(&[&[0.5, -1.0], &[2.0, 0.0]]);
        assert_eq!(read(&floats, Format::Fvecs, 2), Ok(vec![vec![0.5, -1.0], vec![2.0, 0.0]]));
        let bytes = bvecs(&[&[0, 255, 7], &[1, 2, 128]]);
        assert_eq!(read(&bytes, Format::Bvecs, 3), Ok(vec![vec![0.0, 255.0, 7.0], vec![1.0, 2.0, 128.0]]));
    }

    #[test]
    fn which_of_the_two_it_is_is_known_by_where_lengths_stand() {
        let all = |value: u8, length: usize| bvecs(&[vec![value; length].as_slice(); 7]);
        for length in [1, 2, 3, 8, 128] {
            assert_eq!(format(&all(9, length), true), Some(Format::Bvecs), "{length}");
            assert_eq!(format(&all(9, length), false), Some(Format::Bvecs), "{length}");
            let floats = fvecs(&[vec![0.25; length].as_slice(); 7]);
            assert_eq!(format(&floats, true), Some(Format::Fvecs), "{length}");
        }
        assert_eq!(format(&fvecs(&[&[0.5, -1.0]]), true), Some(Format::Fvecs));
        assert_eq!(format(&bvecs(&[&[1, 2]]), true), Some(Format::Bvecs));
        // The first alone, of which there may be more; nothing; text; no length.
        for file in [&fvecs(&[&[0.5, -1.0]])[..11], b"", b"1,2\n3,4\n1,2\n", &[0; 64], &[0xff; 64]] {
            assert_eq!(format(file, true), None, "{file:?}");
        }
        assert_eq!(format(&fvecs(&[&[0.5, -1.0]]), false), None);
        // One that is cut short, or ragged, is one nevertheless: the reader says where.
        assert_eq!(format(&fvecs(&[&[0.5, -1.0], &[0.5, -1.0], &[1.0]])[..23], true), Some(Format::Fvecs));
    }

    #[test]
    fn ragged_and_truncated_files_are_refused_by_place() {
        let fault = |file: &[u8], format| match read(file, format, 2) {
            Err(ReadError::Record { place: Place::Row(row), fault }) => (row, fault),
            other => panic!("{other:?}"),
        };
        let length = |row, actual| (row, RecordFault::VectorLength { expected: 2, actual });
        assert_eq!(fault(&fvecs(&[&[0.5, -1.0], &[1.0]]), Format::Fvecs), length(2, 1));
        assert_eq!(fault(&fvecs(&[&[0.5, -1.0, 1.0]]), Format::Fvecs), length(1, 3));
        assert_eq!(fault(&[0xff; 12], Format::Fvecs), length(1, -1));
        assert_eq!(fault(&[0; 12], Format::Bvecs), length(1, 0));
        let whole = fvecs(&[&[0.5, -1.0], &[2.0, 0.0]]);
        for cut in 13..whole.len() {
            assert_eq!(fault(&whole[..cut], Format::Fvecs), (2, RecordFault::CutShort), "{cut}");
        }
        assert_eq!(fault(&bvecs(&[&[1, 2], &[3, 4]])[..11], Format::Bvecs), (2, RecordFault::CutShort));
        assert_eq!(read(b"", Format::Fvecs, 2), Err(ReadError::NoRecords));
        // A coordinate that is no number spoils its vector alone.
        let file = fvecs(&[&[0.5, f32::NAN], &[2.0, 0.0]]);
        assert_eq!(read(&file, Format::Fvecs, 2).unwrap(), [[2.0, 0.0]]);
    }

    #[test]
    fn there_is_no_place_for_bits_or_handles() {
        let source = || Source::of(b"\x02\0\0\0ab").unwrap();
        let bits = read::read(source(), Format::Bvecs, TemplateShape::Bits(2), Given::default());
        let unsupported = ReadError::Unsupported { format: Format::Bvecs, shape: TemplateShape::Bits(2) };
        assert_eq!(bits.err(), Some(unsupported));
        let given = Given { handles: Some("case".to_owned()), ..Given::default() };
        let refused = read::read(source(), Format::Bvecs, TemplateShape::Vector(2), given).err();
        assert_eq!(refused, Some(ReadError::NoPlaceForHandles { format: Format::Bvecs }));
    }
}
