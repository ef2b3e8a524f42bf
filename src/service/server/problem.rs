//! Errors as RFC 9457 has them: `application/problem+json`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::doubts::ClockInDoubt;
use crate::remedy::Remedy;
use crate::service::protocol::{OTHER_LOG, ProblemDocument, TIME_IN_THE_PAST};
use crate::service::store::{StoreError, SubmitError};
use crate::service::time::Time;
use crate::wire::WireError;

/// Why a request was not served. Names no person, and nothing that belongs to another requester.
#[derive(Clone, Debug)]
pub(crate) struct HttpProblem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    retry_after: Option<u64>,
    returns: Option<Time>,
}

impl HttpProblem {
    /// A problem of a kind.
    pub(crate) fn new(status: StatusCode, kind: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { status, kind, detail: detail.to_string(), retry_after: None, returns: None }
    }

    /// Try again in so many seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// What was asked for is not there; or is another requester's, which is not told apart.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such thing among yours")
    }

    /// Nothing was wrong with the request.
    pub(crate) fn unavailable(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(5)
    }

    /// What a header or body says is refused.
    pub(crate) fn malformed(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// The kind, in the words of its `type`.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// The response, to a request with this id.
    pub(crate) fn response(&self, request: &str) -> Response {
        let document = ProblemDocument {
            kind: ProblemDocument::type_of(self.kind),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            instance: ProblemDocument::instance_of(request),
            capacity_returns: self.returns.map(|time| time.to_string()),
        };
        let body = serde_json::to_string(&document).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The body is written where the request's id is known.
impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for HttpProblem {
    fn from(error: StoreError) -> Self {
        // What is wrong with it is for the operator's log, not for requesters.
        match error {
            StoreError::Signing(_) => tracing::error!(error = error.in_full(), "nothing can be signed"),
            _ => tracing::error!(error = error.in_full(), "the database failed"),
        }
        match error {
            StoreError::Signing(_) => Self::unavailable("the custodian cannot sign now; try again"),
            StoreError::Full => {
                Self::unavailable("the custodian cannot keep the request now: its disk is full; try again later")
            }
            _ => Self::unavailable("the custodian's database cannot be reached now; try again"),
        }
    }
}

impl From<ClockInDoubt> for HttpProblem {
    fn from(error: ClockInDoubt) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "clock-in-doubt", error).retry_after(60)
    }
}

impl From<WireError> for HttpProblem {
    fn from(error: WireError) -> Self {
        match error {
            WireError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", error.in_full()),
            _ => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused-file", error.in_full()),
        }
    }
}

impl HttpProblem {
    /// A request that was not accepted, at this time.
    pub(crate) fn of_submission(error: SubmitError, now: Time) -> Self {
        let (status, kind) = match &error {
            SubmitError::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            SubmitError::NumberTaken(_) => (StatusCode::CONFLICT, "number-taken"),
            SubmitError::ClockBehind { .. } => (StatusCode::SERVICE_UNAVAILABLE, "clock-behind"),
            SubmitError::Future { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "time-in-the-future"),
            SubmitError::Past { .. } => (StatusCode::UNPROCESSABLE_ENTITY, TIME_IN_THE_PAST),
            SubmitError::Breaker { .. } => (StatusCode::SERVICE_UNAVAILABLE, "suspended"),
            SubmitError::Record(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused-request"),
            SubmitError::LogBehind { .. } => (StatusCode::CONFLICT, OTHER_LOG[0]),
            SubmitError::LogOther { .. } => (StatusCode::CONFLICT, OTHER_LOG[1]),
            SubmitError::KeyUnknown(_) => (StatusCode::CONFLICT, "key-unknown"),
            SubmitError::KeyExpired { .. } | SubmitError::KeyAhead { .. } => (StatusCode::CONFLICT, "key-expired"),
            SubmitError::Quota { .. } => (StatusCode::TOO_MANY_REQUESTS, "quota"),
            SubmitError::Leakage { .. } | SubmitError::Person { .. } => (StatusCode::TOO_MANY_REQUESTS, "leakage"),
        };
        match error {
            SubmitError::Store(error) => error.into(),
            SubmitError::LogBehind { .. } | SubmitError::LogOther { .. } => {
                tracing::error!(error = error.in_full(), "a requester has seen a log that ours does not hold");
                Self::new(status, kind, error.in_full())
            }
            SubmitError::Quota { returns: Some(returns), .. } => {
                let detail = format!("{error}; capacity returns at {returns}");
                let problem = Self::new(status, kind, detail).retry_after(now.seconds_until(returns));
                Self { returns: Some(returns), ..problem }
            }
            SubmitError::Quota { .. } => {
                Self::new(status, kind, format!("{error}, and never more; ask about fewer at a time"))
            }
            SubmitError::ClockBehind { .. } => Self::new(status, kind, error.in_full()).retry_after(60),
            SubmitError::Breaker { .. } => Self::new(status, kind, error.in_full()).retry_after(600),
            _ => Self::new(status, kind, error.in_full()),
        }
    }
}
