//! An axis that knows its range: from values to the drawing's units, through `plotters`' trait for axes.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::ticks::{Room, Tick, ticks};
use super::{Axis, Scale};

/// The share of an axis that is left free beyond the outermost data.
const MARGIN: f64 = 0.04;

/// An axis with its range and its ticks. Coordinates are places (`Scale::place`), not values.
#[derive(Clone)]
pub(super) struct Ruler {
    pub scale: Scale,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<Tick>,
}

impl Ruler {
    /// The axis over its own range, or else over these places.
    pub fn new(axis: &Axis, places: &[f64], room: Room) -> Ruler {
        let (low, high) = range(axis, places);
        Ruler { scale: axis.scale, low, high, ticks: ticks(axis.scale, low, high, room) }
    }

    /// The place of a value, moved to the end of the axis where it lies beyond; `otherwise` where it has none.
    pub fn within(&self, value: f64, otherwise: f64) -> f64 {
        self.scale.place(value).unwrap_or(otherwise).clamp(self.low, self.high)
    }
}

/// First and last place of an axis over its own range, or else over these places.
pub(super) fn range(axis: &Axis, places: &[f64]) -> (f64, f64) {
    stated(axis).unwrap_or_else(|| around(axis.scale, places))
}

/// The range that the axis states, if it can be drawn.
fn stated(axis: &Axis) -> Option<(f64, f64)> {
    let (from, to) = axis.range?;
    let (low, high) = (axis.scale.place(from)?, axis.scale.place(to)?);
    (low < high && (high - low).is_finite()).then_some((low, high))
}

/// A range around places, with some margin; a linear axis starts at zero where that is near.
fn around(scale: Scale, places: &[f64]) -> (f64, f64) {
    let low = places.iter().copied().fold(f64::INFINITY, f64::min);
    let high = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !(high - low).is_finite() {
        return (0.0, 1.0);
    }
    let from_zero = scale == Scale::Linear && low >= 0.0 && low < 0.4 * high;
    let low = if from_zero { 0.0 } else { low };
    // One value alone stands in the middle.
    let nothing = f64::EPSILON * low.abs().max(high.abs());
    let margin = if high - low <= nothing { low.abs().max(1.0) / 2.0 } else { MARGIN * (high - low) };
    (if from_zero { 0.0 } else { low - margin }, high + margin)
}

impl Ranged for Ruler {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, limit: (i32, i32)) -> i32 {
        let share = (place - self.low) / (self.high - self.low);
        let length = f64::from(limit.1) - f64::from(limit.0);
        (f64::from(limit.0) + share * length).round() as i32
    }

    /// Labelled ticks where few are asked for, the unlabelled ones too where any will do.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let all = hint.weight().allow_light_points();
        self.ticks.iter().filter(|tick| all || !tick.label.is_empty()).map(|tick| tick.place).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Ruler {
    fn format_ext(&self, place: &f64) -> String {
        self.ticks.iter().find(|tick| tick.place == *place).map(|tick| tick.label.clone()).unwrap_or_default()
    }
}
