//! What adding templates to a gallery would do: they are read as `--append` reads them, and nothing is written.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::taken::{Refused, Taken};
use super::{Args, Enrolment};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::custodian::{Enrolling, Gallery, RefusedRecord};
use crate::template::SubjectId;

/// What adding templates to a gallery would do.
#[derive(Default)]
pub struct Outlook {
    /// Records that were given.
    pub given: usize,
    /// Who would be enrolled anew, in the order of their ids.
    pub new: Vec<SubjectId>,
    /// Who is enrolled, and would have further references, or others.
    pub earlier: Vec<Earlier>,
    /// Of whom came what they have.
    pub unchanged: usize,
    /// References that would be written.
    pub references: usize,
    /// References that the gallery would have.
    pub references_after: usize,
    /// What would be refused, each with its reason.
    pub refused: Vec<String>,
    /// What is not good enough: failures to enrol.
    pub failed: Vec<String>,
}

/// Somebody who is enrolled, and of whom something comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    pub id: SubjectId,
    /// References that are enrolled.
    pub has: usize,
    /// References that come.
    pub comes: usize,
}

impl Args {
    /// What these arguments, of an append, would do to a gallery. Everything is in memory.
    pub fn outlook(&self, gallery: &Gallery, console: &Console) -> Result<Outlook, Failure> {
        let place = self.templates.as_deref().unwrap_or(Path::new(""));
        let enrolment = Enrolment { args: self, query: None, place };
        let spool = io::Cursor::new(Vec::new());
        let mut enrolling = match self.replace {
            true => Enrolling::replacing(gallery, spool),
            false => Enrolling::beside(gallery, spool),
        };
        let stay = if self.replace { 0 } else { gallery.references() };
        let mut came = BTreeMap::<SubjectId, usize>::new();
        let mut taken = enrolment.take(gallery.agreement(), stay, console, |number, filed| {
            let count = came.entry(filed.record.subject.clone()).or_default();
            *count = count.saturating_add(1);
            enrolling.add(number, filed)
        })?;
        let made = enrolling.finish().map_err(|error| Failure::io(place, "look at it", &error))?;
        leave_out(&mut came, &made.refused);
        let given = taken.given();
        taken.refused.extend(made.refused.iter().map(Refused::of));
        if self.replace {
            taken.tell_who_stays(gallery, made.change.as_ref());
        }
        let Taken { refused, failed, .. } = taken;
        let change = made.change.as_ref();
        let changes = |id: &SubjectId| !self.replace || change.is_some_and(|change| change.replaces(gallery, id));
        let (new, earlier) = told_apart(came, gallery, changes);
        let told = |all: Vec<Refused>| all.into_iter().map(|one| one.told).collect();
        Ok(Outlook {
            given,
            new,
            earlier,
            unchanged: made.unchanged_subjects,
            references: made.references,
            references_after: (gallery.references() + made.references).saturating_sub(made.replaced_references),
            refused: told(refused),
            failed: told(failed),
        })
    }
}

/// Takes away what is refused: a record, or all of somebody.
fn leave_out(came: &mut BTreeMap<SubjectId, usize>, refused: &[RefusedRecord]) {
    for one in refused {
        match one.record {
            0 => drop(came.remove(&one.subject)),
            _ => {
                if let Some(count) = came.get_mut(&one.subject) {
                    *count = count.saturating_sub(1);
                }
            }
        }
    }
    came.retain(|_, count| *count > 0);
}

/// Who is new, and who is enrolled; of these only whoever it changes.
fn told_apart(
    came: BTreeMap<SubjectId, usize>,
    gallery: &Gallery,
    changes: impl Fn(&SubjectId) -> bool,
) -> (Vec<SubjectId>, Vec<Earlier>) {
    let (mut new, mut earlier) = (Vec::new(), Vec::new());
    for (id, comes) in came {
        match gallery.position(&id) {
            None => new.push(id),
            Some(position) if changes(&id) => {
                earlier.push(Earlier { id, has: gallery.reference_count(position), comes });
            }
            Some(_) => {}
        }
    }
    (new, earlier)
}
