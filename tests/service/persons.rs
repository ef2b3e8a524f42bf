//! What answers disclose is disclosed of persons: another version number is no other person.

use cotejo::agreement::Disclosure;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::{Entry, Event};
use cotejo::template::{Record, SubjectId};
use cotejo::wire::Target;

use crate::databases::{execute, kinds};
use crate::trial::{Asker, Trial, person, refused, with};

fn people(numbers: std::ops::Range<usize>) -> Vec<Record> {
    numbers.map(|number| person(&format!("person-{number}"), number)).collect()
}

fn one(id: &str) -> Target {
    Target::Subject(SubjectId::try_from(id.to_owned()).unwrap())
}

/// What versions inherit, as the log tells.
fn inherited(trial: &Trial) -> Vec<u64> {
    let (entries, report) = trial.log();
    assert!(report.is_sound(), "{:?}", report.findings);
    inherited_by(&entries)
}

fn inherited_by(entries: &[Entry]) -> Vec<u64> {
    let events = entries.iter().filter_map(|entry| entry.event().unwrap());
    let inherited = events.filter_map(|event| match event {
        Event::Gallery { inherits, .. } => Some(inherits.unwrap()),
        _ => None,
    });
    inherited.collect()
}

/// Append, remove, compact: twelve bits were had where six were agreed.
#[test]
fn a_version_inherits_what_was_disclosed_of_the_persons_who_stayed() {
    for kind in kinds() {
        let mut setup = with(|terms| terms.bits_per_gallery_version = 6);
        setup.terms.disclosure = Disclosure::Each;
        let mut trial = Trial::with(kind, setup);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        // Three persons: three bits a probe.
        asker.ask("1", vec![person("p", 1), person("q", 9)], Target::Gallery).unwrap();
        let versions: [(u64, Vec<Record>); 4] = [
            (2, people(0..4)),
            (3, people(0..3)),
            // One who stayed under another name, and one under the same name with another sample.
            (4, vec![person("renamed", 1), person("person-2", 0)]),
            (5, vec![person("renamed", 9), person("new", 9)]),
        ];
        for (version, people) in versions {
            trial.source.set(&trial.agreement, &people, &[]);
            trial.await_version(version);
            let number = format!("v{version}");
            asker.prepare(&number, vec![person("p", 1)], Target::Gallery);
            assert_eq!(refused(asker.conclude(&number)), "leakage", "version {version}");
        }
        // Also for a server that was started anew.
        trial.stop();
        trial.restart(&[person("renamed", 9), person("new", 9)]);
        asker.reconnect(&trial);
        asker.prepare("again", vec![person("p", 1)], Target::Gallery);
        assert_eq!(refused(asker.conclude("again")), "leakage");
        // Nobody stayed but who came with version 2.
        trial.source.set(&trial.agreement, &[person("another", 3)], &[]);
        trial.await_version(6);
        assert_eq!(inherited(&trial), [1, 1, 1, 1, 1, 2]);
        asker.ask("2", vec![person("p", 1)], Target::Gallery).unwrap();
    }
}

/// Who was in versions that an earlier program has numbered is not known: they may have been the same.
#[test]
fn what_was_disclosed_before_persons_were_counted_counts_for_everybody() {
    for kind in kinds() {
        let mut trial = Trial::with(kind, with(|terms| terms.bits_per_gallery_version = 2));
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.ask("1", vec![person("p", 1), person("q", 2)], Target::Gallery).unwrap();
        trial.stop();
        let of_before = "UPDATE galleries SET inherits = NULL; DELETE FROM persons; \
                         UPDATE log SET content = NULL WHERE content LIKE '%\"kind\":\"gallery\"%'";
        execute(kind, &trial.database, of_before);
        trial.restart(&people(0..3));
        asker.reconnect(&trial);
        asker.prepare("2", vec![person("p", 1)], Target::Gallery);
        assert_eq!(refused(asker.conclude("2")), "leakage");
        // The entry of the first says nothing here.
        assert_eq!(inherited_by(&trial.log().0), [1]);
    }
}

/// Whoever takes away by what persons are known would have bits disclosed of them anew.
#[test]
fn marks_that_were_taken_away_are_missed_before_another_version_is_numbered() {
    for kind in kinds() {
        let trial = Trial::with(kind, with(|terms| terms.bits_per_gallery_version = 2));
        execute(kind, &trial.database, "DELETE FROM persons; UPDATE galleries SET inherits = NULL");
        trial.source.set(&trial.agreement, &people(0..4), &[]);
        let begun = std::time::Instant::now();
        while !trial.operations("/readyz").contains("a table of persons that this program did not write") {
            assert!(begun.elapsed().as_secs() < 10, "{}", trial.operations("/readyz"));
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        execute(kind, &trial.database, "UPDATE galleries SET inherits = 1");
        assert_eq!(inherited(&trial), [1]);
    }
}

#[test]
fn questions_about_one_person_are_limited_whoever_it_is_and_whatever_the_version() {
    for kind in kinds() {
        let trial = Trial::with(kind, with(|terms| terms.bits_per_person = Some(2)));
        let asker = Asker::<Tfhe>::new(&trial, 0);
        // Who is not enrolled is counted alike: a refusal does not tell.
        for (number, id) in [("known", "person-1"), ("unknown", "nobody")] {
            asker.ask(number, vec![person("p", 1), person("q", 2)], one(id)).unwrap();
            let again = format!("{number}-again");
            asker.prepare(&again, vec![person("p", 1)], one(id));
            assert_eq!(refused(asker.conclude(&again)), "leakage", "{id}");
        }
        asker.ask("3", vec![person("p", 1)], one("person-2")).unwrap();
        asker.ask("4", vec![person("p", 1)], Target::Gallery).unwrap();
        trial.source.set(&trial.agreement, &people(0..4), &[]);
        trial.await_version(2);
        asker.prepare("5", vec![person("p", 1)], one("person-1"));
        assert_eq!(refused(asker.conclude("5")), "leakage");
        // Another requester has an account of its own.
        Asker::<Tfhe>::idle(&trial, 1).ask("1", vec![person("p", 1)], one("person-1")).unwrap();
    }
}

#[test]
fn who_is_exempt_is_in_the_log_by_number_and_digest_whenever_it_changes() {
    for kind in kinds() {
        let mut trial = Trial::new(kind);
        let await_lists = |trial: &Trial, expected: &[u64]| {
            let begun = std::time::Instant::now();
            loop {
                let (entries, report) = trial.log();
                assert!(report.is_sound(), "{:?}", report.findings);
                let events = entries.iter().filter_map(|entry| entry.event().unwrap());
                let lists: Vec<_> = events
                    .filter_map(|event| match event {
                        Event::Exempt { persons, list, agreement } if agreement == trial.digest() => {
                            Some((persons, list))
                        }
                        _ => None,
                    })
                    .collect();
                if lists.iter().map(|(persons, _)| *persons).eq(expected.iter().copied()) {
                    return lists.into_iter().map(|(_, list)| list).collect::<Vec<_>>();
                }
                assert!(begun.elapsed().as_secs() < 10 && lists.len() <= expected.len(), "{lists:?}");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        };
        await_lists(&trial, &[]);
        let people = people(0..3);
        for (exempt, expected) in [
            (vec!["person-1"], &[1][..]),
            (vec!["person-2"], &[1, 1]),
            (vec!["person-1", "person-2"], &[1, 1, 2]),
            (vec![], &[1, 1, 2, 0]),
        ] {
            trial.source.set(&trial.agreement, &people, &exempt);
            await_lists(&trial, expected);
        }
        trial.source.set(&trial.agreement, &people, &["person-1"]);
        let lists = await_lists(&trial, &[1, 1, 2, 0, 1]);
        assert_eq!((lists[0] == lists[4], lists[0] == lists[1]), (true, false));
        // What is in the log already is not logged again.
        trial.stop();
        trial.source.set(&trial.agreement, &people, &["person-1"]);
        trial.start();
        await_lists(&trial, &[1, 1, 2, 0, 1]);
        let exempt = [SubjectId::try_from("person-1".to_owned()).unwrap()].into();
        assert_eq!(trial.custody().exempt_digest(&exempt), lists[0], "whoever has list and key finds it");
    }
}
