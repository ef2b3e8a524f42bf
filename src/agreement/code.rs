//! Short names that stand in records and agreements.

use serde::{Deserialize, Serialize};

/// A code of up to [`Code::LIMIT`] letters, digits, dots, dashes and underscores: who asks, why, under which number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Code(String);

/// Why a text is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code; write 1 to {} letters, digits, dots, dashes or underscores", Code::LIMIT)]
pub struct CodeError;

impl Code {
    /// Longest code, in bytes.
    pub const LIMIT: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        let admitted = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        match (1..=Self::LIMIT).contains(&text.len()) && text.bytes().all(admitted) {
            true => Ok(Self(text)),
            false => Err(CodeError),
        }
    }
}

impl std::str::FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        text.to_owned().try_into()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
