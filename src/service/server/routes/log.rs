//! `/v1/log`

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::problem::HttpProblem;
use super::super::state::State;
use super::extract::{Asked, Caller, Question};
use super::refusals::{Registered, Stored, Understood};
use crate::service::protocol::{ConsistencyView, Entries, SignedStanding, SignedView, paths, signed};

/// Who the custodian is, and how far its log has come: a signed `standing`
#[utoipa::path(get, path = paths::LOG, operation_id = "get_log", responses(
    Registered, Stored,
    (status = 200, body = SignedStanding, description = "As of now."),
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
#[into_params(parameter_in = Query)]
pub(crate) struct Trees {
    /// Entries of the earlier.
    #[param(inline, value_type = Entries)]
    earlier: u64,
    /// Entries of the later, which the log has.
    #[param(inline, value_type = Entries)]
    later: u64,
}

impl Question for Trees {
    const HOW: &'static str = "say which trees: earlier=SIZE&later=SIZE";
}

/// The proof that the log, when it had so many entries, held all that it had when it had fewer
#[utoipa::path(get, path = paths::CONSISTENCY, operation_id = "get_consistency", params(Trees), responses(
    Registered, Understood, Stored,
    (status = 200, body = ConsistencyView, description = "It did."),
    (status = 404, description = "`no-such-tree`: the log has not as many entries, or `earlier` is not the smaller number."),
))]
pub(crate) async fn consistency(
    Shared(state): Shared<Arc<State>>,
    Caller(_): Caller,
    Asked(Trees { earlier, later }): Asked<Trees>,
) -> Result<Json<ConsistencyView>, HttpProblem> {
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
