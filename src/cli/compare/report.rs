//! Pairs and their summary, as text or as one document.

use std::io::{BufWriter, Write};

use crate::scheme::Opened;
use crate::template::{Eye, SubjectId};
use serde::Serialize;

use crate::cli::console::{count, stdout_failure};
use crate::cli::failure::Failure;

/// One pair, as it is reported.
#[derive(Serialize)]
pub struct Pair<'a> {
    pub probe: &'a SubjectId,
    pub reference: &'a SubjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eye: Option<Eye>,
    pub hit: bool,
    pub score: f64,
    pub phi: i64,
    pub rotation: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_bits: Option<usize>,
    /// Of the decision at the deciding rotation; it does not count the rule of common bits.
    pub flip_probability: f64,
    pub in_gray_zone: bool,
}

/// What all pairs come to.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pairs: usize,
    hits: usize,
    least_score: Option<f64>,
    greatest_score: Option<f64>,
    in_gray_zone: usize,
    expected_flips: f64,
}

impl Summary {
    /// One more pair, outside the gray zone.
    #[inline(always)]
    pub fn add(&mut self, hit: bool, score: f64) {
        self.pairs += 1;
        self.hits += usize::from(hit);
        self.least_score = Some(self.least_score.map_or(score, |least| least.min(score)));
        self.greatest_score = Some(self.greatest_score.map_or(score, |most| most.max(score)));
    }

    /// All of these pairs.
    pub fn add_all(&mut self, others: &Self) {
        self.pairs += others.pairs;
        self.hits += others.hits;
        self.in_gray_zone += others.in_gray_zone;
        self.expected_flips += others.expected_flips;
        let either = |a: Option<f64>, b: Option<f64>, of: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(of(a, b)),
            (a, b) => a.or(b),
        };
        self.least_score = either(self.least_score, others.least_score, f64::min);
        self.greatest_score = either(self.greatest_score, others.greatest_score, f64::max);
    }
}

/// Writes pairs as they come, so that memory does not grow with their number.
pub struct Report {
    out: BufWriter<std::io::Stdout>,
    json: bool,
    listed: bool,
    written: usize,
    summary: Summary,
}

impl Report {
    pub fn begin(json: bool, listed: bool) -> Result<Self, Failure> {
        let out = BufWriter::new(std::io::stdout());
        let mut report = Self { out, json, listed, written: 0, summary: Summary::default() };
        if json {
            report.write("{\n\"pairs\": [")?;
        }
        Ok(report)
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(|error| stdout_failure(&error))
    }

    /// Pairs that are not written one by one.
    pub fn add_others(&mut self, others: &Summary) {
        self.summary.add_all(others);
    }

    pub fn add(&mut self, pair: &Pair<'_>, hits_only: bool) -> Result<(), Failure> {
        let summary = &mut self.summary;
        summary.add(pair.hit, pair.score);
        summary.in_gray_zone += usize::from(pair.in_gray_zone);
        summary.expected_flips += pair.flip_probability;
        if hits_only && !pair.hit {
            return Ok(());
        }
        if self.json {
            let separator = if self.written == 0 { "\n" } else { ",\n" };
            let text = serde_json::to_string(pair).map_err(|error| stdout_failure(&error.into()))?;
            self.write(&format!("{separator}{text}"))?;
        } else if self.listed {
            let verdict = if pair.hit { "hit" } else { "no hit" };
            let Pair { probe, reference, score, flip_probability, .. } = pair;
            self.write(&format!("{probe}\t{reference}\t{verdict}\t{score:.6}\t{flip_probability:.1e}\n"))?;
        }
        self.written += 1;
        Ok(())
    }

    pub fn end(mut self, agreement: &Opened) -> Result<(), Failure> {
        let summary = &self.summary;
        let text = if self.json {
            let summary = serde_json::to_string(summary).map_err(|error| stdout_failure(&error.into()))?;
            format!("\n],\n\"summary\": {summary},\n\"agreement\": \"{}\"\n}}\n", agreement.digest())
        } else {
            let scores = match (summary.least_score, summary.greatest_score) {
                (Some(least), Some(greatest)) => format!(", scores from {least:.6} to {greatest:.6}"),
                _ => String::new(),
            };
            format!(
                "# {}, {}{scores}; {} in the gray zone, {:.2} expected to flip under encryption\n",
                count(summary.pairs, "pair"),
                count(summary.hits, "hit"),
                summary.in_gray_zone,
                summary.expected_flips
            )
        };
        self.write(&text)?;
        self.out.flush().map_err(|error| stdout_failure(&error))
    }
}
