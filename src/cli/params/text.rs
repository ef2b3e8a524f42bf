//! A parameter card as text.

use std::time::Duration;

use crate::parameters::Figure;
use crate::planning::card::{ComparisonCard, KeyStrength, ParameterCard, PredictedNoise};

use crate::cli::console::{bytes, count, seconds};

/// The whole card, line by line.
pub fn card(card: &ParameterCard) -> Vec<String> {
    let security = match card.secure {
        true => format!("{:.1} bits of security", card.security_bits),
        false if card.own => format!("INSECURE: {:.1} bits of security", card.security_bits),
        false => card.security_note.to_owned(),
    };
    let mut lines = vec![
        format!("{}: scheme {}, {security}", card.name, card.scheme),
        format!("  {}", card.purpose),
        "\nDimensions".to_owned(),
    ];
    lines.extend(card.dimensions.iter().map(|row| format!("  {:<23} {:<22} {}", row.name, row.value, row.meaning)));
    if !card.keys.is_empty() {
        lines.push(format!("\nSecurity (the set states {:.1} bits: {})", card.security_bits, card.security_note));
        lines.extend(card.keys.iter().flat_map(key));
    }
    if !card.figures.is_empty() {
        lines.push("\nFailures".to_owned());
        lines.extend(card.figures.iter().map(figure));
    }
    lines.push("\nBytes".to_owned());
    lines.push(format!("  evaluation key, once    {}", bytes(card.sizes.evaluation_key_bytes)));
    lines.push(format!("  the same in memory      {}", bytes(card.sizes.prepared_key_bytes)));
    lines.extend(card.comparison.iter().flat_map(comparison));
    lines
}

/// A number beside its limit.
pub fn figure(figure: &Figure) -> String {
    let verdict = if figure.fits { "fits" } else { "DOES NOT FIT" };
    format!("  {:<46} {:<12} {:<20} {verdict}", figure.what, figure.value_text(), figure.limit_text())
}

fn key(key: &KeyStrength) -> [String; 4] {
    [
        format!("  {}: at least {:.1} bits", key.key, key.bits),
        format!(
            "    LWE, dimension {}, modulus 2^{}, secret {}, error {}",
            key.dimension, key.log2_modulus, key.secret, key.error
        ),
        format!("    by {}", key.source),
        format!("    {}", key.command),
    ]
}

fn comparison(comparison: &ComparisonCard) -> Vec<String> {
    let plan = &comparison.plan;
    let mut lines = vec![
        format!("  query                   {}", bytes(plan.query_bytes as usize)),
        format!("  answer                  {}", bytes(plan.answer_bytes as usize)),
        format!(
            "\nNoise under {}, {}, disclosure {}, {}",
            comparison.metric,
            comparison.template,
            comparison.disclosure,
            count(plan.references, "reference")
        ),
        format!("  {:<38} {:>8} {:>8} {:>8}", "log2 of", "noise", "modulus", "margin"),
    ];
    lines.extend(comparison.stages.iter().map(stage));
    lines.extend(comparison.figures.iter().map(figure));
    lines.push("\nGray zone".to_owned());
    lines.push(match &comparison.gray_zone {
        Some(zone) => format!("  {}", zone.sentence),
        None => "  none: verdicts are exact, also at the threshold".to_owned(),
    });
    let time = Duration::try_from_secs_f64(plan.seconds).unwrap_or(Duration::MAX);
    lines.push("\nTime, predicted for the reference machine (two cores)".to_owned());
    lines.push(format!(
        "  one probe against {}: {} ({})",
        count(plan.references, "reference"),
        seconds(time),
        count(plan.steps as usize, plan.step)
    ));
    lines
}

fn stage(stage: &PredictedNoise) -> String {
    let margin = stage.margin_bits.map_or_else(String::new, |margin| format!("{margin:.1}"));
    format!("  {:<38} {:>8.1} {:>8.0} {margin:>8}", stage.stage, stage.noise_log2, stage.modulus_log2)
}
