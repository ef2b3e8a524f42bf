//! Candidates of a search as rows of a table and as JSON.

use std::time::Duration;

use crate::parameters::custom::OwnSet;
use crate::parameters::{Dimensions, ParameterSet};
use crate::planning::search::{Candidate, Survey};
use serde_json::{Value, json};

use crate::cli::console::{bytes, seconds};

/// Rows that are shown; `--json` has all.
const MOST_ROWS: usize = 20;

const HEADINGS: [&str; 7] = ["time", "key", "query", "noise", "rounding", "bits", "set"];

/// The frontier, the cheapest marked, and the named set beside it.
pub fn text(survey: &Survey) -> String {
    let shown = survey.frontier.len().min(MOST_ROWS);
    let rows = survey.frontier.iter().take(shown).map(|candidate| ("", cells(candidate, &name(&candidate.set))));
    let named = survey.named.iter().map(|named| ("=", cells(named, named.set.name())));
    let mut rows: Vec<(&str, [String; 7])> = rows.chain(named).collect();
    if let Some((mark, _)) = rows.first_mut() {
        *mark = "*";
    }
    let headings = ("", HEADINGS.map(str::to_owned));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| {
            let all = rows.iter().chain([&headings]).filter_map(|(_, cells)| cells.get(column));
            all.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let line = |(mark, cells): &(&str, [String; 7])| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .zip(HEADINGS)
            .map(|((cell, &width), heading)| if heading == "set" { cell.clone() } else { format!("{cell:>width$}") })
            .collect();
        format!("{mark:1} {}", padded.join("  "))
    };
    let mut lines = vec![line(&headings)];
    lines.extend(rows.iter().map(line));
    if survey.frontier.len() > shown {
        lines.push(format!("  and {} more, see --json", survey.frontier.len() - shown));
    }
    lines.push("* the cheapest in time; the others are better in something: key, query, or accuracy".to_owned());
    if survey.named.is_some() {
        lines.push("= the nearest of this program's own sets".to_owned());
    }
    lines.join("\n")
}

fn cells(candidate: &Candidate, name: &str) -> [String; 7] {
    let plan = &candidate.plan;
    let deviation = |deviation: f64, none: &str| {
        if deviation == 0.0 { none.to_owned() } else { format!("{deviation:.2e}") }
    };
    let length = match candidate.length {
        Some((length, true)) => format!("{name}, vectors of integer length {length}"),
        _ => name.to_owned(),
    };
    [
        duration(candidate),
        bytes(plan.evaluation_key_bytes as usize),
        bytes(plan.query_bytes as usize),
        deviation(candidate.noise, "exact"),
        deviation(candidate.rounding, "none"),
        format!("{:.0}", candidate.set.security_bits().floor()),
        length,
    ]
}

/// Its predicted time, for people.
pub fn duration(candidate: &Candidate) -> String {
    seconds(Duration::try_from_secs_f64(candidate.seconds()).unwrap_or(Duration::MAX))
}

/// The name of a set; of one that was found, what tells it from others.
pub fn name(set: &ParameterSet) -> String {
    if set.name().is_empty() { dimensions(set) } else { set.name().to_owned() }
}

fn dimensions(set: &ParameterSet) -> String {
    match set.dimensions() {
        Dimensions::Tfhe(set) => format!(
            "tfhe-{}-{}x{}-l{}-k{}",
            set.lwe_dimension(),
            set.glwe_dimension,
            set.polynomial_size,
            set.bootstrap_levels,
            set.keyswitch_levels
        ),
        Dimensions::Bgv(set) => format!(
            "bgv-{}-{}-s{}-d{}-b{}{}",
            set.ring_size(),
            set.log2_modulus(),
            set.special,
            set.digit,
            set.baby_steps,
            if set.one_squaring { "-one" } else { "" }
        ),
        Dimensions::Hybrid(set) => format!(
            "hybrid-{}-{}-{}-{}-s{}-d{}-b{}",
            set.query().lwe_dimension(),
            set.score_bound,
            set.block_size(),
            set.log2_modulus(),
            set.special_primes,
            set.digit_primes,
            set.rotations
        ),
    }
}

/// Everything known of a candidate.
pub fn document(candidate: &Candidate) -> Value {
    let plan = &candidate.plan;
    json!({
        "name": name(&candidate.set),
        "security_bits": candidate.set.security_bits(),
        "seconds": candidate.seconds(),
        "evaluation_key_bytes": plan.evaluation_key_bytes,
        "query_bytes": plan.query_bytes,
        "answer_bytes": plan.answer_bytes,
        "noise": candidate.noise,
        "rounding": candidate.rounding,
        "deviation": candidate.deviation(),
        "integer_length": candidate.length.map(|(length, _)| length),
        "agreement_must_name_length": candidate.length.is_some_and(|(_, must)| must),
        "parameters": own(&candidate.set),
    })
}

/// The set as one's own, under the name that its dimensions make.
pub fn own(set: &ParameterSet) -> OwnSet {
    OwnSet::like(set, dimensions(set))
}
