//! The plots of a card, in the words of a language.

use maud::{Markup, PreEscaped, html};

use crate::cli::browser::page::Visit;
use crate::evaluate::{AccuracyCard, OperatingPoint, number, plots};
use crate::report::{Axis, Figure, Marks, Plot, Position, Rule, Scale, Series};

/// All of them.
pub fn all(visit: &Visit, card: &AccuracyCard) -> Markup {
    let bins = card.encrypted.measured.as_ref().map(|measured| &measured.decided.by_distance);
    html! {
        div.figures {
            (figure(visit, "plot-histogram", plots::histogram(card)))
            (figure(visit, "plot-trade-off", plots::trade_off(card)))
            (figure(visit, "plot-receiver", plots::receiver(card)))
            (figure(visit, "plot-rates", plots::rates(card)))
            @if let Some(bins) = bins.filter(|bins| !bins.is_empty()) {
                (figure(visit, "plot-flips", plots::flips(bins)))
            }
        }
    }
}

/// The trade-off and the rates against the threshold, with one threshold marked on both.
pub fn at(visit: &Visit, card: &AccuracyCard, point: &OperatingPoint) -> Markup {
    html! {
        (figure(visit, "plot-trade-off-here", trade_off_at(visit, card, point)))
        (figure(visit, "plot-rates", rates_at(visit, card, point)))
    }
}

/// The trade-off on axes that stay where they are, whatever the threshold is.
fn trade_off_at(visit: &Visit, card: &AccuracyCard, point: &OperatingPoint) -> Plot {
    let mut plot = plots::trade_off(card);
    let (across, up) = (edge(point.fmr.trials), edge(point.fnmr.trials));
    let drawn = |(fmr, fnmr): (f64, f64)| (fmr.clamp(across, 1.0 - across), fnmr.clamp(up, 1.0 - up));
    for series in &mut plot.series {
        if let Marks::Line(points) | Marks::Points(points) = &mut series.marks {
            points.iter_mut().for_each(|point| *point = drawn(*point));
        }
    }
    let here = drawn((point.fmr.value, point.fnmr.value));
    let label = |key: &str, rate: f64| visit.with(key, &[("rate", visit.words.share(rate).into())]);
    plot.series.push(Series { name: visit.t("plot-here"), marks: Marks::Points(vec![here]) });
    plot.rules = vec![
        Rule { label: label("plot-here-fmr", point.fmr.value), position: Position::X(here.0) },
        Rule { label: label("plot-here-fnmr", point.fnmr.value), position: Position::Y(here.1) },
    ];
    let axis = |axis: Axis, edge: f64| Axis { range: Some((edge, 1.0 - edge)), ..axis };
    Plot { x: axis(plot.x, across), y: axis(plot.y, up), ..plot }
}

/// Where a rate of 0 is drawn of so many trials: half of what a single error makes.
fn edge(trials: u64) -> f64 {
    0.5 / (trials.max(2) as f64)
}

fn rates_at(visit: &Visit, card: &AccuracyCard, point: &OperatingPoint) -> Plot {
    let here = visit.with("plot-threshold-at", &[("threshold", number(point.threshold).into())]);
    Plot { rules: vec![Rule { label: here, position: Position::X(point.threshold) }], ..plots::rates(card) }
}

fn figure(visit: &Visit, caption: &str, plot: Plot) -> Markup {
    let figure = Figure { caption: visit.t(caption), plot: said(visit, plot) };
    PreEscaped(figure.fragment())
}

/// A plot with its labels in the language, and without what has no place on its axes, which the caption tells.
fn said(visit: &Visit, plot: Plot) -> Plot {
    let Plot { x, y, mut series, mut rules, mut bands } = plot;
    for one in &mut series {
        one.name = label(visit, &one.name);
        if let Marks::Line(points) | Marks::Points(points) = &mut one.marks {
            points.retain(|&(across, up)| has_place(x.scale, across) && has_place(y.scale, up));
        }
    }
    rules.iter_mut().for_each(|rule| rule.label = label(visit, &rule.label));
    bands.iter_mut().for_each(|band| band.label = label(visit, &band.label));
    let axis = |axis: Axis| Axis { label: label(visit, &axis.label), ..axis };
    Plot { x: axis(x), y: axis(y), series, rules, bands }
}

fn has_place(scale: Scale, value: f64) -> bool {
    match scale {
        Scale::Linear => value.is_finite(),
        Scale::Log10 => value.is_finite() && value > 0.0,
        Scale::NormalDeviate => value > 0.0 && value < 1.0,
    }
}

/// A label as the plots of the library have it, in the language; one that it does not know as it is.
fn label(visit: &Visit, english: &str) -> String {
    if let Some(metric) = english.strip_prefix("score (").and_then(|rest| rest.strip_suffix(')')) {
        return visit.with("plot-score", &[("metric", metric.to_owned().into())]);
    }
    if let Some(threshold) = english.strip_prefix("threshold ") {
        return visit.with("plot-threshold-at", &[("threshold", threshold.to_owned().into())]);
    }
    visit.t(match english {
        "pairs, in per cent" => "plot-share-of-pairs",
        "impostor pairs" => "evaluation-impostor",
        "genuine pairs" => "evaluation-genuine",
        "gray zone, six deviations to either side" => "plot-gray-zone",
        "scores as read" => "evaluation-float",
        "integers, in the clear" => "evaluation-oracle",
        "under encryption, predicted" => "evaluation-predicted",
        "under encryption, measured" => "plot-measured",
        "equal error rates" => "plot-equal",
        "true match rate, 1 - FNMR" => "plot-true-matches",
        "threshold" => "plot-threshold",
        "rate" => "plot-rate",
        "distance from the threshold, in deviations" => "plot-distance",
        "share of decisions that flip" => "plot-share-of-flips",
        "predicted" => "plot-predicted",
        "predicted for these pairs" => "plot-predicted-here",
        "measured, with 95 % interval" => "plot-measured-interval",
        other => return other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_place_on_an_axis_is_left_out() {
        assert!(has_place(Scale::Linear, 0.0) && !has_place(Scale::Linear, f64::NAN));
        assert!(has_place(Scale::Log10, 1.0) && !has_place(Scale::Log10, 0.0));
        assert!(!has_place(Scale::NormalDeviate, 0.0) && !has_place(Scale::NormalDeviate, 1.0));
        assert!(has_place(Scale::NormalDeviate, 0.5));
    }

    #[test]
    fn a_rate_of_nought_is_drawn_closer_to_the_edge_than_any_that_was_seen() {
        for trials in [0, 1, 2, 60, 3540, 50_000_000] {
            assert!(edge(trials) > 0.0 && edge(trials) < 0.5 && edge(trials) < 1.0 / trials.max(2) as f64);
        }
    }
}
