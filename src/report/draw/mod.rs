//! From a plot to SVG, with `plotters`.
//!
//! `plotters` draws on whole units, so a picture is drawn ten times as large as shown. The axes are the library's; marks are brought to
//! the drawing's units here, cut at the edges of the plot, and drawn as the library's elements.

mod bars;
mod clip;
mod look;
mod marks;
mod references;
mod seen;
mod surface;

use plotters::prelude::*;
use plotters::style::{FontDesc, FontFamily, FontStyle, TextStyle};

use super::axis::Ruler;
use super::ticks::{LETTER, Room, width};
use super::{Band, Marks, Plot, PointWithInterval, Position, Rule, Scale, Series};
use look::{Dash, Look};
use seen::Seen;
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
    /// How many values of which series have no place on the axes, and why, in words; empty where all have.
    pub left_out: Vec<String>,
}

/// Draws a plot; `name` is read out in its place.
pub(super) fn drawing(plot: &Plot, name: &str) -> Drawing {
    let mut places = Places::default();
    let mut left_out = Vec::new();
    for series in &plot.series {
        let before = places.left_out;
        places.add(plot, &series.marks);
        left_out.extend(words(plot, &series.name, places.left_out - before));
    }
    if places.marks == 0 {
        return Drawing { picture: None, legend: Vec::new(), left_out };
    }
    plot.rules.iter().for_each(|rule| places.add_rule(plot, rule));
    plot.bands
        .iter()
        .for_each(|band| places.x.extend([band.from, band.to].iter().filter_map(|x| plot.x.scale.place(*x))));
    // Without a legend the picture would still be right: an entry that fails is left out.
    let legend = legend(plot, &Seen::new(plot, &places)).unwrap_or_default();
    Drawing { picture: draw(plot, name, &places).ok(), legend, left_out }
}

/// Says how many values of a series have no place; nothing where all have.
fn words(plot: &Plot, name: &str, left_out: usize) -> Option<String> {
    let reason = |scale: Scale| match scale {
        Scale::Linear => None,
        Scale::Log10 => Some("a logarithmic axis begins above 0"),
        Scale::NormalDeviate => Some("a normal-deviate axis lies between 0 and 1"),
    };
    let reason = reason(plot.x.scale).or_else(|| reason(plot.y.scale)).unwrap_or("they are no finite numbers");
    let values = if left_out == 1 { "1 value".to_owned() } else { format!("{left_out} values") };
    (left_out > 0).then(|| format!("{values} of \u{201c}{name}\u{201d} left out: {reason}"))
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
            Marks::Bars(bars) => {
                let seen = bars.iter().filter(|bar| bar.height != 0.0 || plot.y.scale != Scale::Log10);
                seen.for_each(|bar| self.mark(plot, &[bar.from, bar.to], bar.height, &[0.0]));
            }
            Marks::PointsWithIntervals(points) => points.iter().for_each(|PointWithInterval { x, y, low, high }| {
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
    let (top, bottom) = (8.0, 38.0);
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
        let (across, up) = (SIZE.0 - left - right, SIZE.1 - top - bottom);
        let share = share(&plot.x.label, across).min(share(&plot.y.label, up));
        chart
            .configure_mesh()
            .axis_style(BLACK.stroke_width(8))
            .bold_line_style(RGBColor(205, 205, 205).stroke_width(5))
            .light_line_style(RGBColor(232, 232, 232).stroke_width(4))
            .set_all_tick_mark_size(30)
            .label_style(letters(1.0))
            .axis_desc_style(letters(share))
            .x_desc(cut(&plot.x.label, across, share))
            .y_desc(cut(&plot.y.label, up, share))
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

/// Width of a letter of prose, in pixels, as a wide typeface has it.
const PROSE: f64 = 0.57 * LETTER;

/// The share of their size at which the letters of an axis' label fit its length, but not too small to read.
fn share(label: &str, length: f64) -> f64 {
    (length / (PROSE * label.chars().count() as f64)).clamp(0.8, 1.0)
}

/// A label, cut where it would not fit at a share of its size.
fn cut(label: &str, length: f64, share: f64) -> String {
    // What just fits is not lost to rounding.
    let letters = (length / (PROSE * share) + 1e-6) as usize;
    if label.chars().count() <= letters {
        return label.to_owned();
    }
    label.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

/// The pictures' letters at a share of their size.
fn letters(share: f64) -> TextStyle<'static> {
    // `plotters` divides sizes by 1.24 on their way to SVG.
    let size = share * 1.24 * f64::from(units(LETTER));
    TextStyle::from(FontDesc::new(FontFamily::Name(TYPEFACE), size, FontStyle::Normal))
}

/// What the marks of a plot mean: of all that is seen, and of nothing else.
fn legend(plot: &Plot, seen: &Seen) -> Result<Vec<(String, String)>, Failed> {
    let mut entries = Vec::new();
    for (index, Series { name, marks }) in plot.series.iter().enumerate() {
        if !seen.any_mark(plot, marks) {
            continue;
        }
        entries.push((surface::key(|surface| surface.sample(marks, Look::of(index)))?, name.clone()));
    }
    for (index, Rule { label, position }) in plot.rules.iter().enumerate() {
        if !seen.rule(plot, *position) {
            continue;
        }
        entries.push((surface::key(|surface| surface.rule_sample(Dash::of_rule(index)))?, label.clone()));
    }
    for Band { label, from, to } in &plot.bands {
        if !seen.band(plot, *from, *to) {
            continue;
        }
        entries.push((surface::key(|surface| surface.band_sample())?, label.clone()));
    }
    Ok(entries)
}

/// Pixels in units of the drawing.
fn units(pixels: f64) -> i32 {
    (10.0 * pixels).round() as i32
}
