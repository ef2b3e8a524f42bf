//! `/v1/openapi.json`

use std::sync::Arc;

use axum::Extension;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::security::SecurityScheme;
use utoipa::openapi::{ComponentsBuilder, OpenApi};
use utoipa::{Modify, OpenApi as _};

use super::extract::Caller;
use super::refusals::Registered;
use crate::service::protocol::{Document, ProblemDocument, SignedRequest, paths};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "cotejo custodian",
        description = "Encrypted hit/no-hit checks. No answer says whether there was a hit: verdicts are encrypted, and no call tells \
                       the custodian one.\n\n\
                       Every error is `application/problem+json` (RFC 9457). A path that is not below is answered with 404, a method \
                       that is not with 405 and `Allow`; HEAD is answered wherever GET is. What is no HTTP, or whose head is longer \
                       than 64 KiB or has more than 100 fields, is answered with 400 or 431 without a body, or not at all.\n\n\
                       `/healthz`, `/readyz` and `/metrics` are no part of this: they are on a port of the operator's own."
    ),
    components(schemas(ProblemDocument, SignedRequest)),
    modifiers(&Mutual),
    security(("certificate" = [])),
)]
struct Begun;

/// Both sides show certificates.
struct Mutual;

impl Modify for Mutual {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = SecurityScheme::MutualTls {
            description: Some(
                "A certificate that the custodian trusts and has registered (`[[requester]]`). Without one there is no \
                 connection; with one that is trusted but not registered every call is answered with 403."
                    .to_owned(),
            ),
            deprecated: None,
            extensions: None,
        };
        let components = document.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
        document.components = Some(ComponentsBuilder::from(components).security_scheme("certificate", scheme).build());
    }
}

/// The document without its paths.
pub(super) fn begun() -> OpenApi {
    Begun::openapi()
}

/// The document, as it is served.
#[derive(Clone)]
pub(crate) struct Served(Arc<str>);

impl Served {
    pub(super) fn new(document: &OpenApi) -> Self {
        Self(document.to_json().unwrap_or_default().into())
    }
}

/// This document
#[utoipa::path(get, path = paths::OPENAPI, operation_id = "get_openapi", responses(
    Registered,
    (status = 200, body = inline(Document), description = "OpenAPI 3.1."),
))]
pub(crate) async fn get(Caller(_): Caller, Extension(served): Extension<Served>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], served.0.to_string())
}
