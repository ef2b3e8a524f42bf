//! Whether somebody is enrolled, by id: with how many references, at which place, and whether exempt.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::held::Held;
use super::super::parts::{Standing, stands};
use super::super::state::Custodian;
use super::{Number, gallery_of};
use crate::cli::browser::page::{self, Row, Visit, facts, field};
use crate::cli::browser::work::blocking;
use crate::cli::failure::Failure;
use crate::template::SubjectId;

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    id: String,
}

/// What was found under an id.
struct Found {
    id: SubjectId,
    enrolled: Option<Enrolled>,
    /// An id that is enrolled and looks like this one.
    likely: Option<String>,
    /// None where there is no list.
    exempt: Option<bool>,
}

struct Enrolled {
    references: usize,
    /// Counted from 1.
    place: usize,
    handle: Option<String>,
}

fn look(held: &Held, id: &str) -> Result<Found, Failure> {
    let wrong = |error| Failure::new("id", error, "give an id as it is enrolled");
    let id = SubjectId::try_from(id.trim().to_owned()).map_err(wrong)?;
    let exempt = held.exempt()?.map(|list| list.contains(&id));
    held.open(|gallery| {
        let enrolled = gallery.position(&id).map(|position| Enrolled {
            references: gallery.reference_count(position),
            place: position + 1,
            handle: gallery.handle(position).map(|handle| handle.as_str().to_owned()),
        });
        let likely = gallery.not_enrolled([&id]).into_iter().next().and_then(|unknown| unknown.likely);
        Ok(Found { enrolled, likely, exempt, id: id.clone() })
    })
}

/// `GET /gallery/NUMBER/search`
pub async fn form(visit: Visit, Number(number): Number) -> Response {
    visit.page(&visit.t("search"), card(&visit, number, None))
}

/// `POST /gallery/NUMBER/search`: what is searched for stands in no address, which browsers keep.
pub async fn search(
    State(custodian): State<Arc<Custodian>>,
    visit: Visit,
    Number(number): Number,
    Form(wanted): Form<Wanted>,
) -> Result<Response, StatusCode> {
    let title = visit.t("search");
    let id = wanted.id.clone();
    let found = blocking(move || gallery_of(&custodian, number).map(|held| look(held, &id))).await?;
    let frame = |content: Markup| {
        html! {
            (content)
            (card(&visit, number, Some(&wanted.id)))
            p { a href=(visit.to(&format!("/gallery/{number}"))) { (visit.t("back")) } }
        }
    };
    Ok(match found {
        None => visit.missing(),
        Some(Ok(found)) => visit.page(&title, frame(shown(&visit, &found))),
        Some(Err(failure)) => visit.refused(&title, frame(page::failure(&visit, &failure))),
    })
}

/// The form; with what was searched for last.
pub fn card(visit: &Visit, number: usize, id: Option<&str>) -> Markup {
    html! {
        form.card method="post" action=(visit.form(&format!("/gallery/{number}/search"))) {
            h2 { (visit.t("search")) }
            (field(&visit.t("id"), Some(&visit.t("search-hint")), "id", html! {
                input #id name="id" value=[id] required maxlength="256" autocomplete="off" spellcheck="false" aria-describedby="id-hint";
            }))
            div.actions { button.second type="submit" { (visit.t("search-do")) } }
        }
    }
}

fn shown(visit: &Visit, found: &Found) -> Markup {
    let exempt = match found.exempt {
        None => visit.t("exempt-no-list"),
        Some(true) => visit.t("is-exempt"),
        Some(false) => visit.t("is-not-exempt"),
    };
    html! {
        section.card role="status" {
            h2 { (found.id) }
            @match &found.enrolled {
                Some(enrolled) => {
                    (facts([
                        Some(Row::new(visit.t("state"), stands(Standing::Good, &visit.t("is-enrolled")))),
                        Some(Row::new(visit.t("references"), visit.words.number(enrolled.references as u64))),
                        Some(Row::new(visit.t("place"), visit.words.number(enrolled.place as u64))),
                        enrolled.handle.as_ref().map(|handle| Row::new(visit.t("handle"), handle.as_str())),
                        Some(Row::new(visit.t("exempt"), exempt)),
                    ].into_iter().flatten()))
                    p.hint { (visit.t("place-hint")) }
                }
                None => {
                    (facts([
                        Row::new(visit.t("state"), stands(Standing::Bad, &visit.t("is-not-enrolled"))),
                        Row::new(visit.t("exempt"), exempt),
                    ]))
                    @if let Some(likely) = &found.likely {
                        p { (visit.with("search-likely", &[("id", likely.clone().into())])) }
                    }
                    @if found.exempt == Some(true) { (page::warning(&visit.t("exempt-unknown"))) }
                }
            }
        }
    }
}
