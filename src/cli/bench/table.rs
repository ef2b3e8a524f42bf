//! Measurements as rows: for spreadsheets, and for people.

use std::time::Duration;

use serde::Serialize;

use super::document::Document;
use super::grid::Skipped;
use super::measured::{QueryTimes, StageTimes};
use super::spread::Spread;
use crate::cli::console::{bytes, count, seconds};
use crate::cli::failure::Failure;
use crate::planning::Plan;

/// One row of the CSV file: a stage alone, or a part of whole queries. Times in seconds; cells that do not apply are empty.
#[derive(Serialize)]
struct Row<'a> {
    kind: &'static str,
    scheme: String,
    parameter_set: &'a str,
    threads: usize,
    stage: &'a str,
    count: usize,
    of: &'a str,
    references: Option<usize>,
    probes: Option<usize>,
    repeats: usize,
    least: f64,
    lower_quartile: f64,
    median: f64,
    upper_quartile: f64,
    greatest: f64,
    predicted: Option<f64>,
    evaluation_key_bytes: Option<usize>,
    query_bytes: Option<usize>,
    answer_bytes: Option<usize>,
    peak_memory_bytes: Option<u64>,
}

/// All stages and queries.
pub fn csv(document: &Document) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Failure::new("--csv", error, "leave --csv out");
    let stages = document.stages.iter().map(of_stage);
    for row in stages.chain(document.queries.iter().flat_map(of_query)) {
        writer.serialize(row).map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

fn of_stage(times: &StageTimes) -> Row<'_> {
    let StageTimes { stage, count, of, seconds, .. } = times;
    Row {
        kind: "stage",
        scheme: times.scheme.to_string(),
        stage,
        count: *count,
        of,
        references: None,
        probes: None,
        predicted: None,
        evaluation_key_bytes: None,
        query_bytes: None,
        answer_bytes: None,
        peak_memory_bytes: None,
        ..of_spread(&times.parameter_set, times.threads, seconds)
    }
}

fn of_query(query: &QueryTimes) -> impl Iterator<Item = Row<'_>> {
    let parts = [
        ("encryption", &query.encryption, None),
        ("wire", &query.wire, None),
        ("computation", &query.computation, Some(query.predicted.seconds)),
        ("decryption", &query.decryption, None),
        ("total", &query.total, None),
    ];
    parts.into_iter().map(move |(stage, spread, predicted)| Row {
        kind: "query",
        scheme: query.scheme.to_string(),
        stage,
        count: query.references * query.probes,
        of: "comparison",
        references: Some(query.references),
        probes: Some(query.probes),
        predicted,
        evaluation_key_bytes: Some(query.bytes.evaluation_key),
        query_bytes: Some(query.bytes.query),
        answer_bytes: Some(query.bytes.answer),
        peak_memory_bytes: query.peak_memory_bytes,
        ..of_spread(&query.parameter_set, query.threads, spread)
    })
}

/// A row with its times and nothing else.
fn of_spread<'a>(parameter_set: &'a str, threads: usize, spread: &Spread) -> Row<'a> {
    Row {
        kind: "",
        scheme: String::new(),
        parameter_set,
        threads,
        stage: "",
        count: 0,
        of: "",
        references: None,
        probes: None,
        repeats: spread.repeats,
        least: spread.least,
        lower_quartile: spread.lower_quartile,
        median: spread.median,
        upper_quartile: spread.upper_quartile,
        greatest: spread.greatest,
        predicted: None,
        evaluation_key_bytes: None,
        query_bytes: None,
        answer_bytes: None,
        peak_memory_bytes: None,
    }
}

/// For people.
pub fn text(document: &Document) -> String {
    let mut lines = vec![
        format!("{}, {}", document.shape, document.metric),
        document.machine.sentence(),
        document.versions.sentence(),
        format!(
            "\n{:<20}{:>8}  {:<24}{:>10}{:>10}{:>10}  {}",
            "stage", "threads", "", "median", "least", "greatest", "of"
        ),
    ];
    lines.extend(document.stages.iter().map(|stage| {
        let [median, least, greatest] = spread(&stage.seconds);
        let of = count(stage.count, stage.of);
        let (set, threads) = (&stage.parameter_set, stage.threads);
        format!("{set:<20}{threads:>8}  {:<24}{median:>10}{least:>10}{greatest:>10}  {of}", stage.stage)
    }));
    lines.push(format!(
        "\n{:<20}{:>8}{:>12}{:>8}{:>10}{:>10}{:>10}{:>11}{:>11}{:>11}{:>11}",
        "query",
        "threads",
        "references",
        "probes",
        "median",
        "greatest",
        "predicted",
        "key",
        "query",
        "answer",
        "memory"
    ));
    lines.extend(queries(document));
    lines.extend(remarks(document));
    lines.join("\n")
}

/// Every query of the grid, those with their times that were measured, the others as predicted.
fn queries(document: &Document) -> Vec<String> {
    let line = |plan: &Plan, threads: usize, [median, greatest, memory]: [String; 3], sizes: [u64; 3]| {
        let [key, query, answer] = sizes.map(|size| bytes(size as usize));
        let line = format!(
            "{:<20}{threads:>8}{:>12}{:>8}{median:>10}{greatest:>10}{:>10}{key:>11}{query:>11}{answer:>11}{memory:>11}",
            plan.parameter_set,
            plan.references,
            plan.probes,
            time(plan.seconds),
        );
        ((plan.parameter_set.clone(), threads, plan.probes, plan.references), line)
    };
    let measured = document.queries.iter().map(|query| {
        let [median, _, greatest] = spread(&query.total);
        let memory = query.peak_memory_bytes.map_or("-".to_owned(), |peak| bytes(peak as usize));
        let sizes = [query.bytes.evaluation_key, query.bytes.query, query.bytes.answer].map(|size| size as u64);
        line(&query.predicted, query.threads, [median, greatest, memory], sizes)
    });
    let predicted = document.skipped.iter().map(|Skipped { threads, predicted: plan }| {
        let nothing = [(); 3].map(|()| "-".to_owned());
        line(plan, *threads, nothing, [plan.evaluation_key_bytes, plan.query_bytes, plan.answer_bytes])
    });
    let mut lines: Vec<_> = measured.chain(predicted).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// What was left out, and where the schemes cross.
pub fn remarks(document: &Document) -> Vec<String> {
    let refused =
        document.refused.iter().map(|refused| format!("left out: {}: {}", refused.scheme_or_set, refused.why));
    let skipped = document.skipped.iter().map(left_out);
    let crossovers = document.crossover.iter().map(|crossover| {
        let said = |references: Option<usize>| references.map_or("not found".to_owned(), |found| found.to_string());
        format!(
            "scheme {} answers {} sooner than tfhe on {} from so many references: predicted {}, measured {}",
            crossover.scheme,
            count(crossover.probes, "probe"),
            count(crossover.threads, "thread"),
            said(crossover.predicted_references),
            said(crossover.measured_references),
        )
    });
    refused.chain(skipped).chain(crossovers).collect()
}

/// That a query is predicted to take too long.
pub fn left_out(Skipped { threads, predicted: plan }: &Skipped) -> String {
    format!(
        "left out: {}, {}, {}, {}: {} predicted; raise --limit to measure it",
        plan.parameter_set,
        count(plan.references, "reference"),
        count(plan.probes, "probe"),
        count(*threads, "thread"),
        time(plan.seconds)
    )
}

fn spread(spread: &Spread) -> [String; 3] {
    [spread.median, spread.least, spread.greatest].map(time)
}

/// A time for people, to about three digits.
pub fn time(amount: f64) -> String {
    match amount {
        short if (99.95e-3..0.9995).contains(&short) => format!("{:.0} ms", short * 1e3),
        short if (0.9995..9.995).contains(&short) => format!("{short:.2} s"),
        long => seconds(Duration::try_from_secs_f64(long).unwrap_or(Duration::MAX)),
    }
}
