//! For the operator's own network: `/healthz`, `/readyz`, `/metrics`, `/breaker`, in the clear and without identities; and `/orders`, which are signed.
//! Never on the requesters' port.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tower::ServiceExt;

use super::orders;
use super::queue::Depth;
use super::readiness;
use super::state::State;
use crate::service::protocol::paths;
use crate::service::store::Custody;

/// Open at a time; another one closes that which came first.
const CONNECTIONS: usize = 8;
/// One request, and its answer, may take so long; then the connection is closed. What was ordered is done all the same.
const WHOLE: Duration = Duration::from_secs(60);

/// Serves the operator's tools, one request a connection.
pub(crate) async fn serve(listener: TcpListener, router: Router) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        open.retain(|connection| !connection.is_finished());
        if open.len() >= CONNECTIONS
            && let Some(first) = open.pop_front()
        {
            first.abort();
        }
        let router = router.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            router.clone().oneshot(request.map(Body::new))
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        let serving = tokio::spawn(async move { drop(tokio::time::timeout(WHOLE, connection).await) });
        open.push_back(serving.abort_handle());
    }
}

/// The routes.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route(paths::BREAKER, get(breaker))
        .route(paths::ORDERS, post(orders::take))
        // Orders have a limit of their own.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(state)
}

/// Whether requests would be accepted, and why not.
async fn ready(Shared(state): Shared<Arc<State>>) -> impl IntoResponse {
    let reasons = match state.blocking(|state| Ok(readiness::look(state))).await {
        Ok(doubts) => doubts.into_iter().map(|doubt| doubt.reason).collect(),
        Err(_) => vec!["overloaded".to_owned()],
    };
    match reasons.is_empty() {
        true => (StatusCode::OK, "ready\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", reasons.join("\n"))),
    }
}

/// Since when it is pulled, and why; `null` where it is not.
async fn breaker(Shared(state): Shared<Arc<State>>) -> Response {
    match state.custody(Custody::breaker).await {
        Ok(breaker) => Json(breaker).into_response(),
        Err(problem) => problem.response(&state.request_id()),
    }
}

async fn metrics(Shared(state): Shared<Arc<State>>) -> impl IntoResponse {
    let Depth { waiting, running } = state.queue.depth();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    state.metrics.waiting.set(number(waiting));
    state.metrics.running.set(number(running));
    state.metrics.strangers.set(number(state.admission.crowd.len()));
    let renewed = state.renewed();
    let requesters: Vec<_> = renewed.requesters.values().map(|requester| requester.until).collect();
    state.metrics.report_certificates(renewed.until, &requesters, state.now());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], state.metrics.text())
}
