//! What is otherwise in one gallery than in another: who was added, removed, or has other references or another handle.

use rayon::prelude::*;

use super::{Damage, Gallery};
use crate::scheme::{Progress, Stopped};
use crate::template::{Eye, SubjectId};

/// So many subjects are compared together, on all cores.
const TOGETHER: usize = 1 << 16;

/// How two galleries differ. Subjects are told by their positions: of who is added in the later, of all others in the earlier gallery.
///
/// Memory: eight bytes for each who is added or removed, 24 for each who is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Who is in the earlier gallery alone.
    pub removed: Vec<usize>,
    /// Who is in both, otherwise.
    pub changed: Vec<Changed>,
    /// Who is in the later gallery alone.
    pub added: Vec<usize>,
    /// How many are in both alike.
    pub unchanged: usize,
}

/// Somebody who is in two galleries, and not alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The position in the earlier gallery.
    pub earlier: usize,
    /// The position in the later one.
    pub later: usize,
    /// Whether the references are others; their order is none.
    pub references: bool,
    /// Whether the handle is another.
    pub handle: bool,
}

/// Why two galleries are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DifferencesError {
    /// The earlier gallery.
    #[error(transparent)]
    Earlier(Damage),
    /// The later one.
    #[error(transparent)]
    Later(Damage),
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Differences {
    /// Whether the same persons are in both, each with the same references and handle: galleries of one file have one root then.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.changed.is_empty() && self.added.is_empty()
    }
}

impl Gallery {
    /// What is otherwise in a `later` gallery under the same agreement. Reads every reference of who is in both, on all cores; `progress` counts
    /// subjects of this gallery.
    ///
    /// # Errors
    ///
    /// [`DifferencesError`] where a reference is not what was written, or when `progress` asks to stop.
    pub fn differences(&self, later: &Self, progress: &dyn Progress) -> Result<Differences, DifferencesError> {
        let mut differences = Differences::default();
        for first in (0..self.len()).step_by(TOGETHER) {
            let some = first..self.len().min(first + TOGETHER);
            let found: Result<Vec<_>, _> =
                some.clone().into_par_iter().map(|earlier| self.compared(earlier, later, progress)).collect();
            for (position, found) in some.zip(found?) {
                match found {
                    Found::Nowhere => differences.removed.push(position),
                    Found::Changed(changed) => differences.changed.push(changed),
                    Found::Alike => differences.unchanged += 1,
                }
            }
        }
        let is_new = |position: &usize| later.subject_id(*position).is_some_and(|id| self.position(&id).is_none());
        differences.added = (0..later.len()).filter(is_new).collect();
        Ok(differences)
    }

    fn compared(&self, earlier: usize, later: &Self, progress: &dyn Progress) -> Result<Found, DifferencesError> {
        if progress.stop() {
            return Err(Stopped.into());
        }
        progress.advance(1);
        let id = self.subject_id(earlier).ok_or_else(|| DifferencesError::Earlier(self.file.inadmissible()))?;
        let Some(position) = later.position(&id) else { return Ok(Found::Nowhere) };
        let handle = self.handle(earlier) != later.handle(position);
        let before = self.stored(earlier).map_err(DifferencesError::Earlier)?;
        let references = before != later.stored(position).map_err(DifferencesError::Later)?;
        Ok(match references || handle {
            true => Found::Changed(Changed { earlier, later: position, references, handle }),
            false => Found::Alike,
        })
    }

    fn subject_id(&self, position: usize) -> Option<SubjectId> {
        self.id(position).and_then(|id| SubjectId::try_from(id.to_owned()).ok())
    }

    /// The references of the subject at a position, as they are stored, in an order of their own.
    fn stored(&self, position: usize) -> Result<Vec<Stored<'_>>, Damage> {
        let number = self.file.number(position).ok_or(self.file.inadmissible())?;
        let mut stored = self.file.records(number).collect::<Result<Vec<_>, _>>()?;
        let eye_first = |eye: Option<Eye>| eye.map(|eye| eye == Eye::Right);
        stored.sort_unstable_by(|a, b| (eye_first(a.0), a.1).cmp(&(eye_first(b.0), b.1)));
        Ok(stored)
    }
}

/// A reference as it is stored, with its eye.
type Stored<'a> = (Option<Eye>, &'a [u8]);

/// What a later gallery has of somebody.
enum Found {
    Nowhere,
    Alike,
    Changed(Changed),
}

#[cfg(test)]
mod tests {
    use super::super::tests::{agreement, gallery, id, record, with};
    use super::*;
    use crate::template::{Filed, Handle};

    #[test]
    fn who_is_added_removed_or_changed_is_told_and_nobody_else() {
        let agreement = agreement(16);
        let open = |bytes: Vec<u8>| Gallery::open(bytes, &agreement).unwrap();
        let before = gallery(&agreement, &[("a", 1), ("b", 2), ("b", 3), ("c", 4), ("d", 5)]);
        let handle = Some(Handle::new("H-1").unwrap());
        let filed = |record, handle| Filed { record, handle };
        let made =
            before.replace([filed(record("c", 6), None), filed(record("d", 5), handle), filed(record("e", 7), None)]);
        let after = open(with(&before, made.change.unwrap()));
        let after = open(with(&after, after.remove(&[id("a")]).unwrap().unwrap()));
        let found = before.differences(&after, &()).unwrap();
        let changed = |earlier, name: &str, references, handle| Changed {
            earlier,
            later: after.position(&id(name)).unwrap(),
            references,
            handle,
        };
        let expected = Differences {
            removed: vec![0],
            changed: vec![changed(2, "c", true, false), changed(3, "d", false, true)],
            added: vec![after.position(&id("e")).unwrap()],
            unchanged: 1,
        };
        assert_eq!(found, expected);
        // The other way round, and of one gallery none.
        let back = after.differences(&before, &()).unwrap();
        assert_eq!((back.added, back.removed.len(), back.changed.len(), back.unchanged), (vec![0], 1, 2, 1));
        let same = after.differences(&after, &()).unwrap();
        assert!(same.is_empty() && same.unchanged == 4);
    }

    #[test]
    fn the_order_of_persons_and_references_is_no_difference_and_neither_is_compaction() {
        let agreement = agreement(16);
        let [one, other] = [[("a", 1), ("b", 2), ("b", 3)], [("b", 3), ("b", 2), ("a", 1)]]
            .map(|records| gallery(&agreement, &records));
        assert!(one.differences(&other, &()).unwrap().is_empty());
        assert_eq!(one.root(&()).unwrap(), other.root(&()).unwrap());
        // Once more the same reference is another.
        let twice = gallery(&agreement, &[("a", 1), ("a", 1), ("b", 2), ("b", 3)]);
        assert_eq!(one.differences(&twice, &()).unwrap().changed.len(), 1);
        let nobody = Gallery::open(super::super::format::header(&agreement, [0; 12]), &agreement).unwrap();
        assert_eq!(nobody.differences(&one, &()).unwrap().added, [0, 1]);
        assert_eq!(one.differences(&nobody, &()).unwrap().removed, [0, 1]);
    }

    #[test]
    fn damage_is_told_with_the_gallery_that_has_it() {
        let agreement = agreement(16);
        let sound = gallery(&agreement, &[("a", 1)]);
        let functional = agreement.functional();
        let stored = functional.reference(&record("a", 1).template).unwrap().to_bytes(functional);
        let mut bytes = sound.as_bytes().to_vec();
        let at = bytes.windows(stored.len()).position(|window| window == stored).unwrap();
        bytes[at] ^= 1;
        let damaged = Gallery::open(bytes, &agreement).unwrap();
        let damage = Damage { segment: 1, part: "records" };
        assert_eq!(damaged.differences(&sound, &()), Err(DifferencesError::Earlier(damage)));
        assert_eq!(sound.differences(&damaged, &()), Err(DifferencesError::Later(damage)));
    }
}
