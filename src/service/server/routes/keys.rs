//! `/v1/agreements/{agreement}/keys/{key}`

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::super::problem::HttpProblem;
use super::super::state::State;
use super::super::upload;
use super::desk;
use super::extract::{Caller, Named};
use super::refusals::{Computable, Found, Registered, Sent, Stored};
use crate::service::protocol::{KeyView, Octets, paths};
use crate::service::signing::{Hash, Name};
use crate::service::store::{Admitted, KEYS_LIMIT};
use crate::service::time::Time;

fn view(key: &Name, admitted: &Admitted, now: Time) -> KeyView {
    KeyView { key: key.to_string(), until: admitted.until.to_string(), expired: admitted.until <= now }
}

/// An evaluation key under an agreement.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct KeyPath {
    /// Digest of the agreement.
    #[param(inline)]
    agreement: Hash,
    /// The key's name.
    #[param(inline)]
    key: Name,
}

/// Whether an evaluation key is known, and until when it may be used
#[utoipa::path(get, path = paths::KEY, operation_id = "get_key", params(KeyPath), responses(
    Registered, Found, Stored,
    (status = 200, body = KeyView, description = "It is known."),
))]
pub(crate) async fn get(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(KeyPath { agreement, key }): Named<KeyPath>,
) -> Result<Json<KeyView>, HttpProblem> {
    desk(&state, &requester, &agreement)?;
    let known = state.custody(move |custody| custody.key(&requester.code, &agreement, &key)).await?;
    known.map(|admitted| Json(view(&key, &admitted, state.now()))).ok_or_else(HttpProblem::not_found)
}

/// Upload an evaluation key: the file that `cotejo keygen` makes. The same key again changes nothing
#[utoipa::path(put, path = paths::KEY, operation_id = "put_key", params(KeyPath),
    request_body(content = inline(Octets), content_type = "application/octet-stream",
                 description = "At most `key_limit_bytes` of the agreement."),
    responses(
        Registered, Found, Stored, Sent, Computable,
        (status = 200, body = KeyView, description = "It was known."),
        (status = 201, body = KeyView, description = "It is admitted."),
        (status = 409, description = "`too-many-keys`: as many keys are in use as may be."),
    ))]
pub(crate) async fn put(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(KeyPath { agreement, key }): Named<KeyPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<KeyView>), HttpProblem> {
    let desk = desk(&state, &requester, &agreement)?;
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
                let admitted = custody.admit_key(&requester.code, &agreement, &key, &upload.bytes, days, now)?;
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
