//! The named parameter sets: dimensions, noise, security, sizes.
//!
//! Each scheme has sets of its own kind; whatever is common to all of them is asked of [`ParameterSet`].

pub mod bgv;
pub mod custom;
mod dimensions;
mod figure;
pub mod hybrid;
mod mark;
mod named;
pub(crate) mod query;
mod scheme_id;
pub mod security;
pub mod tfhe;

use std::borrow::Cow;

use self::tfhe::TfheSet;
use bgv::BgvSet;
pub use dimensions::Dimensions;
pub use figure::{Bound, Figure, MOST_DISTANCE_LOG2, MOST_FAILURE_LOG2, Unit};
use hybrid::HybridSet;
pub use mark::{Marked, SetMark};
pub use scheme_id::SchemeId;

/// What stands in the place of a set's name where that is left open; no set is called so.
pub const AUTO: &str = "auto";

/// Bits of security below which a set is not called secure.
pub const LEAST_SECURITY_BITS: f64 = 128.0;

/// In the id of every set that is not secure, and of no other.
const INSECURE_BIT: u16 = 0x8000;

/// A set of parameters of any scheme: its dimensions, its name, and the security that is stated for it.
///
/// Agreements, keys and parties share one behind an `Arc`; what computes under it copies its [`Dimensions`].
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSet {
    id: u16,
    name: Cow<'static, str>,
    security_bits: f64,
    security_note: Cow<'static, str>,
    dimensions: Dimensions,
}

impl ParameterSet {
    /// Every set of this program, in the order of scheme and security: those that protect nothing come last.
    pub const ALL: [&'static Self; 16] = named::NAMED;

    const fn named(
        id: u16,
        name: &'static str,
        dimensions: Dimensions,
        security_bits: f64,
        security_note: &'static str,
    ) -> Self {
        Self { id, name: Cow::Borrowed(name), security_bits, security_note: Cow::Borrowed(security_note), dimensions }
    }

    /// The set of that name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    /// The set of that id.
    pub fn by_id(id: u16) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|set| set.id() == id)
    }

    /// Identifies the set in the header of every file.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// Name in the agreement.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bits of security of the weakest key.
    pub fn security_bits(&self) -> f64 {
        self.security_bits
    }

    /// Where that figure comes from.
    pub fn security_note(&self) -> &str {
        &self.security_note
    }

    /// Whether the set offers at least 128 bits of security.
    pub fn is_secure(&self) -> bool {
        self.security_bits >= LEAST_SECURITY_BITS
    }

    /// Whether it is a set of the agreement's own, and none of this program's.
    pub fn is_own(&self) -> bool {
        Self::by_id(self.id).is_none()
    }

    /// The scheme it is a set of.
    pub fn scheme(&self) -> SchemeId {
        self.dimensions.scheme()
    }

    /// Its dimensions.
    pub fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }

    /// Its dimensions, where it is a set of scheme `tfhe`.
    pub fn tfhe(&self) -> Option<Marked<TfheSet>> {
        match self.dimensions {
            Dimensions::Tfhe(dimensions) => Some(Marked { id: self.id, dimensions }),
            Dimensions::Bgv(_) | Dimensions::Hybrid(_) => None,
        }
    }

    /// Its dimensions, where it is a set of scheme `bgv`.
    pub fn bgv(&self) -> Option<BgvSet> {
        match self.dimensions {
            Dimensions::Bgv(set) => Some(set),
            Dimensions::Tfhe(_) | Dimensions::Hybrid(_) => None,
        }
    }

    /// Its dimensions, where it is a set of scheme `hybrid`.
    pub fn hybrid(&self) -> Option<HybridSet> {
        match self.dimensions {
            Dimensions::Hybrid(set) => Some(set),
            Dimensions::Tfhe(_) | Dimensions::Bgv(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_are_unique() {
        for set in ParameterSet::ALL {
            assert_eq!(ParameterSet::by_name(set.name()), Some(set));
            assert_eq!(ParameterSet::by_id(set.id()), Some(set));
        }
    }

    #[test]
    fn what_is_not_secure_says_so_in_its_name_and_id() {
        for set in ParameterSet::ALL {
            assert_eq!(set.is_secure(), !set.name().contains("insecure"));
            assert_eq!(set.is_secure(), set.id() & INSECURE_BIT == 0);
            assert!(!set.is_own());
        }
    }
}
