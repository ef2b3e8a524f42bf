//! Work that takes longer than a page: done on a thread of its own, and watched by events.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use maud::Markup;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};

use super::upload::by_their_names;
use crate::cli::desk::Listener;
use crate::cli::failure::Failure;

/// Works that are over are remembered up to this number, the latest ones.
const REMEMBERED: usize = 200;
/// Works of one kind at a time: each has a thread.
const AT_A_TIME: usize = 32;
/// Notes of one work, at most: the first ones.
const NOTES: usize = 100;
/// A page that nothing happens on is told so as often.
const ALIVE: Duration = Duration::from_secs(15);

/// Work on the database, on files or on many numbers, for which a page waits.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StatusCode> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// How far a work is.
#[derive(Clone, Default)]
pub struct Standing {
    /// What is being done, in the words of the program: "match"; its unit, how many are done, of how many.
    pub progress: Option<(&'static str, &'static str, u64, u64)>,
    /// Notes and warnings, in their order.
    pub notes: Vec<String>,
    pub over: bool,
}

/// One piece of work, and what comes of it.
pub struct Work<T> {
    standing: watch::Receiver<Standing>,
    /// Who changes it; gone with the last change, so that whoever follows it comes to an end.
    changing: Mutex<Option<watch::Sender<Standing>>>,
    end: Mutex<Option<Arc<Result<T, Failure>>>>,
}

/// Works under their names, in the order in which they were begun.
type Named<T> = BTreeMap<u64, (String, Arc<Work<T>>)>;

/// All work of one kind, by name.
pub struct Works<T> {
    all: Mutex<Named<T>>,
    next: AtomicU64,
}

impl<T> Default for Works<T> {
    fn default() -> Self {
        Self { all: Mutex::default(), next: AtomicU64::new(0) }
    }
}

impl<T: Send + Sync + 'static> Works<T> {
    /// Begins a work under a name; false where one of that name is under way.
    pub fn begin(
        &self,
        name: &str,
        work: impl FnOnce(&Arc<Work<T>>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<bool, Failure> {
        let (changing, standing) = watch::channel(Standing::default());
        let begun = Arc::new(Work { standing, changing: Mutex::new(Some(changing)), end: Mutex::new(None) });
        {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            if all.values().any(|(other, work)| other == name && !work.is_over()) {
                return Ok(false);
            }
            if all.values().filter(|(_, work)| !work.is_over()).count() >= AT_A_TIME {
                let what = format!("{AT_A_TIME} are under way already");
                return Err(Failure::new("requests", what, "wait until one of them is over"));
            }
            all.retain(|_, (other, _)| other != name);
            while all.len() >= REMEMBERED {
                let first = all.iter().find(|(_, (_, work))| work.is_over()).map(|(number, _)| *number);
                let Some(first) = first else { break };
                all.remove(&first);
            }
            all.insert(self.next.fetch_add(1, Ordering::Relaxed), (name.to_owned(), Arc::clone(&begun)));
        }
        let thread = std::thread::Builder::new().name("work".to_owned());
        let kept = Arc::clone(&begun);
        let spawned = thread.spawn(move || {
            // Also where it panics, whoever waits is told.
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&kept)));
            let ended = ended
                .unwrap_or_else(|_| Err(Failure::new("cotejo", "a fault of this program", "report it, and try again")));
            kept.finish(ended);
        });
        match spawned {
            Ok(_) => Ok(true),
            Err(error) => {
                let failure = || Failure::new("the system", &error, "try again; raise its limits");
                begun.finish(Err(failure()));
                Err(failure())
            }
        }
    }

    /// The work of that name that was begun last.
    pub fn find(&self, name: &str) -> Option<Arc<Work<T>>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().rev().find(|(other, _)| other == name).map(|(_, work)| Arc::clone(work))
    }

    /// What came of it is not shown any more.
    pub fn forget(&self, name: &str) {
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, (other, work)| other != name || !work.is_over());
    }
}

impl<T> Work<T> {
    /// How far it is now.
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.standing.borrow().over
    }

    /// What came of it, once it is over.
    pub fn end(&self) -> Option<Arc<Result<T, Failure>>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn finish(&self, ended: Result<T, Failure>) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ended));
        self.change(|standing| standing.over = true);
        drop(self.changing().take());
    }

    fn change(&self, change: impl FnOnce(&mut Standing)) {
        if let Some(changing) = self.changing().as_ref() {
            changing.send_modify(change);
        }
    }

    fn changing(&self) -> MutexGuard<'_, Option<watch::Sender<Standing>>> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events that show how far it is, each a piece of HTML; the last one is called `end`.
    pub fn events<F: Fn(&Standing) -> Markup + Send + 'static>(
        &self,
        shown: F,
    ) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<T, F>> {
        let changes = WatchStream::new(self.standing.clone());
        let events = changes.map(move |standing| {
            Ok(match standing.over {
                false => Event::default().data(shown(&standing).into_string()),
                true => Event::default().event("end").data("over"),
            })
        });
        Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE))
    }
}

impl<T: Send + Sync> Listener for Work<T> {
    fn note(&self, text: &str) {
        self.change(|standing| {
            if standing.notes.len() < NOTES {
                standing.notes.push(by_their_names(text));
            }
        });
    }

    fn warn(&self, text: &str) {
        self.note(text);
    }

    fn progress(&self, label: &'static str, unit: &'static str, done: u64, steps: u64) {
        self.change(|standing| standing.progress = Some((label, unit, done, steps)));
    }
}
