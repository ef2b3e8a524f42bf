//! What data are compared with: reference lines and shaded intervals.

use plotters::prelude::*;

use super::clip::{Point, Rectangle};
use super::look::Dash;
use super::marks::OUTLINE;
use super::surface::{Failed, Surface};
use super::{Band, Position, Rule};

impl Surface<'_, '_> {
    /// A reference line.
    pub(crate) fn rule(&self, rule: &Rule, dash: Dash) -> Result<(), Failed> {
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
        self.path(&path, dash, BLACK.stroke_width(OUTLINE))
    }

    /// A shaded interval.
    pub(crate) fn band(&self, band: &Band) -> Result<(), Failed> {
        if band.from.is_nan() || band.to.is_nan() {
            return Ok(());
        }
        let (across, up) = (&self.rulers.0, &self.rulers.1);
        let beyond = |end: f64| if end == f64::INFINITY { across.high } else { across.low };
        let [from, to] = [band.from, band.to].map(|end| across.within(end, beyond(end)));
        if from >= to {
            return Ok(());
        }
        self.shade(Rectangle::around(&[self.point((from, up.low)), self.point((to, up.high))]))
    }

    fn shade(&self, area: Rectangle) -> Result<(), Failed> {
        self.fill(area, RGBColor(226, 226, 226).into())?;
        for x in [area.least.0, area.greatest.0] {
            self.path(
                &[(x, area.least.1), (x, area.greatest.1)],
                Dash::Solid,
                RGBColor(120, 120, 120).stroke_width(6),
            )?;
        }
        Ok(())
    }

    /// A reference line as a legend shows it.
    pub(crate) fn rule_sample(&self, dash: Dash) -> Result<(), Failed> {
        self.path(&[(0.0, 60.0), (340.0, 60.0)], dash, BLACK.stroke_width(OUTLINE))
    }

    /// A shaded interval as a legend shows it.
    pub(crate) fn band_sample(&self) -> Result<(), Failed> {
        self.shade(Rectangle { least: (30.0, 0.0), greatest: (310.0, 120.0) })
    }
}
