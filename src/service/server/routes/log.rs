//! `/v1/log`

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::problem::HttpProblem;
use super::super::state::State;
use super::Caller;
use crate::service::protocol::{ConsistencyView, ProblemDocument, SignedView, paths, signed};

/// Who the custodian is, and how far its log has come: a signed `standing`
#[utoipa::path(get, path = paths::LOG, responses(
    (status = 200, body = SignedView),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(crate) async fn standing(
    Shared(state): Shared<Arc<State>>,
    Caller(_): Caller,
) -> Result<Json<SignedView>, HttpProblem> {
    let now = state.sure()?;
    let standing = state.custody(move |custody| custody.standing(now)).await?;
    Ok(Json(signed(&standing)))
}

/// Two trees of the log.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct Trees {
    /// Entries of the earlier.
    earlier: u64,
    /// Entries of the later, which the log has.
    later: u64,
}

/// The proof that the log, when it had so many entries, held all that it had when it had fewer
#[utoipa::path(get, path = paths::CONSISTENCY, params(Trees), responses(
    (status = 200, body = ConsistencyView),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "The log has not as many entries."),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(crate) async fn consistency(
    Shared(state): Shared<Arc<State>>,
    Caller(_): Caller,
    trees: Result<Query<Trees>, QueryRejection>,
) -> Result<Json<ConsistencyView>, HttpProblem> {
    let Query(Trees { earlier, later }) =
        trees.map_err(|_| HttpProblem::malformed("say which trees: earlier=SIZE&later=SIZE"))?;
    let proof = state.custody(move |custody| custody.journal().proof(earlier, later)).await?;
    let proof = proof.ok_or_else(|| {
        HttpProblem::new(
            StatusCode::NOT_FOUND,
            "no-such-tree",
            "the log has not as many entries, or earlier is not the smaller number",
        )
    })?;
    Ok(Json(ConsistencyView { hashes: proof.iter().map(ToString::to_string).collect() }))
}
