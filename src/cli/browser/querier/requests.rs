//! All that was asked, the latest first.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::state::{Querier, blocking};
use crate::cli::browser::commands;
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Visit, pager};
use crate::cli::browser::work::Standing;
use crate::service::store::{ListedRequest, RequestState, Totals};

/// Requests on a page.
const PAGE: u64 = 50;

#[derive(Deserialize)]
pub struct Asked {
    before: Option<u64>,
}

/// `GET /requests`
pub async fn list(
    State(querier): State<Arc<Querier>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, StatusCode> {
    let read = {
        let querier = Arc::clone(&querier);
        // One more than is shown: whether there are older ones.
        blocking(move || querier.with_outbox(|outbox| Ok((outbox.page(asked.before, PAGE + 1)?, outbox.totals()?))))
            .await?
    };
    let under_way = querier.asking.find(ALL).is_some_and(|work| !work.is_over());
    Ok(match read {
        Ok((listed, totals)) => {
            let content = shown(&visit, &querier, listed, &totals, asked.before);
            let title = visit.t("requests");
            if under_way { visit.page_under_way(&title, content) } else { visit.page(&title, content) }
        }
        Err(failure) => visit.refused(&visit.t("requests"), page::failure(&visit, &failure)),
    })
}

fn shown(
    visit: &Visit,
    querier: &Querier,
    mut listed: Vec<ListedRequest>,
    totals: &Totals,
    before: Option<u64>,
) -> Markup {
    let more = listed.len() as u64 > PAGE;
    listed.truncate(PAGE as usize);
    let older = listed.last().filter(|_| more).map(|last| visit.to(&format!("/requests?before={}", last.sequence)));
    let newest = before.map(|_| visit.to("/requests"));
    html! {
        p { (visit.counted("requests-total", totals.requests)) }
        (unfinished(visit, querier, totals))
        @if listed.is_empty() {
            (page::empty(&visit.t("requests-none")))
        } @else {
            div.table tabindex="0" role="region" aria-label=(visit.t("requests")) {
                table {
                    caption { (visit.t("requests-caption")) }
                    thead { tr {
                        th scope="col" { (visit.t("number")) }
                        th scope="col" { (visit.t("made")) }
                        th scope="col" { (visit.t("purpose")) }
                        th.numeric scope="col" { (visit.t("persons")) }
                        th scope="col" { (visit.t("state")) }
                    } }
                    tbody { @for one in &listed { (line(visit, querier, one)) } }
                }
            }
        }
        (pager(visit, newest, older))
    }
}

fn line(visit: &Visit, querier: &Querier, listed: &ListedRequest) -> Markup {
    let request = &listed.request;
    let running = querier.asking.find(request.number.as_str()).is_some_and(|work| !work.is_over());
    html! {
        tr {
            th scope="row" { a href=(visit.to(&format!("/requests/{}", request.number))) { (request.number) } }
            td { (visit.words.time(request.time)) }
            td { (request.purpose) }
            td.numeric { (visit.words.number(request.probes.into())) }
            td.state { (visit.t(state_key(listed.state, listed.has_verdicts, running))) }
        }
    }
}

/// How far a request is, as a message.
pub fn state_key(state: RequestState, has_verdicts: bool, running: bool) -> &'static str {
    match state {
        _ if running => "state-running",
        RequestState::Prepared => "state-prepared",
        RequestState::Accepted => "state-accepted",
        RequestState::Replied | RequestState::Acknowledged if has_verdicts => "state-told",
        RequestState::Replied | RequestState::Acknowledged => "state-replied",
        RequestState::Done if has_verdicts => "state-told",
        RequestState::Done => "state-done",
        RequestState::Abandoned => "state-abandoned",
    }
}

/// Goes on with all that was not finished, one after the other: under this name.
const ALL: &str = "all";

/// `POST /requests/resume`
pub async fn resume(State(querier): State<Arc<Querier>>, visit: Visit) -> Response {
    let arguments = querier.asking_with(["--resume".to_owned()]);
    let begun = querier.asking.begin(ALL, move |work| commands::run(arguments, Arc::clone(work) as _));
    match begun {
        Ok(_) => see(&visit, "/requests"),
        Err(failure) => visit.refused(&visit.t("requests"), page::failure(&visit, &failure)),
    }
}

/// `GET /requests/events`
pub async fn events(State(querier): State<Arc<Querier>>, visit: Visit) -> Response {
    match querier.asking.find(ALL) {
        Some(work) => work.events(move |now| standing(&visit, now)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn standing(visit: &Visit, standing: &Standing) -> Markup {
    html! {
        p role="status" { (visit.t("going-on")) }
        @if let Some(note) = standing.notes.last() { p.soft lang="en" { (note) } }
    }
}

/// What is not finished: the button for all of it, or how far it is.
fn unfinished(visit: &Visit, querier: &Querier, totals: &Totals) -> Markup {
    let here = visit.to("/requests");
    html! {
        @match querier.asking.find(ALL).filter(|work| !work.is_over()) {
            Some(work) => div.notice hx-get=(here) hx-trigger="end" hx-target="#content" hx-select="#content" hx-swap="outerHTML" {
                div hx-sse:connect=(visit.to("/requests/events")) hx-sse:close="end" hx-swap="innerHTML" { (standing(visit, &work.standing())) }
            },
            None => @if totals.unfinished > 0 {
                div.notice role="status" {
                    p { (visit.counted("requests-unfinished", totals.unfinished)) }
                    form method="post" action=(visit.form("/requests/resume")) { button type="submit" { (visit.t("go-on-all")) } }
                }
            },
        }
    }
}
