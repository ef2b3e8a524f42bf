//! The log beside the other party's, as it was exported there: `cotejo audit compare`.

use std::sync::Arc;

use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::{LogOf, Logged, blocking};
use crate::cli::browser::commands::{self, Ran};
use crate::cli::browser::desk::Heard;
use crate::cli::browser::page::{self, Row, Visit, facts, field};
use crate::cli::browser::upload::Sent;
use crate::cli::failure::Failure;

/// Findings that are shown.
const SHOWN: usize = 100;

/// `GET /log/compare`
pub async fn form<L: Logged>(State(owner): State<Arc<L>>, visit: Visit) -> Response {
    visit.page(&visit.t("log-compare"), choosing(&visit, owner.log()))
}

fn choosing(visit: &Visit, log: &LogOf) -> Markup {
    html! {
        p.lead { (visit.t("compare-text")) }
        form.card method="post" action=(visit.form("/log/compare")) enctype="multipart/form-data" {
            (field(&visit.t("compare-whose"), None, "whose", html! {
                select #whose name="whose" required { @for (party, _) in &log.others { option value=(party) { (party) } } }
            }))
            (field(&visit.t("compare-file"), Some(&visit.t("compare-file-hint")), "file", html! { input #file name="file" type="file" required aria-describedby="file-hint"; }))
            div.actions { button type="submit" { (visit.t("log-compare")) } }
        }
    }
}

/// `POST /log/compare`
pub async fn begin<L: Logged>(
    State(owner): State<Arc<L>>,
    visit: Visit,
    form: Multipart,
) -> Result<Response, StatusCode> {
    let title = visit.t("log-compare");
    let ran = match Sent::receive(form).await {
        Ok(sent) => {
            let owner = Arc::clone(&owner);
            blocking(move || compared(owner.log(), sent)).await?
        }
        Err(failure) => Err(failure),
    };
    Ok(match ran {
        Ok(ran) => visit.page(&title, html! { (found(&visit, &ran)) (choosing(&visit, owner.log())) }),
        Err(failure) => {
            visit.refused(&title, html! { (page::failure(&visit, &failure)) (choosing(&visit, owner.log())) })
        }
    })
}

fn compared(log: &LogOf, mut sent: Sent) -> Result<Ran, Failure> {
    let file =
        sent.file("file").ok_or_else(|| Failure::new("file", "nothing was sent", "choose the other party's log"))?;
    let whose = sent.text("whose");
    let other = log.others.iter().find(|(party, _)| party.as_str() == whose);
    let (_, key) = other.ok_or_else(|| Failure::new("whose", "no party of that name is known", "choose one"))?;
    let options =
        [format!("--key={}", log.key), format!("--with={}", file.path().display()), format!("--with-key={key}")];
    commands::run(log.audit("compare", options.into_iter().chain(log.agreed())), Arc::new(Heard::default()))
}

fn found(visit: &Visit, ran: &Ran) -> Markup {
    let comparison = ran.document.get("comparison");
    let number = |name: &str| comparison.and_then(|of| of.get(name)).and_then(Value::as_u64).unwrap_or_default();
    let list = |of: Option<&Value>, name: &str| {
        of.and_then(|of| of.get(name)).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let all: Vec<Value> = ["log", "with"]
        .iter()
        .flat_map(|log| list(ran.document.get(*log), "findings"))
        .chain(list(comparison, "findings"))
        .collect();
    html! {
        section.card role="status" {
            h2 { (visit.t("compare-found")) }
            @if ran.code == 0 {
                p.yes { "\u{2713} " (visit.t("compare-agree")) }
            } @else {
                p.no { "\u{2717} " (visit.counted("log-findings", all.len() as u64)) }
                ul lang="en" { @for finding in all.iter().take(SHOWN) { li { code.digits { (finding) } } } }
            }
            (facts([
                Row::new(visit.t("requests"), visit.words.number(number("requests"))),
                Row::new(visit.t("compare-same"), visit.words.number(number("same"))),
                Row::new(visit.t("compare-excused"), visit.words.number(number("excused"))),
            ]))
        }
    }
}
