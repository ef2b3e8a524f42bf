//! The named parameter sets: dimensions, noise, security, sizes.
//!
//! Each scheme has sets of its own kind; whatever is common to all of them is asked of [`ParameterSet`].

pub mod bgv;
pub mod custom;
mod figure;
mod mark;
mod scheme_id;
pub mod security;
pub mod tfhe;

use self::tfhe::TfheSet;
use bgv::BgvSet;
pub use figure::{Bound, Figure, MOST_DISTANCE_LOG2, MOST_FAILURE_LOG2, Unit};
pub use mark::SetMark;
pub use scheme_id::SchemeId;

/// What stands in the place of a set's name where that is left open; no set is called so.
pub const AUTO: &str = "auto";

/// Bits of security below which a set is not called secure.
pub const LEAST_SECURITY_BITS: f64 = 128.0;

/// In the id of every set that is not secure, and of no other.
const INSECURE_BIT: u16 = 0x8000;

/// A set of parameters of any scheme.
#[derive(Debug, PartialEq)]
pub enum ParameterSet {
    /// Of scheme `tfhe`.
    Tfhe(TfheSet),
    /// Of scheme `bgv`.
    Bgv(BgvSet),
}

impl ParameterSet {
    /// Every set, in the order of scheme and security: those that protect nothing come last.
    pub const ALL: [&'static Self; 9] = [
        &Self::Tfhe(self::tfhe::TFHE_896_2048),
        &Self::Tfhe(self::tfhe::TFHE_896_4096),
        &Self::Bgv(bgv::BGV_8192),
        &Self::Bgv(bgv::BGV_32768_540),
        &Self::Bgv(bgv::BGV_32768_690),
        &Self::Bgv(bgv::BGV_32768_780),
        &Self::Bgv(bgv::BGV_32768_840),
        &Self::Tfhe(self::tfhe::INSECURE_TEST),
        &Self::Bgv(bgv::INSECURE_BGV),
    ];

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
        match self {
            Self::Tfhe(set) => set.id,
            Self::Bgv(set) => set.id,
        }
    }

    /// Name in the agreement.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tfhe(set) => set.name,
            Self::Bgv(set) => set.name,
        }
    }

    /// Bits of security of the weakest key.
    pub fn security_bits(&self) -> f64 {
        match self {
            Self::Tfhe(set) => set.security_bits,
            Self::Bgv(set) => set.security_bits,
        }
    }

    /// Where that figure comes from.
    pub fn security_note(&self) -> &'static str {
        match self {
            Self::Tfhe(set) => set.security_note,
            Self::Bgv(set) => set.security_note,
        }
    }

    /// Whether the set offers at least 128 bits of security.
    pub fn is_secure(&self) -> bool {
        self.security_bits() >= LEAST_SECURITY_BITS
    }

    /// Whether it is a set of the agreement's own, and none of this program's.
    pub fn is_own(&self) -> bool {
        Self::by_id(self.id()).is_none()
    }

    /// The scheme it is a set of.
    pub fn scheme(&self) -> SchemeId {
        match self {
            Self::Tfhe(_) => SchemeId::Tfhe,
            Self::Bgv(_) => SchemeId::Bgv,
        }
    }

    /// As a set of scheme `tfhe`.
    pub fn tfhe(&self) -> Option<&TfheSet> {
        match self {
            Self::Tfhe(set) => Some(set),
            Self::Bgv(_) => None,
        }
    }

    /// As a set of scheme `bgv`.
    pub fn bgv(&self) -> Option<&BgvSet> {
        match self {
            Self::Bgv(set) => Some(set),
            Self::Tfhe(_) => None,
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
