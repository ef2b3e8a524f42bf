//! The gallery of each agreement: what is served, what its file holds, who is exempt; and changing it, after a look at what would change.

mod append;
mod follow;
mod preview;
mod remove;
mod search;
mod show;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::html;

use super::held::Held;
use super::state::Custodian;
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Visit};
use crate::cli::browser::upload;

/// The pages of galleries, which are counted from 1.
pub fn pages(custodian: Arc<Custodian>) -> Router {
    let large = DefaultBodyLimit::max(upload::BODY_BYTES);
    Router::new()
        .route("/gallery", get(list))
        .route("/gallery/{number}", get(show::page))
        .route("/gallery/{number}/search", post(search::search).get(search::form))
        .route("/gallery/{number}/append", get(append::form))
        .route("/gallery/{number}/append", post(append::look).layer(large))
        .route("/gallery/{number}/remove", get(remove::form))
        .route("/gallery/{number}/remove", post(remove::look).layer(large))
        .route("/gallery/changes/{change}", get(follow::show))
        .route("/gallery/changes/{change}/events", get(follow::events))
        .route("/gallery/changes/{change}/confirm", post(follow::confirm))
        .route("/gallery/changes/{change}/drop", post(follow::forget))
        .route("/gallery/changes/{change}/undo", post(follow::undo))
        .with_state(custodian)
}

/// The number of a gallery in an address. One that is none leads to no page.
pub struct Number(pub usize);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let number = Path::<usize>::from_request_parts(parts, state).await;
        number.map(|Path(number)| Self(number)).map_err(|_| visit.missing())
    }
}

/// The gallery of a number.
fn gallery_of(custodian: &Custodian, number: usize) -> Option<&Held> {
    custodian.galleries().get(number.checked_sub(1)?)
}

/// `GET /gallery`: all of them; the one, where there is one.
async fn list(State(custodian): State<Arc<Custodian>>, visit: Visit) -> Response {
    let galleries = custodian.galleries();
    if galleries.len() == 1 {
        return see(&visit, "/gallery/1");
    }
    let content = html! {
        p.lead { (visit.t("gallery-text")) }
        @if galleries.is_empty() { (page::empty(&visit.t("gallery-none"))) }
        ul { @for (held, number) in galleries.iter().zip(1..) {
            li { a href=(visit.to(&format!("/gallery/{number}"))) { (held.title()) } " " span.soft { (held.file.display()) } }
        } }
    };
    visit.page(&visit.t("menu-gallery"), content)
}
