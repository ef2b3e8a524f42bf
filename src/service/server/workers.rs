//! Threads that compute answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::engine::{Computed, NotComputed};
use super::held::Ready;
use super::queue::{Taken, Ticket};
use super::release::RETRY;
use super::state::State;
use crate::scheme::{Randomness, random_seed};
use crate::service::protocol::Reason;
use crate::service::store::{StoreError, Waiting, Work};

/// Takes jobs until the queue is closed.
pub(crate) fn work(state: &Arc<State>) {
    let mut rng = state.generator();
    while let Some(Taken { costed, ticket }) = state.queue.take() {
        let begun = Instant::now();
        let outcome = compute(state, &costed.job, &ticket, &mut rng);
        drop(ticket);
        state.queue.worked(&costed);
        match outcome {
            Ok(None) => drop(state.queue.ended(&costed.job.id, begun)),
            Ok(Some(result)) => {
                state.metrics.seconds.observe(begun.elapsed().as_secs_f64());
                state.held.hold(Ready::new(costed, result));
            }
            Err(Interrupted) => {
                if state.queue.is_closed() {
                    return;
                }
                state.queue.put_back(costed);
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
    if !desk.is_there() {
        return Err(Interrupted);
    }
    let Work { request, query, randomness } = match state.with_custody(|custody| custody.work(&job.id)) {
        Ok(None) => return Ok(None),
        Ok(Some(work)) => work,
        Err(error @ StoreError::Damaged(_)) => {
            tracing::error!(job = %job.id, error = %error, "a job was changed in the database; it gets a reply without an answer");
            return Ok(Some(Err(Reason::Unprocessable)));
        }
        Err(error) => {
            tracing::error!(error = %error, "the database failed");
            return Err(Interrupted);
        }
    };
    // Of a job that an earlier version has accepted nothing was promised.
    let randomness = randomness.unwrap_or_else(|| Randomness::new(random_seed(rng), random_seed(rng)));
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
    let computed =
        catch_unwind(AssertUnwindSafe(|| desk.engine.answer(&query, &mut key_content, &randomness, &**ticket)));
    match computed {
        Ok(Ok(computed)) => Ok(Some(Ok(computed))),
        Ok(Err(NotComputed::Stopped)) => Err(Interrupted),
        Ok(Err(NotComputed::Never(_))) if database_failed => Err(Interrupted),
        Ok(Err(NotComputed::Never(reason))) => {
            if reason == Reason::GalleryDamaged {
                desk.damaged.store(true, Ordering::Relaxed);
            }
            Ok(Some(Err(reason)))
        }
        Err(_) => {
            // A fault of ours must neither end the server nor be tried for ever.
            tracing::error!(job = %job.id, "computing an answer panicked; the request gets a reply without an answer");
            Ok(Some(Err(Reason::Unprocessable)))
        }
    }
}
