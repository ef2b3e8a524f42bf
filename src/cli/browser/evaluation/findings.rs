//! What a card finds: in a sentence, about a wanted rate, under encryption, and what a reader must know.

use maud::{Markup, html};

use super::tables::rate;
use crate::agreement::Terms;
use crate::cli::browser::page::Visit;
use crate::cli::browser::terms;
use crate::evaluate::{AccuracyCard, Decided, Proportion, RatesOfPairs, number};

/// The finding, in two sentences.
pub fn lead(visit: &Visit, terms: &Terms, card: &AccuracyCard) -> String {
    let [fmr, fnmr] =
        [card.oracle.agreed.fmr, card.oracle.agreed.fnmr].map(|rate| visit.words.share(rate.value).into());
    let rates = visit.with(
        "evaluation-lead",
        &[("hit", terms::comparison(visit, &terms.comparison).into()), ("fmr", fmr), ("fnmr", fnmr)],
    );
    let predicted = &card.encrypted.predicted;
    let encrypted = match predicted.exact {
        true => visit.t("exact"),
        false => visit.with(
            "evaluation-lead-flips",
            &[
                ("flips", visit.words.decimal(predicted.expected_flips, 1).into()),
                ("pairs", visit.words.number(pairs(card)).into()),
            ],
        ),
    };
    format!("{rates} {encrypted}")
}

fn pairs(card: &AccuracyCard) -> u64 {
    card.data.genuine_pairs + card.data.impostor_pairs
}

/// The threshold for a wanted FMR, where one was asked for.
pub fn proposal(visit: &Visit, card: &AccuracyCard) -> Markup {
    let Some(proposal) = &card.proposal else { return html! {} };
    let wanted = ("target", visit.words.share(proposal.target).into());
    let said = match (&proposal.rates, proposal.supported) {
        (Some(rates), true) => visit.with(
            "evaluation-proposal",
            &[
                wanted,
                ("threshold", number(rates.threshold).into()),
                ("fmr", rate(visit, &rates.fmr).into()),
                ("fnmr", rate(visit, &rates.fnmr).into()),
            ],
        ),
        (Some(rates), false) => visit.with(
            "evaluation-proposal-unsupported",
            &[
                wanted,
                ("pairs", visit.words.number(card.data.impostor_pairs).into()),
                ("needed", visit.words.number(proposal.needed).into()),
                ("threshold", number(rates.threshold).into()),
            ],
        ),
        (None, _) => visit.with("evaluation-proposal-none", &[wanted]),
    };
    html! { h3 { (visit.t("evaluation-target")) } p { (said) } }
}

/// What encryption changes: as predicted, and as it was measured.
pub fn encrypted(visit: &Visit, card: &AccuracyCard) -> Markup {
    let predicted = &card.encrypted.predicted;
    let count = |count: u64| visit.words.number(count);
    html! {
        h2 { (visit.t("evaluation-encrypted")) }
        @if predicted.exact { p { (visit.t("exact")) } } @else {
            p { (visit.with("evaluation-gray-zone", &[
                ("pairs", count(predicted.in_gray_zone).into()),
                ("all", count(pairs(card)).into()),
                ("deviation", number(predicted.deviation).into()),
            ])) }
        }
        p { (visit.with("evaluation-rounding", &[("pairs", count(card.rounding_flips.len() as u64).into()), ("all", count(pairs(card)).into())])) }
        @match &card.encrypted.measured {
            Some(measured) => (decided(visit, &measured.decided)),
            None => p { (visit.t("evaluation-not-encrypted")) },
        }
    }
}

/// One of the two rates of pairs.
type RateOf = fn(&RatesOfPairs) -> &Proportion;

fn decided(visit: &Visit, decided: &Decided) -> Markup {
    let cell = |of: &Proportion| if of.trials > 0 { rate(visit, of) } else { visit.t("evaluation-no-such-pair") };
    let lines: [(&str, RateOf); 2] = [("FMR", |rates| &rates.fmr), ("FNMR", |rates| &rates.fnmr)];
    html! {
        p { (visit.with("evaluation-decided", &[
            ("pairs", visit.words.number(decided.pairs).into()),
            ("probes", visit.words.number(decided.probes).into()),
            ("changed", visit.words.number(decided.changed.errors).into()),
            ("rate", rate(visit, &decided.changed).into()),
            ("predicted", visit.words.decimal(decided.predicted_flips, 1).into()),
            ("deviation", visit.words.decimal(decided.predicted_deviation, 1).into()),
        ])) }
        div.table tabindex="0" role="region" aria-label=(visit.t("evaluation-encrypted")) {
            table.rates {
                caption { (visit.t("evaluation-same-pairs")) }
                thead { tr { td {} th scope="col" { (visit.t("evaluation-clear")) } th scope="col" { (visit.t("evaluation-under-encryption")) } } }
                tbody { @for (name, of) in lines { tr { th scope="row" { (name) } td { (cell(of(&decided.clear))) } td { (cell(of(&decided.rates))) } } } }
            }
        }
    }
}

/// What a reader must know: the words of the program.
pub fn remarks(visit: &Visit, card: &AccuracyCard) -> Markup {
    html! {
        @if !card.remarks.is_empty() {
            div.notice.warning {
                p { strong { (visit.t("evaluation-remarks")) } }
                ul lang="en" { @for remark in &card.remarks { li { (remark) } } }
            }
        }
    }
}
