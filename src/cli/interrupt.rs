//! Ctrl-C: the first asks the command to stop where nothing is half-done; the second ends the process at once.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::Failure;

/// Exit code of an interrupted command, as shells have it: 128 + SIGINT.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Temporary files that would be left behind if the process ended now.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Listens for Ctrl-C (and for requests to terminate) from now on.
pub fn install() -> Result<(), Failure> {
    let handler = || {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            unfinished().iter().for_each(|path| drop(std::fs::remove_file(path)));
            std::process::exit(EXIT_CODE.into());
        }
        super::console::stderr_line("\ninterrupted: stopping (once more to end at once)");
    };
    ctrlc::set_handler(handler).map_err(|error| Failure::new("Ctrl-C", error, "run without another handler of signals"))
}

/// Whether to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// Stops the command here where it has been asked to.
pub fn check() -> Result<(), Failure> {
    if requested() { Err(Failure::Interrupted) } else { Ok(()) }
}

/// Work that nobody watches, but that Ctrl-C stops.
pub struct Unwatched;

impl crate::scheme::Progress for Unwatched {
    fn advance(&self, _: u64) {}

    fn stop(&self) -> bool {
        requested()
    }
}

/// Removes a temporary file even when the process ends at once; forget it by dropping this.
pub struct Unfinished(PathBuf);

impl Unfinished {
    pub fn new(path: &Path) -> Self {
        unfinished().push(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

fn unfinished() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
