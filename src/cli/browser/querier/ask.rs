//! Asking: a file or a pasted template; what was read of it; what is said beside it; what it will cost; one button.

use std::sync::Arc;

use axum::extract::{Form, Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use rand::RngCore as _;

use super::draft::{Draft, Look, Record};
use super::quota::Costs;
use super::state::{Querier, blocking};
use crate::agreement::{Code, RequestField};
use crate::cli::browser::commands;
use crate::cli::browser::desk;
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Row, Visit, facts, field};
use crate::cli::browser::upload::{Sent, Uploaded};
use crate::cli::failure::Failure;
use crate::cli::{load, party};
use crate::service::protocol::Line;

type Shared = State<Arc<Querier>>;

/// `GET /ask`
pub async fn form(State(querier): Shared, visit: Visit) -> Response {
    visit.page(&visit.t("ask"), sending(&visit, &querier, None))
}

/// `POST /ask/read`: the file is read, and nothing else is done.
pub async fn read(State(querier): Shared, visit: Visit, form: Multipart) -> Result<Response, StatusCode> {
    let draft = match Sent::receive(form).await {
        Ok(sent) => {
            let querier = Arc::clone(&querier);
            blocking(move || look_at(&querier, sent)).await?
        }
        Err(failure) => Err(failure),
    };
    Ok(match draft {
        Ok(draft) => see(&visit, &format!("/ask/{}", querier.drafts.keep(draft).id)),
        Err(failure) => visit.refused(&visit.t("ask"), sending(&visit, &querier, Some(&failure))),
    })
}

fn look_at(querier: &Querier, mut sent: Sent) -> Result<Draft, Failure> {
    let file = match (sent.file("file"), sent.text("pasted")) {
        (Some(file), _) => file,
        (None, "") => return Err(Failure::new("file", "nothing was sent", "choose a file, or paste a template")),
        (None, text) => Uploaded::of_text("pasted", text)?,
    };
    let mut draft = Draft::new(file, sent.file("ids"))?;
    draft.skip = sent.text("skip") == "yes";
    draft.canaries = sent.text("canaries") == "yes";
    draft.reference = Some(sent.text("reference").to_owned()).filter(|id| !id.is_empty());
    let args = commands::asking(querier.asking_with(draft.options()))?;
    let (console, heard) = desk::listening();
    load::target(draft.reference.as_deref())?;
    let loaded = args.look(querier.agreement(), &console)?;
    draft.look = Look { notes: heard.take(), ..Look::at(&loaded, querier.agreement()) };
    Ok(draft)
}

fn sending(visit: &Visit, querier: &Querier, failure: Option<&Failure>) -> Markup {
    let canaries = querier.terms().canaries.is_some();
    html! {
        @if let Some(found) = failure { (page::failure(visit, found)) }
        p.lead { (visit.with("ask-text", &[("shape", querier.agreement().shape().to_string().into())])) }
        form.card method="post" action=(visit.form("/ask/read")) enctype="multipart/form-data" {
            (field(&visit.t("ask-file"), Some(&visit.t("ask-file-hint")), "file", html! { input #file name="file" type="file" aria-describedby="file-hint"; }))
            (field(&visit.t("ask-pasted"), Some(&visit.t("ask-pasted-hint")), "pasted", html! { textarea #pasted name="pasted" spellcheck="false" autocomplete="off" aria-describedby="pasted-hint" {} }))
            details {
                summary { (visit.t("ask-more")) }
                (field(&visit.t("ask-ids"), Some(&visit.t("ask-ids-hint")), "ids", html! { input #ids name="ids" type="file" aria-describedby="ids-hint"; }))
                (field(&visit.t("ask-reference"), Some(&visit.t("ask-reference-hint")), "reference", html! { input #reference name="reference" autocomplete="off" maxlength="256" aria-describedby="reference-hint"; }))
                label.check { input type="checkbox" name="skip" value="yes"; span { (visit.t("ask-skip")) } }
                @if canaries { label.check { input type="checkbox" name="canaries" value="yes"; span { (visit.t("ask-canaries")) } } }
            }
            div.actions { button type="submit" { (visit.t("ask-read")) } }
            p.hint { (visit.t("ask-kept")) }
        }
    }
}

/// `GET /ask/DRAFT`
pub async fn look(State(querier): Shared, visit: Visit, Path(id): Path<String>) -> Response {
    match querier.drafts.find(&id) {
        Some(draft) => visit.page(&visit.t("ask-look"), looked(&visit, &querier, &draft, None)),
        None => visit.missing(),
    }
}

fn looked(visit: &Visit, querier: &Querier, draft: &Draft, wrong: Option<&str>) -> Markup {
    let record = draft.record().unwrap_or_default();
    html! {
        (what_was_read(visit, querier, draft))
        @if draft.look.refused > 0 && !draft.skip {
            (page::warning(&visit.t("ask-refused-all")))
        }
        @if draft.look.persons > 0 && (draft.skip || draft.look.refused == 0) {
            (record_form(visit, querier, draft, &record, wrong))
        }
        (dropping(visit, draft))
    }
}

fn what_was_read(visit: &Visit, querier: &Querier, draft: &Draft) -> Markup {
    let look = &draft.look;
    let rows = [
        Some(Row::new(visit.t("file"), format!("{}, {}", draft.file.name(), visit.words.bytes(draft.file.bytes())))),
        Some(Row::new(visit.t("shape"), html! { span lang="en" { (querier.agreement().shape()) } })),
        Some(Row::new(visit.t("records"), visit.words.number(look.given as u64))),
        Some(Row::new(visit.t("persons"), visit.words.number(look.persons as u64))),
        Some(Row::new(visit.t("templates"), visit.words.number(look.templates as u64))),
        look.norms.map(|norms| {
            let [least, median, greatest] = norms.map(|norm| visit.words.decimal(norm, 3).into());
            Row::new(
                visit.t("norms"),
                visit.with("norms-text", &[("least", least), ("median", median), ("greatest", greatest)]),
            )
        }),
        Some(Row::new(visit.t("refused"), visit.words.number(look.refused as u64))),
        draft.reference.as_ref().map(|reference| Row::new(visit.t("ask-about-one"), reference.as_str())),
        draft.canaries.then(|| Row::new(visit.t("canaries"), visit.t("yes"))),
    ];
    html! {
        section.card {
            h2 { (visit.t("ask-what-was-read")) }
            (facts(rows.into_iter().flatten()))
            @if !look.reasons.is_empty() {
                h3 { (visit.t("ask-reasons")) }
                ul lang="en" { @for reason in &look.reasons { li { (reason) } } }
                @if look.refused > look.reasons.len() { p { (visit.counted("and-more", (look.refused - look.reasons.len()) as u64)) } }
            }
            @if !look.notes.is_empty() {
                details { summary { (visit.t("notes")) } ul lang="en" { @for note in &look.notes { li { (note) } } } }
            }
        }
    }
}

fn record_form(visit: &Visit, querier: &Querier, draft: &Draft, record: &Record, wrong: Option<&str>) -> Markup {
    let terms = querier.terms();
    let required = |of: RequestField| terms.required.contains(&of);
    let text = |name: &str, key: &str, value: &str, needed: bool, most: usize| {
        let label = if needed { visit.t(key) } else { visit.with("optional", &[("name", visit.t(key).into())]) };
        field(
            &label,
            None,
            name,
            html! { input id=(name) name=(name) value=(value) required[needed] maxlength=(most) autocomplete="off"; },
        )
    };
    html! {
        form.card method="post" action=(visit.form(&format!("/ask/{}/record", draft.id))) {
            h2 { (visit.t("ask-record")) }
            @if let Some(wrong) = wrong { div.notice.problem role="alert" { p { (wrong) } } }
            (field(&visit.t("purpose"), Some(&visit.t("purpose-hint")), "purpose", html! {
                select #purpose name="purpose" required aria-describedby="purpose-hint" {
                    @if terms.purposes.len() > 1 { option value="" { (visit.t("choose")) } }
                    @for purpose in &terms.purposes { option value=(purpose) selected[record.purpose == purpose.as_str()] { (purpose) } }
                }
            }))
            (text("justification", "justification", &record.justification, required(RequestField::Justification), 200))
            (text("case_category", "case-category", &record.case_category, required(RequestField::CaseCategory), 64))
            (text("officer", "officer", &record.officer, required(RequestField::Officer), 64))
            div.actions { button type="submit" { (visit.t("ask-to-plan")) } }
        }
    }
}

fn dropping(visit: &Visit, draft: &Draft) -> Markup {
    html! {
        div.actions {
            form method="post" action=(visit.form(&format!("/ask/{}/drop", draft.id))) {
                button.second type="submit" { (visit.t("ask-drop")) }
            }
        }
    }
}

/// `POST /ask/DRAFT/record`
pub async fn record(
    State(querier): Shared,
    visit: Visit,
    Path(id): Path<String>,
    Form(record): Form<Record>,
) -> Response {
    let Some(draft) = querier.drafts.find(&id) else { return visit.missing() };
    let wrong = wrong_with(&visit, &querier, &record);
    draft.set_record(record);
    match wrong {
        Some(wrong) => visit.refused(&visit.t("ask-look"), looked(&visit, &querier, &draft, Some(&wrong))),
        None => see(&visit, &format!("/ask/{id}/plan")),
    }
}

/// What the custodian would refuse it for, before it is sent.
fn wrong_with(visit: &Visit, querier: &Querier, record: &Record) -> Option<String> {
    let terms = querier.terms();
    let missing = |key: &str| Some(visit.with("field-missing", &[("name", visit.t(key).into())]));
    if !terms.purposes.iter().any(|purpose| purpose.as_str() == record.purpose) {
        return missing("purpose");
    }
    for (of, key, value) in [
        (RequestField::Justification, "justification", &record.justification),
        (RequestField::CaseCategory, "case-category", &record.case_category),
        (RequestField::Officer, "officer", &record.officer),
    ] {
        if terms.required.contains(&of) && value.trim().is_empty() {
            return missing(key);
        }
    }
    let justification = record.justification.trim();
    if !justification.is_empty() && justification.parse::<Line>().is_err() {
        return Some(visit.with("field-no-line", &[("name", visit.t("justification").into())]));
    }
    for (key, value) in [("case-category", &record.case_category), ("officer", &record.officer)] {
        let value = value.trim();
        if !value.is_empty() && value.parse::<Code>().is_err() {
            return Some(visit.with("field-no-code", &[("name", visit.t(key).into())]));
        }
    }
    None
}

/// `GET /ask/DRAFT/plan`
pub async fn plan(State(querier): Shared, visit: Visit, Path(id): Path<String>) -> Result<Response, StatusCode> {
    let Some(draft) = querier.drafts.find(&id) else { return Ok(visit.missing()) };
    let Some(record) = draft.record() else { return Ok(see(&visit, &format!("/ask/{id}"))) };
    let costs = {
        let (querier, persons, about_one) = (Arc::clone(&querier), draft.look.persons, draft.reference.is_some());
        blocking(move || Costs::of(&querier, persons, about_one)).await?
    };
    let costs = match costs {
        Ok(costs) => costs,
        Err(failure) => return Ok(visit.refused(&visit.t("ask-plan"), page::failure(&visit, &failure))),
    };
    Ok(visit.page(&visit.t("ask-plan"), planned(&visit, &querier, &draft, &record, &costs)))
}

fn planned(visit: &Visit, querier: &Querier, draft: &Draft, record: &Record, costs: &Costs) -> Markup {
    let said = [
        ("purpose", &record.purpose),
        ("justification", &record.justification),
        ("case-category", &record.case_category),
        ("officer", &record.officer),
    ];
    let said = said.into_iter().filter(|(_, value)| !value.is_empty());
    html! {
        p.lead { (visit.with("ask-plan-text", &[("custodian", querier.party().rest.custodian.party.as_str().into())])) }
        section.card {
            h2 { (visit.t("ask-cost")) }
            (costs.shown(visit, querier))
        }
        section.card {
            h2 { (visit.t("ask-said")) }
            (facts(said.map(|(key, value)| Row::new(visit.t(key), value.as_str()))))
        }
        @if let Some(why) = costs.beyond(visit) { (page::warning(&why)) }
        div.actions {
            form method="post" action=(visit.form(&format!("/ask/{}/send", draft.id))) {
                button type="submit" { (visit.counted("ask-send", draft.look.persons as u64)) }
            }
            a.button.second href=(visit.to(&format!("/ask/{}", draft.id))) { (visit.t("back")) }
        }
        (dropping(visit, draft))
    }
}

/// `POST /ask/DRAFT/send`: from here on it is a request.
pub async fn send(State(querier): Shared, visit: Visit, Path(id): Path<String>) -> Result<Response, StatusCode> {
    // Taken, so that who presses twice asks once.
    let Some(draft) = querier.drafts.take(&id) else { return Ok(visit.missing()) };
    let Some(record) = draft.record() else { return Ok(visit.missing()) };
    let begun = blocking(move || begin(&querier, draft, &record)).await?;
    Ok(match begun {
        Ok(number) => see(&visit, &format!("/requests/{number}")),
        Err(failure) => visit.refused(&visit.t("ask"), page::failure(&visit, &failure)),
    })
}

fn begin(querier: &Arc<Querier>, draft: Arc<Draft>, record: &Record) -> Result<Code, Failure> {
    let number = format!("{}-{:06}", party::now().day(), load::randomness()?.next_u32() % 1_000_000);
    let number: Code = number.parse().map_err(|error| Failure::new("number", error, "try again"))?;
    let options = draft.options().into_iter().chain(record.options()).chain([format!("--number={number}")]);
    let arguments = querier.asking_with(options);
    querier.ask(&number, arguments, draft)?;
    Ok(number)
}

/// `POST /ask/DRAFT/drop`
pub async fn forget(State(querier): Shared, visit: Visit, Path(id): Path<String>) -> Response {
    drop(querier.drafts.take(&id));
    see(&visit, "/ask")
}
