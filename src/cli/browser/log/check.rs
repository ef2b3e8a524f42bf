//! Whether the log as a whole holds: `cotejo audit verify`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::{LogOf, Logged};
use crate::cli::browser::commands::{self, Ran};
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Row, Visit, facts, fingerprint};

/// The work of checking.
pub const WORK: &str = "check";
/// Findings that are shown.
const FINDINGS: usize = 50;

pub async fn begin<L: Logged>(State(owner): State<Arc<L>>, visit: Visit) -> Response {
    let key = format!("--key={}", owner.log().key);
    let arguments = owner.log().audit("verify", std::iter::once(key).chain(owner.log().agreed()));
    let begun = owner.log().checks.begin(WORK, move |work| commands::run(arguments, Arc::clone(work) as _));
    match begun {
        Ok(_) => see(&visit, "/log"),
        Err(failure) => visit.refused(&visit.t("log"), page::failure(&visit, &failure)),
    }
}

pub async fn events<L: Logged>(State(owner): State<Arc<L>>, visit: Visit) -> Response {
    match owner.log().checks.find(WORK) {
        Some(work) => work.events(move |_| under_way(&visit)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn under_way(visit: &Visit) -> Markup {
    html! { p role="status" { (visit.t("log-checking")) } }
}

/// What the last check has found, and the button for another.
pub fn card(visit: &Visit, log: &LogOf) -> Markup {
    let work = log.checks.find(WORK);
    let running = work.as_ref().is_some_and(|work| !work.is_over());
    html! {
        section.card hx-get=[running.then(|| visit.to("/log"))] hx-trigger=[running.then_some("end")] hx-target="#content" hx-select="#content" hx-swap="outerHTML" {
            h2 { (visit.t("log-whole")) }
            @if running {
                div hx-sse:connect=(visit.to("/log/check/events")) hx-sse:close="end" hx-swap="innerHTML" { (under_way(visit)) }
            } @else {
                @match work.and_then(|work| work.end()).as_deref() {
                    None => p { (visit.t("log-unchecked")) },
                    Some(Ok(ran)) => (found(visit, ran)),
                    Some(Err(failure)) => (page::failure(visit, failure)),
                }
                div.actions { form method="post" action=(visit.form("/log/check")) { button type="submit" { (visit.t("log-check")) } } }
            }
        }
    }
}

fn found(visit: &Visit, ran: &Ran) -> Markup {
    let number = |name: &str| ran.document.get(name).and_then(Value::as_u64).unwrap_or_default();
    let text = |name: &str| ran.document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let findings = ran.document.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows = [
        Row::new(visit.t("log-entries"), visit.words.number(number("entries"))),
        Row::new(visit.t("log-erased"), visit.words.number(number("erased"))),
        Row::new(visit.t("log-head"), fingerprint(&text("head"))),
    ];
    html! {
        @if ran.code == 0 {
            p.yes { "\u{2713} " (visit.t("log-sound")) }
        } @else {
            p.no role="alert" { "\u{2717} " (visit.counted("log-findings", findings.len() as u64 + number("further_findings"))) }
            ul lang="en" { @for finding in findings.iter().take(FINDINGS) { li { (said(finding)) } } }
        }
        (facts(rows))
        p.hint { (visit.t("log-head-hint")) }
    }
}

/// A finding as it stands in the document: which entry, and what is wrong.
fn said(finding: &Value) -> String {
    let entry = finding.get("entry").map(Value::to_string).unwrap_or_default();
    let problem = match finding.get("problem") {
        Some(Value::String(name)) => name.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    format!("entry {entry}: {problem}")
}
