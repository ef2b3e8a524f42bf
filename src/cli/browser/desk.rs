//! A console of the program that speaks to a page.

use std::sync::{Arc, Mutex, PoisonError};

use super::upload::by_their_names;
use crate::cli::console::Console;
use crate::cli::desk::{Desk, Listener};

/// Notes of one reading, at most.
const NOTES: usize = 50;

/// What the program has said meanwhile.
#[derive(Default)]
pub struct Heard(Mutex<Vec<String>>);

impl Heard {
    /// All of it.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Listener for Heard {
    fn note(&self, text: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < NOTES {
            all.push(by_their_names(text));
        }
    }

    fn warn(&self, text: &str) {
        self.note(text);
    }

    fn progress(&self, _: &'static str, _: &'static str, _: u64, _: u64) {}
}

/// A console whose notes are heard.
pub fn listening() -> (Console, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    (Console::of(Desk::new(Arc::clone(&heard) as _)), heard)
}
