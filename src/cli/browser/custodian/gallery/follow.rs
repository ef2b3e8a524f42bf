//! One change, from the look at it to its end: confirmed, dropped in time, written, taken back as long as it is not served.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::super::change::{Change, Stage, Undo, What, Written};
use super::super::held::Held;
use super::super::state::Custodian;
use super::{preview, write};
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Visit};
use crate::cli::browser::work::{Standing, blocking};
use crate::cli::failure::Failure;

type Shared = State<Arc<Custodian>>;
type Answer = Result<Response, StatusCode>;

/// `GET /gallery/changes/CHANGE`
pub async fn show(State(custodian): Shared, visit: Visit, Path(id): Path<String>) -> Answer {
    let Some(change) = custodian.changes.find(&id) else { return Ok(visit.missing()) };
    let Some(held) = custodian.galleries().get(change.gallery) else { return Ok(visit.missing()) };
    let stage = change.stage();
    let undo = match stage {
        Stage::Written(written) => {
            let (custodian, change) = (Arc::clone(&custodian), Arc::clone(&change));
            Some(blocking(move || write::standing(&custodian, &change, &written)).await?)
        }
        _ => None,
    };
    let content = html! {
        (head(&visit, &custodian, &change, stage, undo))
        (preview::shown(&visit, held, &change))
        @if stage == Stage::Shown { (confirming(&visit, &custodian, &change)) }
        p { a href=(visit.to(&format!("/gallery/{}", change.gallery.saturating_add(1)))) { (visit.t("change-to-gallery")) } }
    };
    let title = titled(&visit, &change, held);
    Ok(match stage {
        Stage::Waiting(_) | Stage::Writing | Stage::Undoing => visit.page_under_way(&title, content),
        _ => visit.page(&title, content),
    })
}

fn titled(visit: &Visit, change: &Change, held: &Held) -> String {
    let key = match change.what {
        What::Append(_) => "append-of",
        What::Remove(_) => "remove-of",
    };
    visit.with(key, &[("title", held.title().to_owned().into())])
}

/// How far it is.
fn head(
    visit: &Visit,
    custodian: &Custodian,
    change: &Change,
    stage: Stage,
    undo: Option<Result<Option<Undo>, Failure>>,
) -> Markup {
    let end = custodian.works.find(&change.id).and_then(|work| work.end());
    let failure = end.as_ref().and_then(|end| end.as_ref().as_ref().err());
    html! {
        @if let Some(failure) = failure.filter(|_| matches!(stage, Stage::Shown | Stage::Written(_))) {
            (page::failure(visit, failure))
        }
        @match stage {
            Stage::Shown => p.lead { (visit.t("change-shown")) },
            Stage::Waiting(_) => (waiting(visit, custodian, change)),
            Stage::Writing | Stage::Undoing => (running(visit, custodian, change, html! {})),
            Stage::Written(written) => (done(visit, change, &written, undo)),
            Stage::Undone => (page::note(&visit.t("change-undone"))),
            Stage::Dropped => (page::note(&visit.t("change-dropped"))),
        }
    }
}

fn confirming(visit: &Visit, custodian: &Custodian, change: &Change) -> Markup {
    let to = |what: &str| visit.form(&format!("/gallery/changes/{}/{what}", change.id));
    let persons = change.what.persons() as u64;
    html! {
        @if change.what.can_be_done() {
            section.card {
                h2 { (visit.t("change-confirm")) }
                (preview::undoing(visit, change, custodian.grace()))
                div.actions {
                    form method="post" action=(to("confirm")) {
                        @match change.what {
                            What::Append(_) => button type="submit" { (visit.counted("append-do", persons)) },
                            What::Remove(_) => button.danger type="submit" { (visit.counted("remove-do", persons)) },
                        }
                    }
                    form method="post" action=(to("drop")) { button.second type="submit" { (visit.t("change-drop")) } }
                }
            }
        } @else {
            div.actions { form method="post" action=(to("drop")) { button.second type="submit" { (visit.t("change-drop")) } } }
        }
    }
}

/// It was confirmed, and is not written yet.
fn waiting(visit: &Visit, custodian: &Custodian, change: &Change) -> Markup {
    let undo = html! {
        div.actions {
            form method="post" action=(visit.form(&format!("/gallery/changes/{}/drop", change.id))) {
                button.danger type="submit" { (visit.t("change-undo")) }
            }
        }
        p.hint { (visit.t("change-waiting-hint")) }
    };
    running(visit, custodian, change, undo)
}

/// What is told again and again as long as it is under way; then the page is loaded anew.
fn running(visit: &Visit, custodian: &Custodian, change: &Change, below: Markup) -> Markup {
    let here = visit.to(&format!("/gallery/changes/{}", change.id));
    let now = custodian.works.find(&change.id).map(|work| work.standing()).unwrap_or_default();
    html! {
        section.card hx-get=(here) hx-trigger="end" hx-target="#content" hx-select="#content" hx-swap="outerHTML" {
            h2 { (visit.t("under-way")) }
            div hx-sse:connect=(format!("{here}/events")) hx-sse:close="end" hx-swap="innerHTML" { (standing(visit, &now)) }
            (below)
        }
    }
}

fn standing(visit: &Visit, standing: &Standing) -> Markup {
    html! {
        @match standing.progress {
            Some((write::WAITING, _, done, of)) => {
                (page::steps(&visit.t("under-way"), done, of))
                // Every second: told to nobody who listens, but for the first time.
                p.position { (visit.counted("change-countdown", of.saturating_sub(done))) }
            }
            Some((_, _, done, of)) => {
                (page::steps(&visit.t("under-way"), done, of))
                p role="status" { (visit.t("change-writing")) }
            }
            None => p role="status" { (visit.t("progress-begun")) },
        }
        @if !standing.notes.is_empty() {
            ul.soft lang="en" { @for note in &standing.notes { li { (note) } } }
        }
    }
}

/// It is written: since when, and whether it can be taken back.
fn done(visit: &Visit, change: &Change, written: &Written, undo: Option<Result<Option<Undo>, Failure>>) -> Markup {
    let key = match undo {
        Some(Ok(Some(Undo::Offered))) => "undo-offered",
        Some(Ok(Some(Undo::Impossible))) => "undo-impossible",
        Some(Ok(Some(Undo::Otherwise))) => "undo-otherwise",
        Some(Ok(Some(Undo::Served))) => "undo-served",
        Some(Ok(Some(Undo::Changed))) => "undo-changed",
        Some(Ok(None)) | None | Some(Err(_)) => "file-busy",
    };
    html! {
        section.card {
            h2 { (visit.t("change-done")) }
            p.yes { "\u{2713} " (visit.with("change-done-text", &[("time", visit.words.time(written.at).into())])) }
            p { (visit.t(key)) }
            @if let Some(Err(failure)) = &undo { (page::failure(visit, failure)) }
            @if key == "undo-offered" {
                div.actions {
                    form method="post" action=(visit.form(&format!("/gallery/changes/{}/undo", change.id))) {
                        button.danger type="submit" { (visit.t("change-undo")) }
                    }
                }
            }
            p.hint { (visit.t("change-data-stay")) }
        }
    }
}

/// `GET /gallery/changes/CHANGE/events`
pub async fn events(State(custodian): Shared, visit: Visit, Path(id): Path<String>) -> Response {
    match custodian.works.find(&id) {
        Some(work) => work.events(move |now| standing(&visit, now)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `POST /gallery/changes/CHANGE/confirm`: from here on it waits, and is then written.
pub async fn confirm(State(custodian): Shared, visit: Visit, Path(id): Path<String>) -> Answer {
    let Some(change) = custodian.changes.find(&id) else { return Ok(visit.missing()) };
    if change.stage() == Stage::Shown && !change.what.can_be_done() {
        return Ok(refused(&visit, &change, &page::warning(&visit.t("change-cannot"))));
    }
    // Who presses twice confirms once.
    if change.stage() != Stage::Shown {
        return Ok(back(&visit, &change));
    }
    Ok(match write::begin(&custodian, &change) {
        Ok(true) => back(&visit, &change),
        Ok(false) => refused(&visit, &change, &page::warning(&visit.t("change-other"))),
        Err(failure) => refused(&visit, &change, &page::failure(&visit, &failure)),
    })
}

/// `POST /gallery/changes/CHANGE/drop`: nothing of it is written.
pub async fn forget(State(custodian): Shared, visit: Visit, Path(id): Path<String>) -> Response {
    let Some(change) = custodian.changes.find(&id) else { return visit.missing() };
    change.pass(|stage| matches!(stage, Stage::Shown | Stage::Waiting(_)), Stage::Dropped);
    back(&visit, &change)
}

/// `POST /gallery/changes/CHANGE/undo`: what was written is taken back.
pub async fn undo(State(custodian): Shared, visit: Visit, Path(id): Path<String>) -> Answer {
    let Some(change) = custodian.changes.find(&id) else { return Ok(visit.missing()) };
    let begun = {
        let change = Arc::clone(&change);
        blocking(move || write::begin_undoing(&custodian, &change)).await?
    };
    Ok(match begun {
        // Where it cannot be any more, its page says why.
        Ok(_) => back(&visit, &change),
        Err(failure) => refused(&visit, &change, &page::failure(&visit, &failure)),
    })
}

fn back(visit: &Visit, change: &Change) -> Response {
    see(visit, &format!("/gallery/changes/{}", change.id))
}

fn refused(visit: &Visit, change: &Change, why: &Markup) -> Response {
    let content = html! {
        (why)
        p { a href=(visit.to(&format!("/gallery/changes/{}", change.id))) { (visit.t("back")) } }
    };
    visit.refused(&visit.t("menu-gallery"), content)
}
