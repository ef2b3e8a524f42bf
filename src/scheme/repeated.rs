//! Galleries for tests of more than one scheme: subjects who all have the same reference, so that what is read or timed does not depend on
//! who is enrolled where; and handles of subjects.

use std::borrow::Cow;

use crate::functional::Reference;
use crate::scheme::{Disclosed, SubjectReferences, Subjects};
use crate::template::{Eye, Handle};

/// So many subjects with the same reference, without handles or all with theirs.
pub(super) struct Repeated {
    references: Vec<(Option<Eye>, Reference)>,
    len: usize,
    have_handles: bool,
}

impl Repeated {
    /// Without handles.
    pub(super) fn new(reference: Reference, len: usize) -> Self {
        Self { references: vec![(None, reference)], len, have_handles: false }
    }

    /// Of each subject.
    pub(super) fn reference(&self) -> &Reference {
        &self.references[0].1
    }

    /// The same, all with handles.
    pub(super) fn with_handles(self) -> Self {
        Self { have_handles: true, ..self }
    }
}

impl Subjects for Repeated {
    fn len(&self) -> usize {
        self.len
    }

    fn references(&self, _: usize) -> Cow<'_, SubjectReferences> {
        Cow::Borrowed(&self.references)
    }

    fn handle(&self, index: usize) -> Option<Cow<'_, Handle>> {
        self.have_handles.then(|| Cow::Owned(handle(index)))
    }
}

/// Of a subject: from two bytes to 32.
pub(super) fn handle(index: usize) -> Handle {
    Handle::new(format!("B{index:0width$}", width = 1 + index % 31)).unwrap()
}

/// Those of several subjects, in the order in which they are told.
pub(super) fn handles<const M: usize>(of: [usize; M]) -> Disclosed {
    let mut handles = of.map(|index| Some(handle(index)));
    handles.sort();
    Disclosed::Handles(handles.into())
}
