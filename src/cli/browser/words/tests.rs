//! Every catalogue says everything, and nothing that no page asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_bundle::FluentResource;

use super::{CATALOGUES, all};

/// Each message with the variables in it, as they are written.
fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some((key, _)) = line.split_once(" =")
            && line.starts_with(|c: char| c.is_ascii_lowercase())
        {
            current = key.to_owned();
            assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{key} stands there twice");
        }
        let variables =
            line.split('$').skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap());
        if !line.starts_with('#') {
            found.entry(current.clone()).or_default().extend(variables.map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_catalogue_can_be_read_and_says_the_same_messages_with_the_same_variables() {
    let mut catalogues = CATALOGUES.iter().map(|(tag, text)| {
        if let Err((_, errors)) = FluentResource::try_new((*text).to_owned()) {
            panic!("{tag}: {errors:?}");
        }
        (tag, messages(text))
    });
    let (_, first) = catalogues.next().unwrap();
    for (tag, other) in catalogues {
        let keys = |of: &BTreeMap<String, _>| of.keys().cloned().collect::<BTreeSet<_>>();
        let missing: Vec<_> = keys(&first).difference(&keys(&other)).cloned().collect();
        let beyond: Vec<_> = keys(&other).difference(&keys(&first)).cloned().collect();
        assert!(missing.is_empty() && beyond.is_empty(), "{tag}: missing {missing:?}, beyond {beyond:?}");
        for (key, variables) in &first {
            assert_eq!(variables, &other[key], "{tag}: the variables of {key}");
        }
    }
}

/// The texts in double quotes of all code of this folder that look like keys of messages.
fn quoted(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            quoted(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            into.extend(text.split('"').map(str::to_owned));
        }
    }
}

#[test]
fn no_message_is_there_that_no_page_asks_for() {
    let mut asked = BTreeSet::new();
    quoted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/browser"), &mut asked);
    // Made of a part and a name: listed where they are made.
    let made = |key: &str| super::super::MADE_OF_PARTS.iter().any(|part| key.starts_with(part));
    let unused: Vec<_> =
        messages(CATALOGUES[0].1).into_keys().filter(|key| !asked.contains(key) && !made(key)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn the_first_catalogue_says_all_that_pages_ask_for() {
    // A page asks by `say`, `with`, `counted` or `t`, with the key behind it.
    let mut code = String::new();
    fn read(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/browser"), &mut code);
    let words = &all()[0];
    for call in [".say(\"", ".with(\"", ".counted(\"", ".t(\""] {
        for rest in code.split(call).skip(1) {
            let key = rest.split('"').next().unwrap();
            let is_key = !key.is_empty()
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(!is_key || words.has(key), "{key} is in no catalogue");
        }
    }
}
