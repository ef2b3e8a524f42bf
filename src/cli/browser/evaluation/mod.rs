//! Evaluation: an accuracy card that grows, on labelled templates of one's own; a threshold that is moved; terms with that threshold.
//!
//! What `cotejo evaluate` does, in this process. One evaluation at a time: the last one is kept, in memory, until another is begun or it is
//! dropped.

mod agree;
mod asked;
mod card;
mod figures;
mod files;
mod findings;
mod form;
mod run;
mod so_far;
mod tables;
#[cfg(test)]
mod tests;
mod threshold;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::upload;
use super::work::{Work, Works};
use crate::cli::failure::Failure;
use crate::scheme::Opened;
use asked::{Sets, Wanted};
use run::Done;
use so_far::Growing;

/// The pages of evaluations under these agreements.
pub fn pages(agreements: Vec<Opened>) -> Router {
    let state = Arc::new(Evaluations { agreements, works: Works::default(), kept: Mutex::default() });
    let large = DefaultBodyLimit::max(upload::BODY_BYTES);
    Router::new()
        .route("/evaluation", get(form::show))
        .route("/evaluation/begin", post(form::begin).layer(large))
        .route("/evaluation/{number}", get(card::show))
        .route("/evaluation/{number}/events", get(card::events))
        .route("/evaluation/{number}/stop", post(card::stop))
        .route("/evaluation/{number}/drop", post(card::forget))
        .route("/evaluation/{number}/threshold", get(threshold::show))
        .route("/evaluation/{number}/threshold/reading", get(threshold::read))
        .route("/evaluation/{number}/agreement", get(agree::show))
        .route("/evaluation/{number}/agreement.toml", get(agree::file))
        .route("/evaluation/{number}/accuracy.html", get(files::page))
        .route("/evaluation/{number}/accuracy.json", get(files::document))
        .with_state(state)
}

/// What the pages share.
struct Evaluations {
    agreements: Vec<Opened>,
    works: Works<Done>,
    kept: Mutex<Kept>,
}

/// The last evaluation, and how many there were.
#[derive(Default)]
struct Kept {
    begun: u64,
    last: Option<Arc<One>>,
}

/// One evaluation, under way or over.
struct One {
    number: u64,
    wanted: Wanted,
    growing: Arc<Growing>,
    work: Arc<Work<Done>>,
}

/// All works have one name, so that there is one at a time.
const WORK: &str = "evaluation";

impl Evaluations {
    /// The evaluation of that number, while it is the last one.
    fn find(&self, number: u64) -> Option<Arc<One>> {
        self.last().filter(|one| one.number == number)
    }

    fn last(&self) -> Option<Arc<One>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).last.clone()
    }

    /// Begins one in the place of the last; none where that is under way.
    fn begin(&self, wanted: Wanted, sets: Sets) -> Result<Option<u64>, Failure> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let growing = Arc::new(Growing::default());
        let begun = {
            let (wanted, growing) = (wanted.clone(), Arc::clone(&growing));
            self.works.begin(WORK, move |work| run::run(&wanted, sets, &growing, Arc::clone(work) as _))?
        };
        let Some(work) = self.works.find(WORK).filter(|_| begun) else { return Ok(None) };
        kept.begun += 1;
        kept.last = Some(Arc::new(One { number: kept.begun, wanted, growing, work }));
        Ok(Some(kept.begun))
    }

    /// Lets go of an evaluation, and ends it if it is under way.
    fn forget(&self, number: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = kept.last.take_if(|one| one.number == number) {
            one.growing.stop();
            self.works.forget(WORK);
        }
    }
}

impl One {
    /// What came of it, where all went well.
    fn with_done<T>(&self, then: impl FnOnce(&Done) -> T) -> Option<T> {
        self.work.end().and_then(|end| end.as_ref().as_ref().ok().map(then))
    }
}
