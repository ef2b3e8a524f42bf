//! Noise as it is written: what text and page are made from.

use serde::Serialize;

use super::machine::{Machine, Versions};
use crate::scheme::Measurement;

/// Noise of several parameter sets, as it is written.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub machine: &'a Machine,
    pub versions: &'a Versions,
    pub seed: u64,
    pub sets: Vec<SetNoise>,
}

/// Noise of one parameter set.
#[derive(Serialize)]
pub(super) struct SetNoise {
    pub parameter_set: String,
    #[serde(flatten)]
    pub measurement: Measurement,
    /// Measured over predicted deviation, stage by stage.
    pub ratios: Vec<Ratio>,
}

/// Measured over predicted.
#[derive(Serialize)]
pub(super) struct Ratio {
    pub stage: &'static str,
    pub ratio: f64,
}
