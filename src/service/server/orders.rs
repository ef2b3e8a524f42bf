//! Orders of operators, where the operator's own tools connect: signed, so that it does not matter who brings them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::metrics::Ordered;
use super::problem::HttpProblem;
use super::state::State;
use crate::remedy::Remedy;
use crate::service::audit::{CarriedOut, OrderDocument, OrderFault};
use crate::service::store::StoreError;

/// A document of orders may be on its way for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Carries out what operators have ordered, and counts it.
pub(crate) async fn take(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Body) -> Response {
    let id = state.request_id();
    let taken = carried_out(&state, &headers, body).await;
    let outcome = taken.as_ref().map_or_else(HttpProblem::kind, |_| "carried-out");
    state.metrics.ordered.get_or_create(&Ordered { outcome: outcome.to_owned() }).inc();
    match taken {
        Ok(done) => {
            tracing::warn!(request = id, done = ?done, "operators' orders were carried out");
            Json(done).into_response()
        }
        Err(problem) => {
            // Whoever reaches the port may call as often as they like.
            if let Some(withheld) = state.admission.told.tell(Instant::now()) {
                tracing::warn!(request = id, problem = outcome, withheld, "orders were refused");
            }
            problem.response(&id)
        }
    }
}

async fn carried_out(state: &Arc<State>, headers: &HeaderMap, body: Body) -> Result<CarriedOut, HttpProblem> {
    let limit = OrderDocument::LIMIT_BYTES;
    let too_large = || {
        let detail = format!("orders and consents have at most {limit} bytes together");
        HttpProblem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    };
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let body = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, limit)).await;
    let body = body.map_err(|_| HttpProblem::new(StatusCode::REQUEST_TIMEOUT, "stalled", "the body did not come"))?;
    let body = body.map_err(|_| too_large())?;
    let document = std::str::from_utf8(&body).ok().and_then(OrderDocument::from_json);
    let document = document.ok_or_else(|| HttpProblem::malformed("not a document of orders"))?;
    let now = state.sure()?;
    let turn = Arc::clone(&state.orders).acquire_owned().await;
    let turn = turn.map_err(|_| HttpProblem::unavailable("no order is taken now; try again"))?;
    let work = move |state: &State| {
        // Also where the connection ends meanwhile, the next one waits.
        let _turn = turn;
        state.with_custody(|custody| custody.carry_out(&document, now)).map_err(refused)
    };
    state.blocking(work).await
}

/// What the operator has to know.
fn refused(error: StoreError) -> HttpProblem {
    let (status, kind) = match &error {
        StoreError::Order(OrderFault::Stranger) => (StatusCode::FORBIDDEN, "not-an-operator"),
        StoreError::Order(OrderFault::Again) => (StatusCode::CONFLICT, "carried-out-before"),
        StoreError::Order(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused-order"),
        StoreError::Unordered { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "too-few-operators"),
        StoreError::Consent { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "no-consent"),
        StoreError::Future(_) => (StatusCode::UNPROCESSABLE_ENTITY, "time-in-the-future"),
        _ => return error.into(),
    };
    HttpProblem::new(status, kind, error.in_full())
}
