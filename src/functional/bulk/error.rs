//! What is wrong with what a result is to be written to.

use std::borrow::Cow;

use crate::remedy::Remedy;

/// Why pairs are not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BulkError {
    /// There are fewer probes.
    #[error("probes up to {end} where there are {probes}")]
    Probes {
        /// Behind the last that was asked for.
        end: usize,
        /// Probes that there are.
        probes: usize,
    },
    /// Room for more or fewer pairs.
    #[error("{what}: room for {found} pairs, but there are {expected}")]
    Length {
        /// `scores` or `hits`.
        what: &'static str,
        /// Pairs to be judged.
        expected: usize,
        /// Pairs that there is room for.
        found: usize,
    },
}

impl Remedy for BulkError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Probes { .. } => "ask for probes that there are",
            Self::Length { .. } => "give one place for each probe with each reference",
        };
        Some(remedy.into())
    }
}
