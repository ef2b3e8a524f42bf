//! Who gets in: a one-time token, which the terminal shows, becomes the session of one browser.
//!
//! ```text
//! terminal  http://127.0.0.1:PORT/#TOKEN      the part behind # is sent to no server by itself
//! browser   GET /                             a page that knows nothing; htmx gives it the address as a header
//!           POST /enter    token              once; then the terminal shows another
//!           ◄── cookie, for /DOOR/ alone      SameSite=Strict, HttpOnly
//!           GET /DOOR/...  cookie             every page; /DOOR/ is drawn anew at each start
//! ```
//!
//! Cookies do not know of ports: what listens on another port of this machine is sent those of 127.0.0.1 too. So the cookie is of a path that
//! nobody else knows, and no browser sends it anywhere else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

use super::words::{self, Words};
use crate::cli::failure::Failure;
use crate::cli::load;

/// Bytes of what nobody may guess.
const SECRET_BYTES: usize = 32;
/// A browser that has not been seen for so long has to come in anew.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// Sessions at a time; another one ends that which was seen longest ago.
const SESSIONS: usize = 8;
/// The cookie's name.
pub const COOKIE: &str = "cotejo";

/// A secret, as it is kept: nobody who reads memory or compares times learns it.
type Digest = [u8; 32];

/// The door of one console.
pub struct Door {
    address: SocketAddr,
    /// The first part of every path behind it.
    path: String,
    state: Mutex<State>,
}

struct State {
    /// What opens it once.
    token: Digest,
    sessions: HashMap<Digest, Session>,
}

/// One browser that came in.
struct Session {
    csrf: String,
    words: Option<&'static Words>,
    seen: Instant,
}

/// What a page is made for.
#[derive(Clone)]
pub struct Visitor {
    /// What every form that changes something carries.
    pub csrf: String,
    /// The language that was chosen, if one was.
    pub words: Option<&'static Words>,
}

impl Door {
    /// The door of a console that listens there, and the token that opens it.
    pub fn new(address: SocketAddr) -> Result<(Self, String), Failure> {
        let path = secret()?.get(..32).unwrap_or_default().to_owned();
        let token = secret()?;
        let state = State { token: digest(&token), sessions: HashMap::new() };
        Ok((Self { address, path, state: Mutex::new(state) }, token))
    }

    /// `127.0.0.1:PORT`, as browsers name it.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Where every page is: `/DOOR`.
    pub fn base(&self) -> String {
        format!("/{}", self.path)
    }

    /// The address that somebody opens.
    pub fn link(&self, token: &str) -> String {
        format!("http://{}/#{token}", self.address)
    }

    /// Lets a browser in that has the token: the value of its cookie, and the token that opens the door the next time. None for another token.
    pub fn enter(&self, token: &str) -> Result<Option<(String, String)>, Failure> {
        let (cookie, csrf, next) = (secret()?, secret()?, secret()?);
        let mut state = self.state();
        if state.token != digest(token) {
            return Ok(None);
        }
        state.token = digest(&next);
        state.sessions.retain(|_, session| session.seen.elapsed() < IDLE);
        if state.sessions.len() >= SESSIONS {
            let oldest = state.sessions.iter().min_by_key(|(_, session)| session.seen).map(|(name, _)| *name);
            oldest.iter().for_each(|name| drop(state.sessions.remove(name)));
        }
        state.sessions.insert(digest(&cookie), Session { csrf, words: None, seen: Instant::now() });
        Ok(Some((cookie, next)))
    }

    /// Who shows this cookie, if it is one of ours.
    pub fn visitor(&self, cookie: &str) -> Option<Visitor> {
        let mut state = self.state();
        let session = state.sessions.get_mut(&digest(cookie)).filter(|session| session.seen.elapsed() < IDLE)?;
        session.seen = Instant::now();
        Some(Visitor { csrf: session.csrf.clone(), words: session.words })
    }

    /// From here on this browser is shown another language.
    pub fn speak(&self, cookie: &str, tag: &str) {
        if let Some(session) = self.state().sessions.get_mut(&digest(cookie)) {
            session.words = Some(words::of(tag));
        }
    }

    /// This browser has to come in anew.
    pub fn leave(&self, cookie: &str) {
        self.state().sessions.remove(&digest(cookie));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drawn by the system, in hexadecimal digits.
fn secret() -> Result<String, Failure> {
    let mut bytes = [0; SECRET_BYTES];
    load::randomness()?.fill_bytes(&mut bytes);
    Ok(hex::encode(bytes))
}

fn digest(secret: &str) -> Digest {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door() -> (Door, String) {
        Door::new("127.0.0.1:4711".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_token_opens_the_door_once_and_gives_the_next() {
        let (door, token) = door();
        assert!(door.enter("").unwrap().is_none());
        let (cookie, next) = door.enter(&token).unwrap().unwrap();
        assert!(door.enter(&token).unwrap().is_none(), "once");
        let (other, _) = door.enter(&next).unwrap().unwrap();
        assert_ne!(cookie, other);
        assert_ne!(door.visitor(&cookie).unwrap().csrf, door.visitor(&other).unwrap().csrf);
        assert!(door.visitor(&token).is_none() && door.visitor("").is_none());
        door.leave(&cookie);
        assert!(door.visitor(&cookie).is_none() && door.visitor(&other).is_some());
    }

    #[test]
    fn the_browser_that_was_seen_longest_ago_makes_room_for_another() {
        let (door, mut token) = door();
        let mut cookies = Vec::new();
        for _ in 0..=SESSIONS {
            let (cookie, next) = door.enter(&token).unwrap().unwrap();
            cookies.push(cookie);
            token = next;
        }
        assert!(door.visitor(&cookies[0]).is_none());
        assert!(cookies[1..].iter().all(|cookie| door.visitor(cookie).is_some()));
    }

    #[test]
    fn a_chosen_language_is_that_of_one_browser() {
        let (door, token) = door();
        let (one, token) = door.enter(&token).unwrap().unwrap();
        let (other, _) = door.enter(&token).unwrap().unwrap();
        door.speak(&one, "es");
        assert_eq!(door.visitor(&one).unwrap().words.unwrap().tag(), "es");
        assert!(door.visitor(&other).unwrap().words.is_none());
    }
}
