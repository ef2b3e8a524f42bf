//! Enrolling further templates: which, and what is done with those who are enrolled. They are looked at, and nothing is written.

use std::sync::Arc;

use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::super::change::{Append, Change, What};
use super::super::held::Held;
use super::super::state::Custodian;
use super::{Number, gallery_of};
use crate::agreement::Disclosure;
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Visit, field};
use crate::cli::browser::upload::Sent;
use crate::cli::browser::work::blocking;
use crate::cli::browser::{commands, desk};
use crate::cli::failure::Failure;
use crate::service::signing::Hash;

type Shared = State<Arc<Custodian>>;

/// `GET /gallery/NUMBER/append`
pub async fn form(State(custodian): Shared, visit: Visit, Number(number): Number) -> Response {
    match gallery_of(&custodian, number) {
        Some(held) => visit.page(&visit.t("append"), sending(&visit, number, held, None)),
        None => visit.missing(),
    }
}

fn sending(visit: &Visit, number: usize, held: &Held, failure: Option<&Failure>) -> Markup {
    let labelled = held.agreement.terms().disclosure == Disclosure::Labelled;
    let choice = |value: &str, key: &str, checked: bool| {
        html! { label.check { input type="radio" name="replace" value=(value) checked[checked]; span { (visit.t(key)) } } }
    };
    html! {
        @if let Some(found) = failure { (page::failure(visit, found)) }
        p.lead { (visit.with("append-text", &[("shape", held.agreement.shape().to_string().into())])) }
        form.card method="post" action=(visit.form(&format!("/gallery/{number}/append"))) enctype="multipart/form-data" {
            (field(&visit.t("append-file"), Some(&visit.t("append-file-hint")), "file", html! { input #file name="file" type="file" required aria-describedby="file-hint"; }))
            (field(&visit.t("append-ids"), Some(&visit.t("append-ids-hint")), "ids", html! { input #ids name="ids" type="file" aria-describedby="ids-hint"; }))
            @if labelled {
                (field(&visit.t("append-handles"), Some(&visit.t("append-handles-hint")), "handles", html! { input #handles name="handles" maxlength="200" autocomplete="off" aria-describedby="handles-hint"; }))
            }
            fieldset {
                legend { (visit.t("append-enrolled")) }
                (choice("no", "append-further", true))
                (choice("yes", "append-replace", false))
            }
            label.check { input type="checkbox" name="skip" value="yes"; span { (visit.t("append-skip")) } }
            div.actions { button type="submit" { (visit.t("change-show")) } }
            p.hint { (visit.t("append-kept")) }
        }
    }
}

/// `POST /gallery/NUMBER/append`
pub async fn look(
    State(custodian): Shared,
    visit: Visit,
    Number(number): Number,
    form: Multipart,
) -> Result<Response, StatusCode> {
    let Some(held) = gallery_of(&custodian, number) else { return Ok(visit.missing()) };
    let looked = match Sent::receive(form).await {
        Ok(sent) => {
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
        Err(failure) => visit.refused(&visit.t("append"), sending(&visit, number, held, Some(&failure))),
    })
}

fn look_at(number: usize, held: &Held, mut sent: Sent) -> Result<Change, Failure> {
    let file = sent.file("file").ok_or_else(|| Failure::new("file", "nothing was sent", "choose a file"))?;
    let ids = sent.file("ids");
    let (replace, skip) = (sent.text("replace") == "yes", sent.text("skip") == "yes");
    let handles = Some(sent.text("handles")).filter(|name| !name.is_empty());
    let mut options = vec![
        format!("--agreement={}", held.agreement_file.display()),
        format!("--templates={}", file.path().display()),
        format!("--out={}", held.file.display()),
        "--append".to_owned(),
    ];
    options.extend(ids.as_ref().map(|ids| format!("--ids={}", ids.path().display())));
    options.extend(handles.map(|name| format!("--handles={name}")));
    options.extend(replace.then(|| "--replace".to_owned()));
    options.extend(skip.then(|| "--skip-refused".to_owned()));
    let args = commands::enrolling(options.clone())?;
    let (console, _) = desk::listening();
    let (outlook, before) = held.open(|gallery| Ok((args.outlook(gallery, &console)?, Hash(gallery.state()))))?;
    let what = What::Append(Append::new((file, ids), (replace, skip), options, outlook));
    Change::new(number.saturating_sub(1), what, before)
}
