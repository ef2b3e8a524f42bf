//! References that are enrolled together, as they lie in a segment: new subjects first.

use std::io;

use super::format::{Head, Purpose};
use super::shelf::Filled;
use super::writer::SegmentWriter;
use crate::template::{Eye, Handle, SubjectId};

/// A reference on the shelf.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// The so-manieth that was put there, from 0.
    pub number: u32,
    pub eye: Option<Eye>,
}

/// Who has which references.
pub(super) struct Entries<T> {
    /// Each with the end of its references among all.
    who: Vec<(T, usize)>,
    references: Vec<Kept>,
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { who: Vec::new(), references: Vec::new() }
    }
}

impl<T> Entries<T> {
    pub(crate) fn push(&mut self, who: T, references: impl IntoIterator<Item = Kept>) {
        self.references.extend(references);
        self.who.push((who, self.references.len()));
    }
}

/// Handles, where there is any.
fn any(handles: Vec<Option<Handle>>) -> Vec<Option<Handle>> {
    if handles.iter().all(Option::is_none) { Vec::new() } else { handles }
}

/// What is enrolled together.
pub(super) struct Batch {
    /// Subjects that are not in the gallery.
    new: Entries<SubjectId>,
    /// Further references of those who are, by number, ascending.
    earlier: Entries<u32>,
    /// Those of the gallery who are removed, by number, ascending: the first new subjects are enrolled in their places. Where there are
    /// some, nobody else has further references.
    replaced: Vec<u32>,
    /// What each of both is given, new subjects first; none at all where nobody is given one.
    handles: Vec<Option<Handle>>,
    shelf: Filled,
}

impl Batch {
    /// `handles` are of the new subjects, then of the earlier ones.
    pub(crate) fn new(
        new: Entries<SubjectId>,
        earlier: Entries<u32>,
        handles: Vec<Option<Handle>>,
        shelf: Filled,
    ) -> Self {
        Self { new, earlier, replaced: Vec::new(), handles: any(handles), shelf }
    }

    /// The first of the new subjects, who have `handles`, are enrolled in the places of those with these numbers, which ascend.
    pub(crate) fn replacing(
        new: Entries<SubjectId>,
        replaced: Vec<u32>,
        handles: Vec<Option<Handle>>,
        shelf: Filled,
    ) -> Self {
        Self { new, earlier: Entries::default(), replaced, handles: any(handles), shelf }
    }

    /// Whether who has this number is replaced.
    pub(crate) fn replaces(&self, number: u32) -> bool {
        self.replaced.binary_search(&number).is_ok()
    }

    /// How many subjects are given a handle.
    pub(crate) fn handles(&self) -> usize {
        self.handles.iter().flatten().count()
    }

    /// How many subjects are new, how many were there, and references of both.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let references = self.new.references.len() + self.earlier.references.len();
        (self.new.who.len(), self.earlier.who.len(), references)
    }

    pub(crate) fn head(&self) -> Head {
        let (new, earlier, references) = self.counts();
        // Counts fit: an agreement admits ten million references.
        Head {
            purpose: Purpose::of_references(!self.replaced.is_empty(), !self.handles.is_empty()),
            new_subjects: new as u32,
            earlier_subjects: (earlier + self.replaced.len()) as u32,
            references: references as u32,
            id_bytes: self.new.who.iter().map(|(id, _)| id.as_str().len() as u64).sum(),
        }
    }

    /// Writes the tables and records behind the head.
    ///
    /// # Errors
    ///
    /// Where the shelf cannot be read.
    pub(crate) fn write(&mut self, writer: &mut SegmentWriter<'_>) -> io::Result<()> {
        let Self { new, earlier, replaced, handles, shelf } = self;
        let mut id_end = 0;
        for (id, reference_end) in &new.who {
            id_end += id.as_str().len() as u32;
            writer.entry(id_end, *reference_end as u32);
        }
        for (number, reference_end) in &earlier.who {
            writer.entry(*number, (new.references.len() + reference_end) as u32);
        }
        replaced.iter().for_each(|&number| writer.entry(number, 0));
        let references = || new.references.iter().chain(&earlier.references);
        references().for_each(|kept| writer.eye(kept.eye));
        handles.iter().for_each(|handle| writer.handle(handle.as_ref()));
        new.who.iter().for_each(|(id, _)| writer.table(id.as_str().as_bytes()));
        for kept in references() {
            writer.record(shelf.get(kept.number)?);
            if writer.has_failed() {
                break;
            }
        }
        Ok(())
    }
}
