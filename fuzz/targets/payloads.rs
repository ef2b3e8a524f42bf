//! The payload of every message and key of every scheme, in an envelope that is as it should be: what is accepted has one encoding.
#![no_main]

use cotejo::wire::Kind;
use cotejo_fuzz::exchange::{AGREEMENTS, EVALUATION_KEYS, KINDS, edited, rewritten, wrapped};
use cotejo_fuzz::{choose, seeds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write_if_asked(seeds::payloads), |input: &[u8]| {
    // Every kind under every agreement; then edits of a real evaluation key.
    let whole = AGREEMENTS.len() * KINDS.len();
    let Some((choice, content)) = choose(input, whole + EVALUATION_KEYS.len()) else { return };
    match choice.checked_sub(whole) {
        None => read(choice / KINDS.len(), KINDS[choice % KINDS.len()], content),
        Some(key) => {
            let (agreement, key) = &EVALUATION_KEYS[key];
            if let Some(payload) = edited(key, content) {
                read(*agreement, Kind::EvaluationKey, &payload);
            }
        }
    }
});

fn read(agreement: usize, kind: Kind, payload: &[u8]) {
    let agreement = &AGREEMENTS[agreement];
    let file = wrapped(kind, agreement, payload);
    if let Ok(again) = rewritten(kind, agreement, &file) {
        assert!(again == file, "a {kind} of {} has a second encoding", agreement.scheme());
    }
}
