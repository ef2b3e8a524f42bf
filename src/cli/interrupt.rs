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

/// Whether the command reads its configuration anew when it is told to; and whether it was told.
static RELOADS: AtomicBool = AtomicBool::new(false);
static RELOAD: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C (and for requests to terminate) from now on.
pub fn install() -> Result<(), Failure> {
    ctrlc::set_handler(interrupted).map_err(refused)?;
    #[cfg(unix)]
    listen().map_err(refused)?;
    Ok(())
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::new("Ctrl-C", error, "run without another handler of signals")
}

fn interrupted() {
    if REQUESTED.swap(true, Ordering::SeqCst) {
        unfinished().iter().for_each(|path| drop(std::fs::remove_file(path)));
        std::process::exit(EXIT_CODE.into());
    }
    super::console::stderr_line("\ninterrupted: stopping (once more to end at once)");
}

/// A hangup is an interruption, but for whoever reloads.
#[cfg(unix)]
fn listen() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGTERM])?;
    let listening = move || {
        for signal in signals.forever() {
            match signal {
                SIGHUP if RELOADS.load(Ordering::SeqCst) => RELOAD.store(true, Ordering::SeqCst),
                _ => interrupted(),
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(listening).map(drop)
}

/// A command of an embedding program begins: what an earlier one was asked is over.
pub fn begin() {
    REQUESTED.store(false, Ordering::SeqCst);
}

/// Asks the command to stop, where nothing listens for Ctrl-C.
pub fn request() {
    REQUESTED.store(true, Ordering::SeqCst);
}

/// From now on SIGHUP asks to read the configuration anew.
pub fn reloads() {
    RELOADS.store(true, Ordering::SeqCst);
}

/// Whether it was asked for since this was called last.
pub fn reload_requested() -> bool {
    RELOAD.swap(false, Ordering::SeqCst)
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
