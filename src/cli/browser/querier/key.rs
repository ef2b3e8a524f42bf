//! The key that queries are encrypted with: its age, when it has to be followed by another, and making one.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::state::{Keys, Querier, blocking};
use crate::cli::browser::commands;
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Row, Visit, facts, fingerprint};
use crate::cli::browser::work::Standing;
use crate::cli::{load, party};
use crate::service::time::Time;

type Shared = State<Arc<Querier>>;

/// The work of making keys.
const WORK: &str = "rotate";

/// When the key of now was made, as its file says.
fn made(querier: &Querier) -> Option<Time> {
    let path = querier.party().path(&querier.party().rest.keys).join(load::SECRET_KEY);
    let changed: SystemTime = path.metadata().ok()?.modified().ok()?;
    Some(Time::from_system(changed))
}

/// `GET /key`
pub async fn show(State(querier): Shared, visit: Visit) -> Response {
    let work = querier.rotating.find(WORK);
    let content = content(&visit, &querier, None);
    match work {
        Some(work) if !work.is_over() => visit.page_under_way(&visit.t("key"), content),
        _ => visit.page(&visit.t("key"), content),
    }
}

fn content(visit: &Visit, querier: &Querier, wrong: Option<&str>) -> Markup {
    let keys: Arc<Keys> = querier.keys();
    let (made, now, days) = (made(querier), party::now(), querier.terms().key_days);
    let due = made.map(|made| made.plus_days(days));
    let left = due.map(|due| now.seconds_until(due) / 86_400);
    let rows = [
        Some(Row::new(visit.t("key-name"), fingerprint(&keys.current.key().to_string()))),
        made.map(|made| Row::new(visit.t("key-made"), visit.words.time(made))),
        made.map(|made| Row::new(visit.t("key-age"), visit.counted("days", made.seconds_until(now) / 86_400))),
        due.map(|due| {
            Row::new(
                visit.t("key-due"),
                visit.with(
                    "key-due-text",
                    &[
                        ("date", visit.words.day(due.day()).into()),
                        ("days", visit.counted("days", left.unwrap_or_default()).into()),
                    ],
                ),
            )
        }),
        Some(Row::new(
            visit.t("key-set"),
            html! { span lang="en" { (querier.agreement().scheme()) ", " (querier.agreement().parameters().name()) } },
        )),
    ];
    let work = querier.rotating.find(WORK);
    let running = work.as_ref().filter(|work| !work.is_over());
    html! {
        @if let Some(wrong) = wrong { (page::warning(wrong)) }
        @if left == Some(0) { (page::warning(&visit.t("key-over"))) }
        p.lead { (visit.t("key-text")) }
        section.card { h2 { (visit.t("key-now")) } (facts(rows.into_iter().flatten())) }
        @if !keys.before.is_empty() {
            section.card {
                h2 { (visit.t("key-before")) }
                p { (visit.t("key-before-text")) }
                ul { @for before in &keys.before { li { (fingerprint(&before.retired.key.to_string())) " " (visit.with("key-until", &[("date", before.retired.last_day().to_owned().into())])) } } }
            }
        }
        @if let Some(running) = running {
            section.card hx-get=(visit.to("/key")) hx-trigger="end" hx-target="#content" hx-select="#content" hx-swap="outerHTML" {
                h2 { (visit.t("under-way")) }
                div hx-sse:connect=(visit.to("/key/events")) hx-sse:close="end" hx-swap="innerHTML" { (standing(visit, &running.standing())) }
            }
        } @else {
            @if let Some(end) = work.and_then(|work| work.end()) {
                @match &*end {
                    Ok(_) => (page::note(&visit.t("key-rotated"))),
                    Err(failure) => (page::failure(visit, failure)),
                }
            }
            (rotating(visit, days))
        }
    }
}

fn rotating(visit: &Visit, days: u32) -> Markup {
    html! {
        section.card {
            h2 { (visit.t("key-rotate")) }
            p { (visit.with("key-rotate-text", &[("days", visit.counted("days", days.into()).into())])) }
            form method="post" action=(visit.form("/key/rotate")) {
                label.check { input type="checkbox" name="sure" value="yes" required; span { (visit.t("key-rotate-sure")) } }
                div.actions { button.danger type="submit" { (visit.t("key-rotate-do")) } }
            }
        }
    }
}

fn standing(visit: &Visit, standing: &Standing) -> Markup {
    html! {
        p role="status" { (visit.t("key-rotating")) }
        @if !standing.notes.is_empty() { ul.soft lang="en" { @for note in &standing.notes { li { (note) } } } }
    }
}

/// `GET /key/events`
pub async fn events(State(querier): Shared, visit: Visit) -> Response {
    match querier.rotating.find(WORK) {
        Some(work) => work.events(move |now| standing(&visit, now)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
pub struct Sure {
    #[serde(default)]
    sure: String,
}

/// `POST /key/rotate`
pub async fn rotate(State(querier): Shared, visit: Visit, Form(sure): Form<Sure>) -> Result<Response, StatusCode> {
    if sure.sure != "yes" {
        let wrong = visit.t("not-confirmed");
        return Ok(visit.refused(&visit.t("key"), content(&visit, &querier, Some(&wrong))));
    }
    let begun = {
        let querier = Arc::clone(&querier);
        blocking(move || {
            let inner = Arc::clone(&querier);
            let arguments = querier.command(&["keys", "rotate"], []);
            querier.rotating.begin(WORK, move |work| {
                let ran = commands::run(arguments, Arc::clone(work) as _);
                // Also where it has failed: whatever is there now.
                inner.read_keys()?;
                ran
            })
        })
    };
    Ok(match begun.await? {
        Ok(_) => see(&visit, "/key"),
        Err(failure) => visit.refused(&visit.t("key"), page::failure(&visit, &failure)),
    })
}
