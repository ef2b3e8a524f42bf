//! The plots of the accuracy card.

use super::card::{AccuracyCard, Column};
use super::scale::number;
use super::tally::{FlipBin, flip_probability};
use crate::report::{Axis, Band, Bar, Marks, Plot, PointWithInterval, Position, Rule, Scale, Series};

/// Genuine and impostor scores, with the threshold and the gray zone.
pub(crate) fn histogram(card: &AccuracyCard) -> Plot {
    let histogram = &card.histogram;
    let bins = histogram.genuine.len();
    let edge = |i: usize| histogram.from + (histogram.to - histogram.from) * i as f64 / bins.max(1) as f64;
    let bars = |counts: &[u64], of: u64| {
        let bar = |(i, &count): (usize, &u64)| Bar {
            from: edge(i),
            to: edge(i + 1),
            height: 100.0 * count as f64 / of.max(1) as f64,
        };
        Marks::Bars(counts.iter().enumerate().map(bar).collect())
    };
    let deviation = card.encrypted.predicted.deviation;
    let threshold = card.terms.threshold;
    let zone = (deviation > 0.0).then(|| Band {
        label: "gray zone, six deviations to either side".to_owned(),
        from: threshold - 6.0 * deviation,
        to: threshold + 6.0 * deviation,
    });
    Plot {
        x: Axis::new(&format!("score ({})", card.terms.metric), Scale::Linear),
        y: Axis::new("pairs, in per cent", Scale::Linear),
        series: vec![
            Series::new("impostor pairs", bars(&histogram.impostor, card.data.impostor_pairs)),
            Series::new("genuine pairs", bars(&histogram.genuine, card.data.genuine_pairs)),
        ],
        rules: vec![threshold_rule(card)],
        bands: zone.into_iter().collect(),
    }
}

fn threshold_rule(card: &AccuracyCard) -> Rule {
    let label = format!("threshold {}", number(card.terms.threshold));
    Rule { label, position: Position::X(card.terms.threshold) }
}

/// Both clear columns, as lines of one function of their curves.
fn lines(card: &AccuracyCard, point: impl Fn(&super::card::CurvePoint) -> (f64, f64)) -> Vec<Series> {
    let line = |name: &str, column: &Column| Series::new(name, Marks::Line(column.curve.iter().map(&point).collect()));
    vec![line("scores as read", &card.float), line("integers, in the clear", &card.oracle)]
}

/// The rates under encryption at the agreed threshold: predicted, and measured where all pairs were.
fn encrypted(card: &AccuracyCard, point: impl Fn(f64, f64) -> (f64, f64)) -> Vec<Series> {
    let predicted = &card.encrypted.predicted;
    let mut series =
        vec![Series::new("under encryption, predicted", Marks::Points(vec![point(predicted.fmr, predicted.fnmr)]))];
    // A sample's rates are those of its pairs: beside curves of all pairs they would say something of the draw.
    if let Some(measured) = card.encrypted.measured.as_ref().filter(|measured| measured.is_of_all_pairs()) {
        let (fmr, fnmr) = (measured.decided.rates.fmr.value, measured.decided.rates.fnmr.value);
        series.push(Series::new("under encryption, measured", Marks::Points(vec![point(fmr, fnmr)])));
    }
    series
}

/// FNMR against FMR.
pub(crate) fn trade_off(card: &AccuracyCard) -> Plot {
    let mut series = lines(card, |point| (point.fmr, point.fnmr));
    series.extend(encrypted(card, |fmr, fnmr| (fmr, fnmr)));
    Plot {
        x: Axis::new("FMR", Scale::NormalDeviate),
        y: Axis::new("FNMR", Scale::NormalDeviate),
        series,
        rules: vec![Rule { label: "equal error rates".to_owned(), position: Position::Diagonal }],
        bands: Vec::new(),
    }
}

/// True match rate against FMR.
pub(crate) fn receiver(card: &AccuracyCard) -> Plot {
    let mut series = lines(card, |point| (point.fmr, 1.0 - point.fnmr));
    series.extend(encrypted(card, |fmr, fnmr| (fmr, 1.0 - fnmr)));
    Plot {
        x: Axis::new("FMR", Scale::Log10),
        y: Axis::new("true match rate, 1 - FNMR", Scale::Linear),
        series,
        ..Plot::default()
    }
}

/// FMR and FNMR of the integers against the threshold.
pub(crate) fn rates(card: &AccuracyCard) -> Plot {
    let line = |name: &str, rate: fn(&super::card::CurvePoint) -> f64| {
        let points = card.oracle.curve.iter().map(|point| (point.threshold, rate(point)));
        Series::new(name, Marks::Line(points.collect()))
    };
    Plot {
        x: Axis::new("threshold", Scale::Linear),
        y: Axis::new("rate", Scale::Log10),
        series: vec![line("FMR", |point| point.fmr), line("FNMR", |point| point.fnmr)],
        rules: vec![threshold_rule(card)],
        bands: Vec::new(),
    }
}

/// Measured shares of flips beside the predicted curve.
pub(crate) fn flips(bins: &[FlipBin]) -> Plot {
    let widest = bins.iter().flat_map(|bin| [bin.from_deviations.abs(), bin.to_deviations.abs()]).fold(1.0, f64::max);
    let curve = (-60..=60).map(|i| f64::from(i) / 60.0 * widest);
    let measured = bins.iter().map(|bin| PointWithInterval {
        x: 0.5 * (bin.from_deviations + bin.to_deviations),
        y: bin.flipped as f64 / bin.pairs.max(1) as f64,
        low: bin.interval.low,
        high: bin.interval.high,
    });
    let expected = bins.iter().map(|bin| (0.5 * (bin.from_deviations + bin.to_deviations), bin.predicted));
    Plot {
        x: Axis::over("distance from the threshold, in deviations", Scale::Linear, -widest, widest),
        y: Axis::over("share of decisions that flip", Scale::Linear, 0.0, 1.0),
        series: vec![
            Series::new("predicted", Marks::Line(curve.map(|x| (x, flip_probability(x))).collect())),
            Series::new("predicted for these pairs", Marks::Points(expected.collect())),
            Series::new("measured, with 95 % interval", Marks::PointsWithIntervals(measured.collect())),
        ],
        rules: vec![Rule { label: "threshold".to_owned(), position: Position::X(0.0) }],
        bands: Vec::new(),
    }
}
