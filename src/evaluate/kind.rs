//! What a pair of templates is evidence for.

/// What a pair of templates is evidence for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Two samples of one subject; of one eye, where eyes are named.
    Genuine,
    /// Samples of two subjects.
    Impostor,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Genuine => "genuine",
            Self::Impostor => "impostor",
        })
    }
}
