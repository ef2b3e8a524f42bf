//! A key of TLS that is held elsewhere, and takes its time: who waits for it, and who does not.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cotejo::service::identity::{Identity, PemFile, TlsKey};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use crate::databases::kinds;
use crate::raw::Raw;
use crate::trial::{Certified, Setup, Trial};

/// A key as one in a token: it signs one text at a time, in so long.
#[derive(Debug)]
struct Slow<T> {
    of: T,
    time: Duration,
    session: Arc<Mutex<()>>,
}

impl SigningKey for Slow<Arc<dyn SigningKey>> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let of = self.of.choose_scheme(offered)?;
        Some(Box::new(Slow { of, time: self.time, session: Arc::clone(&self.session) }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.of.algorithm()
    }
}

impl Signer for Slow<Box<dyn Signer>> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let sign = || {
            let _session = self.session.lock().unwrap();
            std::thread::sleep(self.time);
            self.of.sign(message)
        };
        if tokio::runtime::Handle::try_current().is_ok() { tokio::task::block_in_place(sign) } else { sign() }
    }

    fn scheme(&self) -> SignatureScheme {
        self.of.scheme()
    }
}

/// The identity of somebody whose key is so slow.
pub fn identity(certified: &Certified, time: Duration) -> Identity {
    let key = certified.identity().key.unwrap();
    let of = rustls::crypto::aws_lc_rs::default_provider().key_provider.load_private_key(key).unwrap();
    let key = Arc::new(Slow { of, time, session: Arc::default() });
    let [chain, authority] = [&certified.chain, &certified.authority]
        .map(|text| PemFile { path: Path::new("test"), content: text.as_bytes() });
    Identity::new(chain, TlsKey::Held { name: "slow".to_owned(), key }, authority).unwrap()
}

const GET: &[u8] = b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn served(raw: &mut Raw) -> Duration {
    let begun = Instant::now();
    raw.send(GET).unwrap();
    assert!(raw.next_response().starts_with("HTTP/1.1 200"));
    begun.elapsed()
}

/// Strangers have the key sign, and say nothing more: there is work for it for a good ten seconds and more.
fn are_not_kept_waiting(begin: fn(&str, &Trial) -> Raw, go_on: fn(&mut Raw)) {
    let trial = Trial::with(kinds()[0], Setup { signs_in: Some(Duration::from_millis(100)), ..Setup::default() });
    let mut open = Raw::connect(&trial, &trial.requesters[0].1);
    served(&mut open);
    // The server closes a connection on which nothing is asked for ten seconds, and 180 beginnings may take as long.
    let mut asked = Instant::now();
    let mut keep_open = |open: &mut Raw| {
        if asked.elapsed() > Duration::from_secs(2) {
            served(open);
            asked = Instant::now();
        }
    };
    let mut strangers = Vec::new();
    for number in 0..180 {
        strangers.push(begin(&format!("127.0.0.{}", 2 + number % 3), &trial));
        keep_open(&mut open);
    }
    for stranger in &mut strangers {
        go_on(stranger);
        keep_open(&mut open);
    }
    let old = (0..5).map(|_| served(&mut open)).max().unwrap();
    // From where it has come before; and another, from where nobody has.
    let again = served(&mut Raw::connect(&trial, &trial.requesters[0].1));
    let first = served(&mut Raw::connect_from("127.0.0.9", &trial, &trial.requesters[1].1));
    eprintln!("an open connection: {old:?}; a new one: {again:?}; the first from there: {first:?}");
    assert!(old < Duration::from_secs(1), "{old:?}");
    assert!(again < Duration::from_secs(2), "{again:?}");
    assert!(first < Duration::from_secs(3), "{first:?}");
    drop(strangers);
}

#[test]
fn strangers_who_have_a_slow_key_sign_keep_no_requester_waiting() {
    are_not_kept_waiting(
        |from, trial| {
            let mut raw = Raw::connect_from(from, trial, &trial.requesters[0].1);
            raw.hello();
            raw
        },
        |_| {},
    );
}

#[test]
fn nor_do_those_who_have_it_sign_in_their_second_step() {
    are_not_kept_waiting(
        |from, trial| {
            let mut raw = Raw::in_two_steps(from, trial, &trial.requesters[0].1);
            raw.hello();
            raw
        },
        // Whom the server has let wait for too long is gone.
        |raw| drop(raw.hello_again()),
    );
    // Whoever means it gets through.
    let trial = Trial::with(kinds()[0], Setup { signs_in: Some(Duration::from_millis(20)), ..Setup::default() });
    served(&mut Raw::in_two_steps("127.0.0.1", &trial, &trial.requesters[0].1));
}
