//! What the text formats share: lines, eyes, bits written as text, and JSON objects that name what they do not know.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::error::RecordFault;
use super::names::shortened;
use crate::template::{Bits, Eye};

/// The standard alphabet, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The lines of a text without surrounding white space, numbered from 1.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<&str, RecordFault>)> {
    bytes.split(|&byte| byte == b'\n').enumerate().map(|(index, line)| (index + 1, of(line)))
}

/// A line without surrounding white space.
pub(super) fn of(line: &[u8]) -> Result<&str, RecordFault> {
    std::str::from_utf8(line).map(str::trim).map_err(|_| RecordFault::NotText)
}

/// A text without the byte order mark that some programs begin it with, and as UTF-8 where that mark tells of UTF-16. What is not so is
/// left as it is.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.into(),
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes).map_or(bytes.into(), Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes).map_or(bytes.into(), Cow::Owned),
        _ => bytes.into(),
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    let (units, []) = bytes.as_chunks() else { return None };
    let text: Option<String> = char::decode_utf16(units.iter().map(|bytes| unit(*bytes))).map(Result::ok).collect();
    text.map(String::into_bytes)
}

/// A number; `comma` says whether its fraction may stand behind a comma.
pub(super) fn number(text: &str, comma: bool) -> Option<f64> {
    match text.split_once(',') {
        Some((whole, fraction)) if comma && !fraction.contains(['.', ',']) && !whole.contains('.') => {
            format!("{whole}.{fraction}").parse().ok()
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// A list of numbers as a text: in brackets, braces or neither, separated by commas or white space, as Python, PostgreSQL and NumPy print
/// it, and with each number as NumPy 2 writes it in a list, `np.float64(0.5)`; `name` is what holds it.
pub(super) fn numbers(text: &str, name: &str) -> Result<Vec<f64>, RecordFault> {
    let name = || shortened(name);
    let inside = text.trim().trim_start_matches(['[', '{', '(']).trim_end_matches([']', '}', ')']);
    if inside.contains("...") {
        return Err(RecordFault::Elided { name: name() });
    }
    let values = inside.split(|c: char| c == ',' || c.is_whitespace()).filter(|value| !value.is_empty());
    let plain = |value: &str| match value.split_once('(') {
        Some(("np.float64" | "np.float32" | "np.float16", number)) => number.trim_end_matches(')').parse().ok(),
        _ => value.parse().ok(),
    };
    let values: Option<Vec<f64>> = values.map(plain).collect();
    values.filter(|values| !values.is_empty()).ok_or_else(|| RecordFault::NoNumbers { name: name() })
}

/// `left`, `right`, `l` or `r`, in either case.
pub(super) fn eye(text: &str) -> Result<Eye, RecordFault> {
    match text.trim().to_ascii_lowercase().as_str() {
        "l" | "left" => Ok(Eye::Left),
        "r" | "right" => Ok(Eye::Right),
        _ => Err(RecordFault::Eye),
    }
}

/// `length` bits written as 0/1 characters, as hexadecimal or as base64, the most significant bit of each byte first.
pub(super) fn bits(text: &str, length: usize, field: &str) -> Result<Bits, RecordFault> {
    let bytes = length.div_ceil(8);
    let found = if text.len() == length && text.bytes().all(|c| matches!(c, b'0' | b'1')) {
        Bits::new(text.bytes().map(|c| c == b'1')).ok()
    } else if text.len() == 2 * bytes {
        hex::decode(text).ok().and_then(|packed| Bits::from_msb_first(&packed, length).ok())
    } else {
        None
    };
    match found {
        Some(bits) => Ok(bits),
        None => base64_bits(text, length, field),
    }
}

/// `length` bits written as base64.
pub(super) fn base64_bits(text: &str, length: usize, field: &str) -> Result<Bits, RecordFault> {
    BASE64
        .decode(text)
        .ok()
        .and_then(|packed| Bits::from_msb_first(&packed, length).ok())
        .ok_or(RecordFault::NotBits { field: shortened(field), expected: length })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_three_ways_to_write_bits_agree(values in proptest::collection::vec(any::<bool>(), 3..200)) {
            let expected = Bits::new(values.iter().copied()).unwrap();
            let packed = expected.to_msb_first();
            let characters: String = values.iter().map(|&bit| if bit { '1' } else { '0' }).collect();
            let hexadecimal = hex::encode(&packed);
            for text in [characters, hexadecimal, BASE64.encode(&packed)] {
                prop_assert!(bits(&text, values.len(), "bits").unwrap() == expected, "{text}");
            }
        }
    }

    #[test]
    fn another_length_is_refused() {
        for text in ["0101010", "010101010", "a", "012", "AAAA", "zz", "é1234567"] {
            assert_eq!(
                bits(text, 8, "code").err(),
                Some(RecordFault::NotBits { field: "code".to_owned(), expected: 8 }),
                "{text}"
            );
        }
    }

    #[test]
    fn lists_of_numbers_are_read_as_programs_print_them() {
        let numpy_2 = "[np.float64(0.5), np.float64(-1.0)]";
        for text in ["[0.5, -1]", "{0.5,-1}", "[ 0.5\n -1. ]", "0.5 -1", "(0.5, -1.0)", "[0.5, -1,]", numpy_2] {
            assert_eq!(numbers(text, "v"), Ok(vec![0.5, -1.0]), "{text}");
        }
        let name = || "v".to_owned();
        assert_eq!(numbers("[0.5 ... -1]", "v"), Err(RecordFault::Elided { name: name() }));
        for text in ["", "[]", "[a, b]", "[f(1)]", "{\"x\": 1}"] {
            assert_eq!(numbers(text, "v"), Err(RecordFault::NoNumbers { name: name() }), "{text}");
        }
    }

    #[test]
    fn a_comma_may_stand_before_a_fraction() {
        assert_eq!(
            (number("-0,25", true), number("-0,25", false), number("1e-3", false)),
            (Some(-0.25), None, Some(1e-3))
        );
        assert_eq!((number("1.234,5", true), number("1,234,5", true), number("", true)), (None, None, None));
    }

    #[test]
    fn a_byte_order_mark_tells_the_encoding() {
        let units: Vec<u16> = "é,1\n".encode_utf16().collect();
        let little: Vec<u8> = [0xfeff].iter().chain(&units).flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = [0xfeff].iter().chain(&units).flat_map(|unit: &u16| unit.to_be_bytes()).collect();
        for bytes in [&little[..], &big, "\u{feff}é,1\n".as_bytes(), "é,1\n".as_bytes()] {
            assert_eq!(&*decoded(bytes), "é,1\n".as_bytes());
        }
        assert_eq!(&*decoded(b"\xff\xfea"), b"\xff\xfea"); // half a character
    }
}
