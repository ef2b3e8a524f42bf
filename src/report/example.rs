//! A page with every kind of block and plot, from made-up numbers.

use super::*;

/// Half an ordered probability: how much of a normal distribution lies below `x`.
fn below(x: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().cdf(x)
}

/// Bars of a normal distribution of scores.
fn histogram(mean: f64, deviation: f64) -> Vec<Bar> {
    let edge = |n: u32| -0.2 + 0.025 * f64::from(n);
    let share = |from: f64, to: f64| below((to - mean) / deviation) - below((from - mean) / deviation);
    let bars = (0..48).map(|n| Bar { from: edge(n), to: edge(n + 1), height: share(edge(n), edge(n + 1)) });
    bars.filter(|bar| bar.height > 1e-4).collect()
}

/// (FMR, FNMR) over thresholds, for genuine scores that lie `distance` deviations above impostors'.
fn errors(distance: f64) -> Vec<(f64, f64)> {
    let thresholds = (0..=400).map(|n| -1.0 + 0.016 * f64::from(n));
    thresholds.map(|threshold| (below(-threshold), below(threshold - distance))).collect()
}

fn figure(caption: &str, plot: Plot) -> Figure {
    Figure { caption: caption.to_owned(), plot }
}

fn scores() -> Plot {
    Plot {
        x: Axis::new("cosine similarity", Scale::Linear),
        y: Axis::new("share of pairs", Scale::Linear),
        series: vec![
            Series::new("genuine", Marks::Bars(histogram(0.62, 0.12))),
            Series::new("impostor", Marks::Bars(histogram(0.15, 0.11))),
        ],
        rules: vec![Rule { label: "threshold 0.363".to_owned(), position: Position::X(0.363) }],
        bands: vec![Band { label: "gray zone".to_owned(), from: 0.345, to: 0.381 }],
    }
}

fn detection_errors() -> Plot {
    let axis = |label| Axis::over(label, Scale::NormalDeviate, 1e-5, 0.5);
    Plot {
        x: axis("false match rate"),
        y: axis("false non-match rate"),
        series: vec![
            Series::new("float scores", Marks::Line(errors(4.2))),
            Series::new("after quantisation", Marks::Line(errors(3.9))),
        ],
        rules: vec![Rule { label: "equal error rates".to_owned(), position: Position::Diagonal }],
        bands: Vec::new(),
    }
}

fn operating_characteristic() -> Plot {
    let hits = |distance| errors(distance).into_iter().map(|(match_rate, miss)| (match_rate, 1.0 - miss)).collect();
    Plot {
        x: Axis::over("false match rate", Scale::Log10, 1e-6, 1.0),
        y: Axis::over("true match rate", Scale::Linear, 0.0, 1.0),
        series: vec![
            Series::new("float scores", Marks::Line(hits(4.2))),
            Series::new("after quantisation", Marks::Steps(hits(3.0))),
        ],
        ..Plot::default()
    }
}

fn flips() -> Plot {
    let at = |n: i32| f64::from(n) / 10.0;
    let measured = (-9..=9).map(|n| {
        let y = below(-at(n).abs()) + 0.01 * f64::from(n % 3);
        PointWithInterval { x: at(n), y, low: (y - 0.03).max(0.0), high: y + 0.03 }
    });
    Plot {
        x: Axis::new("distance from the threshold, in deviations of the noise", Scale::Linear),
        y: Axis::new("flip probability", Scale::Linear),
        series: vec![
            Series::new(
                "predicted",
                Marks::Line((-100..=100).map(|n| (at(n) / 10.0, below(-at(n).abs() / 10.0))).collect()),
            ),
            Series::new("measured, 95 % interval", Marks::PointsWithIntervals(measured.collect())),
        ],
        rules: vec![Rule { label: "threshold".to_owned(), position: Position::X(0.0) }],
        bands: Vec::new(),
    }
}

fn times() -> Plot {
    let sizes = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];
    let line = |fixed: f64, each: f64| Marks::Line(sizes.iter().map(|n| (*n, fixed + each * n)).collect());
    Plot {
        x: Axis::new("references", Scale::Log10),
        y: Axis::new("seconds", Scale::Log10),
        series: vec![
            Series::new("tfhe", line(0.02, 0.021)),
            Series::new("bgv", line(6.4, 0.0008)),
            Series::new("clear", line(1e-5, 2e-8)),
        ],
        rules: vec![Rule { label: "crossover at 316 references".to_owned(), position: Position::X(316.0) }],
        bands: Vec::new(),
    }
}

fn answers() -> Plot {
    let points = |each: f64| (0..12).map(|n| (f64::from(n), 3.0 + each * f64::from(n))).collect();
    Plot {
        x: Axis::new("cores", Scale::Linear),
        y: Axis::new("references a second", Scale::Linear),
        series: (1..=5)
            .map(|n| Series::new(&format!("set {n}"), Marks::Points(points(f64::from(n) * 700.0))))
            .collect(),
        ..Plot::default()
    }
}

/// Every kind of block, and text that would be markup if it were not escaped.
pub(super) fn page() -> Page {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let rows = vec![
        texts(&["1e-2", "0.301", "0.0012", "0.0008 – 0.0017", "0"]),
        texts(&["1e-4", "0.363", "0.0153", "0.0139 – 0.0168", "12"]),
        texts(&["<b>subject & son</b>", "0.401", "0.1209", "0.1101 – 0.1324", "1,204"]),
    ];
    let head = texts(&["target FMR", "threshold", "FNMR", "95 % interval", "flipped decisions"]);
    let errors = Table { caption: "Errors at three thresholds.".to_owned(), head, rows, numeric: vec![1, 2, 3, 4] };
    let accuracy = vec![
        figure("Scores of genuine and impostor pairs.", scores()),
        figure("Detection error trade-off.", detection_errors()),
        figure("Receiver operating characteristic.", operating_characteristic()),
        figure("Predicted against measured flip probability.", flips()),
    ];
    let cost = vec![
        figure("Time of one query against gallery size.", times()),
        figure("Throughput against cores.", answers()),
        figure("Nothing \"measured\" yet.", Plot::default()),
    ];
    Page {
        title: "Accuracy card <example>".to_owned(),
        lead: "Encryption changes 12 of 1,204,551 decisions; all lie in the predicted gray zone.".to_owned(),
        facts: [
            ("command", "cotejo evaluate faces.npz --html card.html"),
            ("machine", "2 cores, AVX-512"),
            ("seed", "7"),
        ]
        .map(|(what, value)| (what.to_owned(), value.to_owned()))
        .to_vec(),
        sections: vec![
            Section {
                heading: "Accuracy".to_owned(),
                blocks: vec![
                    Block::Text("Error rates after ISO/IEC 19795-1, over all pairs.".to_owned()),
                    Block::Warning("49 subjects cannot support a false match rate of 1e-6 (rule of 3).".to_owned()),
                    Block::Table(errors),
                    Block::Figures(accuracy),
                ],
            },
            Section {
                heading: "Cost".to_owned(),
                blocks: vec![Block::List(texts(&["one machine", "one query at a time"])), Block::Figures(cost)],
            },
        ],
    }
}
