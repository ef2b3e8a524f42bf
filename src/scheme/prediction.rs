//! How noisy a ciphertext is after one stage, in numbers that all schemes share: for parameter cards.

use serde::Serialize;

/// The noise after one stage, by the scheme's own formulas.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PredictedNoise {
    /// The step of the flow, in words.
    pub stage: &'static str,
    /// log2 of the noise. Scheme `tfhe`: a standard deviation, as a share of the torus; `bgv`: the peak of the phase; `hybrid`: a standard
    /// deviation in steps of B until it is judged, then as `bgv`.
    pub noise_log2: f64,
    /// log2 of the modulus. Scheme `tfhe`: 0, the torus itself; `hybrid`, in steps: of 2 B.
    pub modulus_log2: f64,
    /// Bits between the noise and where it would make a number unreadable. Scheme `tfhe`: to the other side of a decision, where that does
    /// not depend on the pair; `bgv`: of the bound of a coefficient, to half the modulus, where noise is not added on purpose; `hybrid`, in
    /// steps: none.
    pub margin_bits: Option<f64>,
}
