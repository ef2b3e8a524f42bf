//! Accidents: cut short, flipped, continued.

use cotejo::wire::{Kind, WireError, inspect, verify};
use rand::Rng;
use rayon::prelude::*;

use crate::fixture::{CHECKSUM_BYTES, HEADER_BYTES, KINDS, files, read, rng};

/// All positions of a file that is short; of a long one those in front, those at the end and some between.
fn positions(length: usize) -> Vec<usize> {
    if length < 10_000 {
        return (0..length).collect();
    }
    let (front, end) = (256, length - 64);
    let mut rng = rng(2);
    (0..front).chain((0..32).map(|_| rng.random_range(front..end))).chain(end..length).collect()
}

#[test]
fn files_are_read_as_they_were_written() {
    for kind in KINDS {
        assert_eq!(read(kind, files().of(kind), &files().agreement), Ok(()), "{kind}");
        assert_eq!(verify(files().of(kind)).unwrap(), files().envelope(kind).header, "{kind}");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_truncated() {
    for kind in KINDS {
        let file = files().of(kind);
        positions(file.len()).into_par_iter().for_each(|length| {
            let refused = read(kind, &file[..length], &files().agreement);
            assert_eq!(refused, Err(WireError::Truncated), "{kind}, {length} bytes");
            assert_eq!(verify(&file[..length]).unwrap_err(), WireError::Truncated, "{kind}, {length} bytes");
            assert_eq!(inspect(&file[..length]).is_ok(), length >= HEADER_BYTES, "{kind}, {length} bytes");
        });
    }
}

#[test]
fn a_byte_after_the_end_is_trailing() {
    for kind in KINDS {
        let file = [files().of(kind), &[0]].concat();
        assert_eq!(read(kind, file.as_slice(), &files().agreement), Err(WireError::Trailing), "{kind}");
        assert_eq!(verify(file.as_slice()).unwrap_err(), WireError::Trailing, "{kind}");
    }
}

/// Whether an error is one that a flipped bit at this position may give: the field is named, or the checksum fails.
fn suits(position: usize, error: &WireError) -> bool {
    use WireError::{Agreement, Checksum, Header, Magic, Parameters, TooLarge, Trailing, Truncated, Version};
    match position {
        0..8 => *error == Magic,
        8..10 => matches!(error, Version { .. }),
        // Another kind, or one that does not go with the rest of the header: its format or its key.
        10 => matches!(error, Header("kind" | "key") | Version { .. }) || matches!(error, WireError::Kind { .. }),
        11 => matches!(error, Header("scheme" | "key")),
        12..14 => matches!(error, Header("parameter set" | "key") | Parameters { .. }),
        14..16 => *error == Header("padding"),
        32..64 => matches!(error, Agreement { .. }),
        64..72 => matches!(error, TooLarge { .. } | Truncated | Trailing),
        _ => *error == Checksum,
    }
}

#[test]
fn a_flipped_bit_is_found_and_named() {
    for kind in KINDS {
        let file = files().of(kind);
        positions(file.len()).into_par_iter().for_each(|position| {
            // Of a long file one bit a byte, behind the header.
            let bits =
                if position < HEADER_BYTES || file.len() < 10_000 { 0..8 } else { position % 8..position % 8 + 1 };
            for bit in bits {
                let mut flipped = file.to_vec();
                flipped[position] ^= 1 << bit;
                let error = read(kind, flipped.as_slice(), &files().agreement).expect_err("a flipped bit");
                assert!(suits(position, &error), "{kind}, byte {position}, bit {bit}: {error:?}");
            }
        });
    }
}

#[test]
fn a_flipped_bit_is_found_without_the_agreement() {
    for kind in [Kind::Query, Kind::Pending] {
        let file = files().of(kind);
        for position in HEADER_BYTES..file.len() - CHECKSUM_BYTES {
            let mut flipped = file.to_vec();
            flipped[position] ^= 1;
            assert_eq!(verify(flipped.as_slice()).unwrap_err(), WireError::Checksum, "{kind}, byte {position}");
        }
    }
}
