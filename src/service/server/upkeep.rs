//! What is done from time to time: new versions of galleries are taken into use, what has run out is deleted.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::readiness;
use super::state::{Desk, State};
use super::taking::{self, TakingError};
use crate::remedy::Remedy;
use crate::service::signing::Hash;
use crate::service::store::{Custody, StoreError};

/// Galleries are looked at so often.
const GALLERIES: Duration = Duration::from_secs(1);
/// What keeps the server from being ready is looked for so often, whoever asks.
const DOUBTS: Duration = Duration::from_secs(10);
/// Answers and keys are looked at so often.
const EXPIRY: Duration = Duration::from_secs(60);

/// Goes on until the queue is closed.
pub(crate) fn keep_up(state: &Arc<State>) {
    let (mut expired, mut looked) = (None::<Instant>, None::<Instant>);
    let (mut in_place, mut sure) = (true, true);
    while !state.queue.is_closed() {
        let there = state.with_custody(|custody| custody.journal().is_in_place());
        match &there {
            Err(error @ (StoreError::TakenOver | StoreError::CutOff)) => state.end_for(error),
            Err(error) if in_place => tracing::error!("nothing is accepted or answered: {}", error.in_full()),
            _ => {}
        }
        in_place = there.is_ok();
        let doubt = state.doubts.clock(state.now());
        if let Some(doubt) = doubt.as_ref().filter(|_| sure) {
            tracing::error!("nothing is accepted or released: {doubt}");
        }
        sure = doubt.is_none();
        for (agreement, desk) in &state.desks {
            refresh(state, agreement, desk);
        }
        if expired.is_none_or(|last| last.elapsed() >= EXPIRY) {
            expired = Some(Instant::now());
            expire(state);
        }
        tidy(state);
        if looked.is_none_or(|last| last.elapsed() >= DOUBTS) {
            looked = Some(Instant::now());
            readiness::look(state);
        }
        let begun = Instant::now();
        while begun.elapsed() < GALLERIES && !state.queue.is_closed() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn refresh(state: &State, agreement: &Hash, desk: &Desk) {
    let mut pending = desk.pending.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = match desk.source.load() {
        Ok(None) => pending.take(),
        Ok(newer) => {
            *pending = None;
            newer
        }
        Err(error) => return trouble(agreement, desk, Some(error.in_full())),
    };
    let Some(loaded) = loaded else { return };
    state.exemptions_read(agreement, &loaded);
    let subjects = loaded.gallery.len();
    let Ok(now) = state.sure() else {
        *pending = Some(loaded);
        return;
    };
    match taking::number(&state.custody, agreement, &loaded, now) {
        Ok(version) => {
            let before = desk.engine.gallery().version;
            desk.engine.replace(loaded, version);
            desk.damaged.store(false, Ordering::Relaxed);
            if version != before {
                let (version, root) = (version.version, version.root);
                tracing::info!(agreement = %agreement, version, root = %root, subjects, "another version of the gallery is searched");
            }
            trouble(agreement, desk, None);
        }
        Err(error) => {
            trouble(agreement, desk, Some(error.in_full()));
            if matches!(error, TakingError::Store(_)) {
                *pending = Some(loaded);
            }
        }
    }
}

fn trouble(agreement: &Hash, desk: &Desk, trouble: Option<String>) {
    let mut known = desk.trouble.lock().unwrap_or_else(PoisonError::into_inner);
    match &trouble {
        Some(trouble) if known.as_ref() != Some(trouble) => {
            tracing::error!(agreement = %agreement, "the gallery's newest version cannot be used: {trouble}");
        }
        None if known.is_some() => tracing::info!(agreement = %agreement, "the gallery can be used again"),
        _ => {}
    }
    *known = trouble;
}

/// What was answered or deleted goes from the database's journal as well.
fn tidy(state: &State) {
    if let Err(error) = state.with_custody(|custody| custody.journal().tidy()) {
        tracing::error!(error = %error, "the database failed");
    }
}

fn expire(state: &State) {
    // Not by a clock that was set back or forth: what is deleted does not come back.
    let sure = |custody: &mut Custody| state.sure().ok().filter(|now| custody.check_clock(*now).is_ok());
    for (agreement, desk) in &state.desks {
        let Ok(terms) = desk.terms() else { continue };
        let done = state.with_custody(|custody| {
            let now = sure(custody)?;
            Some(custody.expire(agreement, terms.answer_days, now))
        });
        match done {
            Some(Ok(0)) | None => {}
            Some(Ok(jobs)) => tracing::info!(agreement = %agreement, jobs, "answers that nobody fetched were deleted"),
            Some(Err(error)) => tracing::error!(error = %error, "the database failed"),
        }
    }
    let done = state.with_custody(|custody| sure(custody).map(|now| custody.expire_replays(now)));
    if let Some(Err(error)) = done {
        tracing::error!(error = %error, "the database failed");
    }
}
