//! Noise as a page: of each stage the errors that were found beside what its formula says.

use statrs::distribution::{ContinuousCDF, Normal};

use super::noise_document::{Document, SetNoise};
use crate::cli::console::count;
use crate::cli::made;
use crate::report::{
    Axis, Bar, Block, Figure, Marks, Page, Plot, PointWithInterval, Position, Rule, Scale, Section, Series, Table,
};
use crate::scheme::{Flips, MeasuredNoise, WIDEST};

/// The page as HTML.
pub(super) fn html(document: &Document<'_>) -> String {
    let machine = ("Machine".to_owned(), document.machine.sentence());
    let versions = ("Versions".to_owned(), document.versions.sentence());
    let seed = ("Seed".to_owned(), document.seed.to_string());
    Page {
        title: "The noise of encrypted comparison".to_owned(),
        lead: "What each stage adds, measured beside the formulas that predictions and limits are made from."
            .to_owned(),
        facts: made::facts().into_iter().chain([machine, versions, seed]).collect(),
        sections: document.sets.iter().map(section).collect(),
    }
    .html()
}

fn section(set: &SetNoise) -> Section {
    let measurement = &set.measurement;
    let mut blocks = vec![
        Block::Text(format!("{}; errors on the {}.", measurement.comparison, measurement.unit)),
        Block::Table(table(&measurement.stages)),
        Block::Figures(measurement.stages.iter().map(stage).collect()),
    ];
    if !measurement.flips.is_empty() {
        blocks.push(Block::Figures(vec![flips(&measurement.flips)]));
    }
    Section { heading: set.parameter_set.clone(), blocks }
}

fn table(stages: &[MeasuredNoise]) -> Table {
    let row = |stage: &MeasuredNoise| {
        let power = |exponent: f64| format!("{exponent:.2}");
        let failures = stage.failures.map_or(String::new(), |found| format!("{} of {}", found.failed, found.of));
        vec![
            stage.stage.to_owned(),
            stage.samples.to_string(),
            power(stage.predicted_deviation_log2),
            power(stage.measured_deviation_log2),
            power(stage.measured_maximum_log2),
            format!("{:.3}", stage.ratio()),
            stage.bound_log2.map(power).unwrap_or_default(),
            failures,
        ]
    };
    let head = ["stage", "errors", "predicted", "measured", "largest", "ratio", "bound", "failures"];
    Table {
        caption: "Standard deviations, the largest error and its bound, as powers of 2.".to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: stages.iter().map(row).collect(),
        numeric: (1..head.len()).collect(),
    }
}

/// The errors of a stage, in per cent by bins, beside what the formula expects in each.
fn stage(noise: &MeasuredNoise) -> Figure {
    let bins = noise.histogram.len().max(1) as f64;
    let edge = |bin: usize| -WIDEST + 2.0 * WIDEST * bin as f64 / bins;
    let found = noise.histogram.iter().enumerate().map(|(bin, &errors)| Bar {
        from: edge(bin),
        to: edge(bin + 1),
        height: 100.0 * errors as f64 / noise.samples.max(1) as f64,
    });
    let mut series = vec![Series::new("measured", Marks::Bars(found.collect()))];
    let mut rules = Vec::new();
    if noise.bound_log2.is_none() {
        let normal = Normal::standard();
        let expected = |bin: usize| {
            let middle = 0.5 * (edge(bin) + edge(bin + 1));
            (middle, 100.0 * (normal.cdf(edge(bin + 1)) - normal.cdf(edge(bin))))
        };
        series.push(Series::new("by the formula", Marks::Line((0..noise.histogram.len()).map(expected).collect())));
    } else {
        // The formula is of the peak.
        rules.extend(
            [-1.0, 1.0].map(|at| Rule { label: format!("peak by the formula, {at:+}"), position: Position::X(at) }),
        );
    }
    let caption = format!(
        "{}: {}, {:.3} times the prediction{}.",
        noise.stage,
        count(noise.samples as usize, "error"),
        noise.ratio(),
        if noise.bound_log2.is_some() { ", which is of the largest" } else { "" }
    );
    let plot = Plot {
        x: Axis::over("error, in units of the prediction", Scale::Linear, -WIDEST, WIDEST),
        y: Axis::new("errors, in per cent", Scale::Linear),
        series,
        rules,
        bands: Vec::new(),
    };
    Figure { caption, plot }
}

/// Decisions beside the threshold.
fn flips(flips: &[Flips]) -> Figure {
    let share = |number: f64, flips: &Flips| number / flips.decisions.max(1) as f64;
    let expected = flips.iter().map(|flips| PointWithInterval {
        x: flips.deviations,
        y: share(flips.expected, flips),
        low: share((flips.expected - 2.0 * flips.expected_deviation).max(0.0), flips),
        high: share(flips.expected + 2.0 * flips.expected_deviation, flips),
    });
    let found = flips.iter().map(|flips| (flips.deviations, share(flips.flipped as f64, flips)));
    let plot = Plot {
        x: Axis::new("distance from the threshold, in deviations", Scale::Linear),
        y: Axis::new("share of decisions that flip", Scale::Linear),
        series: vec![
            Series::new("predicted, two deviations to either side", Marks::PointsWithIntervals(expected.collect())),
            Series::new("measured", Marks::Points(found.collect())),
        ],
        rules: Vec::new(),
        bands: Vec::new(),
    };
    Figure { caption: "Decisions beside the threshold that differ from those in the clear.".to_owned(), plot }
}
