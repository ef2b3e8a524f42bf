//! The interface under `/v1`: what requesters may call, and its OpenAPI document, which is made of the same lines.

mod agreements;
mod document;
mod extract;
mod jobs;
mod keys;
mod log;
mod refusals;
mod requests;
mod rest;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connection::Peer;
use super::metrics::{Refused, Served};
use super::problem::HttpProblem;
use super::state::{Desk, Requester, State};
use crate::service::protocol::paths;
use crate::service::signing::Hash;
use rest::Lent;

/// The routes, and the document that describes them.
pub(crate) fn router(state: Arc<State>) -> (Router, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(document::begun())
        .routes(routes!(agreements::list))
        .routes(routes!(keys::get, keys::put))
        .routes(routes!(jobs::submit))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get, jobs::delete))
        .routes(routes!(jobs::events))
        .routes(routes!(jobs::answer))
        .routes(routes!(jobs::acknowledge))
        .routes(routes!(requests::abandon))
        .routes(routes!(log::standing))
        .routes(routes!(log::consistency))
        .routes(routes!(document::get))
        .split_for_parts();
    refusals::complete(&mut document);
    let router = router
        .fallback(async || HttpProblem::not_found())
        .method_not_allowed_fallback(async || {
            HttpProblem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                format_args!("see {} for what can be called", paths::OPENAPI),
            )
        })
        .layer(Extension(document::Served::new(&document)))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&state), accompany))
        .with_state(state);
    (router, document)
}

/// A method, of a fixed set: a client may call it anything.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        _ => "other",
    }
}

/// Gives every request an id, writes problems, counts, and logs: the route, not the path; and no other word of the client's.
async fn accompany(
    axum::extract::State(state): axum::extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let id = state.request_id();
    let begun = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let requester = request.extensions().get::<Peer>().and_then(|peer| Some(peer.0.as_ref()?.code.clone()));
    let (parts, body) = request.into_parts();
    let body = Lent::new(body);
    let mut response = next.run(Request::from_parts(parts, Body::new(body.clone()))).await;
    let problem = response.extensions_mut().remove::<HttpProblem>();
    if let Some(problem) = &problem {
        state.metrics.refused.get_or_create(&Refused { kind: problem.kind().to_owned() }).inc();
        response = problem.response(&id);
    }
    // Who has stood still gets no more time.
    if response.status() == StatusCode::REQUEST_TIMEOUT || !body.receive().await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let status = response.status().as_u16();
    state.metrics.served.get_or_create(&Served { route: format!("{method} {route}"), status }).inc();
    // Strangers may call as often as they like.
    let told = if requester.is_some() { Some(0) } else { state.admission.told.tell(Instant::now()) };
    if let Some(withheld) = told {
        tracing::info!(
            request = id,
            method,
            route,
            status,
            requester = requester.as_ref().map_or("-", |code| code.as_str()),
            problem = problem.as_ref().map_or("-", HttpProblem::kind),
            milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            withheld = (withheld > 0).then_some(withheld),
        );
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The desk of an agreement that the caller may use.
fn desk<'a>(state: &'a State, requester: &Requester, agreement: &Hash) -> Result<&'a Desk, HttpProblem> {
    let admitted = requester.agreements.contains(agreement);
    state.desks.get(agreement).filter(|_| admitted).ok_or_else(HttpProblem::not_found)
}
