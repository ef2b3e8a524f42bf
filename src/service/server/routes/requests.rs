//! `/v1/requests`

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};

use super::super::problem::HttpProblem;
use super::super::state::State;
use super::super::upload;
use super::extract::{Caller, Named};
use super::refusals::{Found, Registered, Sent, Stored};
use crate::service::protocol::{Abandonment, SignedAbandonment, paths};
use crate::service::signing::Hash;
use crate::service::store::Abandoned;

/// Abandon one of the caller's own requests, by a signed `abandonment`: its job is ended as by DELETE, and the log tells so; also where
/// the custodian does not know the request, because it has lost it
#[utoipa::path(put, path = paths::ABANDONMENT, operation_id = "abandon",
    params(("request" = inline(Hash), Path, description = "Digest of its statement.")),
    request_body = SignedAbandonment,
    responses(
        Registered, Found, Stored, Sent,
        (status = 204, description = "It is kept."),
        (status = 429, description = "`busy`: too many uploads at a time. `too-many-abandoned`: of requests that are not known here, \
                                      as many were abandoned today as are admitted."),
    ))]
pub(crate) async fn abandon(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(request): Named<Hash>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, HttpProblem> {
    let (statement, said) = upload::statement::<Abandonment>(&state, &requester, &headers, body).await?;
    if said.request != request {
        return Err(HttpProblem::malformed("the abandonment is about another request"));
    }
    let now = state.sure()?;
    let code = requester.code.clone();
    match state.custody(move |custody| custody.abandoned(&code, &statement, &said, now)).await? {
        Abandoned::Job(job) => state.queue.cancel(&job),
        Abandoned::Lost => {}
        Abandoned::TooMany => {
            let detail =
                "as many requests that are not known here were abandoned today as are admitted; try again tomorrow";
            let problem = HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-abandoned", detail);
            return Err(problem.retry_after(now.seconds_until(now.day().next().begin())));
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
