//! `/v1/requests`

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};

use super::super::problem::HttpProblem;
use super::super::state::State;
use super::super::upload;
use super::Caller;
use crate::service::protocol::{Abandonment, ProblemDocument, SignedView, paths};
use crate::service::signing::Hash;
use crate::service::store::Abandoned;

/// Abandon one of the caller's own requests, by a signed `abandonment`: its job is ended as by DELETE, and the log tells so; also where
/// the custodian does not know the request, because it has lost it
#[utoipa::path(put, path = paths::ABANDONMENT, params(("request" = String, Path, description = "digest of its statement")),
    request_body(content = SignedView, content_type = "application/json"),
    responses(
        (status = 204, description = "It is kept."),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 408, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 411, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub(crate) async fn abandon(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path(request): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, HttpProblem> {
    let request: Hash = request.parse().map_err(|_| HttpProblem::not_found())?;
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
