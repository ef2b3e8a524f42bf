//! What records are enrolled beside: nobody, or those of a gallery.

use std::io;

use super::batch::{Batch, Kept};
use super::change::{Change, Content};
use super::file::GalleryFile;
use super::format::Layout;
use super::shelf::Filled;
use crate::scheme::Opened;
use crate::template::{Eye, Handle, SubjectId};

/// What records are enrolled beside.
pub(super) enum Beside<'a> {
    /// Nobody: a file whose header this is.
    Nobody(Vec<u8>),
    /// Those who are enrolled.
    Enrolled(&'a GalleryFile),
}

impl Beside<'_> {
    pub(super) fn references(&self) -> usize {
        match self {
            Self::Nobody(_) => 0,
            Self::Enrolled(file) => file.references(),
        }
    }

    pub(super) fn number_of(&self, id: &SubjectId) -> Option<u32> {
        match self {
            Self::Nobody(_) => None,
            Self::Enrolled(file) => file.number_of(id),
        }
    }

    /// The handle of a subject who is enrolled.
    pub(super) fn handle_of(&self, id: &SubjectId) -> Option<Handle> {
        match self {
            Self::Nobody(_) => None,
            Self::Enrolled(file) => file.handle_of(file.number_of(id)?),
        }
    }

    /// Who is enrolled with a handle.
    pub(super) fn who_has(&self, handle: &Handle) -> Option<SubjectId> {
        match self {
            Self::Nobody(_) => None,
            Self::Enrolled(file) => SubjectId::try_from(file.id_of(file.number_of_handle(handle)?)?.to_owned()).ok(),
        }
    }

    pub(super) fn eyes(&self, number: u32) -> Vec<Option<Eye>> {
        match self {
            Self::Nobody(_) => Vec::new(),
            Self::Enrolled(file) => file.eyes(number).collect(),
        }
    }

    pub(super) fn reference_count(&self, number: u32) -> usize {
        match self {
            Self::Nobody(_) => 0,
            Self::Enrolled(file) => file.reference_count(number),
        }
    }

    /// Whether a subject has exactly these references, in this order. One that is damaged is none that came.
    pub(super) fn has(&self, number: u32, references: &[(u32, Kept)], shelf: &mut Filled) -> io::Result<bool> {
        let Self::Enrolled(file) = self else { return Ok(false) };
        if file.reference_count(number) != references.len() {
            return Ok(false);
        }
        for (stored, (_, kept)) in file.records(number).zip(references) {
            match stored {
                Ok((eye, record)) if eye == kept.eye && record == shelf.get(kept.number)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    pub(super) fn change(self, agreement: &Opened, batch: Batch) -> Change {
        match self {
            Self::Nobody(header) => Change::of_new(header, Layout::of(agreement), batch),
            Self::Enrolled(file) => Change::of(file, Content::References(batch)),
        }
    }
}
