//! What the header of a file says of the parameter set that it was made under.

use std::ops::Deref;

use super::custom::own_id;
use super::{LEAST_SECURITY_BITS, ParameterSet, SchemeId};

/// A set as a header names it: enough to say what a file is where its agreement is not at hand.
///
/// A file made under a set of the agreement's own is tied to that set by the agreement's digest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SetMark {
    /// One of this program's sets.
    Named(&'static ParameterSet),
    /// One of the agreement's own.
    Own {
        /// The scheme it is a set of.
        scheme: SchemeId,
        /// Whether it offers at least 128 bits of security.
        secure: bool,
    },
}

/// Dimensions with the id that stands for their set in files, for a scheme whose payloads repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked<D> {
    pub(super) id: u16,
    pub(super) dimensions: D,
}

impl<D> Marked<D> {
    /// Of keys that nobody but this process has: nothing made under them crosses.
    pub(crate) fn never_crossing(dimensions: D) -> Self {
        Self { id: 0, dimensions }
    }

    /// As in the header.
    pub(crate) fn id(&self) -> u16 {
        self.id
    }
}

impl<D> Deref for Marked<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.dimensions
    }
}

impl SetMark {
    /// Of a set.
    pub fn of(set: &ParameterSet) -> Self {
        match ParameterSet::by_id(set.id()) {
            Some(named) => Self::Named(named),
            None => Self::Own { scheme: set.scheme(), secure: set.is_secure() },
        }
    }

    /// In the header; never 0.
    pub(crate) fn id(self) -> u16 {
        match self {
            Self::Named(set) => set.id(),
            Self::Own { scheme, secure } => own_id(scheme, if secure { LEAST_SECURITY_BITS } else { 0.0 }),
        }
    }

    /// Reads [`SetMark::id`] back.
    pub(crate) fn from_id(id: u16) -> Option<Self> {
        let own = |scheme| [true, false].map(|secure| Self::Own { scheme, secure });
        let mut own = SchemeId::ALL.into_iter().flat_map(own);
        ParameterSet::by_id(id).map(Self::Named).or_else(|| own.find(|mark| mark.id() == id))
    }

    /// The scheme it is a set of.
    pub fn scheme(self) -> SchemeId {
        match self {
            Self::Named(set) => set.scheme(),
            Self::Own { scheme, .. } => scheme,
        }
    }

    /// Whether the set offers at least 128 bits of security.
    pub fn is_secure(self) -> bool {
        match self {
            Self::Named(set) => set.is_secure(),
            Self::Own { secure, .. } => secure,
        }
    }

    /// The set, where it is one of this program's.
    pub fn named(self) -> Option<&'static ParameterSet> {
        match self {
            Self::Named(set) => Some(set),
            Self::Own { .. } => None,
        }
    }

    /// Whether also galleries say what they were made under, though nothing in them is encrypted: so that every file made under an insecure
    /// set of the agreement's own is marked.
    pub(crate) fn marks_galleries(self) -> bool {
        matches!(self, Self::Own { secure: false, .. })
    }

    /// The set's name, or what is known of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Named(set) => set.name(),
            Self::Own { secure: true, .. } => "a set of the agreement's own (secure)",
            Self::Own { secure: false, .. } => "a set of the agreement's own (INSECURE)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_an_id_of_its_own_that_says_whether_it_is_secure() {
        let own =
            SchemeId::ALL.into_iter().flat_map(|scheme| [true, false].map(|secure| SetMark::Own { scheme, secure }));
        let marks: Vec<SetMark> = ParameterSet::ALL.into_iter().map(SetMark::of).chain(own).collect();
        for (number, &mark) in marks.iter().enumerate() {
            assert_eq!(SetMark::from_id(mark.id()), Some(mark));
            assert_eq!(mark.is_secure(), mark.id() < 0x8000, "{mark:?}");
            assert!(marks.iter().skip(number + 1).all(|other| other.id() != mark.id()), "{mark:?}");
        }
        assert_eq!(SetMark::from_id(0), None);
        assert_eq!(SetMark::from_id(0x4003), None);
    }
}
