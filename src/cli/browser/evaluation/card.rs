//! The page of an evaluation: the card as it grows, and when it is finished.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::run::Done;
use super::so_far::{Growing, SoFar};
use super::{Evaluations, One, figures, findings, form, tables};
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Row, Visit, facts, fingerprint};
use crate::cli::browser::work::{Standing, blocking};
use crate::cli::failure::Failure;

type Shared = State<Arc<Evaluations>>;
type Answer = Result<Response, StatusCode>;

/// `GET /evaluation/NUMBER`
pub async fn show(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>) -> Answer {
    let Some(one) = evaluations.find(number) else { return Ok(visit.missing()) };
    if !one.work.is_over() {
        return Ok(visit.page_under_way(&visit.t("evaluation"), growing(&visit, &one)));
    }
    // Pictures are drawn.
    blocking(move || {
        let Some(end) = one.work.end() else { return visit.missing() };
        match &*end {
            // It was stopped: nothing is wrong.
            Err(Failure::Interrupted) => {
                visit.page(&visit.t("evaluation"), html! { (page::note(&visit.t("interrupted"))) (anew(&visit, &one)) })
            }
            Ok(done) => visit.page(&visit.t("evaluation"), finished(&visit, &one, done)),
            Err(failure) => visit.refused(
                &visit.t("evaluation"),
                html! {
                    (page::failure(&visit, failure))
                    (form::labelled(&visit))
                    (anew(&visit, &one))
                },
            ),
        }
    })
    .await
}

/// `GET /evaluation/NUMBER/events`
pub async fn events(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>) -> Response {
    let Some(one) = evaluations.find(number) else { return StatusCode::NOT_FOUND.into_response() };
    let growing = Arc::clone(&one.growing);
    one.work.events(move |now| so_far(&visit, now, &growing)).into_response()
}

/// `POST /evaluation/NUMBER/stop`
pub async fn stop(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>) -> Response {
    let Some(one) = evaluations.find(number) else { return visit.missing() };
    one.growing.stop();
    see(&visit, &format!("/evaluation/{number}"))
}

/// `POST /evaluation/NUMBER/drop`
pub async fn forget(State(evaluations): Shared, visit: Visit, Path(number): Path<u64>) -> Response {
    evaluations.forget(number);
    see(&visit, "/evaluation")
}

fn growing(visit: &Visit, one: &One) -> Markup {
    let here = visit.to(&format!("/evaluation/{}", one.number));
    html! {
        (asked(visit, one))
        section.card hx-get=(here) hx-trigger="end" hx-target="#content" hx-select="#content" hx-swap="outerHTML" {
            h2 { (visit.t("under-way")) }
            div hx-sse:connect=(format!("{here}/events")) hx-sse:close="end" hx-swap="innerHTML" {
                (so_far(visit, &one.work.standing(), &one.growing))
            }
        }
        div.actions {
            form method="post" action=(visit.form(&format!("/evaluation/{}/stop", one.number))) {
                button.second type="submit" { (visit.t("evaluation-stop")) }
            }
        }
    }
}

/// How far it is, and the parts that there are.
fn so_far(visit: &Visit, standing: &Standing, growing: &Growing) -> Markup {
    let SoFar { data, card, decided } = growing.so_far();
    html! {
        @match standing.progress {
            Some((label, _, done, of)) => {
                (page::steps(&visit.t("under-way"), done, of))
                p role="status" { (step(visit, label)) " " @if of > 1 && label != "read" { (visit.with("progress-other", &[
                    ("done", visit.words.number(done).into()),
                    ("of", visit.words.number(of).into()),
                ])) } }
            }
            None => p role="status" { (visit.t("progress-begun")) },
        }
        @if growing.stops() { p { (visit.t("evaluation-stopping")) } }
        @if let Some(data) = data { (tables::data(visit, &data)) }
        @if let Some(card) = card { (tables::rates(visit, &card)) }
        @if let Some(decided) = decided {
            h2 { (visit.t("evaluation-encrypted")) }
            p { (visit.with("evaluation-decided-so-far", &[
                ("pairs", visit.words.number(decided.pairs).into()),
                ("of", visit.words.number(decided.of).into()),
                ("changed", visit.words.number(decided.changed).into()),
            ])) }
        }
        @if !standing.notes.is_empty() {
            details { summary { (visit.t("notes")) } ul.soft lang="en" { @for note in &standing.notes { li { (note) } } } }
        }
    }
}

/// What is being done.
fn step(visit: &Visit, label: &str) -> String {
    visit.t(match label {
        "read" => "evaluation-step-read",
        "compare" => "evaluation-step-compare",
        "rates" => "evaluation-step-rates",
        "intervals" => "evaluation-step-intervals",
        _ => "evaluation-step-encrypted",
    })
}

/// What was asked for.
fn asked(visit: &Visit, one: &One) -> Markup {
    let wanted = &one.wanted;
    let rows = [
        Row::new(visit.t("file"), wanted.names.join(", ")),
        Row::new(
            visit.t("evaluation-compared"),
            visit.t(if wanted.one_set { "evaluation-one-set" } else { "evaluation-two-sets" }),
        ),
        Row::new(
            visit.t("agreement"),
            html! { (wanted.agreement.terms().title) br; (fingerprint(&wanted.agreement.digest().to_string())) },
        ),
    ];
    html! { section.card { h2 { (visit.t("evaluation-asked")) } (facts(rows)) } }
}

fn finished(visit: &Visit, one: &One, done: &Done) -> Markup {
    let Done { card, .. } = done;
    let to = |what: &str| visit.to(&format!("/evaluation/{}/{what}", one.number));
    html! {
        p.lead { (findings::lead(visit, one.wanted.agreement.terms(), card)) }
        div.actions {
            a.button href=(to("threshold")) { (visit.t("evaluation-move")) }
            a.button.second href=(to("accuracy.html")) download="accuracy.html" { (visit.t("evaluation-html")) }
            a.button.second href=(to("accuracy.json")) download="accuracy.json" { (visit.t("evaluation-json")) }
        }
        p.hint { (visit.t("evaluation-downloads")) }
        (findings::remarks(visit, card))
        section.card { (tables::rates(visit, card)) (findings::proposal(visit, card)) }
        section.card { (findings::encrypted(visit, card)) }
        section.card { h2 { (visit.t("evaluation-plots")) } (figures::all(visit, card)) }
        section.card { (tables::data(visit, &card.data)) (tables::refused(visit, &card.data)) }
        (asked(visit, one))
        (anew(visit, one))
    }
}

/// Lets go of this one.
fn anew(visit: &Visit, one: &One) -> Markup {
    html! {
        div.actions {
            a.button.second href=(visit.to("/evaluation")) { (visit.t("evaluation-anew")) }
            form method="post" action=(visit.form(&format!("/evaluation/{}/drop", one.number))) {
                button.second type="submit" { (visit.t("evaluation-drop")) }
            }
        }
    }
}
