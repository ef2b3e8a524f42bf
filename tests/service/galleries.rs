//! Galleries that change while queries run, and persons who never match.

use cotejo::custodian::Gallery;
use cotejo::querier::Verdict;
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::service::audit::{Entry, Event, Head};
use cotejo::service::protocol::ReplyOutcome;
use cotejo::service::signing::Hash;
use cotejo::template::SubjectId;
use cotejo::wire::Target;

use crate::databases::{Kind, execute, kinds};
use crate::trial::{Asker, CUSTODIAN_KEY, Setup, Trial, exact_terms, person, rng, signing_key};

#[test]
fn every_answer_names_the_version_that_was_searched() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        let roots = std::cell::RefCell::new(Vec::new());
        let ask = |number: &str| {
            asker.prepare(number, vec![person("p", 3)], Target::Gallery);
            let concluded = asker.conclude(number).unwrap();
            let verdicts = asker.verdicts(number).unwrap();
            match concluded.reply.outcome {
                ReplyOutcome::Answered { gallery, root, .. } => {
                    roots.borrow_mut().push(root.unwrap());
                    (gallery, verdicts[0].hit())
                }
                ReplyOutcome::Unanswered { reason } => panic!("{reason}"),
            }
        };
        assert_eq!(ask("1"), (1, false));
        let mut people: Vec<_> = (0..4).map(|number| person(&format!("person-{number}"), number)).collect();
        trial.source.set(&trial.agreement, &people, &[]);
        trial.await_version(2);
        assert_eq!(ask("2"), (2, true));
        people.pop();
        trial.source.set(&trial.agreement, &people, &[]);
        // The content is that of version 1, but it came later.
        trial.await_version(3);
        assert_eq!(ask("3"), (3, false));
        // Who is exempt is no content of the gallery: the version stays, so that nobody learns of it.
        trial.source.set(&trial.agreement, &people, &["person-0"]);
        std::thread::sleep(std::time::Duration::from_millis(1500));
        assert_eq!(asker.client.agreements().unwrap()[0].gallery_version, 3);
        // The root is that of its persons, whoever is exempt; receipts, replies and the log's entries tell the same.
        let of = |people: &[_]| {
            let enrolled = Gallery::enrol(&trial.agreement, people.iter().cloned()).gallery.unwrap();
            Hash(enrolled.root(&()).unwrap().0)
        };
        let [three, four] = [3, 4]
            .map(|count| of(&(0..count).map(|number| person(&format!("person-{number}"), number)).collect::<Vec<_>>()));
        assert_eq!(*roots.borrow(), [three, four, three]);
        let receipts = |entries: Vec<Entry>| -> Vec<_> {
            let receipt = |entry: Entry| match entry.event().unwrap() {
                Some(Event::Receipt { statement }) => statement.verify(None).unwrap().gallery,
                _ => None,
            };
            entries.into_iter().filter_map(receipt).map(|gallery| (gallery.version, gallery.root)).collect()
        };
        for (entries, report) in [trial.log(), asker.log()] {
            assert!(report.is_sound(), "{:?}", report.findings);
            assert_eq!(receipts(entries), [(1, three), (2, four), (3, three)]);
        }
        assert_eq!((trial.gallery().version, trial.gallery().root), (3, three));
    }
}

#[test]
fn a_gallery_that_cannot_be_loaded_leaves_the_last_one_in_use_and_says_so() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        trial.source.fail("gallery.cotejo: damaged; restore it");
        std::thread::sleep(std::time::Duration::from_millis(1500));
        assert!(trial.operations("/readyz").contains("gallery.cotejo: damaged"));
        assert!(trial.operations("/healthz").starts_with("HTTP/1.1 200"));
        assert_eq!(asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap(), [Verdict::Any(true)]);
    }
}

#[test]
fn an_exempt_person_never_matches_and_others_still_do() {
    let one_to_one = |id: &str| Target::Subject(SubjectId::try_from(id.to_owned()).unwrap());
    let people: Vec<_> = (0..3).map(|number| person(&format!("person-{number}"), number)).collect();
    for kind in kinds() {
        for exact in [false, true] {
            let setup = if exact { Setup { terms: exact_terms(), ..Setup::default() } } else { Setup::default() };
            let mut trial = Trial::with(kind, setup);
            trial.stop();
            trial.source.set(&trial.agreement, &people, &["person-1", "not-enrolled"]);
            trial.start();
            let asked: Vec<(Vec<_>, Target, Vec<bool>)> = vec![
                (
                    (0..3).map(|number| person(&format!("p{number}"), number)).collect(),
                    Target::Gallery,
                    vec![true, false, true],
                ),
                (vec![person("p", 1)], one_to_one("person-1"), vec![false]),
                (vec![person("p", 2)], one_to_one("person-2"), vec![true]),
            ];
            for (number, (probes, target, hits)) in asked.into_iter().enumerate() {
                let number = number.to_string();
                let verdicts = match exact {
                    true => Asker::<Bgv>::idle(&trial, 0).ask(&number, probes, target),
                    false => Asker::<Tfhe>::idle(&trial, 0).ask(&number, probes, target),
                };
                let verdicts: Vec<bool> = verdicts.unwrap().iter().map(Verdict::hit).collect();
                assert_eq!(verdicts, hits, "request {number}");
            }
        }
    }
}

#[test]
fn an_empty_gallery_is_not_asked() {
    for kind in kinds() {
        let trial = Trial::new(kind);
        let mut asker = Asker::<Tfhe>::new(&trial, 0);
        asker.patience = std::time::Duration::ZERO;
        trial.source.set(&trial.agreement, &[], &[]);
        trial.await_version(2);
        asker.prepare("1", vec![person("p", 1)], Target::Gallery);
        assert_eq!(crate::trial::refused(asker.conclude("1")), "unavailable");
        assert_eq!(trial.log().1.statements.requests, 0);
    }
}

#[test]
fn exempt_ids_that_are_not_enrolled_are_counted_whenever_list_or_gallery_changes() {
    let people: Vec<_> = (0..3).map(|number| person(&format!("person-{number}"), number)).collect();
    for kind in kinds() {
        let trial = Trial::new(kind);
        let await_count = |expected: usize| {
            let line = format!("cotejo_exempt_unknown {expected}\n");
            let begun = std::time::Instant::now();
            loop {
                let metrics = trial.operations("/metrics");
                assert!(!metrics.contains("zoe") && !metrics.contains("person-"), "{metrics}");
                if metrics.contains(&line) {
                    return;
                }
                assert!(begun.elapsed().as_secs() < 10, "{line}{metrics}");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        };
        await_count(0);
        trial.source.set(&trial.agreement, &people, &["person-2", "zoe"]);
        await_count(1);
        trial.source.set(&trial.agreement, &people[..2], &["person-2", "zoe"]);
        await_count(2);
        trial.source.set(&trial.agreement, &people, &["person-2"]);
        await_count(0);
    }
}

/// The log of a custodian that has searched nothing yet, as a version of before there were roots wrote it: the gallery's entry names none.
fn without_root(kind: Kind, trial: &Trial) {
    let (mut head, mut rng, mut leaves) = (Head::NONE, rng(7), Vec::new());
    for entry in trial.log().0 {
        let event = match entry.event().unwrap().unwrap() {
            Event::Gallery { agreement, version, state, subjects, inherits, persons, root: Some(_) } => {
                Event::Gallery { agreement, version, state, subjects, inherits, persons, root: None }
            }
            event => event,
        };
        let entry = Entry::new(event, entry.time, &head, &signing_key(CUSTODIAN_KEY), &mut rng).unwrap();
        head = entry.head();
        // As RFC 6962 has it.
        leaves.push(Hash::of(&[&[0][..], &entry.hash.0].concat()));
        let Entry { number, content, content_digest, hash, signature, .. } = entry;
        let content = content.unwrap();
        assert!(!content.contains("root"));
        let set = format!(
            "content = '{content}', content_digest = '{content_digest}', hash = '{hash}', signature = '{signature}'"
        );
        execute(kind, &trial.database, &format!("UPDATE log SET {set} WHERE number = {number}"));
    }
    let node = |left: Hash, right: Hash| Hash::of(&[&[1][..], &left.0, &right.0].concat());
    let [first, second, third, fourth] = leaves[..] else { panic!("{} entries", leaves.len()) };
    let (left, right) = (node(first, second), node(third, fourth));
    // Each subtree behind the last leaf in it.
    for (position, hash) in [first, second, left, third, fourth, right, node(left, right)].into_iter().enumerate() {
        execute(kind, &trial.database, &format!("UPDATE tree SET hash = '{hash}' WHERE position = {position}"));
    }
}

#[test]
fn a_version_that_an_earlier_program_has_logged_without_a_root_is_sound_and_gets_a_number_with_one() {
    for kind in kinds() {
        let mut trial = Trial::new(kind);
        trial.stop();
        without_root(kind, &trial);
        let (_, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let people: Vec<_> = (0..3).map(|number| person(&format!("person-{number}"), number)).collect();
        trial.restart(&people);
        let asker = Asker::<Tfhe>::new(&trial, 0);
        asker.ask("1", vec![person("p", 1)], Target::Gallery).unwrap();
        trial.stop();
        let said = std::process::Command::new(env!("CARGO_BIN_EXE_cotejo"))
            .args(["audit", "verify", "--key", &signing_key(CUSTODIAN_KEY).public().to_string()])
            .args(["--database", &trial.database])
            .output()
            .unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        assert!(said.status.success() && text.contains("no findings"), "{text}");
        let (entries, report) = trial.log();
        assert!(report.is_sound(), "{:?}", report.findings);
        let galleries = entries.into_iter().filter_map(|entry| match entry.event().unwrap() {
            Some(Event::Gallery { version, inherits, root, .. }) => Some((version, inherits, root.is_some())),
            _ => None,
        });
        // The persons are the same: what was disclosed of them counts on.
        assert_eq!(galleries.collect::<Vec<_>>(), [(1, Some(1), false), (2, Some(1), true)]);
    }
}
