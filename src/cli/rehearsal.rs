//! What templates look like before they are enrolled: how long they are, and how alike each other.

use std::fmt::{self, Display, Formatter};

use crate::agreement::EyeRule;
use crate::functional::oracle::Oracle;
use crate::scheme::Opened;
use crate::template::{Record, Template};
use serde::Serialize;

use super::console::count;
use super::failure::Failure;
use super::interrupt;

/// So many templates are compared with each other, taken evenly from all.
const SAMPLE: usize = 200;

/// Measures of templates, none of which names one.
#[derive(Serialize)]
pub struct Rehearsal {
    /// Euclidean lengths of vectors; valid bits of irises; ones of bit strings.
    size: Option<Spread>,
    /// What `size` is of.
    measure: &'static str,
    /// How many templates were compared with each other.
    compared: usize,
    /// Scores of templates of one person.
    same: Pairs,
    /// Scores of templates of two.
    different: Pairs,
}

/// Least, median and greatest.
#[derive(Serialize)]
struct Spread {
    least: f64,
    median: f64,
    greatest: f64,
}

#[derive(Serialize, Default)]
struct Pairs {
    pairs: usize,
    hits: usize,
    scores: Option<Spread>,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let median = *values.get(values.len() / 2)?;
        Some(Self { least: *values.first()?, median, greatest: *values.last()? })
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} to {:.4}, median {:.4}", self.least, self.greatest, self.median)
    }
}

/// Looks at records as they come.
pub struct Rehearsing {
    sizes: Vec<f64>,
    measure: &'static str,
    seen: usize,
    /// Of so many records one is kept, so that twice as many as are compared are never exceeded.
    step: usize,
    sample: Vec<Record>,
}

impl Rehearsing {
    pub fn new() -> Self {
        Self { sizes: Vec::new(), measure: "", seen: 0, step: 1, sample: Vec::new() }
    }

    pub fn see(&mut self, record: &Record) {
        let (size, measure) = match &record.template {
            Template::Vector(vector) => (vector.norm(), "length of vectors"),
            Template::Iris(iris) => (iris.valid_bits() as f64, "valid bits of irises"),
            Template::Bits(bits) => (f64::from(bits.ones()), "ones of bit strings"),
        };
        self.sizes.push(size);
        self.measure = measure;
        if self.seen.is_multiple_of(self.step) {
            self.sample.push(record.clone());
        }
        self.seen += 1;
        if self.sample.len() > 2 * SAMPLE {
            self.step *= 2;
            let mut index = 0;
            self.sample.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
    }

    /// Compares some of the records with each other, in the clear.
    pub fn finish(self, agreement: &Opened) -> Result<Rehearsal, Failure> {
        let Self { sizes, measure, sample, .. } = self;
        let functional = agreement.functional();
        let step = sample.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<_> = sample
            .iter()
            .step_by(step)
            .filter_map(|record| {
                let probe = functional.probe(&record.template).ok()?;
                Some((record, probe, functional.reference(&record.template).ok()?))
            })
            .collect();
        let (mut same, mut different) = ((0, Vec::new()), (0, Vec::new()));
        for (at, (record, probe, _)) in sample.iter().enumerate() {
            interrupt::check()?;
            let oracle = Oracle::new(functional, probe);
            let later = sample.iter().skip(at + 1);
            for (other, _, reference) in
                later.filter(|(other, ..)| functional.eyes() == EyeRule::Ignored || other.eye == record.eye)
            {
                let comparison = oracle.compare(reference);
                let (hits, scores) = if other.subject == record.subject { &mut same } else { &mut different };
                *hits += usize::from(comparison.hit);
                scores.push(comparison.score);
            }
        }
        let pairs = |(hits, scores): (usize, Vec<f64>)| Pairs { pairs: scores.len(), hits, scores: Spread::of(scores) };
        Ok(Rehearsal {
            size: Spread::of(sizes),
            measure,
            compared: sample.len(),
            same: pairs(same),
            different: pairs(different),
        })
    }
}

impl Display for Rehearsal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(size) = &self.size {
            writeln!(f, "{}: {size}", self.measure)?;
        }
        write!(f, "{} compared with each other, in the clear:", count(self.compared, "template"))?;
        for (whose, pairs) in [("one person", &self.same), ("two persons", &self.different)] {
            let Pairs { pairs, hits, scores } = pairs;
            match scores {
                Some(scores) => write!(f, "\n  of {whose}: {}, scores {scores}; {} hit", count(*pairs, "pair"), hits)?,
                None => write!(f, "\n  of {whose}: no pair")?,
            }
        }
        Ok(())
    }
}
