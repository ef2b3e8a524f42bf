//! What a plot is made of.
//!
//! A value that has no place on its axis (not finite; not positive on a logarithmic axis; not strictly between 0 and 1 on a
//! normal-deviate axis) is left out, and the figure says how many were.

use statrs::distribution::{ContinuousCDF, Normal};

/// A plot: series over two axes, with reference lines and shaded intervals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, the last on top.
    pub series: Vec<Series>,
    /// Reference lines, such as a threshold.
    pub rules: Vec<Rule>,
    /// Shaded intervals of x, such as a gray zone.
    pub bands: Vec<Band>,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Quantity and unit; beyond some 35 letters it is set smaller, and cut where it would be too small to read.
    pub label: String,
    /// How values are spread along it.
    pub scale: Scale,
    /// First and last value; all data, rules and bands where none is given, or where this one has no place on the scale.
    pub range: Option<(f64, f64)>,
}

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Even distances for even steps.
    #[default]
    Linear,
    /// By their logarithm.
    Log10,
    /// Probabilities by their normal deviate (probit), labelled in per cent: the axes of a DET curve.
    NormalDeviate,
}

/// Marks of one kind under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// How its values are drawn, and the values.
    pub marks: Marks,
}

/// How a series is drawn. Pairs are (x, y).
#[derive(Clone, Debug, PartialEq)]
pub enum Marks {
    /// A line through points, which are marked where they are few; broken where a point is left out.
    Line(Vec<(f64, f64)>),
    /// A line that keeps y from each x to the next.
    Steps(Vec<(f64, f64)>),
    /// Bars from zero, as of a histogram.
    Bars(Vec<Bar>),
    /// Points alone.
    Points(Vec<(f64, f64)>),
    /// Points with an interval of y.
    PointsWithIntervals(Vec<PointWithInterval>),
}

/// A bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Its first x.
    pub from: f64,
    /// Its last x.
    pub to: f64,
    /// Its y; a bar of height 0 is not seen, on a logarithmic axis either.
    pub height: f64,
}

/// A point with an interval of y, such as of confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointWithInterval {
    /// Where it stands.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// Lower end of the interval; drawn to the edge of the plot where it has no place on the axis.
    pub low: f64,
    /// Upper end of the interval, likewise.
    pub high: f64,
}

/// A reference line.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name in the legend, with its value.
    pub label: String,
    /// Where it lies.
    pub position: Position,
}

/// Where a reference line lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Position {
    /// Vertical, at this x.
    X(f64),
    /// Horizontal, at this y.
    Y(f64),
    /// Where y = x.
    Diagonal,
}

/// A shaded interval of x.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Its name in the legend.
    pub label: String,
    /// Its first x; minus infinity for the edge of the plot.
    pub from: f64,
    /// Its last x; infinity for the edge of the plot.
    pub to: f64,
}

impl Axis {
    /// An axis over all data.
    pub fn new(label: &str, scale: Scale) -> Axis {
        Axis { label: label.to_owned(), scale, range: None }
    }

    /// An axis from one value to another.
    pub fn over(label: &str, scale: Scale, from: f64, to: f64) -> Axis {
        Axis { label: label.to_owned(), scale, range: Some((from, to)) }
    }
}

impl Series {
    /// A series of marks under a name.
    pub fn new(name: &str, marks: Marks) -> Series {
        Series { name: name.to_owned(), marks }
    }
}

impl Scale {
    /// Where a value lies along the axis, in the scale's own unit; none where it has no place.
    pub(super) fn place(self, value: f64) -> Option<f64> {
        match self {
            // Beyond this, differences overflow.
            Scale::Linear => (value.abs() <= 1e300).then_some(value),
            Scale::Log10 => (value.is_finite() && value > 0.0).then(|| value.log10()),
            Scale::NormalDeviate => (value > 0.0 && value < 1.0).then(|| Normal::standard().inverse_cdf(value)),
        }
    }

    /// The value at a place.
    pub(super) fn value(self, place: f64) -> f64 {
        match self {
            Scale::Linear => place,
            Scale::Log10 => 10f64.powf(place),
            Scale::NormalDeviate => Normal::standard().cdf(place),
        }
    }
}
