//! What is drawn on: a picture and, in it, the rectangle of the plot.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::clip::{Point, Rectangle};
use super::look::Dash;
use super::{Ruler, units};

/// A failure of the drawing library; writing to memory, it has none to report.
pub(super) type Failed = DrawingAreaErrorKind<std::io::Error>;

/// The whole picture.
pub(super) type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Size of a legend's picture of a mark, in pixels.
const KEY: (f64, f64) = (34.0, 12.0);

/// A picture and the rectangle in it that marks are drawn in.
pub(super) struct Surface<'a, 'b> {
    root: &'a Root<'b>,
    pub rulers: (Ruler, Ruler),
    pub edges: Rectangle,
}

impl<'a, 'b> Surface<'a, 'b> {
    /// The rectangle of these ranges of units, under these axes.
    pub(crate) fn new(root: &'a Root<'b>, rulers: (Ruler, Ruler), (x, y): (Range<i32>, Range<i32>)) -> Surface<'a, 'b> {
        let least = (f64::from(x.start), f64::from(y.start));
        // `plotters` maps the end of an axis to the last unit inside.
        let greatest = (f64::from(x.end), f64::from(y.end));
        Surface { root, rulers, edges: Rectangle { least, greatest } }
    }

    /// The unit of places on the axes.
    pub(crate) fn point(&self, (x, y): Point) -> Point {
        let across = Range { start: self.edges.least.0, end: self.edges.greatest.0 };
        let up = Range { start: self.edges.greatest.1, end: self.edges.least.1 };
        (along(&self.rulers.0, x, across), along(&self.rulers.1, y, up))
    }

    /// A path, cut at the edges.
    pub(crate) fn path(&self, path: &[Point], dash: Dash, style: ShapeStyle) -> Result<(), Failed> {
        for part in self.edges.cut_path(path) {
            let part: Vec<(i32, i32)> = part.into_iter().map(whole).collect();
            match dash {
                Dash::Solid => self.root.draw(&PathElement::new(part, style))?,
                Dash::Dashed(length, gap) => self.root.draw(&DashedPathElement::new(part, length, gap, style))?,
            }
        }
        Ok(())
    }

    /// A filled rectangle, which must lie inside.
    pub(crate) fn fill(&self, area: Rectangle, style: ShapeStyle) -> Result<(), Failed> {
        self.root.draw(&plotters::element::Rectangle::new([whole(area.least), whole(area.greatest)], style.filled()))
    }

    /// A filled polygon.
    pub(crate) fn polygon(&self, corners: &[Point], style: ShapeStyle) -> Result<(), Failed> {
        self.root.draw(&Polygon::new(corners.iter().copied().map(whole).collect::<Vec<_>>(), style.filled()))
    }

    /// A circle of a radius in units.
    pub(crate) fn circle(&self, centre: Point, radius: u32, style: ShapeStyle) -> Result<(), Failed> {
        self.root.draw(&Circle::new(whole(centre), radius, style))
    }
}

/// The unit of a place on an axis that takes up a range of units; finite, however far away the place is.
fn along(ruler: &Ruler, place: f64, units: Range<f64>) -> f64 {
    (units.start + (place - ruler.low) / (ruler.high - ruler.low) * (units.end - units.start)).clamp(-1e9, 1e9)
}

/// The nearest whole units.
fn whole((x, y): Point) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

/// A picture of a size in pixels, read out as `name`.
pub(super) fn picture(
    size: (f64, f64),
    name: &str,
    draw: impl FnOnce(&Root) -> Result<(), Failed>,
) -> Result<String, Failed> {
    let hidden = name.is_empty();
    let role = if hidden {
        "aria-hidden=\"true\"".to_owned()
    } else {
        format!("role=\"img\" aria-label=\"{}\"", escaped(name))
    };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (units(size.0) as u32, units(size.1) as u32)).into_drawing_area();
        draw(&root)?;
        root.present()?;
    }
    // The library's opening tag gives the size in units and no name.
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let (width, height) = (units(size.0), units(size.1));
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" {role} viewBox=\"0 0 {width} {height}\" width=\"{}\" height=\"{}\">{body}",
        size.0, size.1
    ))
}

/// A text as the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A legend's picture of a mark.
pub(super) fn key(draw: impl FnOnce(&Surface) -> Result<(), Failed>) -> Result<String, Failed> {
    picture(KEY, "", |root| {
        let ruler = |high: f64| Ruler { scale: super::super::Scale::Linear, low: 0.0, high, ticks: Vec::new() };
        draw(&Surface::new(root, (ruler(KEY.0), ruler(KEY.1)), (0..units(KEY.0), 0..units(KEY.1))))
    })
}
