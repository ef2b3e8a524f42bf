//! The measurements as one page.

use crate::report::{
    Axis, Block, Figure, Marks, Page, Plot, PointWithInterval, Position, Rule, Scale, Section, Series, Table,
};

use super::document::Document;
use super::measured::QueryTimes;
use super::table::{remarks, time};
use crate::cli::console::{bytes, count};
use crate::cli::made;

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
fn lines(document: &Document) -> Vec<(String, Vec<&QueryTimes>)> {
    let mut lines: Vec<(String, Vec<&QueryTimes>)> = Vec::new();
    for query in &document.queries {
        let name = name(document, &query.parameter_set, query.threads, query.probes);
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
    let mut blocks =
        vec![Block::Figures(document.threads.iter().map(|&threads| crossing(document, threads)).collect())];
    let remarks = remarks(document);
    if !remarks.is_empty() {
        blocks.push(Block::List(remarks));
    }
    let head = [
        "references",
        "encryption",
        "computation",
        "predicted",
        "wire",
        "decryption",
        "total",
        "least \u{2013} greatest",
    ];
    let row = |query: &QueryTimes| {
        let [encryption, computation, wire, decryption, total] =
            [&query.encryption, &query.computation, &query.wire, &query.decryption, &query.total]
                .map(|part| time(part.median));
        let spread = format!("{} \u{2013} {}", time(query.total.least), time(query.total.greatest));
        let references = query.references.to_string();
        vec![references, encryption, computation, time(query.predicted.seconds), wire, decryption, total, spread]
    };
    let what = format!("medians of {}; predicted is the computation alone", count(document.repeat as usize, "run"));
    blocks.extend(tables(document, &what, &head, row));
    Section { heading: "Time".to_owned(), blocks }
}

/// Time of an answer on so many threads: every scheme, predicted and measured.
fn crossing(document: &Document, threads: usize) -> Figure {
    let predicted = document.predicted.iter().filter(|curve| curve.threads == threads).map(|curve| {
        let name = name(document, &curve.parameter_set, curve.threads, curve.probes);
        let points = curve.points.iter().map(|point| (point.references as f64, point.seconds));
        Series::new(&format!("{name}, predicted"), Marks::Line(points.collect()))
    });
    let own = |(name, queries): (String, Vec<&QueryTimes>)| {
        let point = |query: &&QueryTimes| {
            let spread = &query.computation;
            PointWithInterval { x: query.references as f64, y: spread.median, low: spread.least, high: spread.greatest }
        };
        let points: Vec<PointWithInterval> =
            queries.iter().filter(|query| query.threads == threads).map(point).collect();
        (!points.is_empty()).then(|| Series::new(&format!("{name}, measured"), Marks::PointsWithIntervals(points)))
    };
    let crossovers = document.crossover.iter().filter(|crossover| crossover.threads == threads);
    let rules = crossovers.filter_map(|crossover| {
        let references = crossover.predicted_references?;
        let label = format!("{} sooner from {references} ({})", crossover.scheme, count(crossover.probes, "probe"));
        Some(Rule { label, position: Position::X(references as f64) })
    });
    let plot = Plot {
        x: Axis::new("references in the gallery", Scale::Log10),
        y: Axis::new("seconds for the custodian's answer", Scale::Log10),
        series: predicted.chain(lines(document).into_iter().filter_map(own)).collect(),
        rules: rules.collect(),
        ..Plot::default()
    };
    let caption = format!(
        "Time of an answer on {}: predicted by 'plan' from the pace of this machine, and measured (median, least to greatest).",
        count(threads, "thread")
    );
    Figure { caption, plot }
}

/// A table for each line of the figures, one row for each gallery; all columns are numbers.
fn tables(document: &Document, what: &str, head: &[&str], row: impl Fn(&QueryTimes) -> Vec<String>) -> Vec<Block> {
    let table = |(name, queries): (String, Vec<&QueryTimes>)| {
        Block::Table(Table {
            caption: format!("{name}: {what}."),
            head: head.iter().map(|&heading| heading.to_owned()).collect(),
            rows: queries.into_iter().map(&row).collect(),
            numeric: (0..head.len()).collect(),
        })
    };
    lines(document).into_iter().map(table).collect()
}

/// A figure of bytes, in the unit that fits the largest.
fn figure_of_bytes(document: &Document, caption: &str, value: impl Fn(&QueryTimes) -> Option<f64>) -> Figure {
    let largest = document.queries.iter().filter_map(&value).fold(0.0, f64::max);
    let (unit, factor) = match largest {
        b if b >= 1e9 => ("GB", 1e9),
        b if b >= 1e6 => ("MB", 1e6),
        b if b >= 1e3 => ("KB", 1e3),
        _ => ("bytes", 1.0),
    };
    figure(document, (caption, unit), |query| value(query).map(|bytes| bytes / factor))
}

fn bytes_section(document: &Document) -> Section {
    let answer = figure_of_bytes(document, "Size of an answer.", |query| Some(query.bytes.answer as f64));
    let memory =
        figure_of_bytes(document, "Peak of resident memory.", |query| query.peak_memory_bytes.map(|peak| peak as f64));
    let head = ["references", "evaluation key (once)", "query", "answer", "memory", "predicted"];
    let row = |query: &QueryTimes| {
        let [key, asked, answered] = [query.bytes.evaluation_key, query.bytes.query, query.bytes.answer].map(bytes);
        let memory = query.peak_memory_bytes.map_or("not told".to_owned(), |peak| bytes(peak as usize));
        vec![query.references.to_string(), key, asked, answered, memory, bytes(query.predicted.memory_bytes as usize)]
    };
    let what = "files that cross, and the peak of resident memory of both parties in one process; predicted is that of 'match' alone";
    let mut blocks = vec![Block::Figures(vec![answer, memory])];
    blocks.extend(tables(document, what, &head, row));
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
    let mut tables: Vec<Table> = Vec::new();
    for stage in &document.stages {
        let caption =
            format!("{}, {}: each stage alone, on random data.", stage.parameter_set, count(stage.threads, "thread"));
        let spread = &stage.seconds;
        let row = vec![
            stage.stage.to_owned(),
            count(stage.count, stage.of),
            time(spread.median),
            format!("{} \u{2013} {}", time(spread.lower_quartile), time(spread.upper_quartile)),
            time(spread.median / stage.count.max(1) as f64),
        ];
        match tables.iter_mut().find(|table| table.caption == caption) {
            Some(table) => table.rows.push(row),
            None => {
                let head = ["stage", "work", "median", "quartiles", "each"].map(str::to_owned).to_vec();
                tables.push(Table { caption, head, rows: vec![row], numeric: vec![2, 3, 4] });
            }
        }
    }
    Section { heading: "Stages".to_owned(), blocks: tables.into_iter().map(Block::Table).collect() }
}

fn facts(document: &Document) -> Vec<(String, String)> {
    let facts = made::facts().into_iter().chain(own_facts(document));
    facts.collect()
}

fn own_facts(document: &Document) -> Vec<(String, String)> {
    let facts = [
        ("Machine", document.machine.sentence()),
        ("Extensions", document.machine.cpu_flags.join(" ")),
        ("Versions", document.versions.sentence()),
        ("Seed", document.seed.to_string()),
        ("Made with", format!("cotejo bench, {}", count(document.repeat as usize, "repetition"))),
    ];
    facts.map(|(what, value)| (what.to_owned(), value)).to_vec()
}
