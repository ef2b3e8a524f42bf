//! Whether a first line of numbers is a template, or a header.

use super::super::error::{Place, ReadError, RecordFault};
use super::super::{Raw, Row, text};
use crate::template::Template;

/// A first line of numbers that was taken for a template, though nobody has said that it is one; and what the lines behind it are like.
pub(super) struct FirstLine {
    place: Place,
    /// Whether all its numbers are written without a fraction.
    whole: bool,
    /// Its length as a vector, once it was seen.
    length: Option<f64>,
    /// Whether at least half of the coordinates of every other vector have fractions, where there is one.
    fractions: Option<bool>,
    /// Of all other vectors.
    longest: f64,
}

impl FirstLine {
    /// So many times longer than any other vector, a first one is no vector.
    const FAR: f64 = 10.0;

    pub(super) fn new(fields: &[&str], comma: bool, place: Place) -> Result<Self, RecordFault> {
        let whole: Option<Vec<f64>> =
            fields.iter().map(|field| text::number(field, comma).filter(|n: &f64| n.fract() == 0.0)).collect();
        let steps = whole.iter().flat_map(|numbers| numbers.iter().zip(numbers.iter().skip(1)));
        let mut steps = steps.map(|(before, after)| after - before);
        let step = steps.next().filter(|step| *step != 0.0);
        if fields.len() >= 3 && step.is_some_and(|step| steps.all(|other| other == step)) {
            return Err(RecordFault::PerhapsHeader { why: "it counts in equal steps" });
        }
        Ok(Self { place, whole: whole.is_some(), length: None, fractions: None, longest: 0.0 })
    }

    /// Takes notice of a row: first of the line's own, then of each that follows.
    pub(super) fn see(&mut self, row: &Row<Raw>) {
        let Ok(Raw::Whole(Template::Vector(vector))) = &row.template else { return };
        if row.person == 1 {
            self.length = Some(vector.norm());
        } else if self.length.is_some() {
            let values = vector.coordinates();
            let fractions = 2 * values.iter().filter(|x| x.fract() != 0.0).count() >= values.len();
            self.fractions = Some(self.fractions.unwrap_or(true) && fractions);
            self.longest = self.longest.max(vector.norm());
        }
    }

    /// Whether it is a template, now that all other lines were seen.
    pub(super) fn check(&self) -> Result<(), ReadError> {
        let why = if self.whole && self.fractions == Some(true) {
            "it has whole numbers where all other lines have fractions"
        } else if self.longest > 0.0 && self.length.is_some_and(|length| length > Self::FAR * self.longest) {
            "it is more than ten times longer than any other vector"
        } else {
            return Ok(());
        };
        Err(ReadError::at(self.place)(RecordFault::PerhapsHeader { why }))
    }
}
