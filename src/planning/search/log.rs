//! What a search has weighed, what it refused, and how near the refused came.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why a candidate is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CandidateRefusal {
    /// No noise that leaves room for a message makes a key of this dimension secure enough; or the modulus is too large for the ring.
    Security,
    /// A gate errs more often than once in 2^128.
    GateFailure,
    /// A verdict is bootstrapped or decrypted wrongly more often than that.
    VerdictFailure,
    /// The noise of an answer is not drowned.
    Flooding,
    /// The noise of the circuit needs a larger modulus.
    Noise,
    /// The comparison does not fit: too many coordinates, scores out of range, or a disclosure that the variant does not answer.
    Comparison,
    /// Noise and rounding are wider than was asked for.
    Deviation,
}

impl CandidateRefusal {
    /// For people: what was not met.
    pub(crate) fn clause(self) -> &'static str {
        match self {
            Self::Security => "not secure enough",
            Self::GateFailure => "a gate would err more often than once in 2^128",
            Self::VerdictFailure => "a verdict would err more often than once in 2^128",
            Self::Flooding => "the noise of an answer would not be drowned",
            Self::Noise => "the noise of the circuit needs a larger modulus",
            Self::Comparison => "the comparison does not fit",
            Self::Deviation => "noise and rounding are wider than asked for",
        }
    }
}

/// What is counted on the way, by all threads.
#[derive(Default)]
pub(super) struct Log(Mutex<Counts>);

#[derive(Default)]
pub(super) struct Counts {
    pub(super) weighed: u64,
    pub(super) refused: BTreeMap<CandidateRefusal, u64>,
    /// Of each demand that was not met, by how much at least, and in words.
    pub(super) shortfalls: BTreeMap<CandidateRefusal, (f64, String)>,
}

impl Log {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn weighed(&self) {
        self.counts().weighed += 1;
    }

    pub(super) fn refused(&self, refusal: CandidateRefusal, shortfall: f64, words: impl FnOnce() -> String) {
        let mut counts = self.counts();
        *counts.refused.entry(refusal).or_default() += 1;
        if counts.shortfalls.get(&refusal).is_none_or(|(least, _)| shortfall < *least) {
            counts.shortfalls.insert(refusal, (shortfall, words()));
        }
    }

    pub(super) fn into_inner(self) -> Counts {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
