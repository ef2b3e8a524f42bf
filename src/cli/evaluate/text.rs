//! The card as text.

use crate::evaluate::{AccuracyCard, Decided, INTERVALS, Proportion, Rates, RatesOfPairs, number, share};

use crate::cli::console::count;

/// The card, in some thirty lines.
pub(super) fn summary(card: &AccuracyCard) -> String {
    let mut lines = vec![
        data(card),
        format!(
            "terms        {}, {}; {}, {} ({:.0} bits)",
            card.terms.metric, card.terms.a_hit, card.terms.scheme, card.terms.parameter_set, card.terms.security_bits
        ),
        String::new(),
        row("", ["float scores", "clear oracle", "encrypted"].map(str::to_owned)),
    ];
    lines.extend(rates(card));
    lines.extend(identification(card));
    lines.push(String::new());
    lines.extend(encrypted(card));
    lines.push(format!(
        "rounding     {} of {} pairs are decided otherwise by rounding to integers",
        card.rounding_flips.len(),
        card.data.genuine_pairs + card.data.impostor_pairs
    ));
    lines.extend(card.proposal.iter().map(|proposal| format!("threshold    {}", proposal.sentence)));
    lines.extend(card.open_iris.iter().map(|carried| format!("open-iris    {}", carried.sentence)));
    lines.extend(card.remarks.iter().map(|remark| format!("note         {remark}")));
    lines.push(format!("Brackets hold 95 % intervals: {INTERVALS}."));
    lines.join("\n")
}

fn data(card: &AccuracyCard) -> String {
    let data = &card.data;
    format!(
        "data         {} of {}, {} refused: failure to enrol {}\npairs        {} genuine, {} impostor{}",
        count(data.templates, "template"),
        count(data.subjects, "subject"),
        data.refused.len(),
        data.failure_to_enrol,
        data.genuine_pairs,
        data.impostor_pairs,
        if data.listed.is_some() { ", as listed" } else { "" }
    )
}

fn row(label: &str, cells: [String; 3]) -> String {
    let [float, oracle, encrypted] = cells;
    format!("{label:<22} {float:<38} {oracle:<38} {encrypted}").trim_end().to_owned()
}

fn rates(card: &AccuracyCard) -> Vec<String> {
    let predicted = &card.encrypted.predicted;
    let agreed =
        |of: fn(&Rates) -> &Proportion| [&card.float, &card.oracle].map(|column| of(&column.agreed).to_string());
    let [float, oracle] = agreed(|rates| &rates.fmr);
    let mut rows = vec![row("FMR", [float, oracle, format!("{} predicted", share(predicted.fmr))])];
    let [float, oracle] = agreed(|rates| &rates.fnmr);
    rows.push(row("FNMR", [float, oracle, format!("{} predicted", share(predicted.fnmr))]));
    let [float, oracle] = [&card.float, &card.oracle].map(|column| column.equal_error.to_string());
    rows.push(row("EER", [float, oracle, String::new()]));
    for (float, oracle) in card.float.at_fmr.iter().zip(&card.oracle.at_fmr) {
        let label = format!("FNMR at FMR {:e}", float.target);
        rows.push(row(&label, [float.to_string(), oracle.to_string(), String::new()]));
    }
    rows
}

fn identification(card: &AccuracyCard) -> Vec<String> {
    let mut rows = Vec::new();
    let [Some(float), Some(oracle)] = [&card.float, &card.oracle].map(|column| column.identification.as_ref()) else {
        return rows;
    };
    let both = [float, oracle];
    let [float, oracle] = both.map(|identification| identification.agreed.fpir.to_string());
    rows.push(row(&format!("FPIR (1:{})", card.data.gallery_size), [float, oracle, String::new()]));
    let fnir = |fnir: Option<Proportion>| fnir.map_or("no mates".to_owned(), |fnir| fnir.to_string());
    let [float, oracle] = both.map(|identification| fnir(identification.agreed.fnir));
    rows.push(row("FNIR", [float, oracle, String::new()]));
    let [float, oracle] = both;
    for (float, oracle) in float.at_fpir.iter().zip(&oracle.at_fpir) {
        let label = format!("FNIR at FPIR {:e}", float.target);
        rows.push(row(&label, [float.to_string(), oracle.to_string(), String::new()]));
    }
    rows
}

fn encrypted(card: &AccuracyCard) -> Vec<String> {
    let predicted = &card.encrypted.predicted;
    let mut lines = match predicted.exact {
        true => {
            vec!["gray zone    none: verdicts under encryption equal the oracle's, also at the threshold".to_owned()]
        }
        false => vec![format!(
            "gray zone    deviation {}; {} of all pairs in it, {:.2} expected to flip",
            number(predicted.deviation),
            predicted.in_gray_zone,
            predicted.expected_flips
        )],
    };
    if let Some(measured) = &card.encrypted.measured {
        let Decided { flips, changed, predicted_flips, predicted_deviation, .. } = &measured.decided;
        lines.push(format!("encrypted    {changed} of {} decided otherwise than in the clear ({predicted_flips:.1} +- {predicted_deviation:.1} predicted)", measured.drawn()));
        lines.extend(same_pairs(&measured.decided));
        let shown = flips.iter().take(SHOWN);
        lines.extend(shown.map(|flip| {
            format!(
                "  flip       probe {} ({}), reference {} ({}): score {}, {} from the threshold, predicted with {}",
                flip.probe,
                flip.probe_subject,
                flip.reference,
                flip.reference_subject,
                number(flip.oracle_score),
                number(flip.distance),
                share(flip.probability.unwrap_or_default())
            )
        }));
        if flips.len() > SHOWN {
            lines.push(format!("  ...        {} more: see --json or --html", flips.len() - SHOWN));
        }
    }
    lines
}

/// What was decided under encryption beside what the same pairs are in the clear.
fn same_pairs(decided: &Decided) -> Vec<String> {
    let of = |label: &str, of: fn(&RatesOfPairs) -> &Proportion| {
        let (clear, encrypted) = (of(&decided.clear), of(&decided.rates));
        let cell = |rate: &Proportion| if rate.trials > 0 { rate.to_string() } else { "no such pair".to_owned() };
        row(&format!("  {label}"), [cell(clear), cell(encrypted), String::new()])
    };
    vec![
        row("  of these pairs", ["in the clear", "under encryption", ""].map(str::to_owned)),
        of("FMR", |rates| &rates.fmr),
        of("FNMR", |rates| &rates.fnmr),
    ]
}

/// Flips that are listed in the text.
const SHOWN: usize = 10;
