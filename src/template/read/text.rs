//! What the text formats share: lines, eyes, bits written as text, and JSON objects that name what they do not know.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::error::RecordFault;
use crate::template::{Bits, Eye};

/// The standard alphabet, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The lines of a text without surrounding white space, numbered from 1. A byte order mark is skipped.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<&str, RecordFault>)> {
    let bytes = without_byte_order_mark(bytes);
    bytes.split(|&byte| byte == b'\n').enumerate().map(|(index, line)| {
        let line = std::str::from_utf8(line).map(str::trim).map_err(|_| RecordFault::NotText);
        (index + 1, line)
    })
}

/// A text without the mark that some programs begin it with.
pub(super) fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
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
pub(super) fn bits(text: &str, length: usize, field: &'static str) -> Result<Bits, RecordFault> {
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
pub(super) fn base64_bits(text: &str, length: usize, field: &'static str) -> Result<Bits, RecordFault> {
    BASE64
        .decode(text)
        .ok()
        .and_then(|packed| Bits::from_msb_first(&packed, length).ok())
        .ok_or(RecordFault::NotBits { field, expected: length })
}

/// The fields of one JSON object, taken out by name until none is left.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, serde_json::Value)>);

impl Fields {
    /// Parses a line that holds one JSON object and nothing else.
    pub(super) fn parse(line: &str) -> Result<Self, RecordFault> {
        // serde_json's own message may quote what it stumbled over.
        serde_json::from_str(line).map_err(|error| RecordFault::Json { column: error.column() })
    }

    /// Takes out the field of a name.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<serde_json::Value>, RecordFault> {
        let value = self.0.iter().position(|(key, _)| key == name).map(|index| self.0.swap_remove(index).1);
        match self.0.iter().any(|(key, _)| key == name) {
            true => Err(RecordFault::Repeated { name: shortened(name) }),
            false => Ok(value),
        }
    }

    /// Takes out a text.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, RecordFault> {
        match self.take(name)? {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(serde_json::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(RecordFault::FieldType { name, expected: "a text" }),
        }
    }

    /// Checks that no field is left.
    pub(super) fn finish(self, known: &'static str) -> Result<(), RecordFault> {
        match self.0.first() {
            Some((name, _)) => Err(RecordFault::Unknown { name: shortened(name), known }),
            None => Ok(()),
        }
    }
}

/// The first 64 characters of a name found in a file.
pub(super) fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
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
                Some(RecordFault::NotBits { field: "code", expected: 8 }),
                "{text}"
            );
        }
    }

    #[test]
    fn a_json_object_knows_its_fields() {
        let mut fields = Fields::parse(r#"{"a": "x", "b": 1, "a": "y"}"#).unwrap();
        assert_eq!(fields.take("a").unwrap_err(), RecordFault::Repeated { name: "a".to_owned() });
        let mut fields = Fields::parse(r#"{"a": "x", "b": 1}"#).unwrap();
        assert_eq!(fields.text("a").unwrap().unwrap(), "x");
        assert_eq!(fields.text("c").unwrap(), None);
        let unknown = fields.finish("a").unwrap_err();
        assert_eq!(unknown, RecordFault::Unknown { name: "b".to_owned(), known: "a" });
        assert!(matches!(Fields::parse("[1]"), Err(RecordFault::Json { .. })));
        assert!(matches!(Fields::parse("{} {}"), Err(RecordFault::Json { .. })));
    }
}
