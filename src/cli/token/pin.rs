//! The PIN of a token: from the file that the URI names, the environment, or the terminal; never from a configuration or a command line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::trouble::Trouble;
use super::uri::TokenUri;
use crate::cli::failure::Failure;
use crate::cli::passphrase;

/// Where a PIN is found that no file is named for.
const VARIABLE: &str = "COTEJO_PIN";

/// What lets a token in. It is kept while a key of it is used, for a session that is lost needs it again; wiped then.
pub struct Pin {
    text: Zeroizing<String>,
    /// Whether the token has said that it is another: it is not asked a second time, so that it does not lock.
    refused: AtomicBool,
}

/// By token: its module, its serial number.
type Known = Vec<(String, Weak<Pin>)>;

static KNOWN: Mutex<Known> = Mutex::new(Vec::new());

impl Pin {
    /// The PIN of a token; `token` tells it from others.
    pub fn of(uri: &TokenUri, token: &str) -> Result<Arc<Self>, Trouble> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, pin)| pin.strong_count() > 0);
        let earlier = known.iter().find(|(of, _)| of == token).and_then(|(_, pin)| pin.upgrade());
        let text = match (&uri.pin, &earlier, std::env::var(VARIABLE)) {
            (Some(file), ..) => passphrase::line_of(file, "the PIN").map_err(said)?,
            (None, Some(earlier), _) => return Ok(Arc::clone(earlier)),
            (None, None, Ok(text)) => Zeroizing::new(text),
            (None, None, Err(_)) => {
                let remedy = format!(
                    "name a file with it (pin-source=file:/PATH), or set {VARIABLE}; on a terminal it is asked for"
                );
                if !passphrase::may_ask() {
                    return Err(Trouble::of_pin("needs a PIN, and none is given", remedy));
                }
                passphrase::ask(&format!("PIN of {uri}"), "name a file with it: pin-source=file:/PATH").map_err(said)?
            }
        };
        if let Some(earlier) = earlier.filter(|earlier| *earlier.text == *text) {
            return Ok(earlier);
        }
        let pin = Arc::new(Self { text, refused: AtomicBool::new(false) });
        known.push((token.to_owned(), Arc::downgrade(&pin)));
        Ok(pin)
    }

    /// What is shown to the token.
    pub fn shown(&self) -> Result<AuthPin, Trouble> {
        match self.refused.load(Ordering::Relaxed) {
            false => Ok(AuthPin::from(self.text.as_str())),
            true => {
                let remedy = "correct the PIN, and start again";
                Err(Trouble::of_pin(
                    "the token has refused this PIN before: it is not tried again, so that the token does not lock",
                    remedy,
                ))
            }
        }
    }

    /// The token has refused it.
    pub fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }
}

fn said(failure: Failure) -> Trouble {
    match failure {
        Failure::Problem(problem) => Trouble::of_pin(format!("{}: {}", problem.place, problem.what), problem.remedy),
        _ => Trouble::of_pin("interrupted", "try again"),
    }
}
