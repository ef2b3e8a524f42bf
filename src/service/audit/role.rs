//! The two that keep logs.

use serde::{Deserialize, Serialize};

/// Whose log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Who is asked.
    Custodian,
    /// Who asks.
    Querier,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Custodian => "custodian",
            Self::Querier => "querier",
        })
    }
}
