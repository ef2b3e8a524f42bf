//! The card as files: the page that stands alone, and the document.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Evaluations;
use super::run::Done;
use crate::cli::browser::page::{self, Visit};
use crate::cli::browser::work::blocking;
use crate::cli::failure::Failure;

type Shared = State<Arc<Evaluations>>;
type Answer = Result<Response, StatusCode>;

/// `GET /evaluation/NUMBER/accuracy.html`: as `cotejo evaluate --html` writes it.
pub async fn page(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>) -> Answer {
    let name = ("accuracy.html", "text/html; charset=utf-8");
    sent(evaluations, number, visit, name, |done| Ok(crate::evaluate::page(&done.card, &done.made).html())).await
}

/// `GET /evaluation/NUMBER/accuracy.json`: as `cotejo evaluate --json` prints it.
pub async fn document(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>) -> Answer {
    sent(evaluations, number, visit, ("accuracy.json", "application/json"), |done| {
        let text = serde_json::to_string_pretty(&done.card);
        text.map(|text| format!("{text}\n")).map_err(|error| Failure::new("the card", error, "take the page instead"))
    })
    .await
}

async fn sent(
    evaluations: Arc<Evaluations>,
    number: u64,
    visit: Visit,
    (name, kind): (&'static str, &'static str),
    made: impl FnOnce(&Done) -> Result<String, Failure> + Send + 'static,
) -> Answer {
    let Some(one) = evaluations.find(number) else { return Ok(visit.missing()) };
    blocking(move || match one.with_done(made) {
        Some(Ok(content)) => {
            let disposition = format!("attachment; filename=\"{name}\"");
            ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], content)
                .into_response()
        }
        Some(Err(failure)) => visit.refused(&visit.t("evaluation"), page::failure(&visit, &failure)),
        None => visit.missing(),
    })
    .await
}
