//! The marks of each kind.

use plotters::prelude::*;

use super::clip::{Point, Rectangle};
use super::look::{Dash, Hatch, Look, Marker};
use super::surface::{Failed, Surface};
use super::{Band, Estimate, Marks, Position, Rule, Series};
use crate::report::Bar;

/// Width of a series' line, in units of the drawing.
const LINE: u32 = 16;

/// Half the width of a marker, in units.
const MARKER: f64 = 28.0;

/// A line of at most so many points has them marked.
const FEW: usize = 24;

/// A point nearer than this to the one before, in units, is not drawn again.
const SAME: f64 = 4.0;

impl Surface<'_, '_> {
    /// All marks of a series.
    pub fn series(&self, series: &Series, look: Look) -> Result<(), Failed> {
        match &series.marks {
            Marks::Line(points) => self.runs(points, look, points.len() <= FEW),
            Marks::Steps(points) => self.runs(&steps(points), look, false),
            Marks::Points(points) => {
                points.iter().filter_map(|point| self.place(*point)).try_for_each(|at| self.marker(at, look))
            }
            Marks::Bars(bars) => self.bars(bars, look),
            Marks::PointsWithIntervals(estimates) => estimates.iter().try_for_each(|one| self.estimate(*one, look)),
        }
    }

    /// The unit of values; none where they have no place.
    fn place(&self, (x, y): Point) -> Option<Point> {
        Some(self.point((self.rulers.0.scale.place(x)?, self.rulers.1.scale.place(y)?)))
    }

    /// A line, broken where a point has no place; a point between two such stands alone.
    fn runs(&self, points: &[Point], look: Look, marked: bool) -> Result<(), Failed> {
        let placed: Vec<Option<Point>> = points.iter().map(|point| self.place(*point)).collect();
        for run in placed.split(|point| point.is_none()) {
            let run: Vec<Point> = run.iter().copied().flatten().collect();
            self.path(&thinned(&run), look.dash, look.colour.stroke_width(LINE))?;
            if marked || run.len() == 1 {
                run.into_iter().try_for_each(|point| self.marker(point, look))?;
            }
        }
        Ok(())
    }

    /// Bars from zero (or from the edge, where zero lies beyond or has no place), under one outline.
    fn bars(&self, bars: &[Bar], look: Look) -> Result<(), Failed> {
        let (across, up) = (&self.rulers.0, &self.rulers.1);
        let ground = up.within(0.0, up.low);
        let mut outline: Vec<Point> = Vec::new();
        let mut end = f64::NAN;
        for bar in bars {
            let (Some(from), Some(to)) = (across.scale.place(bar.from), across.scale.place(bar.to)) else { continue };
            let Some(height) = up.scale.place(bar.height) else { continue };
            let [from, to] = [from, to].map(|place| place.clamp(across.low, across.high));
            let height = height.clamp(up.low, up.high);
            let corners = [(from, ground), (from, height), (to, height), (to, ground)].map(|corner| self.point(corner));
            if from < to && height != ground {
                self.hatched(around(&corners), look)?;
            }
            if from != end {
                self.path(&outline, Dash::Solid, look.colour.stroke_width(LINE * 3 / 4))?;
                outline.clear();
            }
            outline.pop();
            outline.extend(corners);
            end = to;
        }
        self.path(&outline, Dash::Solid, look.colour.stroke_width(LINE * 3 / 4))
    }

    /// The inside of a bar.
    fn hatched(&self, area: Rectangle, look: Look) -> Result<(), Failed> {
        let slope = match look.hatch {
            Hatch::Tint => return self.fill(area, look.colour.mix(0.3).into()),
            Hatch::Empty => return Ok(()),
            Hatch::Rising => -1.0,
            Hatch::Falling => 1.0,
        };
        // Lines y = slope * x + n * 45, the same for all bars, so that they go on from one to the next.
        let offset = |(x, y): Point| (y - slope * x) / 45.0;
        let corners =
            [area.least, (area.greatest.0, area.least.1), (area.least.0, area.greatest.1), area.greatest].map(offset);
        let first = corners.iter().copied().fold(f64::INFINITY, f64::min).ceil() as i32;
        let last = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max).floor() as i32;
        for line in first..=last {
            let at = |x: f64| (x, slope * x + 45.0 * f64::from(line));
            if let Some((from, to)) = area.cut(at(area.least.0), at(area.greatest.0)) {
                self.path(&[from, to], Dash::Solid, look.colour.stroke_width(6))?;
            }
        }
        Ok(())
    }

    /// A point with its interval.
    fn estimate(&self, Estimate { x, y, low, high }: Estimate, look: Look) -> Result<(), Failed> {
        let Some(point) = self.place((x, y)) else { return Ok(()) };
        let up = &self.rulers.1;
        if let (Some(across), false) = (self.rulers.0.scale.place(x), low.is_nan() || high.is_nan()) {
            let ends = [up.within(low, up.low), up.within(high, up.high)].map(|end| self.point((across, end)));
            self.interval(ends, look)?;
        }
        self.marker(point, look)
    }

    /// An interval between two points above each other, with feet.
    fn interval(&self, ends: [Point; 2], look: Look) -> Result<(), Failed> {
        let style = look.colour.stroke_width(LINE * 3 / 4);
        self.path(&ends, Dash::Solid, style)?;
        ends.iter().try_for_each(|(x, y)| self.path(&[(x - 25.0, *y), (x + 25.0, *y)], Dash::Solid, style))
    }

    /// The marker of a point, if it lies inside.
    fn marker(&self, at: Point, look: Look) -> Result<(), Failed> {
        if !self.edges.holds(at) {
            return Ok(());
        }
        let style: ShapeStyle = look.colour.stroke_width(LINE * 3 / 4);
        let from =
            |corners: &[Point]| corners.iter().map(|(x, y)| (at.0 + x * MARKER, at.1 + y * MARKER)).collect::<Vec<_>>();
        match look.marker {
            Marker::Disc => self.circle(at, MARKER as u32, style.filled()),
            Marker::Square => self.polygon(&from(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]), style),
            Marker::Triangle => self.polygon(&from(&[(0.0, -1.2), (1.1, 0.9), (-1.1, 0.9)]), style),
            Marker::Ring => {
                self.circle(at, MARKER as u32, WHITE.filled())?;
                self.circle(at, MARKER as u32, style)
            }
            Marker::Cross => {
                self.path(&from(&[(-1.0, -1.0), (1.0, 1.0)]), Dash::Solid, style)?;
                self.path(&from(&[(-1.0, 1.0), (1.0, -1.0)]), Dash::Solid, style)
            }
        }
    }

    /// A reference line.
    pub fn rule(&self, rule: &Rule, dash: Dash) -> Result<(), Failed> {
        let (across, up) = (&self.rulers.0, &self.rulers.1);
        let path: Vec<Point> = match rule.position {
            Position::X(x) => {
                let Some(x) = across.scale.place(x) else { return Ok(()) };
                vec![(x, up.low), (x, up.high)]
            }
            Position::Y(y) => {
                let Some(y) = up.scale.place(y) else { return Ok(()) };
                vec![(across.low, y), (across.high, y)]
            }
            Position::Diagonal => {
                let step = (across.high - across.low) / 100.0;
                let places = (0..=100).map(|n| across.low + f64::from(n) * step);
                places.filter_map(|x| Some((x, up.scale.place(across.scale.value(x))?))).collect()
            }
        };
        let path: Vec<Point> = path.into_iter().map(|place| self.point(place)).collect();
        self.path(&path, dash, BLACK.stroke_width(LINE * 3 / 4))
    }

    /// A shaded interval.
    pub fn band(&self, band: &Band) -> Result<(), Failed> {
        if band.from.is_nan() || band.to.is_nan() {
            return Ok(());
        }
        let (across, up) = (&self.rulers.0, &self.rulers.1);
        let beyond = |end: f64| if end == f64::INFINITY { across.high } else { across.low };
        let [from, to] = [band.from, band.to].map(|end| across.within(end, beyond(end)));
        if from >= to {
            return Ok(());
        }
        self.shade(around(&[self.point((from, up.low)), self.point((to, up.high))]))
    }

    fn shade(&self, area: Rectangle) -> Result<(), Failed> {
        self.fill(area, RGBColor(222, 222, 222).into())
    }

    /// A mark as a legend shows it.
    pub fn sample(&self, marks: &Marks, look: Look) -> Result<(), Failed> {
        let middle = (170.0, 60.0);
        match marks {
            Marks::Line(points) => {
                self.path(&[(0.0, 60.0), (340.0, 60.0)], look.dash, look.colour.stroke_width(LINE))?;
                if points.len() <= FEW { self.marker(middle, look) } else { Ok(()) }
            }
            Marks::Steps(_) => self.path(&[(0.0, 60.0), (340.0, 60.0)], look.dash, look.colour.stroke_width(LINE)),
            Marks::Points(_) => self.marker(middle, look),
            Marks::PointsWithIntervals(_) => {
                self.interval([(170.0, 8.0), (170.0, 112.0)], look)?;
                self.marker(middle, look)
            }
            Marks::Bars(_) => {
                let [least, greatest] = [(30.0, 10.0), (310.0, 110.0)];
                self.hatched(Rectangle { least, greatest }, look)?;
                let corners = [least, (greatest.0, least.1), greatest, (least.0, greatest.1), least];
                self.path(&corners, Dash::Solid, look.colour.stroke_width(LINE * 3 / 4))
            }
        }
    }

    /// A reference line as a legend shows it.
    pub fn rule_sample(&self, dash: Dash) -> Result<(), Failed> {
        self.path(&[(0.0, 60.0), (340.0, 60.0)], dash, BLACK.stroke_width(LINE * 3 / 4))
    }

    /// A shaded interval as a legend shows it.
    pub fn band_sample(&self) -> Result<(), Failed> {
        self.shade(Rectangle { least: (30.0, 0.0), greatest: (310.0, 120.0) })
    }
}

/// The corners of a line that keeps y from each x to the next.
fn steps(points: &[Point]) -> Vec<Point> {
    let corners = points.iter().zip(points.iter().skip(1)).flat_map(|(from, to)| [*from, (to.0, from.1)]);
    corners.chain(points.last().copied()).collect()
}

/// A path without the points that would not be seen apart.
fn thinned(path: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for point in path {
        if kept.last().is_none_or(|last| (last.0 - point.0).abs().max((last.1 - point.1).abs()) >= SAME) {
            kept.push(*point);
        }
    }
    // The line ends where the data end.
    if kept.last() != path.last() {
        kept.extend(path.last());
    }
    kept
}

/// The rectangle around points.
fn around(points: &[Point]) -> Rectangle {
    let least = |of: fn(&Point) -> f64| points.iter().map(of).fold(f64::INFINITY, f64::min);
    let greatest = |of: fn(&Point) -> f64| points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    Rectangle {
        least: (least(|point| point.0), least(|point| point.1)),
        greatest: (greatest(|point| point.0), greatest(|point| point.1)),
    }
}
