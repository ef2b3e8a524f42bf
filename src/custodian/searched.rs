//! What a query is compared with, read as it is needed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::OnceLock;

use super::{Damage, Gallery};
use crate::scheme::{Progress, SubjectReferences, Subjects};
use crate::template::{Handle, SubjectId};

/// The part of a gallery that a query is about.
pub(super) struct Searched<'a> {
    gallery: &'a Gallery,
    exempt: &'a HashSet<usize>,
    part: Part,
    /// Why a subject could not be read, if one could not.
    damage: OnceLock<Damage>,
}

/// Who is searched.
#[derive(Clone, Copy)]
enum Part {
    Everybody,
    /// At this position.
    One(usize),
    /// One who is not enrolled. Somebody else is read, and not compared with, so that reading takes as long.
    Nobody {
        read: usize,
    },
}

impl<'a> Searched<'a> {
    pub(crate) fn everybody(gallery: &'a Gallery, exempt: &'a HashSet<usize>) -> Self {
        Self { gallery, exempt, part: Part::Everybody, damage: OnceLock::new() }
    }

    pub(crate) fn one(gallery: &'a Gallery, exempt: &'a HashSet<usize>, id: &SubjectId) -> Self {
        let somebody =
            || id.as_str().bytes().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let part = match gallery.position(id) {
            Some(position) => Part::One(position),
            None => Part::Nobody { read: somebody().checked_rem(gallery.len()).unwrap_or_default() },
        };
        Self { gallery, exempt, part, damage: OnceLock::new() }
    }

    pub(crate) fn damage(&self) -> Option<Damage> {
        self.damage.get().copied()
    }
}

impl Subjects for Searched<'_> {
    fn len(&self) -> usize {
        match self.part {
            Part::Everybody => self.gallery.len(),
            Part::One(_) | Part::Nobody { .. } => 1,
        }
    }

    fn references(&self, index: usize) -> Cow<'_, SubjectReferences> {
        let position = match self.part {
            Part::Everybody => index,
            Part::One(position) => position,
            Part::Nobody { read } => {
                // Damage to somebody else's records is no matter of this query.
                drop(std::hint::black_box(self.gallery.references_of(read)));
                return Cow::Borrowed(&[]);
            }
        };
        Cow::Owned(self.gallery.references_of(position).unwrap_or_else(|damage| {
            // The first is as good as any.
            self.damage.get_or_init(|| damage);
            Vec::new()
        }))
    }

    fn may_match(&self, index: usize) -> bool {
        match self.part {
            Part::Everybody => !self.exempt.contains(&index),
            Part::One(position) => !self.exempt.contains(&position),
            Part::Nobody { .. } => false,
        }
    }

    fn handle(&self, index: usize) -> Option<Cow<'_, Handle>> {
        let position = match self.part {
            Part::Everybody => index,
            Part::One(position) => position,
            Part::Nobody { read } => read,
        };
        // Read in every case; of whom it must not be disclosed it is dropped.
        let handle = std::hint::black_box(self.gallery.handle(position));
        handle.filter(|_| self.may_match(index)).map(Cow::Owned)
    }
}

/// Stops the work as soon as it is known to be in vain.
pub(super) struct Watch<'a> {
    pub progress: &'a dyn Progress,
    pub searched: &'a Searched<'a>,
}

impl Progress for Watch<'_> {
    fn advance(&self, steps: u64) {
        self.progress.advance(steps);
    }

    fn stop(&self) -> bool {
        self.searched.damage.get().is_some() || self.progress.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Terms;
    use crate::planning;
    use crate::template::{Bits, Filed, Record, Template};

    fn id(text: &str) -> SubjectId {
        SubjectId::try_from(text.to_owned()).unwrap()
    }

    fn gallery() -> Gallery {
        let mut terms = Terms::hamming(60, 20);
        terms.encryption.parameter_set = "insecure-test".to_owned();
        let agreement = planning::open(terms).unwrap();
        let filed = [("a", "H-1"), ("b", ""), ("c", "H-3")].map(|(subject, text)| {
            let template = Template::Bits(Bits::new((0..60).map(|bit| bit % 2 == 0)).unwrap());
            Filed { record: Record { subject: id(subject), eye: None, template }, handle: Handle::new(text).ok() }
        });
        Gallery::enrol(&agreement, filed).gallery.unwrap()
    }

    fn handles(searched: &Searched<'_>) -> Vec<Option<String>> {
        // Also behind the last.
        let handle = |index| searched.handle(index).map(|handle| handle.as_str().to_owned());
        (0..=searched.len()).map(handle).collect()
    }

    #[test]
    fn a_handle_is_of_whoever_may_match_alone() {
        let (gallery, nobody, c) = (gallery(), HashSet::new(), HashSet::from([2]));
        let some = |text: &str| Some(text.to_owned());
        let everybody = |exempt| handles(&Searched::everybody(&gallery, exempt));
        assert_eq!(everybody(&nobody), [some("H-1"), None, some("H-3"), None]);
        assert_eq!(everybody(&c), [some("H-1"), None, None, None]);
        let one = |exempt, whom: &str| handles(&Searched::one(&gallery, exempt, &id(whom)))[0].clone();
        assert_eq!((one(&nobody, "c"), one(&c, "c"), one(&c, "a")), (some("H-3"), None, some("H-1")));
        // Somebody who has a handle is read in place of whoever is not enrolled.
        for whom in ["d", "e", "f", "g", "h"] {
            assert_eq!(one(&nobody, whom), None, "{whom}");
        }
    }
}
