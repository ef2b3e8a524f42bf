//! Removing persons: whom, and what each has. They are looked up, and nothing is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::super::change::{Change, Leaving, Remove, What};
use super::super::held::Held;
use super::super::state::Custodian;
use super::{Number, gallery_of};
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Visit, field};
use crate::cli::browser::upload::{Sent, Uploaded};
use crate::cli::browser::work::blocking;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::service::signing::Hash;
use crate::template::SubjectId;

type Shared = State<Arc<Custodian>>;

/// `GET /gallery/NUMBER/remove`
pub async fn form(State(custodian): Shared, visit: Visit, Number(number): Number) -> Response {
    match gallery_of(&custodian, number) {
        Some(_) => visit.page(&visit.t("remove"), sending(&visit, number, "", None)),
        None => visit.missing(),
    }
}

fn sending(visit: &Visit, number: usize, typed: &str, failure: Option<&Failure>) -> Markup {
    html! {
        @if let Some(found) = failure { (page::failure(visit, found)) }
        p.lead { (visit.t("remove-text")) }
        form.card method="post" action=(visit.form(&format!("/gallery/{number}/remove"))) enctype="multipart/form-data" {
            (field(&visit.t("remove-ids"), Some(&visit.t("remove-ids-hint")), "ids", html! {
                textarea #ids name="ids" spellcheck="false" autocomplete="off" aria-describedby="ids-hint" { (typed) }
            }))
            (field(&visit.t("remove-file"), Some(&visit.t("remove-file-hint")), "file", html! { input #file name="file" type="file" aria-describedby="file-hint"; }))
            div.actions { button type="submit" { (visit.t("change-show")) } }
        }
    }
}

/// `POST /gallery/NUMBER/remove`
pub async fn look(
    State(custodian): Shared,
    visit: Visit,
    Number(number): Number,
    form: Multipart,
) -> Result<Response, StatusCode> {
    if gallery_of(&custodian, number).is_none() {
        return Ok(visit.missing());
    }
    let mut typed = String::new();
    let looked = match Sent::receive(form).await {
        Ok(sent) => {
            sent.text("ids").clone_into(&mut typed);
            let custodian = Arc::clone(&custodian);
            blocking(move || match gallery_of(&custodian, number) {
                Some(held) => look_at(number, held, sent),
                None => Err(Failure::new("gallery", "there is none of this number", "choose one")),
            })
            .await?
        }
        Err(failure) => Err(failure),
    };
    Ok(match looked {
        Ok(change) => see(&visit, &format!("/gallery/changes/{}", custodian.changes.keep(change).id)),
        Err(failure) => visit.refused(&visit.t("remove"), sending(&visit, number, &typed, Some(&failure))),
    })
}

fn look_at(number: usize, held: &Held, mut sent: Sent) -> Result<Change, Failure> {
    let list = match (sent.file("file"), sent.text("ids")) {
        (Some(file), "") => file,
        (Some(_), _) => return Err(Failure::new("ids", "they were typed, and sent as a file too", "do one of both")),
        (None, "") => return Err(Failure::new("ids", "nobody is named", "type ids, one a line, or choose a file")),
        (None, text) => Uploaded::of_text("ids", text)?,
    };
    let persons = load::persons(list.path())?;
    // Named twice, removed once.
    let ids: BTreeSet<SubjectId> = persons.into_iter().map(|person| person.subject).collect();
    let exempt = held.exempt()?.unwrap_or_default();
    let (remove, before) = held.open(|gallery| {
        let leaving = ids.iter().filter_map(|id| {
            let references = gallery.reference_count(gallery.position(id)?);
            Some(Leaving { id: id.clone(), references, exempt: exempt.contains(id) })
        });
        let unknown = gallery.not_enrolled(&ids).iter().map(ToString::to_string).collect();
        Ok((Remove { leaving: leaving.collect(), unknown }, Hash(gallery.state())))
    })?;
    Change::new(number.saturating_sub(1), What::Remove(remove), before)
}
