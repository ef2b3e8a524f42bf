//! The card as text.

use crate::evaluate::{AccuracyCard, Decided, Proportion, Rates, number, share};

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
    lines.extend(card.remarks.iter().map(|remark| format!("note         {remark}")));
    lines.push("Brackets hold 95 % intervals: the wider of Clopper-Pearson and a bootstrap over subjects.".to_owned());
    lines.join("\n")
}

fn data(card: &AccuracyCard) -> String {
    let data = &card.data;
    format!(
        "data         {} of {}, {} refused: failure to enrol {}\npairs        {} genuine, {} impostor",
        count(data.templates, "template"),
        count(data.subjects, "subject"),
        data.refused.len(),
        data.failure_to_enrol,
        data.genuine_pairs,
        data.impostor_pairs
    )
}

fn row(label: &str, cells: [String; 3]) -> String {
    let [float, oracle, encrypted] = cells;
    format!("{label:<22} {float:<38} {oracle:<38} {encrypted}").trim_end().to_owned()
}

fn rates(card: &AccuracyCard) -> Vec<String> {
    let decided = card.encrypted.measured.as_ref().map(|measured| &measured.decided);
    let predicted = &card.encrypted.predicted;
    let encrypted = |measured: Option<&Proportion>, predicted: f64| match measured {
        Some(measured) if measured.trials > 0 => format!("{measured} ({} predicted)", share(predicted)),
        _ => format!("{} predicted", share(predicted)),
    };
    let agreed =
        |of: fn(&Rates) -> &Proportion| [&card.float, &card.oracle].map(|column| of(&column.agreed).to_string());
    let [float, oracle] = agreed(|rates| &rates.fmr);
    let mut rows = vec![row("FMR", [float, oracle, encrypted(decided.map(|d| &d.fmr), predicted.fmr)])];
    let [float, oracle] = agreed(|rates| &rates.fnmr);
    rows.push(row("FNMR", [float, oracle, encrypted(decided.map(|d| &d.fnmr), predicted.fnmr)]));
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
    let both = [&card.float, &card.oracle].map(|column| &column.identification);
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
        let Decided { pairs, flips, predicted_flips, predicted_deviation, .. } = &measured.decided;
        lines.push(format!(
            "encrypted    {pairs} pairs decided ({}), {} otherwise than the oracle ({predicted_flips:.1} +- {predicted_deviation:.1} predicted)",
            measured.drawn(),
            flips.len()
        ));
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

/// Flips that are listed in the text.
const SHOWN: usize = 10;
