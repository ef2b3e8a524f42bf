//! For the operator's own network: `/healthz`, `/readyz`, `/metrics`, in the clear and without identities. Never on the requesters' port.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::queue::Depth;
use super::state::State;
use crate::remedy::Remedy;

/// The routes.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state)
}

/// Whether requests would be accepted, and why not.
async fn ready(Shared(state): Shared<Arc<State>>) -> impl IntoResponse {
    let now = state.now();
    let checked = state.blocking(move |state| {
        Ok(state.with_custody(|custody| {
            custody.check_clock(now).map_err(|error| error.in_full())?;
            match custody.breaker() {
                Ok(None) => Ok(()),
                Ok(Some(breaker)) => Err(format!("suspended: {}", breaker.reason.as_str())),
                Err(error) => Err(error.in_full()),
            }
        }))
    });
    let mut troubles: Vec<String> =
        checked.await.map_or(vec!["overloaded".to_owned()], |checked| checked.err().into_iter().collect());
    if state.stopping.load(Ordering::Relaxed) {
        troubles.push("stopping".to_owned());
    }
    for desk in state.desks.values() {
        troubles.extend(desk.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone());
    }
    match troubles.is_empty() {
        true => (StatusCode::OK, "ready\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", troubles.join("\n"))),
    }
}

async fn metrics(Shared(state): Shared<Arc<State>>) -> impl IntoResponse {
    let Depth { waiting, running } = state.queue.depth();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    state.metrics.waiting.set(number(waiting));
    state.metrics.running.set(number(running));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], state.metrics.text())
}
