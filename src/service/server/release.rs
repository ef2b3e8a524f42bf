//! Releases answers, each at its planned time: only then is there a reply.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::engine::Computed;
use super::held::{Due, Ready};
use super::state::State;
use crate::service::store::{self, Ending, StoreError};
use crate::service::time::Time;

/// The database is tried again so long after it failed.
pub(super) const RETRY: Duration = Duration::from_millis(500);
/// Those who watch jobs are told so often.
const TELL: Duration = Duration::from_secs(1);

/// Releases what is held, each at its time, until all has ended.
pub(crate) fn release(state: &Arc<State>) {
    let mut told = Instant::now();
    loop {
        let now = Instant::now();
        let Due { due, next, changes } = state.held.due(&state.queue, now);
        due.into_iter().for_each(|ready| keep(state, ready));
        if told.elapsed() >= TELL {
            told = now;
            state.queue.tell();
        }
        let until_told = TELL.saturating_sub(told.elapsed());
        let until_next = next.map_or(until_told, |next| next.saturating_duration_since(Instant::now()));
        if !state.held.wait(until_next.min(until_told).max(Duration::from_micros(100)), changes) {
            return;
        }
    }
}

/// Keeps the reply; where the database fails, the clock is in doubt or the gallery is gone, it is tried again.
fn keep(state: &State, ready: Ready) {
    let job = &ready.costed.job;
    let Ok(now) = state.sure() else { return put_back(state, ready) };
    if state.desks.get(&job.agreement).is_some_and(|desk| !desk.is_there()) {
        return put_back(state, ready);
    }
    match finish(state, &ready, now) {
        Ok(replied) => {
            if replied {
                state.metrics.replied.inc();
            }
            if state.queue.ended(&job.id, ready.ready) {
                state.metrics.late.inc();
            }
        }
        Err(error) => {
            tracing::error!(error = %error, "the reply cannot be kept yet");
            put_back(state, ready);
        }
    }
}

fn put_back(state: &State, ready: Ready) {
    let now = Instant::now();
    state.held.put_back(Ready { again: now.checked_add(RETRY).unwrap_or(now), ..ready });
}

/// Whether the job still waited for a reply.
fn finish(state: &State, Ready { costed, result, .. }: &Ready, now: Time) -> Result<bool, StoreError> {
    let job = &costed.job;
    let limit_bits = state.desks.get(&job.agreement).and_then(|desk| desk.terms().ok());
    let limit_bits = limit_bits.map_or(0, |terms| terms.bits_per_gallery_version);
    let ending = match result {
        Ok(Computed { answer, gallery, bits, parts, exempt, with }) => {
            let exempt = state.with_custody(|custody| custody.exempt_digest(exempt));
            let query_days = state.limits().query_days;
            let query_until = (query_days > 0).then(|| now.plus_days(query_days));
            let computed = store::Computed { exempt, with, parts, query_until };
            Ending::Answered { answer, gallery: *gallery, bits: *bits, limit_bits, computed }
        }
        Err(reason) => Ending::Unanswered(*reason),
    };
    state.with_custody(|custody| custody.finish(&job.id, &ending, now)).map(|reply| reply.is_some())
}
