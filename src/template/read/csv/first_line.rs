//! Whether a first line of numbers is a template, or a header.

use super::super::error::RecordFault;
use super::super::{Raw, Row, text};
use crate::template::Template;

/// A first line of numbers that was taken for a template, though nobody has said that it is one.
pub(super) struct FirstLine {
    /// Whether all its numbers are written without a fraction.
    whole: bool,
}

impl FirstLine {
    /// So many times longer than any other vector, a first one is no vector.
    const FAR: f64 = 10.0;

    pub(super) fn new(fields: &[&str], comma: bool) -> Result<Self, RecordFault> {
        let whole: Option<Vec<f64>> =
            fields.iter().map(|field| text::number(field, comma).filter(|n: &f64| n.fract() == 0.0)).collect();
        let steps = whole.iter().flat_map(|numbers| numbers.iter().zip(numbers.iter().skip(1)));
        let mut steps = steps.map(|(before, after)| after - before);
        let step = steps.next().filter(|step| *step != 0.0);
        if fields.len() >= 3 && step.is_some_and(|step| steps.all(|other| other == step)) {
            return Err(RecordFault::PerhapsHeader { why: "it counts in equal steps" });
        }
        Ok(Self { whole: whole.is_some() })
    }

    /// Compares it with the lines that follow.
    pub(super) fn check(&self, first: &Row<Raw>, others: &[Row<Raw>]) -> Result<(), RecordFault> {
        fn vector(row: &Row<Raw>) -> Option<&[f64]> {
            match &row.template {
                Ok(Raw::Whole(Template::Vector(vector))) => Some(vector.coordinates()),
                _ => None,
            }
        }
        let Some(first) = vector(first) else { return Ok(()) };
        let length = |vector: &[f64]| vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        let (mut fractions, mut longest) = (others.iter().any(|other| vector(other).is_some()), 0.0);
        for other in others.iter().filter_map(vector) {
            fractions &= 2 * other.iter().filter(|x| x.fract() != 0.0).count() >= other.len();
            longest = f64::max(longest, length(other));
        }
        if self.whole && fractions {
            return Err(RecordFault::PerhapsHeader {
                why: "it has whole numbers where all other lines have fractions",
            });
        }
        if longest > 0.0 && length(first) > Self::FAR * longest {
            return Err(RecordFault::PerhapsHeader { why: "it is more than ten times longer than any other vector" });
        }
        Ok(())
    }
}
