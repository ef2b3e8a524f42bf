//! How series differ: colour, dash, marker and hatching, each enough by itself for the first four.

use plotters::style::RGBColor;

/// The colours of Okabe and Ito (2008), "Color universal design", told apart by colour-blind readers; black is for reference lines.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// The look of a series.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub colour: RGBColor,
    pub dash: Dash,
    pub marker: Marker,
    pub hatch: Hatch,
}

/// Lengths of a line's dashes and of the gaps between them, in units of the drawing.
#[derive(Clone, Copy)]
pub(super) enum Dash {
    Solid,
    Dashed(i32, i32),
}

/// The shape of a point.
#[derive(Clone, Copy)]
pub(super) enum Marker {
    Disc,
    Square,
    Triangle,
    Ring,
    Cross,
}

/// How a bar is filled.
#[derive(Clone, Copy)]
pub(super) enum Hatch {
    Tint,
    Rising,
    Falling,
    Empty,
}

impl Look {
    /// The look of the series at an index.
    pub(crate) fn of(index: usize) -> Look {
        let dash = match index % 4 {
            0 => Dash::Solid,
            1 => Dash::Dashed(70, 40),
            2 => Dash::Dashed(18, 30),
            _ => Dash::Dashed(160, 50),
        };
        let marker = match index % 5 {
            0 => Marker::Disc,
            1 => Marker::Square,
            2 => Marker::Triangle,
            3 => Marker::Ring,
            _ => Marker::Cross,
        };
        let hatch = match index % 4 {
            0 => Hatch::Tint,
            1 => Hatch::Rising,
            2 => Hatch::Falling,
            _ => Hatch::Empty,
        };
        let colour = COLOURS.get(index % COLOURS.len()).copied().unwrap_or(RGBColor(0, 0, 0));
        Look { colour, dash, marker, hatch }
    }
}

impl Dash {
    /// The dash of the reference line at an index; finer than those of series.
    pub(crate) fn of_rule(index: usize) -> Dash {
        match index % 3 {
            0 => Dash::Dashed(40, 25),
            1 => Dash::Dashed(10, 20),
            _ => Dash::Dashed(110, 30),
        }
    }
}
