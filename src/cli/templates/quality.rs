//! Templates that are not good enough: failures to enrol.

use std::path::Path;

use crate::template::read::{Entry, RecordFault, Unusable};

use crate::cli::console::count;
use crate::cli::failure::{Cause, Failure};

/// How good templates must be.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct QualityArg {
    /// Leave out templates whose `quality` (column, field or array) is below this, or not given: failures to enrol, which are listed and
    /// counted apart, and no error
    #[arg(long = "minimum-quality", value_name = "QUALITY", value_parser = number, allow_negative_numbers = true)]
    pub minimum: Option<f64>,
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| "give a number, such as 0.6".to_owned())
}

/// Whether a record is unusable for its quality alone.
pub fn is_too_bad(one: &Unusable) -> bool {
    matches!(one.fault, RecordFault::Quality { .. })
}

/// What was seen of the quality of records.
#[derive(Default)]
pub(super) struct Qualities {
    too_bad: usize,
    others: usize,
    /// The minimum that was asked for.
    minimum: f64,
    /// Of those that are below it.
    highest: Option<f64>,
}

impl Qualities {
    pub(super) fn see(&mut self, entry: &Entry) {
        match entry {
            Err(Unusable { fault: RecordFault::Quality { quality, minimum }, .. }) => {
                (self.too_bad, self.minimum) = (self.too_bad + 1, *minimum);
                let number = quality.filter(|quality| !quality.is_nan());
                self.highest = self.highest.into_iter().chain(number).reduce(f64::max);
            }
            _ => self.others += 1,
        }
    }

    /// Refuses a file of which no record is good enough.
    pub(super) fn check(&self, path: &Path) -> Result<(), Failure> {
        if self.too_bad == 0 || self.others > 0 {
            return Ok(());
        }
        let (records, minimum) = (count(self.too_bad, "record"), self.minimum);
        let failure = match self.highest {
            Some(highest) => Failure::at(
                path,
                format_args!("none of {records} has the minimum quality of {minimum}: the highest is {highest}"),
                "ask for less (--minimum-quality), in the unit in which it is given",
            ),
            None => Failure::at(
                path,
                format_args!("none of {records} has a quality, where {minimum} is the minimum"),
                "give them a column, field or array `quality`, or ask for none",
            ),
        };
        Err(failure.because(Cause::Templates))
    }
}
