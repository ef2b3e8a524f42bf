//! The measurements as one page.

use cotejo::report::{Axis, Block, Estimate, Figure, Marks, Page, Plot, Position, Rule, Scale, Section, Series, Table};

use super::document::{Document, QueryTimes};
use super::table::{remarks, time};
use crate::cli::console::{bytes, count};

/// The page as HTML.
pub fn html(document: &Document) -> String {
    let compared = format!("{}, {}, {} disclosed", document.shape, document.metric, document.disclosure);
    Page {
        title: "What encrypted comparison costs".to_owned(),
        lead: format!("Measured on {}: {compared}.", document.machine.sentence()),
        facts: facts(document),
        sections: vec![time_section(document), bytes_section(document), throughput(document), stages(document)],
    }
    .html()
}

/// One line for each set, number of threads and number of probes.
fn lines<'a>(document: &'a Document) -> Vec<(String, Vec<&'a QueryTimes>)> {
    let mut lines: Vec<(String, Vec<&QueryTimes>)> = Vec::new();
    for query in &document.queries {
        let name = name(document, query.parameter_set, query.threads, query.probes);
        match lines.iter_mut().find(|(known, _)| *known == name) {
            Some((_, queries)) => queries.push(query),
            None => lines.push((name, vec![query])),
        }
    }
    lines
}

/// The set, and what else tells lines apart.
fn name(document: &Document, set: &str, threads: usize, probes: usize) -> String {
    let several_probes = document.queries.iter().any(|query| query.probes != probes);
    let threads = if document.threads.len() > 1 { format!(", {}", count(threads, "thread")) } else { String::new() };
    let probes = if several_probes { format!(", {}", count(probes, "probe")) } else { String::new() };
    format!("{set}{threads}{probes}")
}

/// A figure of something about queries against the size of the gallery.
fn figure(document: &Document, (caption, label): (&str, &str), value: impl Fn(&QueryTimes) -> Option<f64>) -> Figure {
    let series = lines(document).into_iter().map(|(name, queries)| {
        let points = queries.iter().filter_map(|query| Some((query.references as f64, value(query)?)));
        Series::new(&name, Marks::Line(points.collect()))
    });
    let plot = Plot {
        x: Axis::new("references in the gallery", Scale::Log10),
        y: Axis::new(label, Scale::Log10),
        series: series.collect(),
        ..Plot::default()
    };
    Figure { caption: caption.to_owned(), plot }
}

fn time_section(document: &Document) -> Section {
    let predicted = document.predicted.iter().map(|curve| {
        let name = name(document, curve.parameter_set, curve.threads, curve.probes);
        let points = curve.points.iter().map(|point| (point.references as f64, point.seconds));
        Series::new(&format!("{name}, predicted"), Marks::Line(points.collect()))
    });
    let measured = lines(document).into_iter().map(|(name, queries)| {
        let point = |query: &&QueryTimes| {
            let spread = &query.computation;
            Estimate { x: query.references as f64, y: spread.median, low: spread.least, high: spread.greatest }
        };
        Series::new(&format!("{name}, measured"), Marks::PointsWithIntervals(queries.iter().map(point).collect()))
    });
    let rules = document.crossover.iter().filter_map(|crossover| {
        let references = crossover.predicted_references?;
        let label = format!("bgv sooner from {references} ({})", count(crossover.threads, "thread"));
        Some(Rule { label, position: Position::X(references as f64) })
    });
    let plot = Plot {
        x: Axis::new("references in the gallery", Scale::Log10),
        y: Axis::new("seconds for the custodian's answer", Scale::Log10),
        series: predicted.chain(measured).collect(),
        rules: rules.collect(),
        ..Plot::default()
    };
    let caption = "Time of an answer: predicted by 'plan' from the pace of this machine, and measured (median, least to greatest).";
    let rows = document.queries.iter().map(|query| {
        let spreads = [&query.encryption, &query.computation, &query.wire, &query.decryption, &query.total];
        let mut row = identity(query);
        row.extend(spreads.map(|spread| time(spread.median)));
        row.push(format!("{} \u{2013} {}", time(query.total.least), time(query.total.greatest)));
        row.push(time(query.predicted.seconds));
        row
    });
    let head = [
        "set",
        "threads",
        "references",
        "probes",
        "encryption",
        "computation",
        "wire",
        "decryption",
        "total",
        "least \u{2013} greatest",
        "predicted",
    ];
    let table = Table {
        caption: format!(
            "Whole queries: medians of {}; predicted is the computation alone.",
            count(document.repeat as usize, "run")
        ),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        numeric: (1..head.len()).collect(),
    };
    let mut blocks = vec![Block::Figures(vec![Figure { caption: caption.to_owned(), plot }]), Block::Table(table)];
    let remarks = remarks(document);
    if !remarks.is_empty() {
        blocks.push(Block::List(remarks));
    }
    Section { heading: "Time".to_owned(), blocks }
}

/// Which query.
fn identity(query: &QueryTimes) -> Vec<String> {
    let numbers = [query.threads, query.references, query.probes].map(|number| number.to_string());
    [query.parameter_set.to_owned()].into_iter().chain(numbers).collect()
}

fn bytes_section(document: &Document) -> Section {
    let rows = document.queries.iter().map(|query| {
        let sizes = [query.bytes.evaluation_key, query.bytes.query, query.bytes.answer];
        let mut row = identity(query);
        row.extend(sizes.map(bytes));
        row.push(query.peak_memory_bytes.map_or("not told".to_owned(), |peak| bytes(peak as usize)));
        row.push(bytes(query.predicted.memory_bytes as usize));
        row
    });
    let head =
        ["set", "threads", "references", "probes", "evaluation key (once)", "query", "answer", "memory", "predicted"];
    let table = Table {
        caption: "Files that cross, and the peak of resident memory of both parties in one process; predicted is that of 'match' alone."
            .to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        numeric: (1..head.len()).collect(),
    };
    let answer = figure(document, ("Bytes of an answer.", "bytes"), |query| Some(query.bytes.answer as f64));
    let memory = figure(document, ("Peak of resident memory.", "bytes"), |query| {
        query.peak_memory_bytes.map(|peak| peak as f64)
    });
    let blocks = vec![Block::Figures(vec![answer, memory]), Block::Table(table)];
    Section { heading: "Bytes and memory".to_owned(), blocks }
}

fn throughput(document: &Document) -> Section {
    let label = "comparisons a second and thread";
    let figure = figure(document, ("Comparisons in a second on one of the threads.", label), |query| {
        Some(query.comparisons_per_second_and_thread)
    });
    Section { heading: "Throughput of a core".to_owned(), blocks: vec![Block::Figures(vec![figure])] }
}

fn stages(document: &Document) -> Section {
    let rows = document.stages.iter().map(|stage| {
        let spread = &stage.seconds;
        vec![
            stage.parameter_set.to_owned(),
            stage.threads.to_string(),
            stage.stage.to_owned(),
            count(stage.count, stage.of),
            time(spread.median),
            format!("{} \u{2013} {}", time(spread.lower_quartile), time(spread.upper_quartile)),
            time(spread.median / stage.count.max(1) as f64),
        ]
    });
    let head = ["set", "threads", "stage", "work", "median", "quartiles", "each"];
    let table = Table {
        caption: "Each stage alone, on random data.".to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        numeric: vec![1, 4, 5, 6],
    };
    Section { heading: "Stages".to_owned(), blocks: vec![Block::Table(table)] }
}

fn facts(document: &Document) -> Vec<(String, String)> {
    let facts = [
        ("Machine", document.machine.sentence()),
        ("Extensions", document.machine.cpu_flags.join(" ")),
        ("Versions", document.versions.sentence()),
        ("Seed", document.seed.to_string()),
        ("Made with", format!("cotejo bench, {}", count(document.repeat as usize, "repetition"))),
    ];
    facts.map(|(what, value)| (what.to_owned(), value)).to_vec()
}
