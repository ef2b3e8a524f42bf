//! The accuracy card as a page for people. It may be handed on: records are named by their number, subjects not at all.

use super::card::{AccuracyCard, AtFmr, AtFpir, Column, Identification};
use super::interval::{INTERVALS, Proportion, share};
use super::plots;
use super::scale::number;
use super::tally::{Decided, Flip, RatesOfPairs};
use crate::report::{Block, Figure, Page, Section, Table};

/// Flips that are listed on the page; all are in the JSON.
const LISTED: usize = 100;

/// The page of a card. `provenance` says how it was made: what, and its value.
pub fn page(card: &AccuracyCard, provenance: &[(String, String)]) -> Page {
    Page {
        title: "Accuracy under encryption".to_owned(),
        lead: lead(card),
        facts: provenance.to_vec(),
        sections: [rates(card), encryption(card), scores(card), data(card)].into_iter().chain(changes(card)).collect(),
    }
}

fn lead(card: &AccuracyCard) -> String {
    let rates = &card.oracle.agreed;
    let predicted = &card.encrypted.predicted;
    let pairs = card.data.genuine_pairs + card.data.impostor_pairs;
    let expected = match predicted.exact {
        true => "Encryption changes no decision: its verdicts are exact.".to_owned(),
        false => format!(
            "Encryption is expected to change {:.1} of {pairs} decisions ({}), all of them close to the threshold.",
            predicted.expected_flips,
            share(predicted.expected_flips / pairs as f64)
        ),
    };
    let measured = card.encrypted.measured.as_ref().map(|measured| {
        let Decided { flips, predicted_flips, .. } = &measured.decided;
        let predicted =
            if predicted.exact { String::new() } else { format!(" where {predicted_flips:.1} are predicted") };
        format!(" Of {} decided in real exchanges {} changed{predicted}.", measured.drawn(), flips.len())
    });
    format!(
        "{expected}{} With {}, {} of impostor pairs match falsely and {} of genuine pairs are missed.",
        measured.unwrap_or_default(),
        card.terms.a_hit,
        share(rates.fmr.value),
        share(rates.fnmr.value)
    )
}

fn rates(card: &AccuracyCard) -> Section {
    let predicted = &card.encrypted.predicted;
    let encrypted = |predicted: f64| format!("predicted {}", share(predicted));
    let row = |label: String, of: &dyn Fn(&Column) -> String, encrypted: String| {
        vec![label, of(&card.float), of(&card.oracle), encrypted]
    };
    let mut rows = vec![
        row(
            "FMR at the agreed threshold".to_owned(),
            &|column| column.agreed.fmr.to_string(),
            encrypted(predicted.fmr),
        ),
        row(
            "FNMR at the agreed threshold".to_owned(),
            &|column| column.agreed.fnmr.to_string(),
            encrypted(predicted.fnmr),
        ),
        row("EER".to_owned(), &|column| column.equal_error.to_string(), String::new()),
    ];
    for (place, AtFmr { target, .. }) in card.float.at_fmr.iter().enumerate() {
        rows.push(row(
            format!("FNMR at FMR {target:e}"),
            &|column| column.at_fmr.get(place).map(ToString::to_string).unwrap_or_default(),
            String::new(),
        ));
    }
    rows.extend(searches(card));
    let head = ["", "Scores as read", "Integers, in the clear", "Under encryption"].map(str::to_owned);
    let table = Table {
        caption: format!("Error rates of all pairs, with 95 % intervals in brackets: {INTERVALS}."),
        head: head.to_vec(),
        rows,
        numeric: Vec::new(),
    };
    let mut blocks: Vec<Block> = card.remarks.iter().cloned().map(Block::Warning).collect();
    blocks.push(Block::Table(table));
    blocks.extend(card.proposal.iter().map(|proposal| Block::Text(proposal.sentence.clone())));
    blocks.extend(card.open_iris.iter().map(|carried| Block::Text(carried.sentence.clone())));
    Section { heading: "Error rates".to_owned(), blocks }
}

/// One to many; nothing of listed pairs.
fn searches(card: &AccuracyCard) -> Vec<Vec<String>> {
    let [Some(float), Some(oracle)] = [&card.float, &card.oracle].map(|column| column.identification.as_ref()) else {
        return Vec::new();
    };
    let row = |label: String, of: &dyn Fn(&Identification) -> String| vec![label, of(float), of(oracle), String::new()];
    let searched = format!("among {} references", card.data.gallery_size);
    let mut rows = vec![
        row(format!("FPIR {searched}"), &|searches| searches.agreed.fpir.to_string()),
        row(format!("FNIR {searched}"), &|searches| {
            searches.agreed.fnir.map_or("no mates".to_owned(), |fnir| fnir.to_string())
        }),
    ];
    for (place, AtFpir { target, .. }) in float.at_fpir.iter().enumerate() {
        rows.push(row(format!("FNIR at FPIR {target:e}"), &|searches| {
            searches.at_fpir.get(place).map(ToString::to_string).unwrap_or_default()
        }));
    }
    rows
}

fn encryption(card: &AccuracyCard) -> Section {
    let predicted = &card.encrypted.predicted;
    let mut blocks = vec![Block::Text(predicted.sentence.clone())];
    if !predicted.exact {
        blocks.push(Block::Text(format!(
            "{} of all pairs lie in the gray zone (they flip more often than once in a million); {:.2} of all decisions are expected to flip.",
            predicted.in_gray_zone, predicted.expected_flips
        )));
    }
    if let Some(measured) = &card.encrypted.measured {
        let Decided { changed, predicted_flips, predicted_deviation, .. } = &measured.decided;
        let strata = measured
            .strata
            .iter()
            .map(|stratum| vec![stratum.stratum.to_string(), stratum.pairs.to_string(), stratum.drawn.to_string()]);
        blocks.push(Block::Text(format!(
            "Real exchanges decided {}. Decided otherwise than in the clear: {changed}, or {} where {predicted_flips:.1} \u{b1} {predicted_deviation:.1} are predicted.",
            measured.drawn(),
            changed.errors
        )));
        blocks.push(same_pairs(&measured.decided));
        blocks.push(Block::Table(Table {
            caption: "Pairs that there are, and pairs that were decided under encryption.".to_owned(),
            head: ["Pairs", "In the data", "Decided"].map(str::to_owned).to_vec(),
            rows: strata.collect(),
            numeric: vec![1, 2],
        }));
        if !measured.decided.by_distance.is_empty() {
            blocks.push(Block::Figures(vec![Figure {
                caption:
                    "How often decisions flip against their distance from the threshold, measured beside predicted."
                        .to_owned(),
                plot: plots::flips(&measured.decided.by_distance),
            }]));
        }
    }
    Section { heading: "Does encryption change a decision?".to_owned(), blocks }
}

/// What was decided under encryption beside what the same pairs are in the clear.
fn same_pairs(decided: &Decided) -> Block {
    let row = |what: &str, of: fn(&RatesOfPairs) -> &Proportion| {
        let cell = |rate: &Proportion| if rate.trials > 0 { rate.to_string() } else { "no such pair".to_owned() };
        vec![what.to_owned(), cell(of(&decided.clear)), cell(of(&decided.rates))]
    };
    Block::Table(Table {
        caption: "Error rates of the pairs that were decided under encryption, with 95 % intervals in brackets: a sample's rates are those \
                  of its pairs, so they stand beside what the same pairs are in the clear, not beside all pairs."
            .to_owned(),
        head: ["", "In the clear", "Under encryption"].map(str::to_owned).to_vec(),
        rows: vec![row("FMR", |rates| &rates.fmr), row("FNMR", |rates| &rates.fnmr)],
        numeric: Vec::new(),
    })
}

fn scores(card: &AccuracyCard) -> Section {
    let figure = |caption: &str, plot| Figure { caption: caption.to_owned(), plot };
    let figures = vec![
        figure(
            "Scores of the integers that are encrypted, as shares of the pairs of either kind.",
            plots::histogram(card),
        ),
        figure("Detection error trade-off: FNMR against FMR, on normal-deviate axes.", plots::trade_off(card)),
        figure("Receiver operating characteristic: true match rate against FMR.", plots::receiver(card)),
        figure("Both error rates against the threshold.", plots::rates(card)),
    ];
    Section { heading: "Scores and thresholds".to_owned(), blocks: vec![Block::Figures(figures)] }
}

fn data(card: &AccuracyCard) -> Section {
    let data = &card.data;
    let row = |what: &str, value: String| vec![what.to_owned(), value];
    let rows = vec![
        row(
            "Comparison",
            match (&data.listed, data.one_set) {
                (Some(_), _) => "the pairs of a list",
                (None, true) => "one set with itself",
                (None, false) => "probes with references",
            }
            .to_owned(),
        ),
        row("Templates", data.templates.to_string()),
        row("Subjects", data.subjects.to_string()),
        row("Failure-to-enrol rate", data.failure_to_enrol.to_string()),
        row("Genuine pairs", data.genuine_pairs.to_string()),
        row("Impostor pairs", data.impostor_pairs.to_string()),
        row("Metric", format!("{}, {}", card.terms.metric, card.terms.a_hit)),
        row(
            "Encryption",
            format!("{}, {}, {:.1} bits", card.terms.scheme, card.terms.parameter_set, card.terms.security_bits),
        ),
    ];
    let mut blocks = vec![Block::Table(Table { rows, ..Table::default() })];
    if !data.refused.is_empty() {
        let listed = data.refused.iter().take(LISTED);
        let mut rows: Vec<Vec<String>> = listed
            .map(|refused| vec![format!("{} {}", refused.role, refused.record), refused.reason.clone()])
            .collect();
        rows.extend(more(data.refused.len()));
        blocks.push(Block::Table(Table {
            caption: "Templates that were refused.".to_owned(),
            head: ["Template", "Reason"].map(str::to_owned).to_vec(),
            rows,
            numeric: Vec::new(),
        }));
    }
    blocks.push(Block::Text(
        "Terms follow ISO/IEC 19795-1: FMR and FNMR are shares of comparisons of enrolled templates; FPIR and FNIR of searches. A cell that \
         names a number of pairs says how many are needed before that rate can be shown (rule of three)."
            .to_owned(),
    ));
    Section { heading: "Data and terms".to_owned(), blocks }
}

/// The decisions that changed; none where none did.
fn changes(card: &AccuracyCard) -> Option<Section> {
    let measured = card.encrypted.measured.as_ref();
    let under_encryption = measured.and_then(|m| flipped("Under encryption", &m.decided.flips));
    let by_rounding = flipped("By rounding to integers", &card.rounding_flips);
    let blocks: Vec<Block> = under_encryption.into_iter().chain(by_rounding).collect();
    (!blocks.is_empty()).then(|| Section { heading: "Decisions that changed".to_owned(), blocks })
}

fn flipped(caption: &str, flips: &[Flip]) -> Option<Block> {
    let row = |flip: &Flip| {
        vec![
            flip.probe.to_string(),
            flip.reference.to_string(),
            flip.kind.to_string(),
            number(flip.float_score),
            number(flip.oracle_score),
            number(flip.distance),
            if flip.hit { "now a hit" } else { "now a miss" }.to_owned(),
            flip.probability.map(share).unwrap_or_default(),
        ]
    };
    let mut farthest: Vec<&Flip> = flips.iter().collect();
    farthest.sort_by(|a, b| b.distance.abs().total_cmp(&a.distance.abs()));
    let mut rows: Vec<Vec<String>> = farthest.into_iter().take(LISTED).map(row).collect();
    rows.extend(more(flips.len()));
    let head = ["Record", "With", "Pair", "Score as read", "Of integers", "From the threshold", "Outcome", "Predicted"];
    (!flips.is_empty()).then(|| {
        Block::Table(Table {
            caption: format!("{caption}: {}, the farthest from the threshold first.", flips.len()),
            head: head.map(str::to_owned).to_vec(),
            rows,
            numeric: vec![0, 1, 3, 4, 5, 7],
        })
    })
}

/// A last row for what is not listed.
fn more(count: usize) -> Option<Vec<String>> {
    (count > LISTED).then(|| vec![format!("{} more: see the JSON", count - LISTED)])
}
