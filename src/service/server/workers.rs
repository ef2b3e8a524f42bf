//! Threads that compute answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::engine::{Computed, NotComputed};
use super::queue::Ticket;
use super::state::State;
use crate::service::protocol::Reason;
use crate::service::store::{Ending, StoreError, Waiting, Work};

/// The database is tried again so long after it failed.
const RETRY: Duration = Duration::from_millis(500);

/// Takes jobs until the queue is closed.
pub(crate) fn work(state: &Arc<State>) {
    let mut rng = state.generator();
    while let Some((job, ticket)) = state.queue.take() {
        let begun = Instant::now();
        let outcome = compute(state, &job, &ticket, &mut rng);
        match outcome {
            Ok(None) => state.queue.ended(&job.id, begun.elapsed()),
            Ok(Some(result)) => {
                if keep(state, &job, &result) {
                    state.metrics.seconds.observe(begun.elapsed().as_secs_f64());
                    state.queue.ended(&job.id, begun.elapsed());
                } else {
                    // Told to stop while the database is away: the job still waits there.
                    return;
                }
            }
            Err(Interrupted) => {
                if state.queue.is_closed() {
                    return;
                }
                state.queue.put_back(job);
                std::thread::sleep(RETRY);
            }
        }
    }
}

/// The job has no result yet; it waits on.
struct Interrupted;

/// None for a job that no longer waits.
fn compute(
    state: &State,
    job: &Waiting,
    ticket: &Arc<Ticket>,
    rng: &mut rand_chacha::ChaCha20Rng,
) -> Result<Option<Result<Computed, Reason>>, Interrupted> {
    let Some(desk) = state.desks.get(&job.agreement) else {
        // Accepted under an agreement that is no longer served.
        return Ok(Some(Err(Reason::Unprocessable)));
    };
    let Work { request, query } = match state.with_custody(|custody| custody.work(&job.id)) {
        Ok(None) => return Ok(None),
        Ok(Some(work)) => work,
        Err(StoreError::Damaged(_)) => return Ok(Some(Err(Reason::Unprocessable))),
        Err(error) => {
            tracing::error!(error = %error, "the database failed");
            return Err(Interrupted);
        }
    };
    let mut database_failed = false;
    let mut key_content = || {
        let content =
            state.with_custody(|custody| custody.key_content(&request.requester, &request.agreement, &request.key));
        content
            .inspect_err(|error| {
                database_failed = true;
                tracing::error!(error = %error, "the database failed");
            })
            .ok()
            .flatten()
    };
    let computed = catch_unwind(AssertUnwindSafe(|| desk.engine.answer(&query, &mut key_content, rng, &**ticket)));
    match computed {
        Ok(Ok(computed)) => Ok(Some(Ok(computed))),
        Ok(Err(NotComputed::Stopped)) => Err(Interrupted),
        Ok(Err(NotComputed::Never(_))) if database_failed => Err(Interrupted),
        Ok(Err(NotComputed::Never(reason))) => Ok(Some(Err(reason))),
        Err(_) => {
            // A fault of ours must neither end the server nor be tried for ever.
            tracing::error!(job = %job.id, "computing an answer panicked; the request gets a reply without an answer");
            Ok(Some(Err(Reason::Unprocessable)))
        }
    }
}

/// Keeps the reply, trying until the database is there again; false if the server stops before.
fn keep(state: &State, job: &Waiting, result: &Result<Computed, Reason>) -> bool {
    let limit_bits = state.desks.get(&job.agreement).and_then(|desk| desk.terms().ok());
    let limit_bits = limit_bits.map_or(0, |terms| terms.bits_per_gallery_version);
    let ending = match result {
        Ok(Computed { answer, gallery, bits }) => {
            Ending::Answered { answer, gallery: *gallery, bits: *bits, limit_bits }
        }
        Err(reason) => Ending::Unanswered(*reason),
    };
    loop {
        match state.with_custody(|custody| custody.finish(&job.id, &ending, state.now())) {
            Ok(reply) => {
                if reply.is_some() {
                    state.metrics.replied.inc();
                }
                return true;
            }
            Err(error) => tracing::error!(error = %error, "the reply cannot be kept yet"),
        }
        if state.queue.is_closed() {
            return false;
        }
        std::thread::sleep(RETRY);
    }
}
