//! What a query is compared with, read as it is needed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::OnceLock;

use super::{Damage, Gallery};
use crate::scheme::{Progress, SubjectReferences, Subjects};
use crate::template::SubjectId;

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
