//! Stage 1: biometric templates in the clear, valid by construction, and readers for the files people have.
//!
//! Templates are secret: what is here prints shapes, never values.

mod bits;
mod handle;
mod invisible;
mod iris;
pub mod read;
mod record;
pub mod synthetic;
mod vector;
pub mod write;

use crate::remedy::Remedy;
use std::borrow::Cow;

pub use bits::Bits;
pub use handle::{Handle, HandleError};
pub use iris::{IrisCode, IrisShape, MaskSharing};
pub use record::{Eye, Filed, Record, RecordError, SubjectId, group_by_subject};
pub use vector::RealVector;

/// What kind of template a file holds and how large it is; both parties agree on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateShape {
    /// A bit string of so many bits.
    Bits(usize),
    /// An iris code with its mask.
    Iris(IrisShape),
    /// A real vector of so many coordinates.
    Vector(usize),
}

impl std::fmt::Display for TemplateShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bits(length) => write!(f, "{length} bits"),
            Self::Vector(dimension) => write!(f, "a vector of {dimension} coordinates"),
            Self::Iris(shape) => write!(
                f,
                "an iris code of {} rows x {} columns x {} channels",
                shape.rows, shape.columns, shape.channels
            ),
        }
    }
}

/// A biometric template in the clear.
#[derive(Clone)]
pub enum Template {
    /// A bit string, compared by Hamming distance.
    Bits(Bits),
    /// An iris code with its mask, compared by fractional Hamming distance.
    Iris(IrisCode),
    /// A real vector, compared by cosine, inner product or Euclidean distance.
    Vector(RealVector),
}

impl Template {
    /// Kind and size.
    pub fn shape(&self) -> TemplateShape {
        match self {
            Self::Bits(bits) => TemplateShape::Bits(bits.len()),
            Self::Iris(iris) => TemplateShape::Iris(iris.shape()),
            Self::Vector(vector) => TemplateShape::Vector(vector.coordinates().len()),
        }
    }
}

/// Prints the shape: a template in a log would be a leak.
impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({}, values redacted)", self.shape())
    }
}

/// Why a template is refused. Names the fault and where it is, never a coordinate or a bit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Nothing in it.
    #[error("the template is empty")]
    Empty,
    /// A coordinate is infinite or not a number.
    #[error("coordinate {} is not a finite number", coordinate + 1)]
    NotFinite {
        /// Zero-based position.
        coordinate: usize,
    },
    /// A zero vector has no direction, so no cosine.
    #[error("the vector is zero, so its cosine to anything is undefined")]
    ZeroVector,
    /// Another length than agreed.
    #[error("{actual} values where {expected} are agreed")]
    Dimension {
        /// Coordinates or bits that the agreement has.
        expected: usize,
        /// Coordinates or bits that the template has.
        actual: usize,
    },
    /// Another kind of template than agreed.
    #[error("this is {actual}, but {expected} is agreed")]
    Shape {
        /// The shape that the agreement has.
        expected: TemplateShape,
        /// The shape that the template has.
        actual: TemplateShape,
    },
    /// Pairs of code bits do not share their mask, though the shape says so.
    #[error("mask bits {bit} and {} differ, but the agreement says that pairs share a mask (mask = \"by-pair\")", bit + 1)]
    MaskNotShared {
        /// The first of the two.
        bit: usize,
    },
    /// Fewer valid bits than the agreed minimum of common bits: no pair with this template could ever be judged.
    #[error("only {valid} valid bits where at least {minimum} common bits are agreed")]
    TooFewValidBits {
        /// Valid bits in the template.
        valid: usize,
        /// Minimum of common bits in the agreement.
        minimum: usize,
    },
    /// The template is longer than the agreement admits, so its score could leave the range of the encryption.
    #[error("the vector's length {norm:.3} is over the agreed maximum_norm {maximum:.3}")]
    NormTooLarge {
        /// Euclidean length of the vector as it was read.
        norm: f64,
        /// `maximum_norm` of the agreement.
        maximum: f64,
    },
    /// After rounding to integers the vector's length is off by more than one percent.
    #[error("rounded to integers the vector has length {norm:.1} where {expected} is agreed (1 % is admitted)")]
    QuantisationTooCoarse {
        /// Euclidean length of the integers.
        norm: f64,
        /// Length that the agreement has, in units of the integers.
        expected: u32,
    },
}

impl Remedy for TemplateError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::NotFinite { .. } => "repair or leave out the template",
            Self::ZeroVector => "leave the template out",
            Self::MaskNotShared { .. } => "use mask = \"per-bit\"",
            Self::TooFewValidBits { .. } => "capture the iris again",
            Self::NormTooLarge { .. } => "rescale it or agree on a larger one",
            Self::QuantisationTooCoarse { .. } => "agree on a finer quantisation",
            _ => return None,
        };
        Some(remedy.into())
    }
}
