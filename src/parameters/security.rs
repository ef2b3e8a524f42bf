//! Bits of security of any instance of LWE that a set could hide behind, from a table kept in the repository.
//!
//! `scripts/security/table.tsv` holds the least of three attacks (primal uSVP, primal BDD, dual hybrid) over a grid; where both
//! `model.py` and the lattice estimator say something of a point, the smaller counts. Between points, three rules, none of which
//! gives more than the instance has:
//!
//! - a larger dimension, a wider error, a smaller modulus is never easier: an instance has at least the bits of every point it
//!   dominates, and a point no more than those that dominate it;
//! - along one curve, security grows almost in a straight line (in n for a given error, in 1 / log2 q for a given ring), with steps of a
//!   block size: the chord less `MARGIN` bits stays below it;
//! - beyond the hardest point the figure stays where it is; short of the easiest, it is 0.
//!
//! The tests leave out each point in turn, and hold points off the grid (`scripts/security/between.tsv`) against the interpolation.

mod table;

use std::fmt;
use table::table;

/// Bits taken off a chord: an attack's cost moves in steps of up to 0.3 bit, a block size each, and is rounded to a tenth.
pub(crate) const MARGIN: f64 = 0.5;

/// How hard an instance is at least.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityEstimate {
    /// Bits of security: log2 of the operations of the cheapest attack; never above what the estimate of the instance itself would give.
    pub bits: f64,
    /// What computed the point that the figure rests on.
    pub source: &'static str,
    /// Where in the table the instance lies.
    pub place: Place,
    /// What was asked.
    instance: Instance,
}

/// Where in the table an instance lies.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// It is a point of the table.
    Listed,
    /// Between an easier point and a harder one.
    Between {
        /// No harder than the instance.
        easier: Point,
        /// Not dominated by it.
        harder: Point,
    },
    /// Harder than this point, which is the hardest on its curve: the instance may have more bits than the table can tell.
    Beyond(Point),
    /// Easier than every point: the table vouches for nothing.
    Short(Shortfall),
}

/// Why the table vouches for nothing: below its edge an instance has less than some 100 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Shortfall {
    /// Too narrow an error.
    #[error("the table begins at errors TUniform({least}), this is TUniform({actual})")]
    Noise {
        /// b of the narrowest error in the table.
        least: u32,
        /// b of the instance.
        actual: u32,
    },
    /// Too small a dimension for the error.
    #[error("with that error the table begins at dimension {least}, this is {actual}")]
    Dimension {
        /// The smallest dimension in the table with an error as wide, or narrower.
        least: usize,
        /// n of the instance.
        actual: usize,
    },
    /// Too small a ring.
    #[error("the table begins at rings of 2^{least} coefficients, this has 2^{actual}")]
    Ring {
        /// log2 of the smallest ring in the table.
        least: u32,
        /// log2 of the ring of the instance.
        actual: u32,
    },
    /// Too large a modulus for the ring.
    #[error("for that ring the table ends at a modulus of {most} bits, this has {actual}")]
    Modulus {
        /// Bits of the largest modulus in the table for a ring as large, or smaller.
        most: usize,
        /// Bits of the modulus of the instance.
        actual: usize,
    },
}

/// An instance that the table speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instance {
    /// Modulus 2^64, uniform binary secret, error TUniform(noise_log2).
    Binary { dimension: usize, noise_log2: u32 },
    /// A ring of 2^ring_log2 coefficients, uniform ternary secret, error of deviation 3.24.
    Ternary { ring_log2: u32, log2_modulus: usize },
}

/// One point of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// n, or N of a ring.
    pub dimension: usize,
    /// log2 q.
    pub log2_modulus: usize,
    /// Distribution of the error, as the table writes it: `tuniform46`, `cbd21`.
    pub error: &'static str,
    /// The least of the attacks, in bits.
    pub bits: f64,
    /// What computed it.
    pub source: &'static str,
    /// Distribution of the secret: `binary`, `ternary`.
    secret: &'static str,
}

/// Security of LWE(dimension, 2^64) with a uniform binary secret and errors TUniform(noise_log2): what keys of scheme `tfhe` hide behind.
///
/// ```
/// use cotejo::parameters::security::of_binary_lwe;
/// let estimate = of_binary_lwe(896, 46);
/// assert!(estimate.bits >= 128.0);
/// assert_eq!(estimate.command(), "python3 scripts/security/estimate.py --one binary 896 46");
/// ```
pub fn of_binary_lwe(dimension: usize, noise_log2: u32) -> SecurityEstimate {
    table().estimate(Instance::Binary { dimension, noise_log2 })
}

/// Security of ring LWE of 2^ring_log2 coefficients with a uniform ternary secret and errors of deviation 3.24, modulo log2_modulus bits, special
/// primes counted: what keys of scheme `bgv` hide behind. Taken as LWE of that dimension.
pub fn of_ternary_rlwe(ring_log2: u32, log2_modulus: usize) -> SecurityEstimate {
    table().estimate(Instance::Ternary { ring_log2, log2_modulus })
}

impl SecurityEstimate {
    /// The command that computes the figure of the instance itself, from the root of the repository.
    pub fn command(&self) -> String {
        let question = match self.instance {
            Instance::Binary { dimension, noise_log2 } => format!("binary {dimension} {noise_log2}"),
            Instance::Ternary { ring_log2, log2_modulus } => format!("ternary {ring_log2} {log2_modulus}"),
        };
        format!("python3 scripts/security/estimate.py --one {question}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed => write!(f, "a point of the table"),
            Self::Between { easier, harder } => write!(f, "between {easier} and {harder}"),
            Self::Beyond(point) => write!(f, "beyond {point}, where the table ends"),
            Self::Short(shortfall) => shortfall.fmt(f),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dimension, log2_modulus, error, bits, .. } = self;
        write!(f, "n = {dimension}, log2 q = {log2_modulus}, error {error} ({bits:.1} bits)")
    }
}

impl Instance {
    /// Along a curve, from easy to hard: the dimension, or one over the bits of the modulus.
    fn position(self) -> f64 {
        match self {
            Self::Binary { dimension, .. } => dimension as f64,
            Self::Ternary { log2_modulus, .. } => 1.0 / log2_modulus.max(1) as f64,
        }
    }
    /// From curve to curve, from easy to hard: the width of the error, or the ring.
    fn level(self) -> u32 {
        match self {
            Self::Binary { noise_log2, .. } => noise_log2,
            Self::Ternary { ring_log2, .. } => ring_log2,
        }
    }
}

#[cfg(test)]
mod tests;
