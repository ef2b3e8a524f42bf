//! A number with the limit that it is held to.

use std::fmt;

use serde::Serialize;

use super::{LEAST_SECURITY_BITS, ParameterSet};

/// Base-2 logarithm of the probability at which a gate or a verdict may err.
pub const MOST_FAILURE_LOG2: f64 = -128.0;
/// Base-2 logarithm of the statistical distance that sanitising may leave between the answers of two galleries.
pub const MOST_DISTANCE_LOG2: f64 = -40.0;

/// A number with the limit that it is held to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is of, in words.
    pub what: &'static str,
    /// The number.
    pub value: f64,
    /// The limit.
    pub limit: f64,
    /// On which side of the limit it has to be.
    pub bound: Bound,
    /// What the number counts.
    pub unit: Unit,
    /// Whether it keeps to the limit.
    pub fits: bool,
}

/// On which side of its limit a number has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The limit or more.
    AtLeast,
    /// The limit or less.
    AtMost,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Bits.
    Bits,
    /// The base-2 logarithm of a probability, a distance or a share of the torus.
    Log2,
}

impl Figure {
    /// Security, which an agreement may fall short of where it says so.
    pub(crate) fn security(bits: f64) -> Self {
        Self::at_least("security", bits, LEAST_SECURITY_BITS, Unit::Bits)
    }

    pub(crate) fn at_least(what: &'static str, value: f64, limit: f64, unit: Unit) -> Self {
        Self { what, value, limit, bound: Bound::AtLeast, unit, fits: value >= limit }
    }

    pub(crate) fn at_most(what: &'static str, value: f64, limit: f64, unit: Unit) -> Self {
        Self { what, value, limit, bound: Bound::AtMost, unit, fits: value <= limit }
    }

    /// The number with its unit.
    pub(crate) fn value_text(&self) -> String {
        self.unit.text(self.value)
    }

    /// The limit with its unit, and the side.
    pub(crate) fn limit_text(&self) -> String {
        let side = match self.bound {
            Bound::AtLeast => "at least",
            Bound::AtMost => "at most",
        };
        format!("{side} {}", self.unit.text(self.limit))
    }
}

impl Unit {
    fn text(self, number: f64) -> String {
        // Towards zero: never shown on the better side of a limit.
        let tenths = (number * 10.0).trunc() / 10.0;
        match self {
            Self::Bits => format!("{tenths:.1} bits"),
            Self::Log2 => format!("2^{tenths:.1}"),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} where {} is asked for", self.what, self.value_text(), self.limit_text())
    }
}

impl ParameterSet {
    /// In what a set that is not secure falls short, for people; a clause.
    pub(crate) fn weakness(&self) -> String {
        let bits = self.security_bits();
        match self.is_own() {
            false => "for tests only, it protects nothing".to_owned(),
            true if bits < 1.0 => {
                format!("no security that can be vouched for, where {LEAST_SECURITY_BITS} bits are asked for")
            }
            true => format!("{} of security, where {LEAST_SECURITY_BITS} are asked for", Unit::Bits.text(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_shown_better_than_it_is() {
        assert_eq!(Figure::at_least("security", 127.96, 128.0, Unit::Bits).value_text(), "127.9 bits");
        assert_eq!(Figure::at_most("failure", -127.96, -128.0, Unit::Log2).value_text(), "2^-127.9");
        let nothing = Figure::at_most("failure", f64::NAN, -128.0, Unit::Log2);
        assert!(!nothing.fits);
        assert_eq!(
            Figure::at_most("failure of a gate", -2.73, -128.0, Unit::Log2).to_string(),
            "failure of a gate: 2^-2.7 where at most 2^-128.0 is asked for"
        );
    }
}
