//! The numbers of a card, as `cotejo evaluate` tells them.

use maud::{Markup, html};

use crate::cli::browser::page::{Row, Visit, facts};
use crate::evaluate::{
    AccuracyCard, AtFmr, AtFpir, Column, Data, EqualError, Identification, Interval, Proportion, number,
};

/// Refused templates that are listed, at most.
const LISTED: usize = 50;

/// A rate with its interval: "0.90 % [0.87 %, 0.93 %]".
pub fn rate(visit: &Visit, rate: &Proportion) -> String {
    within(visit, rate.value, rate.interval())
}

fn within(visit: &Visit, value: f64, Interval { low, high }: Interval) -> String {
    let [rate, low, high] = [value, low, high].map(|share| visit.words.share(share).into());
    visit.with("evaluation-rate", &[("rate", rate), ("low", low), ("high", high)])
}

/// Persons, pairs, failures to enrol.
pub fn data(visit: &Visit, data: &Data) -> Markup {
    let number = |count: u64| visit.words.number(count);
    let refused = visit.with(
        "evaluation-refused",
        &[("refused", number(data.refused.len() as u64).into()), ("rate", rate(visit, &data.failure_to_enrol).into())],
    );
    let rows = [
        Row::new(visit.t("persons"), number(data.subjects as u64)),
        Row::new(visit.t("templates"), number(data.templates as u64)),
        Row::new(visit.t("evaluation-failures"), refused),
        Row::new(visit.t("evaluation-genuine"), number(data.genuine_pairs)),
        Row::new(visit.t("evaluation-impostor"), number(data.impostor_pairs)),
        Row::new(visit.t("evaluation-gallery"), number(data.gallery_size as u64)),
    ];
    html! { h2 { (visit.t("evaluation-data")) } (facts(rows)) }
}

/// Failures to enrol, one by one.
pub fn refused(visit: &Visit, data: &Data) -> Markup {
    html! {
        @if !data.refused.is_empty() {
            details {
                summary { (visit.t("evaluation-failures")) }
                ul lang="en" { @for one in data.refused.iter().take(LISTED) { li { (one.role) " " (one.record) ": " (one.reason) } } }
                @if data.refused.len() > LISTED { p { (visit.counted("and-more", (data.refused.len() - LISTED) as u64)) } }
            }
        }
    }
}

/// A line of the table of rates.
type Line = (String, [String; 3]);

/// Error rates: scores as they were read, integers in the clear, and what is predicted under encryption.
pub fn rates(visit: &Visit, card: &AccuracyCard) -> Markup {
    let head = ["evaluation-float", "evaluation-oracle", "evaluation-predicted"].map(|key| visit.t(key));
    let lines = comparisons(visit, card).into_iter().chain(searches(visit, card));
    html! {
        h2 { (visit.t("evaluation-rates")) }
        div.table tabindex="0" role="region" aria-label=(visit.t("evaluation-rates")) {
            table.rates {
                caption { (visit.t("evaluation-rates-caption")) }
                thead { tr { td {} @for name in &head { th scope="col" { (name) } } } }
                tbody { @for (name, cells) in lines { tr { th scope="row" { (name) } @for cell in &cells { td { (cell) } } } } }
            }
        }
        details { summary { (visit.t("evaluation-words")) } p { (visit.t("evaluation-words-text")) } }
    }
}

fn comparisons(visit: &Visit, card: &AccuracyCard) -> Vec<Line> {
    let both = |of: &dyn Fn(&Column) -> String| [&card.float, &card.oracle].map(of);
    let line = |name: String, of: &dyn Fn(&Column) -> String, encrypted: String| {
        let [float, oracle] = both(of);
        (name, [float, oracle, encrypted])
    };
    let predicted = &card.encrypted.predicted;
    let mut lines = vec![
        line(visit.t("evaluation-fmr"), &|column| rate(visit, &column.agreed.fmr), visit.words.share(predicted.fmr)),
        line(visit.t("evaluation-fnmr"), &|column| rate(visit, &column.agreed.fnmr), visit.words.share(predicted.fnmr)),
        line(visit.t("evaluation-eer"), &|column| equal_error(visit, &column.equal_error), String::new()),
    ];
    for (place, AtFmr { target, .. }) in card.float.at_fmr.iter().enumerate() {
        let name = visit.with("evaluation-at-fmr", &[("target", visit.words.share(*target).into())]);
        let cell = |column: &Column| column.at_fmr.get(place).map(|at| at_fmr(visit, at)).unwrap_or_default();
        lines.push(line(name, &cell, String::new()));
    }
    lines
}

/// One to many; nothing of listed pairs.
fn searches(visit: &Visit, card: &AccuracyCard) -> Vec<Line> {
    let [Some(float), Some(oracle)] = [&card.float, &card.oracle].map(|column| column.identification.as_ref()) else {
        return Vec::new();
    };
    let line = |name: String, of: &dyn Fn(&Identification) -> String| (name, [of(float), of(oracle), String::new()]);
    let fnir =
        |fnir: &Option<Proportion>| fnir.as_ref().map_or_else(|| visit.t("evaluation-no-mates"), |r| rate(visit, r));
    let mut lines = vec![
        line(visit.t("evaluation-fpir"), &|searches| rate(visit, &searches.agreed.fpir)),
        line(visit.t("evaluation-fnir"), &|searches| fnir(&searches.agreed.fnir)),
    ];
    for (place, AtFpir { target, .. }) in float.at_fpir.iter().enumerate() {
        let name = visit.with("evaluation-at-fpir", &[("target", visit.words.share(*target).into())]);
        let cell = |at: &AtFpir| match &at.rates {
            Some(rates) => at_threshold(visit, fnir(&rates.fnir), rates.threshold),
            None => visit.with("evaluation-needs-searches", &[("needed", visit.words.number(at.needed).into())]),
        };
        lines.push(line(name, &|searches| searches.at_fpir.get(place).map(cell).unwrap_or_default()));
    }
    lines
}

fn equal_error(visit: &Visit, equal: &EqualError) -> String {
    let shown = match equal.over_subjects {
        Some(interval) => within(visit, equal.rate, interval),
        None => visit.words.share(equal.rate),
    };
    at_threshold(visit, shown, equal.threshold)
}

fn at_fmr(visit: &Visit, at: &AtFmr) -> String {
    match &at.rates {
        Some(rates) => at_threshold(visit, rate(visit, &rates.fnmr), rates.threshold),
        None => visit.with("evaluation-needs-pairs", &[("needed", visit.words.number(at.needed).into())]),
    }
}

fn at_threshold(visit: &Visit, rate: String, threshold: f64) -> String {
    visit.with("evaluation-at", &[("rate", rate.into()), ("threshold", number(threshold).into())])
}
