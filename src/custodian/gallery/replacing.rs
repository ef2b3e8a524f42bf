//! Enrolling in the places of those who are there: what came of a subject replaces all that it has, and who is not there is added.

use std::io;
use std::ops::Range;

use super::batch::{Batch, Entries, Kept};
use super::beside::Beside;
use super::enrolment::{Appended, Enrolling, RefusalReason, RefusedRecord, admit, by_subject};
use super::shelf::Filled;
use crate::template::{Handle, SubjectId};

/// A subject whose records came, and were admitted.
struct Comer {
    id: SubjectId,
    /// The number of who is enrolled under this id.
    replaces: Option<u32>,
    /// Which of all references.
    references: Range<usize>,
    /// The handle that it has from now on.
    handle: Option<Handle>,
}

impl Enrolling<'_> {
    /// All records have come, of which those of a subject replace what it has. Whoever has the same references and handle already stays as
    /// they are; so does whoever has no record that is admitted.
    pub(super) fn finish_replacing(self) -> io::Result<Appended> {
        let mut given = self.given();
        let Self { agreement, beside, shelf, subjects, owners, mut refused, .. } = self;
        let (references, mut shelf) = (by_subject(owners), shelf.filled()?);
        let (mut comers, mut unchanged_subjects, mut at) = (Vec::new(), 0, 0);
        let of_subjects = references.chunk_by(|(before, _), (after, _)| before == after);
        for (place, (id, of_subject)) in subjects.into_iter().zip(of_subjects).enumerate() {
            let range = at..at + of_subject.len();
            at = range.end;
            let eyes: Vec<_> = of_subject.iter().map(|(_, kept)| kept.eye).collect();
            if let Err(reason) = admit(agreement, &eyes) {
                refused.push(RefusedRecord { subject: id, eye: None, record: 0, reason });
                continue;
            }
            let replaces = beside.number_of(&id);
            let before = beside.handle_of(&id);
            let handle = given.get_mut(place).and_then(Option::take).or_else(|| before.clone());
            let same = match replaces {
                Some(number) if handle == before => beside.has(number, of_subject, &mut shelf)?,
                _ => false,
            };
            match same {
                true => unchanged_subjects += 1,
                false => comers.push(Comer { id, replaces, references: range, handle }),
            }
        }
        let comers = within(agreement.terms().limits.references, comers, &beside, &mut refused);
        let handles = comers.iter().filter(|comer| comer.handle.is_some() && beside.handle_of(&comer.id).is_none());
        let handles = handles.count();
        let numbers: Vec<u32> = comers.iter().filter_map(|comer| comer.replaces).collect();
        let (replaced_subjects, new_subjects) = (numbers.len(), comers.len() - numbers.len());
        let replaced_references = numbers.iter().map(|&number| beside.reference_count(number)).sum();
        let batch = batch(comers, numbers, &references, shelf);
        let (.., references) = batch.counts();
        let change = (references > 0).then(|| beside.change(agreement, batch));
        Ok(Appended {
            change,
            new_subjects,
            replaced_subjects,
            unchanged_subjects,
            replaced_references,
            references,
            handles,
            refused,
            ..Appended::default()
        })
    }
}

/// Those for whom there is room: first who replace as many references as they bring, or more; then the others, as they came.
fn within(limit: usize, comers: Vec<Comer>, beside: &Beside<'_>, refused: &mut Vec<RefusedRecord>) -> Vec<Comer> {
    let before = |comer: &Comer| comer.replaces.map_or(0, |number| beside.reference_count(number));
    let (mut admitted, growing): (Vec<_>, Vec<_>) =
        comers.into_iter().partition(|comer| comer.references.len() <= before(comer));
    let fewer: usize = admitted.iter().map(|comer| before(comer) - comer.references.len()).sum();
    let mut all = beside.references() - fewer;
    for comer in growing {
        let with = all - before(&comer) + comer.references.len();
        match with > limit {
            true => refused.push(RefusedRecord {
                subject: comer.id,
                eye: None,
                record: 0,
                reason: RefusalReason::Full { limit },
            }),
            false => {
                all = with;
                admitted.push(comer);
            }
        }
    }
    // Who replaces stands in the order of who is replaced, before who is new.
    admitted.sort_by_key(|comer| comer.replaces.map_or(u64::MAX, u64::from));
    admitted
}

/// What is written; `numbers` are of those who are replaced by the first of the comers.
fn batch(comers: Vec<Comer>, numbers: Vec<u32>, references: &[(u32, Kept)], shelf: Filled) -> Batch {
    let (mut new, mut handles) = (Entries::default(), Vec::with_capacity(comers.len()));
    for Comer { id, references: range, handle, .. } in comers {
        let kept = references.get(range).unwrap_or_default();
        new.push(id, kept.iter().map(|(_, kept)| *kept));
        handles.push(handle);
    }
    Batch::replacing(new, numbers, handles, shelf)
}
