//! The schemes by name.

use serde::{Deserialize, Serialize};

/// Which homomorphic scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeId {
    /// One comparison at a time: low latency, small queries, any metric.
    Tfhe,
    /// A whole block of references at a time: exact verdicts, high throughput.
    Bgv,
    /// Scored as `tfhe`, judged as `bgv`: a block of pairs at a time, small queries, any metric.
    Hybrid,
}

impl SchemeId {
    /// Every scheme.
    pub const ALL: [Self; 3] = [Self::Tfhe, Self::Bgv, Self::Hybrid];

    /// The scheme of that name.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.to_string() == name)
    }

    /// In the header of a file; never 0, and no two differ in one bit alone.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Tfhe => 1,
            Self::Bgv => 2,
            Self::Hybrid => 4,
        }
    }

    /// Reads [`SchemeId::code`] back.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.code() == code)
    }
}

impl std::fmt::Display for SchemeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tfhe => "tfhe",
            Self::Bgv => "bgv",
            Self::Hybrid => "hybrid",
        })
    }
}
