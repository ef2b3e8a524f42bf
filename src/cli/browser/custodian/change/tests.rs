//! What becomes of changes, and which of them can be taken back.

use super::*;
use crate::cli::enroll::Earlier;

fn id(text: &str) -> SubjectId {
    SubjectId::try_from(text.to_owned()).unwrap()
}

fn append(outlook: Outlook, skip: bool) -> What {
    let file = Uploaded::of_text("more.csv", "1,2\n").unwrap();
    What::Append(Append::new((file, None), (false, skip), Vec::new(), outlook))
}

fn removal(leaving: &[&str], unknown: &[&str]) -> What {
    let leaving = leaving.iter().map(|text| Leaving { id: id(text), references: 1, exempt: false }).collect();
    What::Remove(Remove { leaving, unknown: unknown.iter().map(|text| (*text).to_owned()).collect() })
}

fn of_new(ids: &[&str]) -> Outlook {
    Outlook { new: ids.iter().map(|text| id(text)).collect(), references: ids.len(), ..Outlook::default() }
}

fn change(what: What) -> Change {
    Change::new(0, what, Hash::of(b"before")).unwrap()
}

fn written(as_shown: bool) -> Written {
    Written { at: Time::from_millis(0), state: Hash::of(b"after"), as_shown }
}

#[test]
fn a_removal_and_an_append_of_new_persons_can_be_undone_until_they_are_served_or_changed_again() {
    let (after, before, other) = (Hash::of(b"after"), Hash::of(b"before"), Hash::of(b"other"));
    for change in [change(removal(&["ana"], &[])), change(append(of_new(&["eva"]), false))] {
        assert_eq!(change.undo(&written(true), &after, Some(&before)), Undo::Offered);
        assert_eq!(change.undo(&written(true), &after, None), Undo::Offered, "nothing was ever served");
        assert_eq!(change.undo(&written(true), &after, Some(&after)), Undo::Served);
        assert_eq!(change.undo(&written(true), &other, Some(&before)), Undo::Changed);
        assert_eq!(change.undo(&written(false), &after, Some(&before)), Undo::Otherwise);
    }
}

#[test]
fn what_somebody_who_is_enrolled_has_got_cannot_be_taken_back() {
    let earlier = vec![Earlier { id: id("ana"), has: 1, comes: 1 }];
    let change = change(append(Outlook { earlier, ..of_new(&["eva"]) }, false));
    assert!(change.what.can_be_done());
    assert_eq!(change.undo(&written(true), &Hash::of(b"after"), None), Undo::Impossible);
}

#[test]
fn nothing_is_done_where_ids_are_unknown_or_records_are_refused_and_not_left_out() {
    assert!(!removal(&["ana"], &["'anna'"]).can_be_done());
    assert!(!removal(&[], &[]).can_be_done());
    let refused = || Outlook { refused: vec!["record 3: too short".to_owned()], ..of_new(&["eva"]) };
    assert!(!append(refused(), false).can_be_done());
    assert!(append(refused(), true).can_be_done());
    assert!(!append(Outlook::default(), true).can_be_done());
}

#[test]
fn a_change_is_confirmed_once_and_dropped_only_while_it_waits() {
    let changes = Changes::default();
    let one = changes.keep(change(removal(&["ana"], &[])));
    let shown = |stage| stage == Stage::Shown;
    let waits = |stage| matches!(stage, Stage::Waiting(_));
    let until = Stage::Waiting(Instant::now());
    assert!(changes.last(0).is_none(), "it was only looked at");
    assert!(changes.pass(&one, shown, until));
    assert!(!changes.pass(&one, shown, until), "who presses twice confirms once");
    let another = changes.keep(change(removal(&["eva"], &[])));
    assert!(!changes.pass(&another, shown, until), "one after the other");
    assert!(one.pass(waits, Stage::Writing));
    assert!(!one.pass(waits, Stage::Dropped), "too late");
    assert!(changes.are_writing());
    assert!(one.pass(|_| true, Stage::Written(written(true))));
    assert!(changes.pass(&another, shown, until));
    assert_eq!(changes.last(0).unwrap().id, another.id);
}

#[test]
fn what_was_sent_goes_when_it_is_written_or_dropped() {
    let change = change(append(of_new(&["eva"]), false));
    let files = |change: &Change| match &change.what {
        What::Append(append) => append.files.lock().unwrap().len(),
        What::Remove(_) => 0,
    };
    assert_eq!(files(&change), 1);
    assert!(change.pass(|_| true, Stage::Waiting(Instant::now())));
    assert_eq!(files(&change), 1);
    assert!(change.pass(|_| true, Stage::Dropped));
    assert_eq!(files(&change), 0);
}

#[test]
fn the_oldest_makes_room_but_not_one_that_waits() {
    let changes = Changes::default();
    let first = changes.keep(change(removal(&["ana"], &[])));
    assert!(first.pass(|_| true, Stage::Waiting(Instant::now())));
    let second = changes.keep(change(removal(&["eva"], &[])));
    for _ in 0..MOST {
        changes.keep(change(removal(&["ida"], &[])));
    }
    assert!(changes.find(&first.id).is_some());
    assert!(changes.find(&second.id).is_none());
}
