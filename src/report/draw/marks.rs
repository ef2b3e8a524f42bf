//! The marks of each kind.

use plotters::prelude::*;

use super::clip::{Point, Rectangle};
use super::look::{Dash, Look, Marker};
use super::surface::{Failed, Surface};
use super::{Marks, PointWithInterval, Series};

/// Width of a series' line, in units of the drawing.
const LINE: u32 = 16;

/// Width of outlines, intervals and reference lines, in units.
pub(super) const OUTLINE: u32 = 12;

/// Half the width of a marker, in units.
const MARKER: f64 = 28.0;

/// A line of at most so many points has them marked.
const FEW: usize = 24;

/// A point nearer than this to the one before, in units, is not drawn again.
const SAME: f64 = 4.0;

impl Surface<'_, '_> {
    /// All marks of a series.
    pub(crate) fn series(&self, series: &Series, look: Look) -> Result<(), Failed> {
        match &series.marks {
            Marks::Line(points) => self.runs(points, look, points.len() <= FEW),
            Marks::Steps(points) => self.runs(&steps(points), look, false),
            Marks::Points(points) => {
                points.iter().filter_map(|point| self.place(*point)).try_for_each(|at| self.marker(at, look))
            }
            Marks::Bars(bars) => self.bars(bars, look),
            Marks::PointsWithIntervals(points) => {
                points.iter().try_for_each(|one| self.point_with_interval(*one, look))
            }
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

    /// A point with its interval.
    fn point_with_interval(
        &self,
        PointWithInterval { x, y, low, high }: PointWithInterval,
        look: Look,
    ) -> Result<(), Failed> {
        let Some(point) = self.place((x, y)) else { return Ok(()) };
        let up = &self.rulers.1;
        if let (Some(across), false) = (self.rulers.0.scale.place(x), low.is_nan() || high.is_nan()) {
            let ends = [up.within(low, up.low), up.within(high, up.high)];
            let feet = ends.map(|end| up.low < end && end < up.high);
            self.interval(ends.map(|end| self.point((across, end))), look, feet)?;
        }
        self.marker(point, look)
    }

    /// An interval between two points above each other; an end that lies beyond the plot has no foot.
    fn interval(&self, ends: [Point; 2], look: Look, feet: [bool; 2]) -> Result<(), Failed> {
        let style = look.colour.stroke_width(OUTLINE);
        self.path(&ends, Dash::Solid, style)?;
        let feet = ends.iter().zip(feet).filter(|(_, foot)| *foot);
        feet.map(|(end, _)| end).try_for_each(|(x, y)| self.path(&[(x - 25.0, *y), (x + 25.0, *y)], Dash::Solid, style))
    }

    /// The marker of a point, if it lies inside.
    fn marker(&self, at: Point, look: Look) -> Result<(), Failed> {
        if !self.edges.holds(at) {
            return Ok(());
        }
        let style: ShapeStyle = look.colour.stroke_width(OUTLINE);
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

    /// A mark as a legend shows it.
    pub(crate) fn sample(&self, marks: &Marks, look: Look) -> Result<(), Failed> {
        let middle = (170.0, 60.0);
        match marks {
            Marks::Line(points) => {
                self.path(&[(0.0, 60.0), (340.0, 60.0)], look.dash, look.colour.stroke_width(LINE))?;
                if points.len() <= FEW { self.marker(middle, look) } else { Ok(()) }
            }
            Marks::Steps(_) => self.path(&[(0.0, 60.0), (340.0, 60.0)], look.dash, look.colour.stroke_width(LINE)),
            Marks::Points(_) => self.marker(middle, look),
            Marks::PointsWithIntervals(_) => {
                self.interval([(170.0, 8.0), (170.0, 112.0)], look, [true, true])?;
                self.marker(middle, look)
            }
            Marks::Bars(_) => {
                let [least, greatest] = [(30.0, 10.0), (310.0, 110.0)];
                self.hatched(Rectangle { least, greatest }, look)?;
                let corners = [least, (greatest.0, least.1), greatest, (least.0, greatest.1), least];
                self.path(&corners, Dash::Solid, look.colour.stroke_width(OUTLINE))
            }
        }
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
