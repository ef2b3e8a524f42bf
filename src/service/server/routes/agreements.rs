//! `/v1/agreements`

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;

use super::super::state::State;
use super::extract::Caller;
use super::refusals::Registered;
use crate::service::protocol::{AgreementView, paths};

/// The agreements under which the caller may ask
#[utoipa::path(get, path = paths::AGREEMENTS, operation_id = "list_agreements", responses(
    Registered,
    (status = 200, body = Vec<AgreementView>, description = "All of them."),
))]
pub(crate) async fn list(Shared(state): Shared<Arc<State>>, Caller(requester): Caller) -> Json<Vec<AgreementView>> {
    let admitted = state.desks.iter().filter(|(digest, _)| requester.agreements.contains(digest));
    let view = admitted.map(|(digest, desk)| AgreementView {
        agreement: digest.to_string(),
        gallery_version: desk.engine.gallery().version.version,
        key_limit_bytes: desk.engine.key_limit_bytes(),
        query_limit_bytes: desk.engine.query_limit_bytes(),
    });
    Json(view.collect())
}
