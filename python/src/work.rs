//! Long work on a thread of its own, without the interpreter's lock, while the calling thread listens for Ctrl-C and shows progress.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use cotejo::scheme::Progress;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// So often it is looked whether Ctrl-C was pressed.
const PAUSE: Duration = Duration::from_millis(50);
/// The main thread of a program has as much on Linux.
const STACK_BYTES: usize = 8 << 20;

/// How far work is, and whether it is to stop.
#[derive(Default)]
pub struct Watched {
    done: AtomicU64,
    stop: AtomicBool,
}

impl Watched {
    /// How many steps are done.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

impl Progress for Watched {
    fn advance(&self, steps: u64) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Says that work is over, also where it panics.
struct Over<'a>(&'a (Mutex<bool>, Condvar));

impl Drop for Over<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// Runs `job`; meanwhile `tell` is called with the interpreter's lock a few times a second, and a last time when the job is over. Where a signal
/// has come, or `tell` raises, `stop` is called until the job is over, and that is raised. (Once would not do: what waits for its turn has not
/// begun, and begins by forgetting what was before it.)
pub fn run<T: Send>(
    py: Python<'_>,
    job: impl FnOnce() -> T + Send,
    stop: impl Fn(),
    mut tell: impl FnMut(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    let over = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        let working = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || {
            let _over = Over(&over);
            job()
        });
        let working = working.map_err(|error| PyRuntimeError::new_err(format!("no thread: {error}")))?;
        let mut raised: Option<PyErr> = None;
        loop {
            let is_over = py.detach(|| {
                let guard = over.0.lock().unwrap_or_else(PoisonError::into_inner);
                let waited = over.1.wait_timeout_while(guard, PAUSE, |is_over| !*is_over);
                *waited.unwrap_or_else(PoisonError::into_inner).0
            });
            if raised.is_none() {
                raised = py.check_signals().and_then(|()| tell(py)).err();
            }
            if raised.is_some() && !is_over {
                stop();
            }
            if is_over {
                break;
            }
        }
        let result = py.detach(|| working.join());
        let result = result.map_err(|_| PyRuntimeError::new_err("a thread panicked: report this as a defect"));
        raised.map_or(result, Err)
    })
}

/// Runs `job`, which counts `steps` of a `unit`; `progress` is called with label, unit, steps done and all steps.
pub fn watched<T: Send>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    (label, unit, steps): (&str, &str, u64),
    job: impl FnOnce(&Watched) -> T + Send,
) -> PyResult<T> {
    let watched = Watched::default();
    let mut told = None;
    run(
        py,
        || job(&watched),
        || watched.stop.store(true, Ordering::Relaxed),
        |_| {
            let done = watched.done().min(steps);
            match progress.filter(|_| told != Some(done)) {
                Some(progress) => {
                    told = Some(done);
                    progress.call1((label, unit, done, steps)).map(drop)
                }
                None => Ok(()),
            }
        },
    )
}
