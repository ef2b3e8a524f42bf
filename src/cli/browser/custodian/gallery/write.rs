//! Making a change, and taking it back: by the commands that do so, after a last look at whether the gallery is still what was looked at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::change::{Change, Remove, Stage, Undo, What, Written};
use super::super::held::Held;
use super::super::state::Custodian;
use crate::cli::browser::commands;
use crate::cli::browser::work::Work;
use crate::cli::desk::Listener as _;
use crate::cli::failure::Failure;
use crate::cli::{interrupt, party};
use crate::template::SubjectId;

/// How the time that a change waits is called among what work tells.
pub const WAITING: &str = "wait";
/// Whether it was dropped is looked at so often.
const LOOK: Duration = Duration::from_millis(100);

/// Begins to wait with a change, and then makes it; false where another change of this gallery is under way.
pub fn begin(custodian: &Arc<Custodian>, change: &Arc<Change>) -> Result<bool, Failure> {
    let until = Instant::now() + custodian.grace();
    if !custodian.changes.pass(change, |stage| stage == Stage::Shown, Stage::Waiting(until)) {
        return Ok(false);
    }
    let (inner, changed) = (Arc::clone(custodian), Arc::clone(change));
    let begun = custodian.works.begin(&change.id, move |work| {
        let made = wait(&inner, &changed, until, work).and_then(|wanted| match wanted {
            true => write(&inner, &changed, work).map(Some),
            false => Ok(None),
        });
        match made {
            Ok(Some(written)) => changed.pass(|_| true, Stage::Written(written)),
            Ok(None) => true,
            // It can be tried again.
            Err(failure) => {
                changed.pass(|stage| stage != Stage::Dropped, Stage::Shown);
                return Err(failure);
            }
        };
        Ok(())
    });
    match begun {
        Ok(true) => Ok(true),
        other => {
            change.pass(|stage| matches!(stage, Stage::Waiting(_)), Stage::Shown);
            other
        }
    }
}

/// Waits until it is to be written; whether it is: it may be dropped meanwhile.
fn wait(custodian: &Custodian, change: &Change, until: Instant, work: &Work<()>) -> Result<bool, Failure> {
    let all = custodian.grace().as_secs();
    let mut told = None;
    loop {
        interrupt::check()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // From here on it cannot be dropped.
            return Ok(change.pass(|stage| matches!(stage, Stage::Waiting(_)), Stage::Writing));
        }
        if !matches!(change.stage(), Stage::Waiting(_)) {
            return Ok(false);
        }
        let done = all.saturating_sub(left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0)));
        if told != Some(done) {
            told = Some(done);
            work.progress(WAITING, "second", done, all);
        }
        std::thread::sleep(LOOK.min(left));
    }
}

fn write(custodian: &Custodian, change: &Change, work: &Arc<Work<()>>) -> Result<Written, Failure> {
    let held = held(custodian, change)?;
    let alone = held.alone();
    if held.state(&alone)? != change.before {
        let what = "was changed since this was looked at";
        return Err(Failure::at(&held.file, what, "look at it again, and confirm it anew"));
    }
    let ran = commands::run(making(held, &change.what), Arc::clone(work) as _)?;
    let as_shown = did_as_shown(&change.what, &ran.document);
    Ok(Written { at: party::now(), state: held.state(&alone)?, as_shown })
}

fn held<'a>(custodian: &'a Custodian, change: &Change) -> Result<&'a Held, Failure> {
    let none = || Failure::new("gallery", "there is none of this number", "choose one");
    custodian.galleries().get(change.gallery).ok_or_else(none)
}

/// The command that makes a change.
fn making(held: &Held, what: &What) -> Vec<String> {
    match what {
        What::Append(append) => std::iter::once("enroll".to_owned()).chain(append.options.iter().cloned()).collect(),
        What::Remove(remove) => of_gallery(held, "remove", leaving(remove)),
    }
}

/// The command that takes it back: whom an append has enrolled is removed, who was removed is restored.
fn undoing(held: &Held, what: &What) -> Vec<String> {
    match what {
        What::Append(append) => of_gallery(held, "remove", append.outlook.new.iter()),
        What::Remove(remove) => of_gallery(held, "restore", leaving(remove)),
    }
}

fn leaving(remove: &Remove) -> impl Iterator<Item = &SubjectId> {
    remove.leaving.iter().map(|one| &one.id)
}

fn of_gallery<'a>(held: &Held, command: &str, whom: impl Iterator<Item = &'a SubjectId>) -> Vec<String> {
    let words = ["gallery", command, "--yes"].map(str::to_owned);
    let named =
        [format!("--agreement={}", held.agreement_file.display()), format!("--gallery={}", held.file.display())];
    words.into_iter().chain(named).chain(whom.map(|id| format!("--id={id}"))).collect()
}

/// Whether a command has done what was shown before.
fn did_as_shown(what: &What, document: &Value) -> bool {
    let number = |of: &str, name: &str| document.get(of).and_then(|of| of.get(name)).and_then(Value::as_u64);
    match what {
        What::Append(append) => {
            let replaced = number("replaced", "subjects").unwrap_or_default();
            number("added", "new_subjects") == Some(append.outlook.new.len() as u64)
                && number("added", "earlier_subjects").map(|earlier| earlier + replaced)
                    == Some(append.outlook.earlier.len() as u64)
        }
        What::Remove(remove) => number("removed", "subjects") == Some(remove.leaving.len() as u64),
    }
}

/// Whether a change can be taken back now. None where its gallery is being changed just now.
pub fn standing(custodian: &Custodian, change: &Change, written: &Written) -> Result<Option<Undo>, Failure> {
    let held = held(custodian, change)?;
    let Some(holds) = held.holds()? else { return Ok(None) };
    let served = custodian.with_custody(|custody| custody.searched_last(&held.digest))?;
    Ok(Some(change.undo(written, &holds.state, served.as_ref())))
}

/// Begins to take a change back; false where it cannot be, or another one is under way.
pub fn begin_undoing(custodian: &Arc<Custodian>, change: &Arc<Change>) -> Result<bool, Failure> {
    let Stage::Written(written) = change.stage() else { return Ok(false) };
    if standing(custodian, change, &written)? != Some(Undo::Offered) {
        return Ok(false);
    }
    if !custodian.changes.pass(change, |stage| stage == Stage::Written(written), Stage::Undoing) {
        return Ok(false);
    }
    let (inner, changed) = (Arc::clone(custodian), Arc::clone(change));
    let begun = custodian.works.begin(&change.id, move |work| {
        let undone = take_back(&inner, &changed, &written, work);
        let stage = if undone.is_ok() { Stage::Undone } else { Stage::Written(written) };
        changed.pass(|_| true, stage);
        undone
    });
    if !matches!(begun, Ok(true)) {
        change.pass(|stage| stage == Stage::Undoing, Stage::Written(written));
    }
    begun
}

fn take_back(custodian: &Custodian, change: &Change, written: &Written, work: &Arc<Work<()>>) -> Result<(), Failure> {
    let held = held(custodian, change)?;
    let alone = held.alone();
    let served = custodian.with_custody(|custody| custody.searched_last(&held.digest))?;
    if change.undo(written, &held.state(&alone)?, served.as_ref()) != Undo::Offered {
        let what = "is served already, or was changed again";
        return Err(Failure::at(&held.file, what, "make another change"));
    }
    commands::run(undoing(held, &change.what), Arc::clone(work) as _).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::change::{Append, Leaving};
    use super::*;
    use crate::cli::browser::upload::Uploaded;
    use crate::cli::enroll::{Earlier, Outlook};

    fn id(text: &str) -> SubjectId {
        SubjectId::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_change_did_as_shown_where_its_numbers_are_those_that_were_shown() {
        let earlier = vec![Earlier { id: id("ana"), has: 1, comes: 2 }];
        let outlook = Outlook { new: vec![id("eva"), id("ida")], earlier, ..Outlook::default() };
        let file = Uploaded::of_text("more.csv", "1\n").unwrap();
        let append = What::Append(Append::new((file, None), (false, false), Vec::new(), outlook));
        assert!(did_as_shown(&append, &json!({"added": {"new_subjects": 2, "earlier_subjects": 1}})));
        let replaced = json!({"added": {"new_subjects": 2, "earlier_subjects": 0}, "replaced": {"subjects": 1}});
        assert!(did_as_shown(&append, &replaced));
        assert!(!did_as_shown(&append, &json!({"added": {"new_subjects": 1, "earlier_subjects": 2}})));
        assert!(!did_as_shown(&append, &json!({})));
        let leaving = vec![Leaving { id: id("ana"), references: 1, exempt: false }];
        let remove = What::Remove(Remove { leaving, unknown: Vec::new() });
        assert!(did_as_shown(&remove, &json!({"removed": {"subjects": 1}})));
        assert!(!did_as_shown(&remove, &json!({"removed": {"subjects": 2}})));
    }
}
