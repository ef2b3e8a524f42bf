//! What a query is compared with, read as it is needed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use super::{Damage, Gallery};
use crate::functional::Reference;
use crate::scheme::{Progress, SubjectReferences, Subjects};

/// The part of a gallery that a query is about.
pub(super) struct Searched<'a> {
    gallery: &'a Gallery,
    exempt: &'a HashSet<usize>,
    positions: Range<usize>,
    /// Why a subject could not be read, if one could not.
    damage: OnceLock<Damage>,
}

impl<'a> Searched<'a> {
    pub fn new(gallery: &'a Gallery, exempt: &'a HashSet<usize>, positions: Range<usize>) -> Self {
        Self { gallery, exempt, positions, damage: OnceLock::new() }
    }

    pub fn damage(&self) -> Option<Damage> {
        self.damage.get().copied()
    }
}

impl Subjects for Searched<'_> {
    fn len(&self) -> usize {
        self.positions.len()
    }

    fn references(&self, index: usize) -> Cow<'_, SubjectReferences> {
        let position = self.positions.clone().nth(index);
        let references = position.map_or(Ok(Vec::new()), |position| self.gallery.references_of(position));
        let mut references = references.unwrap_or_else(|damage| {
            // The first is as good as any.
            self.damage.get_or_init(|| damage);
            Vec::new()
        });
        // Decoded all the same: it takes as long as for anybody else.
        if position.is_some_and(|position| self.exempt.contains(&position)) {
            references.iter_mut().for_each(|(_, reference)| *reference = Reference::Nobody);
        }
        Cow::Owned(references)
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
