//! From a plot to SVG, with `plotters`.
//!
//! `plotters` draws on whole units, so a picture is drawn ten times as large as shown. The axes are the library's; marks are brought to
//! the drawing's units here, cut at the edges of the plot, and drawn as the library's elements.

mod clip;
mod look;
mod marks;
mod surface;

use plotters::prelude::*;
use plotters::style::{FontDesc, FontFamily, FontStyle, TextStyle};

use super::axis::Ruler;
use super::ticks::{LETTER, Room, width};
use super::{Band, Estimate, Marks, Plot, Position, Rule, Series};
use look::{Dash, Look};
use surface::{Failed, Surface, picture};

/// Size of a picture, in pixels.
const SIZE: (f64, f64) = (380.0, 260.0);

/// The typefaces of the pictures: the reader's own.
const TYPEFACE: &str = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// A plot, drawn.
pub(super) struct Drawing {
    /// The picture; none where nothing could be drawn.
    pub picture: Option<String>,
    /// What the marks mean: a small picture of the mark, and its name.
    pub legend: Vec<(String, String)>,
    /// Values that have no place on the axes.
    pub left_out: usize,
}

/// Draws a plot; `name` is read out in its place.
pub(super) fn drawing(plot: &Plot, name: &str) -> Drawing {
    let mut places = Places::default();
    plot.series.iter().for_each(|series| places.add(plot, &series.marks));
    let left_out = places.left_out;
    if places.marks == 0 {
        return Drawing { picture: None, legend: Vec::new(), left_out };
    }
    plot.rules.iter().for_each(|rule| places.add_rule(plot, rule));
    plot.bands
        .iter()
        .for_each(|band| places.x.extend([band.from, band.to].iter().filter_map(|x| plot.x.scale.place(*x))));
    // Without a legend the picture would still be right: an entry that fails is left out.
    let legend = legend(plot).unwrap_or_default();
    Drawing { picture: draw(plot, name, &places).ok(), legend, left_out }
}

/// The places of all data on both axes.
#[derive(Default)]
struct Places {
    x: Vec<f64>,
    y: Vec<f64>,
    marks: usize,
    left_out: usize,
}

impl Places {
    fn add(&mut self, plot: &Plot, marks: &Marks) {
        match marks {
            Marks::Line(points) | Marks::Steps(points) | Marks::Points(points) => {
                points.iter().for_each(|(x, y)| self.mark(plot, &[*x], *y, &[]));
            }
            Marks::Bars(bars) => bars.iter().for_each(|bar| self.mark(plot, &[bar.from, bar.to], bar.height, &[0.0])),
            Marks::PointsWithIntervals(estimates) => estimates.iter().for_each(|Estimate { x, y, low, high }| {
                self.mark(plot, &[*x], *y, &[*low, *high]);
            }),
        }
    }

    /// One mark: all of `x` and `y` must have a place; `also` widens the axis where it has one.
    fn mark(&mut self, plot: &Plot, x: &[f64], y: f64, also: &[f64]) {
        let across: Option<Vec<f64>> = x.iter().map(|x| plot.x.scale.place(*x)).collect();
        let (Some(across), Some(up)) = (across, plot.y.scale.place(y)) else {
            self.left_out += 1;
            return;
        };
        self.marks += 1;
        self.x.extend(across);
        self.y.push(up);
        self.y.extend(also.iter().filter_map(|y| plot.y.scale.place(*y)));
    }

    fn add_rule(&mut self, plot: &Plot, rule: &Rule) {
        match rule.position {
            Position::X(x) => self.x.extend(plot.x.scale.place(x)),
            Position::Y(y) => self.y.extend(plot.y.scale.place(y)),
            Position::Diagonal => {}
        }
    }
}

/// The picture.
fn draw(plot: &Plot, name: &str, places: &Places) -> Result<String, Failed> {
    let (top, bottom) = (8.0, 40.0);
    let y = Ruler::new(&plot.y, &places.y, Room { length: SIZE.1 - top - bottom, horizontal: false });
    let labels = y.ticks.iter().map(|tick| width(&tick.label)).fold(0.0, f64::max);
    let (left, right) = (labels + 2.4 * LETTER, 22.0);
    let x = Ruler::new(&plot.x, &places.x, Room { length: SIZE.0 - left - right, horizontal: true });
    picture(SIZE, name, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(units(top))
            .margin_right(units(right))
            .x_label_area_size(units(bottom))
            .y_label_area_size(units(left))
            .build_cartesian_2d(x.clone(), y.clone())?;
        let area = chart.plotting_area().strip_coord_spec();
        let surface = Surface::new(root, (x, y), area.get_pixel_range());
        for band in &plot.bands {
            surface.band(band)?;
        }
        let text = TextStyle::from(FontDesc::new(FontFamily::Name(TYPEFACE), 12.4 * LETTER, FontStyle::Normal));
        chart
            .configure_mesh()
            .axis_style(BLACK.stroke_width(8))
            .bold_line_style(RGBColor(205, 205, 205).stroke_width(5))
            .light_line_style(RGBColor(232, 232, 232).stroke_width(4))
            .set_all_tick_mark_size(30)
            .label_style(text)
            .x_desc(plot.x.label.as_str())
            .y_desc(plot.y.label.as_str())
            .draw()?;
        for (index, series) in plot.series.iter().enumerate() {
            surface.series(series, Look::of(index))?;
        }
        for (index, rule) in plot.rules.iter().enumerate() {
            surface.rule(rule, Dash::of_rule(index))?;
        }
        Ok(())
    })
}

/// What the marks of a plot mean.
fn legend(plot: &Plot) -> Result<Vec<(String, String)>, Failed> {
    let mut entries = Vec::new();
    for (index, Series { name, marks }) in plot.series.iter().enumerate() {
        entries.push((surface::key(|surface| surface.sample(marks, Look::of(index)))?, name.clone()));
    }
    for (index, Rule { label, .. }) in plot.rules.iter().enumerate() {
        entries.push((surface::key(|surface| surface.rule_sample(Dash::of_rule(index)))?, label.clone()));
    }
    for Band { label, .. } in &plot.bands {
        entries.push((surface::key(|surface| surface.band_sample())?, label.clone()));
    }
    Ok(entries)
}

/// Pixels in units of the drawing.
fn units(pixels: f64) -> i32 {
    (10.0 * pixels).round() as i32
}
