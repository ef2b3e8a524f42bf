//! What the two parties of a service say to each other, and their logs: signed statements, bodies and headers in JSON, exported logs.
#![no_main]

use cotejo::service::audit::{Consent, Entry, LogLines, Order, OrderDocument, Requests, Transparency, Verifier};
use cotejo::service::protocol::{
    Abandonment, AcceptedView, Acknowledgement, ConsistencyView, JobsView, ProblemDocument, ProgressView, Receipt,
    Reply, Request, Standing,
};
use cotejo::service::signing::{Signed, Statement};
use cotejo_fuzz::statements::signed_json;
use cotejo_fuzz::{choose, seeds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write_if_asked(cotejo_fuzz::statements::seeds), |input: &[u8]| {
    let Some((choice, content)) = choose(input, 4) else { return };
    match choice {
        0 => of_every_kind(content, as_it_came),
        // Signed well, so that what lies behind the signature is reached.
        1 => of_every_kind(content, signed),
        2 => log(content),
        _ => {
            // What a client reads of a server that may say anything.
            let _ = serde_json::from_slice::<AcceptedView>(content);
            let _ = serde_json::from_slice::<JobsView>(content);
            let _ = serde_json::from_slice::<ProblemDocument>(content);
            let _ = serde_json::from_slice::<ProgressView>(content);
            let _ = serde_json::from_slice::<ConsistencyView>(content);
            // And a server of whoever reaches its operations port.
            if let Ok(text) = std::str::from_utf8(content)
                && let Some(document) = OrderDocument::from_json(text)
            {
                assert_eq!(document.to_json(), text);
            }
        }
    }
});

fn of_every_kind(content: &[u8], read: fn(&str, [&dyn Fn(&str); 8])) {
    let Ok(text) = std::str::from_utf8(content) else { return };
    let readers: [&dyn Fn(&str); 8] = [
        &holds::<Request>,
        &holds::<Receipt>,
        &holds::<Reply>,
        &holds::<Acknowledgement>,
        &holds::<Standing>,
        &holds::<Consent>,
        &holds::<Abandonment>,
        &holds::<Order>,
    ];
    read(text, readers);
}

fn as_it_came(text: &str, readers: [&dyn Fn(&str); 8]) {
    readers.iter().for_each(|read| read(text));
}

fn signed(text: &str, readers: [&dyn Fn(&str); 8]) {
    let kinds = [
        Request::KIND,
        Receipt::KIND,
        Reply::KIND,
        Acknowledgement::KIND,
        Standing::KIND,
        Consent::KIND,
        Abandonment::KIND,
        Order::KIND,
    ];
    kinds.iter().zip(readers).for_each(|(kind, read)| read(&signed_json(kind, text)));
}

/// One text for each statement, and one statement for each text.
fn holds<T: Statement>(text: &str) {
    let Ok(statement) = Signed::<T>::from_json(text) else { return };
    assert_eq!(statement.to_json(), text);
    if let Ok(said) = statement.verify(None) {
        assert_eq!(cotejo::service::signing::digest_of(&said), Some(statement.digest()));
    }
}

fn log(content: &[u8]) {
    let mut verifier = Verifier::new(None, None);
    let (mut requests, mut years) = (Requests::new(), Transparency::new());
    let mut text = Vec::new();
    let mut whole = true;
    for entry in LogLines::new(content) {
        let Ok(entry): Result<Entry, _> = entry else {
            whole = false;
            break;
        };
        text.extend(entry.to_line().as_bytes());
        verifier.entry(&entry);
        requests.entry(&entry);
        years.entry(&entry);
    }
    if whole && !content.is_empty() {
        let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!(lines(&text), lines(content));
    }
    let _ = (verifier.finish(), requests.finish(), years.finish());
}
