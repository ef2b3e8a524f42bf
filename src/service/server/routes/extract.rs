//! What routes are given: who calls, what the path names, what the query asks. What is refused here is a problem as any other.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::super::connection::Peer;
use super::super::problem::HttpProblem;
use super::super::state::Requester;

/// Who calls, once they are known to be registered.
pub(crate) struct Caller(pub Arc<Requester>);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        match parts.extensions.get::<Peer>() {
            Some(Peer(Some(requester))) => Ok(Self(Arc::clone(requester))),
            _ => Err(HttpProblem::new(
                StatusCode::FORBIDDEN,
                "not-registered",
                "the certificate is not registered here; have the custodian register its fingerprint",
            )),
        }
    }
}

/// What the path names. What is no name at all is not there.
pub(crate) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        let Path(named) = Path::from_request_parts(parts, state).await.map_err(|_| HttpProblem::not_found())?;
        Ok(Self(named))
    }
}

/// What may stand behind the question mark.
pub(crate) trait Question: DeserializeOwned {
    /// How it is written.
    const HOW: &'static str;
}

/// What the query asks.
pub(crate) struct Asked<T>(pub T);

impl<T: Question, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        let Query(asked) = Query::from_request_parts(parts, state).await.map_err(|_| HttpProblem::malformed(T::HOW))?;
        Ok(Self(asked))
    }
}
