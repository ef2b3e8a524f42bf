//! Whom malformed probes are tried on, under more than one scheme: people with codes of bits, one of whom is exempt.

use std::borrow::Cow;

use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

use crate::functional::Functional;
use crate::scheme::{Opened, SubjectReferences, Subjects};
use crate::template::{Bits, Handle, Template};

pub(super) const BITS: usize = 64;
/// phi of a probe that is this in one coordinate and 0 elsewhere is 5 where the reference's bit is 0, -99 where it is 1.
pub(super) const ALONE: i64 = 52;
/// Who is exempt.
pub(super) const EXEMPT: usize = 2;

/// References, one of whom is exempt.
pub(super) struct Gallery {
    pub(super) references: Vec<Vec<bool>>,
    pub(super) functional: Functional,
}

impl Gallery {
    /// Of so many people.
    pub(super) fn random(people: usize, agreement: &Opened, rng: &mut ChaCha20Rng) -> Self {
        let references = (0..people).map(|_| (0..BITS).map(|_| rng.random()).collect()).collect();
        Self { references, functional: agreement.functional().clone() }
    }
}

/// Of a person.
pub(super) fn handle(person: usize) -> Handle {
    Handle::new(format!("B-{person}")).unwrap()
}

impl Subjects for Gallery {
    fn len(&self) -> usize {
        self.references.len()
    }

    fn references(&self, index: usize) -> Cow<'_, SubjectReferences> {
        let template = Template::Bits(Bits::new(self.references[index].iter().copied()).unwrap());
        Cow::Owned(vec![(None, self.functional.reference(&template).unwrap())])
    }

    fn may_match(&self, index: usize) -> bool {
        index != EXEMPT
    }

    fn handle(&self, index: usize) -> Option<Cow<'_, Handle>> {
        Some(Cow::Owned(handle(index)))
    }
}
