//! Bytes that stand in texts as hexadecimal digits in lower case: one text for one value.

/// A type of so many bytes, which reads and writes itself so.
macro_rules! hexadecimal {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub [u8; $bytes]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::hexadecimal::HexError;

            fn from_str(text: &str) -> Result<Self, $crate::hexadecimal::HexError> {
                let mut bytes = [0; $bytes];
                // One text for one value: digits in upper case are another.
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if hex::encode(bytes) == text => Ok(Self(bytes)),
                    _ => Err($crate::hexadecimal::HexError::digits(2 * $bytes)),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::hexadecimal::HexError;

            fn try_from(text: String) -> Result<Self, $crate::hexadecimal::HexError> {
                text.parse()
            }
        }
    };
}

pub(crate) use hexadecimal;

/// Not so many hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0} hexadecimal digits in lower case")]
pub struct HexError(usize);

impl HexError {
    pub(crate) fn digits(expected: usize) -> Self {
        Self(expected)
    }
}

#[cfg(test)]
mod tests {
    hexadecimal!(
        /// Two bytes.
        Pair,
        2
    );

    #[test]
    fn one_text_stands_for_one_value() {
        let read = |text: &str| text.parse::<Pair>().map(|Pair(bytes)| bytes).map_err(|error| error.to_string());
        assert_eq!((read("0aff"), Pair([10, 255]).to_string()), (Ok([10, 255]), "0aff".to_owned()));
        for refused in ["0AFF", "0aff0", "0af", "0a g", ""] {
            assert_eq!(read(refused), Err("not 4 hexadecimal digits in lower case".to_owned()), "{refused}");
        }
    }
}
