//! Accuracy on labelled templates that one holds oneself: does encryption change a decision, and what are the error rates?
//!
//! Three columns stand side by side: *float*, the scores of the templates as they were read; *oracle*, the scores of the integers that are
//! encrypted, compared in the clear; *encrypted*, the verdicts of real exchanges on all pairs or on a stated sample, and the flips that the
//! noise formulas predict for all of them. Files in the order data flows: `dataset` (whose templates, what each pair is evidence for),
//! `scores` with `float` and `scale`, `rates`, `interval` and `bootstrap`, `identification`, `operating`, `encrypted`, and `card`, which is
//! reported.
//!
//! One program plays both parties here, with keys that are thrown away: nothing of this module belongs into an exchange.

mod bootstrap;
mod card;
mod carried;
mod dataset;
mod dependent;
mod encrypted;
mod evaluation;
mod float;
mod identification;
mod interval;
mod kind;
mod listed;
mod lookup;
mod operating;
#[cfg(feature = "report")]
mod page;
mod pairs;
#[cfg(feature = "report")]
pub(crate) mod plots;
mod rates;
mod remarks;
mod sample;
mod scale;
mod scores;
mod tally;
#[cfg(test)]
mod tests;
pub(crate) mod trial;

pub use bootstrap::REPLICATES;
pub use card::*;
pub use carried::{CarriedOver, CarriedOverError, carry_over};
pub use dataset::{Dataset, FailureToEnrol, Sample, Samples};
pub use encrypted::{DrawnVerdicts, Encrypted, EncryptedError, GoOn, pairwise};
pub use evaluation::Evaluation;
pub use interval::{CONFIDENCE, INTERVALS, Interval, Proportion, clopper_pearson, share};
pub use kind::Kind;
pub use lookup::{ListedError, UnknownName};
pub use operating::OperatingPoint;
#[cfg(feature = "report")]
pub use page::page;
pub use pairs::{ListedPair, PairListError, pair_list};
pub use rates::{Distribution, Point};
pub use sample::{Against, Amount, Drawn, Selection, Stratum, Unit};
pub use scale::{Scale, number};
pub use scores::{Comparer, PAIRS_LIMIT, Pair, Scores};
pub(crate) use tally::changed;
pub use tally::{Decided, Flip, FlipBin, RatesOfPairs, flip_probability};

use std::borrow::Cow;

use crate::remedy::Remedy;
use crate::scheme::Stopped;
use crate::words::counted;

/// Why templates cannot be evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// Every template is refused.
    #[error("every one of {} is refused, the first because: {first}", counted(*given, "template"))]
    NothingEnrolled {
        /// Templates given.
        given: usize,
        /// The first reason.
        first: String,
    },
    /// No two samples of one subject.
    #[error("there is no genuine pair: no two of the samples of {} are of one subject", counted(*subjects, "subject"))]
    NoGenuinePair {
        /// Subjects that were given.
        subjects: usize,
    },
    /// All samples are of one subject.
    #[error("there is no impostor pair: all samples are of one subject")]
    NoImpostorPair,
    /// Too many pairs to keep the scores of.
    #[error("{actual} pairs where at most {limit} are evaluated at once")]
    TooManyPairs {
        /// Pairs that the templates make.
        actual: usize,
        /// The limit.
        limit: usize,
    },
    /// A score overflows.
    #[error("the score of record {probe} with record {reference} is not a finite number")]
    NotFinite {
        /// Record of the probe.
        probe: usize,
        /// Record of the reference.
        reference: usize,
    },
    /// All scores are equal.
    #[error("every pair has the same score, {score}: nothing can be told apart")]
    ConstantScores {
        /// The score.
        score: f64,
    },
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Remedy for EvaluateError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::NothingEnrolled { .. } => "give templates of the agreed shape",
            Self::NoGenuinePair { .. } => "give subjects with two samples, with the same id each",
            Self::NoImpostorPair => "give samples of several subjects",
            Self::TooManyPairs { .. } => "give a part of the templates",
            Self::NotFinite { .. } => "give templates of sensible size",
            Self::ConstantScores { .. } => "check the templates",
            _ => return None,
        };
        Some(remedy.into())
    }
}
