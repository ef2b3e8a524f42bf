//! `/v1/agreements/{agreement}/keys/{key}`

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};

use super::super::problem::HttpProblem;
use super::super::state::State;
use super::super::upload;
use super::{Caller, desk, name};
use crate::service::protocol::{KeyView, ProblemDocument, paths};
use crate::service::signing::Name;
use crate::service::store::{Admitted, KEYS_LIMIT};
use crate::service::time::Time;

fn view(key: &Name, admitted: &Admitted, now: Time) -> KeyView {
    KeyView { key: key.to_string(), until: admitted.until.to_string(), expired: admitted.until <= now }
}

/// Whether an evaluation key is known, and until when it may be used
#[utoipa::path(get, path = paths::KEY,
    params(("agreement" = String, Path, description = "digest"), ("key" = String, Path, description = "name")),
    responses(
        (status = 200, body = KeyView),
        (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub(crate) async fn get(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path((agreement, key)): Path<(String, String)>,
) -> Result<Json<KeyView>, HttpProblem> {
    let (_, digest) = desk(&state, &requester, &agreement)?;
    let key = name(&key)?;
    let known = state.custody(move |custody| custody.key(&requester.code, &digest, &key)).await?;
    known.map(|admitted| Json(view(&key, &admitted, state.now()))).ok_or_else(HttpProblem::not_found)
}

/// Upload an evaluation key: the file that `cotejo keygen` makes. The same key again changes nothing
#[utoipa::path(put, path = paths::KEY,
    params(("agreement" = String, Path, description = "digest"), ("key" = String, Path, description = "name")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = KeyView, description = "It was known."),
        (status = 201, body = KeyView, description = "It is admitted."),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 408, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json", description = "As many keys are in use as may be."),
        (status = 411, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "Not a key under this agreement."),
        (status = 429, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub(crate) async fn put(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path((agreement, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<KeyView>), HttpProblem> {
    let (desk, digest) = desk(&state, &requester, &agreement)?;
    let key = name(&key)?;
    let (engine, days) = (Arc::clone(&desk.engine), desk.terms()?.key_days);
    let upload = upload::receive(&state, &requester, &headers, body, engine.key_limit_bytes()).await?;
    let admitted = state
        .blocking(move |state| {
            let actual = engine.read_key(&upload.bytes)?;
            if actual != key {
                return Err(HttpProblem::malformed(format!("the file is of key {actual}, not of key {key}")));
            }
            let now = state.sure()?;
            state.with_custody(|custody| {
                custody.check_clock(now).map_err(|error| HttpProblem::of_submission(error, now))?;
                let admitted = custody.admit_key(&requester.code, &digest, &key, &upload.bytes, days, now)?;
                admitted.ok_or_else(|| {
                    let detail =
                        format!("{KEYS_LIMIT} keys are in use already; ask with one of these until one runs out");
                    HttpProblem::new(StatusCode::CONFLICT, "too-many-keys", detail)
                })
            })
        })
        .await?;
    let status = if admitted.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(view(&key, &admitted, state.now()))))
}
