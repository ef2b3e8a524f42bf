//! Bars.

use plotters::prelude::*;

use super::clip::{Point, Rectangle};
use super::look::{Dash, Hatch, Look};
use super::marks::OUTLINE;
use super::surface::{Failed, Surface};
use crate::report::Bar;

impl Surface<'_, '_> {
    /// Bars from zero (or from the edge, where zero lies beyond or has no place), under one outline.
    pub(crate) fn bars(&self, bars: &[Bar], look: Look) -> Result<(), Failed> {
        let (across, up) = (&self.rulers.0, &self.rulers.1);
        let ground = up.within(0.0, up.low);
        let style = look.colour.stroke_width(OUTLINE);
        let mut outline: Vec<Point> = Vec::new();
        for bar in bars {
            let (Some(from), Some(to)) = (across.scale.place(bar.from), across.scale.place(bar.to)) else { continue };
            let Some(height) = up.scale.place(bar.height) else { continue };
            let [from, to] = [from, to].map(|place| place.clamp(across.low, across.high));
            let height = height.clamp(up.low, up.high);
            if from >= to || height == ground {
                continue;
            }
            let corners = [(from, ground), (from, height), (to, height), (to, ground)].map(|corner| self.point(corner));
            self.hatched(Rectangle::around(&corners), look)?;
            let [start, top @ ..] = corners;
            // From the top of one bar to the top of the next, or from the ground after a gap.
            if outline.last().is_none_or(|end| (end.0 - start.0).abs() >= 1.0) {
                self.path(&outline, Dash::Solid, style)?;
                outline = vec![start];
            } else {
                outline.pop();
            }
            outline.extend(top);
        }
        self.path(&outline, Dash::Solid, style)
    }

    /// The inside of a bar.
    pub(crate) fn hatched(&self, area: Rectangle, look: Look) -> Result<(), Failed> {
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
}
