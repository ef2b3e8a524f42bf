//! What a set does to one comparison: noise stage by stage, the gray zone, bytes, time.

use serde::Serialize;

use crate::agreement::{AgreementError, Disclosure, Terms};
use crate::parameters::{Dimensions, Figure, ParameterSet, Unit};
use crate::planning::{Pace, Plan, PlanError, PlannedQuery, under};
use crate::scheme::GrayZone;
use crate::scheme::PredictedNoise;
use crate::scheme::bgv::laboratory::prediction::{self, Prediction};
use crate::scheme::hybrid;

/// Deviations of phi that must fit a quarter of the torus; closer, and an agreement is refused.
const LEAST_ROOM_LOG2: f64 = -5.0;

/// What a set does to one comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ComparisonCard {
    /// The metric's name.
    pub metric: &'static str,
    /// The shape of a template, in words.
    pub template: String,
    /// What the querier learns.
    pub disclosure: Disclosure,
    /// Whether verdicts are exact also at the threshold.
    pub exact: bool,
    /// What of the comparison is held to a limit.
    pub figures: Vec<Figure>,
    /// Noise after each stage, in the order of the flow.
    pub stages: Vec<PredictedNoise>,
    /// Where noise may tip a verdict; none under an exact scheme.
    pub gray_zone: Option<GrayZoneCard>,
    /// Time, bytes and memory for one probe and the largest gallery, predicted for the reference machine.
    pub plan: Plan,
}

/// The gray zone: see [`GrayZone`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct GrayZoneCard {
    /// One standard deviation in units of phi.
    pub deviation_phi: f64,
    /// One standard deviation in the metric's own unit.
    pub deviation_score: f64,
    /// In words.
    pub sentence: String,
}

impl ComparisonCard {
    pub(super) fn new(terms: &Terms, set: &ParameterSet) -> Result<Self, AgreementError> {
        terms.check()?;
        let (terms, functional) = under(terms, set)?;
        let terms = &terms;
        let misfit =
            |error: &dyn std::fmt::Display| AgreementError::field("encryption.parameter_set", error.to_string());
        let (figures, stages) = match set.dimensions() {
            Dimensions::Tfhe(set) => {
                let norm = functional.largest_weight_norm();
                let deviation = set.decision_variance(norm).log2() / 2.0;
                let figure = Figure::at_most("noise of a score, of the torus", deviation, LEAST_ROOM_LOG2, Unit::Log2);
                (vec![figure], set.predicted_noise(norm))
            }
            Dimensions::Bgv(set) => {
                of_ring(prediction::predict(set, &functional, terms).map_err(|error| misfit(&error))?)
            }
            Dimensions::Hybrid(set) => of_ring(
                hybrid::laboratory::prediction::predict(set, &functional, terms).map_err(|error| misfit(&error))?,
            ),
        };
        let pace = Pace::reference(set);
        let plan = PlannedQuery::largest(terms, &functional).plan(set, &pace, 0);
        let plan =
            plan.map_err(|error: PlanError| AgreementError::field("encryption.parameter_set", error.to_string()))?;
        let zone = GrayZone::of_comparison(terms, &functional, set, functional.largest_weight_norm());
        let gray_zone = (!functional.is_exact()).then(|| GrayZoneCard {
            deviation_phi: zone.phi_deviation(),
            deviation_score: zone.score_deviation(),
            sentence: zone.sentence(),
        });
        Ok(Self {
            metric: terms.comparison.metric(),
            template: functional.shape().to_string(),
            disclosure: terms.disclosure,
            exact: functional.is_exact(),
            figures,
            stages,
            gray_zone,
            plan,
        })
    }
}

/// What is left of a ring's modulus, and the noise of each stage.
fn of_ring(predicted: Prediction) -> (Vec<Figure>, Vec<PredictedNoise>) {
    let figures = vec![
        Figure::at_least("margin of noise", predicted.margin_bits, predicted.least_margin_bits, Unit::Bits),
        Figure::at_least("flooding", predicted.flooding_bits, predicted.least_flooding_bits, Unit::Bits),
    ];
    (figures, predicted.stages)
}
