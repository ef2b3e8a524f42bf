//! How finely real vectors are rounded, where the agreement leaves it open.

use super::exact;
use super::{Functional, Metric};
use crate::agreement::{AgreementError, ComparisonTerms, Decimal, Terms};
use crate::parameters::ParameterSet;
use crate::parameters::bgv::BgvSet;
use crate::scheme::bgv::Demand;
use crate::template::TemplateShape;

/// Length of a probe under scheme `tfhe`, to which it costs nothing.
pub(crate) const PROBE_NORM: u32 = 16_384;
/// Length of a reference under scheme `tfhe`, where rounding it (0.29/R of a cosine) and the noise it multiplies balance
/// (docs/protocol.md, section 3).
pub(crate) const REFERENCE_NORM: u32 = 256;
/// Lengths that are tried for an exact scheme, the finest first. Longer ones never fit; shorter ones move a cosine by more than 0.013.
const EXACT_LENGTHS: std::ops::RangeInclusive<u32> = 32..=128;

/// The metric of a comparison, with the lengths or the scale that the agreement leaves open: the usual ones of scheme `tfhe`, or the
/// finest that a set of scheme `bgv` admits.
pub(super) fn metric(terms: &Terms, set: &ParameterSet) -> Result<Metric, AgreementError> {
    let (shape, comparison) = (terms.template.shape(), &terms.comparison);
    match set {
        ParameterSet::Tfhe(_) => Metric::new(shape, &with_lengths(comparison, PROBE_NORM, REFERENCE_NORM), false),
        ParameterSet::Bgv(set) => finest(shape, terms, set),
    }
}

fn finest(shape: TemplateShape, terms: &Terms, set: &BgvSet) -> Result<Metric, AgreementError> {
    let comparison = &terms.comparison;
    let at = |length| {
        let metric = Metric::new(shape, &with_lengths(comparison, length, length), true)?;
        exact::admit(&metric, terms, set).map(|_| metric)
    };
    let coarsest = *EXACT_LENGTHS.start();
    let left_open = with_lengths(comparison, coarsest, coarsest) != *comparison;
    let fits = left_open.then(|| EXACT_LENGTHS.rev().find_map(|length| at(length).ok())).flatten();
    fits.map_or_else(|| at(coarsest), Ok)
}

/// Terms under which probes and references have these integer lengths, where they leave it open; `None` where they do not.
pub(crate) fn of_lengths(terms: &Terms, probe: u32, reference: u32) -> Option<Terms> {
    let comparison = with_lengths(&terms.comparison, probe, reference);
    (comparison != terms.comparison).then(|| Terms { comparison, ..terms.clone() })
}

/// What the comparison asks of a set of scheme `bgv`, whichever it is; lengths must be given.
pub(crate) fn exact_demand(terms: &Terms) -> Result<Demand, AgreementError> {
    let metric = Metric::new(terms.template.shape(), &terms.comparison, true)?;
    Ok(exact::demand(&metric, terms))
}

/// The comparison with these lengths, or the scale that gives the longest vector the second, where it names none.
fn with_lengths(comparison: &ComparisonTerms, probe: u32, reference: u32) -> ComparisonTerms {
    let mut comparison = comparison.clone();
    match &mut comparison {
        ComparisonTerms::Cosine { probe_norm, reference_norm, .. } => {
            probe_norm.get_or_insert(probe);
            reference_norm.get_or_insert(reference);
        }
        ComparisonTerms::InnerProduct { scale, maximum_norm, .. }
        | ComparisonTerms::SquaredEuclidean { scale, maximum_norm, .. } => {
            scale.get_or_insert(scale_for(*maximum_norm, reference));
        }
        ComparisonTerms::Hamming { .. } | ComparisonTerms::FractionalHamming { .. } => {}
    }
    comparison
}

impl Functional {
    /// The comparison with the lengths or the scale that were left open as they were chosen.
    pub(crate) fn stated(&self, comparison: &ComparisonTerms) -> ComparisonTerms {
        match self.metric {
            Metric::Cosine { probe_norm, reference_norm, .. } => with_lengths(comparison, probe_norm, reference_norm),
            Metric::InnerProduct { scale: chosen, .. } | Metric::SquaredEuclidean { scale: chosen, .. } => {
                let mut comparison = comparison.clone();
                if let ComparisonTerms::InnerProduct { scale, .. } | ComparisonTerms::SquaredEuclidean { scale, .. } =
                    &mut comparison
                {
                    // It came from a decimal, which is its nearest.
                    let billionths = (chosen * Decimal::ONE as f64).round() as i64;
                    scale.get_or_insert(Decimal::from_billionths(billionths));
                }
                comparison
            }
            Metric::Hamming { .. } | Metric::FractionalHamming { .. } => comparison.clone(),
        }
    }
}

/// The length over the norm, to three digits after the point; 1 for a norm that has no sense (refused later).
pub(crate) fn scale_for(maximum_norm: Decimal, length: u32) -> Decimal {
    match maximum_norm.billionths() {
        norm if norm > 0 => {
            let scale = i128::from(length) * i128::from(Decimal::ONE) * 1000 / i128::from(norm);
            Decimal::from_billionths(scale.clamp(1, 1_000_000_000) as i64 * (Decimal::ONE / 1000))
        }
        _ => Decimal::from_billionths(Decimal::ONE),
    }
}
