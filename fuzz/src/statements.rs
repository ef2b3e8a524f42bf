//! Statements and logs to begin from, and statements that are signed whatever they say.

use cotejo::service::audit::{Consent, Entry, Event, Head, Measure, Order, OrderDocument, Role};
use cotejo::service::protocol::{Abandonment, Acknowledgement, Receipt, Reply, ReplyOutcome, Request};
use cotejo::service::signing::{Hash, Name, Signed, SigningKey, Statement};
use cotejo::service::time::Time;
use cotejo::service::tree::TreeHead;
use ed25519_dalek::Signer;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::chosen;

/// A statement of a kind with any text, signed.
pub fn signed_json(kind: &str, text: &str) -> String {
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let message = [b"cotejo statement v1\0", kind.as_bytes(), b"\0", text.as_bytes()].concat();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (signer, signature) = (hex(key.verifying_key().as_bytes()), hex(&key.sign(&message).to_bytes()));
    let text = serde_json::to_string(text).expect("a text");
    format!("{{\"statement\":{text},\"signer\":\"{signer}\",\"signature\":\"{signature}\"}}")
}

/// Statements of each kind, bare and signed, a log, and documents.
pub fn seeds() -> Vec<Vec<u8>> {
    let key = SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(1));
    let time = Time::from_millis(1_795_717_222_120);
    let tree = TreeHead { size: 2, root: Hash([7; 32]) };
    let request = Request {
        requester: "A-BORDER".parse().expect("a code"),
        number: "2026-1".parse().expect("a code"),
        time,
        agreement: Hash([1; 32]),
        purpose: "identification".parse().expect("a code"),
        justification: "file 7/2026".parse().ok(),
        case_category: None,
        officer: "17".parse().ok(),
        key: Name([2; 16]),
        query: Name([3; 16]),
        query_digest: Hash([4; 32]),
        probes: 2,
        seen: Some(tree),
    };
    let asked = Signed::new(&request, &key).expect("short");
    let digest = asked.digest();
    let receipt =
        Receipt { request: digest, job: Name([5; 16]), time, log: Some(tree), randomness: None, gallery: None };
    let outcome = ReplyOutcome::Answered { answer_digest: Hash([6; 32]), gallery: 1, bits: 2, parts: None, root: None };
    let reply = Reply { request: request.clone(), request_digest: digest, number: 3, time, outcome, log: Some(tree) };
    let replied = Signed::new(&reply, &key).expect("short");
    let said = Acknowledgement { request: digest, reply: replied.digest(), time };
    let given_up = Signed::new(&Abandonment { request: digest, time }, &key).expect("short");
    let consent = Consent {
        party: request.requester.clone(),
        owner: "B".parse().expect("a code"),
        role: Role::Custodian,
        before: time,
        reason: "over".parse().expect("a line"),
        time,
    };
    let consent = Signed::new(&consent, &key).expect("short");
    let order = |measure| Order {
        custodian: "B".parse().expect("a code"),
        operator: "anna".parse().expect("a code"),
        time,
        measure,
    };
    let pull = order(Measure::Breaker { pulled: true, reason: "incident 17".parse().expect("a line") });
    let pulled = Signed::new(&pull, &key).expect("short");
    let erase = order(Measure::Erase { before: time });
    let erased = Signed::new(&erase, &key).expect("short");
    let orders = OrderDocument { orders: vec![erased.clone(), erased.clone()], consents: vec![consent.clone()] };
    let events = [
        Event::Opened { party: "B".parse().expect("a code"), role: Role::Custodian },
        Event::Registered { party: request.requester.clone(), key: key.public(), introduced: None, ml_dsa: Vec::new() },
        Event::Request { statement: asked },
        Event::Receipt { statement: Signed::new(&receipt, &key).expect("short") },
        Event::Reply { statement: replied },
        Event::Acknowledgement { statement: Signed::new(&said, &key).expect("short") },
        Event::Abandoned { request: digest, statement: Some(given_up) },
        Event::Canaries { request: digest, asked: 2, found: 1 },
        Event::Gallery {
            agreement: Hash([1; 32]),
            version: 2,
            state: Hash([2; 32]),
            subjects: 3,
            inherits: Some(1),
            persons: None,
            root: Some(Hash([7; 32])),
        },
        Event::Exempt { agreement: Hash([1; 32]), persons: 2, list: Hash([3; 32]) },
        Event::OperatorRegistered { operator: pull.operator.clone(), key: key.public() },
        Event::Breaker { pulled: true, reason: "incident 17".parse().expect("a line"), orders: vec![pulled.clone()] },
        Event::OperatorRemoved { operator: pull.operator.clone() },
        Event::Erased { before: time, through: 1, contents: 0, consents: vec![consent], orders: vec![erased] },
    ];
    let (mut head, mut log, mut rng) = (Head::NONE, Vec::new(), ChaCha20Rng::seed_from_u64(2));
    for event in events {
        let entry = Entry::new(event, time, &head, &key, &mut rng).expect("a seed");
        head = entry.head();
        log.extend(entry.to_line().into_bytes());
        if log.last() != Some(&b'\n') {
            log.push(b'\n');
        }
    }
    let bare = [text(&request), text(&receipt), text(&reply), text(&said), text(&pull), text(&erase)];
    let signed = [
        Signed::new(&request, &key).expect("short").to_json(),
        Signed::new(&receipt, &key).expect("short").to_json(),
        Signed::new(&reply, &key).expect("short").to_json(),
        Signed::new(&said, &key).expect("short").to_json(),
        pulled.to_json(),
    ];
    let progress = "{\"running\":true,\"done\":1,\"steps\":40}".to_owned();
    let mut seeds: Vec<Vec<u8>> = signed.iter().map(|text| chosen(0, text.as_bytes())).collect();
    seeds.extend(bare.iter().map(|text| chosen(1, text.as_bytes())));
    seeds.push(chosen(2, &log));
    seeds.push(chosen(3, progress.as_bytes()));
    seeds.push(chosen(3, orders.to_json().as_bytes()));
    seeds
}

fn text(statement: &impl Statement) -> String {
    serde_json::to_string(statement).expect("a statement")
}
