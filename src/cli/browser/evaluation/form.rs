//! What is evaluated: labelled files, and how much of it under encryption.

use std::sync::Arc;

use axum::extract::{Multipart, State};
use axum::response::Response;
use maud::{Markup, html};

use super::Evaluations;
use super::asked::{PAIRS, Wanted};
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Visit, field};
use crate::cli::browser::upload::Sent;
use crate::cli::failure::Failure;

/// `GET /evaluation`
pub async fn show(State(evaluations): State<Arc<Evaluations>>, visit: Visit) -> Response {
    visit.page(&visit.t("evaluation"), sending(&visit, &evaluations, None))
}

/// `POST /evaluation/begin`
pub async fn begin(State(evaluations): State<Arc<Evaluations>>, visit: Visit, form: Multipart) -> Response {
    let sent = Sent::receive(form).await;
    let begun = sent.and_then(|sent| {
        let (wanted, sets) = Wanted::read(sent, &evaluations.agreements)?;
        evaluations.begin(wanted, sets)
    });
    match begun {
        Ok(Some(number)) => see(&visit, &format!("/evaluation/{number}")),
        // The page says which one is under way.
        Ok(None) => see(&visit, "/evaluation"),
        Err(failure) => visit.refused(&visit.t("evaluation"), sending(&visit, &evaluations, Some(&failure))),
    }
}

fn sending(visit: &Visit, evaluations: &Evaluations, failure: Option<&Failure>) -> Markup {
    let file = |label: &str, hint: &str, id: &'static str, required: bool| {
        let hinted = format!("{id}-hint");
        field(
            &visit.t(label),
            Some(&visit.t(hint)),
            id,
            html! { input id=(id) name=(id) type="file" required[required] aria-describedby=(hinted); },
        )
    };
    html! {
        @if let Some(failure) = failure { (page::failure(visit, failure)) }
        (last(visit, evaluations))
        p.lead { (visit.t("evaluation-text")) }
        (labelled(visit))
        form.card method="post" action=(visit.form("/evaluation/begin")) enctype="multipart/form-data" {
            (agreements(visit, evaluations))
            fieldset {
                legend { (visit.t("evaluation-probes")) }
                (file("evaluation-probes-file", "evaluation-file-hint", "probes", true))
                (file("evaluation-probes-ids", "evaluation-ids-hint", "probe-ids", false))
            }
            fieldset {
                legend { (visit.t("evaluation-references")) }
                (file("evaluation-references-file", "evaluation-references-hint", "references", false))
                (file("evaluation-references-ids", "evaluation-ids-hint", "reference-ids", false))
            }
            (field(&visit.t("evaluation-target"), Some(&visit.t("evaluation-target-hint")), "target", html! {
                input #target name="target" inputmode="decimal" autocomplete="off" maxlength="20" aria-describedby="target-hint";
            }))
            (field(&visit.t("evaluation-pairs"), Some(&visit.t("evaluation-pairs-hint")), "pairs", html! {
                select #pairs name="pairs" aria-describedby="pairs-hint" {
                    @for pairs in PAIRS { option value=(pairs) { (visit.counted("evaluation-so-many", pairs as u64)) } }
                }
            }))
            (field(&visit.t("evaluation-seed"), Some(&visit.t("evaluation-seed-hint")), "seed", html! {
                input #seed name="seed" type="number" min="0" max="18446744073709551615" value="1" aria-describedby="seed-hint";
            }))
            div.actions { button type="submit" { (visit.t("evaluation-begin")) } }
            p.hint { (visit.t("evaluation-kept")) }
        }
    }
}

/// What labelled files are.
pub fn labelled(visit: &Visit) -> Markup {
    html! { p { strong { (visit.t("evaluation-labelled")) } " " (visit.t("evaluation-labelled-text")) } }
}

/// Under which agreement, where there are several.
fn agreements(visit: &Visit, evaluations: &Evaluations) -> Markup {
    if evaluations.agreements.len() < 2 {
        return html! {};
    }
    let named = evaluations.agreements.iter().map(|agreement| (agreement.digest().to_string(), agreement));
    field(
        &visit.t("agreement"),
        Some(&visit.t("evaluation-agreement-hint")),
        "agreement",
        html! {
            select #agreement name="agreement" aria-describedby="agreement-hint" {
                @for (digest, agreement) in named {
                    option value=(digest) {
                        (agreement.terms().title) ", " (agreement.terms().querier) " (" (digest.get(..8).unwrap_or_default()) ")"
                    }
                }
            }
        },
    )
}

/// Leads to the last evaluation.
fn last(visit: &Visit, evaluations: &Evaluations) -> Markup {
    let Some(last) = evaluations.last() else { return html! {} };
    let text = visit.t(if last.work.is_over() { "evaluation-last" } else { "evaluation-busy" });
    html! {
        div.notice role="status" {
            p { (text) " " a href=(visit.to(&format!("/evaluation/{}", last.number))) { (visit.t("evaluation-see")) } }
        }
    }
}
