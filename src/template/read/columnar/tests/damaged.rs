use ::parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use super::files::{arrow, every_way, parquet, people};
use super::*;
use crate::template::read::ContainerFault;

#[test]
fn a_file_that_is_cut_short_is_refused_or_read_whole() {
    for (way, bytes) in every_way(&people(6)) {
        let whole = told(file(&bytes, SHAPE, Given::default()));
        for cut in 0..bytes.len() {
            if let Ok((told, _)) = file(&bytes[..cut], SHAPE, Given::default()) {
                assert_eq!(told, whole, "{way}, {cut} of {}", bytes.len());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 16 } else { 300 }))]

    #[test]
    fn whatever_is_read_of_a_damaged_file_has_the_shape_asked_for(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let people = people(6);
        let files = [
            parquet(&people, WriterProperties::builder().build()),
            parquet(&people, WriterProperties::builder().set_compression(::parquet::basic::Compression::SNAPPY).build()),
            arrow(&people, None, true),
            arrow(&people, Some(arrow_ipc::CompressionType::LZ4_FRAME), false),
        ];
        for mut bytes in files {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let Ok(mut source) = Source::of(&bytes) else { continue };
            let Ok(format) = Format::of(&mut source, SHAPE) else { continue };
            let _ = each(source, format, SHAPE, Given::default(), &mut |_, entry| {
                if let Ok((_, filed)) = entry {
                    assert_eq!(filed.record.template.shape(), SHAPE);
                }
                ControlFlow::Continue(())
            });
        }
    }
}

#[test]
fn what_a_file_declares_beyond_its_length_is_refused_before_it_is_reserved() {
    // A footer of four gigabytes, and one that is longer than the file.
    let mut bytes = parquet(&people(6), WriterProperties::builder().build());
    let at = bytes.len() - 8;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let refused = file(&bytes, SHAPE, Given::default()).err().unwrap();
    assert!(matches!(refused, ReadError::Container(ContainerFault::Limit { actual: 0xffff_ffff, .. })), "{refused}");
    bytes[at..at + 4].copy_from_slice(&(1u32 << 20).to_le_bytes());
    let refused = file(&bytes, SHAPE, Given::default()).err().unwrap();
    assert!(matches!(refused, ReadError::Container(ContainerFault::Short { .. })), "{refused}");
    // A description of a message of two gigabytes.
    let stream = [[0xff; 4], i32::MAX.to_le_bytes()].concat();
    let refused = file(&stream, SHAPE, Given::default()).err().unwrap();
    assert!(matches!(refused, ReadError::Container(ContainerFault::Limit { actual: 0x7fff_ffff, .. })), "{refused}");
}

#[test]
fn an_encrypted_file_is_refused_as_such() {
    let mut bytes = parquet(&people(6), WriterProperties::builder().build());
    let mark = bytes.len() - 4;
    bytes[mark..].copy_from_slice(b"PARE");
    assert_eq!(refused(file(&bytes, SHAPE, Given::default())), "the Parquet file is encrypted");
    bytes[..4].copy_from_slice(b"PARE");
    assert_eq!(refused(file(&bytes, SHAPE, Given::default())), "the Parquet file is encrypted");
}

#[test]
fn the_first_version_of_feather_is_not_read() {
    let message = refused(file(b"FEA1\0\0\0\0", SHAPE, Given::default()));
    assert_eq!(message, "this is an Arrow (Feather) file");
}
