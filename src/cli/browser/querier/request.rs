//! One request: what was asked, how far it is, what was signed, what the answer says.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::requests::state_key;
use super::state::{Querier, blocking, verdicts};
use crate::agreement::Code;
use crate::cli::ask::Told;
use crate::cli::browser::commands::Ran;
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Row, Visit, facts, fingerprint};
use crate::cli::browser::upload::by_their_names;
use crate::cli::browser::work::{Standing, Work};
use crate::cli::failure::Failure;
use crate::service::protocol::{Receipt, Reply, ReplyOutcome, Request};
use crate::service::signing::Signed;
use crate::service::store::{OutboxRequest, RequestState};

type Shared = State<Arc<Querier>>;
type Answer = Result<Response, StatusCode>;

/// A request with all that is known of it.
struct Known {
    request: OutboxRequest,
    asked: Request,
    receipt: Option<Signed<Receipt>>,
    told: Option<Told>,
    /// Our own statement and both of the custodian's, checked now.
    checked: Checked,
}

/// Which statements are there, and whether they are signed by whom they should be.
struct Checked {
    /// Whether it is signed with the key of now; else with one that this one has followed, of which the log tells.
    request: bool,
    receipt: Option<Result<Receipt, String>>,
    reply: Option<Result<Reply, String>>,
}

fn read(querier: &Querier, number: &Code) -> Result<Option<Known>, Failure> {
    let (found, receipt, key) = querier
        .with_outbox(|outbox| Ok((outbox.request(number)?, outbox.receipt(number)?, outbox.journal().public_key())))?;
    let Some(request) = found else { return Ok(None) };
    let place = format!("request {number}");
    let damaged =
        |error: &dyn std::fmt::Display| Failure::new(&place, error, "its database is damaged: verify the log");
    let asked = request.statement.verify(None).map_err(|error| damaged(&error))?;
    let told = match &request.verdicts {
        Some(sealed) => Some(verdicts(&querier.keys(), number, sealed)?),
        None => None,
    };
    let signers = querier.custodian_signers();
    let checked = Checked {
        request: request.statement.verify(Some(&key)).is_ok(),
        receipt: receipt.as_ref().map(|said| signers.verify(said).map_err(|error| error.to_string())),
        reply: request.reply.as_ref().map(|said| signers.verify(said).map_err(|error| error.to_string())),
    };
    Ok(Some(Known { request, asked, receipt, told, checked }))
}

async fn known(querier: &Arc<Querier>, number: &Code) -> Result<Result<Option<Known>, Failure>, StatusCode> {
    let (querier, number) = (Arc::clone(querier), number.clone());
    blocking(move || read(&querier, &number)).await
}

/// `GET /requests/NUMBER`
pub async fn show(State(querier): Shared, visit: Visit, Path(number): Path<Code>) -> Answer {
    let title = visit.with("request-number", &[("number", number.as_str().into())]);
    let work = querier.asking.find(number.as_str());
    let found = known(&querier, &number).await?;
    Ok(match (found, work) {
        (Err(failure), _) => visit.refused(&title, page::failure(&visit, &failure)),
        // Not encrypted yet, or it could not be.
        (Ok(None), Some(work)) => under(&visit, &title, &work, before_it_is_kept(&visit, &number, &work)),
        (Ok(None), None) => visit.missing(),
        (Ok(Some(known)), work) => {
            let content = whole(&visit, &querier, &known, work.as_ref());
            match work {
                Some(work) => under(&visit, &title, &work, content),
                None => visit.page(&title, content),
            }
        }
    })
}

/// A page whose work may be under way.
fn under(visit: &Visit, title: &str, work: &Work<Ran>, content: Markup) -> Response {
    if work.is_over() { visit.page(title, content) } else { visit.page_under_way(title, content) }
}

fn before_it_is_kept(visit: &Visit, number: &Code, work: &Arc<Work<Ran>>) -> Markup {
    html! {
        (running(visit, number, work))
        (ended(visit, work))
        p { a href=(visit.to("/ask")) { (visit.t("ask-anew")) } }
    }
}

fn whole(visit: &Visit, querier: &Querier, known: &Known, work: Option<&Arc<Work<Ran>>>) -> Markup {
    let Known { request, asked, told, .. } = known;
    let under_way = work.is_some_and(|work| !work.is_over());
    html! {
        @if let Some(work) = work {
            (running(visit, &request.number, work))
            (ended(visit, work))
        }
        @if let Some(told) = told { (answer(visit, told)) }
        @if !under_way { (actions(visit, known)) }
        section.card {
            h2 { (visit.t("request-said")) }
            (facts(said(visit, asked, state_key(request.state, told.is_some(), under_way))))
        }
        (statements(visit, querier, known))
    }
}

fn said(visit: &Visit, asked: &Request, state: &'static str) -> Vec<Row> {
    let optional = |key: &str, value: Option<&str>| value.map(|value| Row::new(visit.t(key), value));
    [
        Some(Row::new(visit.t("state"), visit.t(state))),
        Some(Row::new(visit.t("made"), visit.words.time(asked.time))),
        Some(Row::new(visit.t("persons"), visit.words.number(asked.probes.into()))),
        Some(Row::new(visit.t("purpose"), asked.purpose.as_str())),
        optional("justification", asked.justification.as_ref().map(|line| line.as_str())),
        optional("case-category", asked.case_category.as_ref().map(Code::as_str)),
        optional("officer", asked.officer.as_ref().map(Code::as_str)),
        Some(Row::new(visit.t("agreement"), fingerprint(&asked.agreement.to_string()))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How far it is, told again and again as long as it is under way; then the page is loaded anew.
fn running(visit: &Visit, number: &Code, work: &Arc<Work<Ran>>) -> Markup {
    if work.is_over() {
        return html! {};
    }
    let here = visit.to(&format!("/requests/{number}"));
    html! {
        section.card hx-get=(here) hx-trigger="end" hx-target="#content" hx-select="#content" hx-swap="outerHTML" {
            h2 { (visit.t("under-way")) }
            div hx-sse:connect=(format!("{here}/events")) hx-sse:close="end" hx-swap="innerHTML" { (standing(visit, &work.standing())) }
            p.hint { (visit.t("under-way-hint")) }
        }
    }
}

fn standing(visit: &Visit, standing: &Standing) -> Markup {
    html! {
        @match standing.progress {
            Some((label, _, done, of)) => {
                (page::steps(&visit.t("under-way"), done, of))
                p role="status" { (visit.with(if label == "match" { "progress-match" } else { "progress-other" }, &[
                    ("done", visit.words.number(done).into()),
                    ("of", visit.words.number(of).into()),
                ])) }
            }
            None => p role="status" { (visit.t("progress-begun")) },
        }
        @if !standing.notes.is_empty() {
            ul.soft lang="en" { @for note in &standing.notes { li { (note) } } }
        }
    }
}

/// `GET /requests/NUMBER/events`
pub async fn events(State(querier): Shared, visit: Visit, Path(number): Path<Code>) -> Response {
    match querier.asking.find(number.as_str()) {
        Some(work) => work.events(move |now| standing(&visit, now)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Why there are no verdicts, where the last try ended so.
fn ended(visit: &Visit, work: &Work<Ran>) -> Markup {
    let Some(end) = work.end() else { return html! {} };
    match &*end {
        Err(failure) => page::failure(visit, failure),
        Ok(ran) => match first_why(&ran.document) {
            Some((ending, why)) => html! {
                div.notice.warning role="alert" {
                    p { strong { (visit.t(ending_key(ending))) } }
                    p lang="en" { (by_their_names(why)) }
                }
            },
            None => html! {},
        },
    }
}

fn first_why(document: &Value) -> Option<(&str, &str)> {
    let request = document.get("requests")?.get(0)?;
    Some((request.get("ending")?.as_str()?, request.get("why")?.as_str()?))
}

fn ending_key(ending: &str) -> &'static str {
    match ending {
        "waiting" => "ending-waiting",
        "refused" => "ending-refused",
        "unanswered" => "ending-unanswered",
        "forgotten" => "ending-forgotten",
        _ => "ending-error",
    }
}

fn answer(visit: &Visit, told: &Told) -> Markup {
    let (hits, asked) = (told.hits as u64, told.said.len() as u64);
    html! {
        section.card {
            h2 { (visit.t("verdicts")) }
            p.lead { (visit.with("verdicts-count", &[
                ("count", (hits as f64).into()),
                ("hits", visit.words.number(hits).into()),
                ("asked", visit.words.number(asked).into()),
            ])) }
            (table(visit, told))
        }
    }
}

fn table(visit: &Visit, told: &Told) -> Markup {
    let details = told.said.iter().any(|said| said.detail().is_some());
    html! {
        div.table tabindex="0" role="region" aria-label=(visit.t("verdicts")) {
            table {
                caption { (visit.t("verdicts-caption")) }
                thead { tr {
                    th scope="col" { (visit.t("case")) }
                    th scope="col" { (visit.t("verdict")) }
                    @if details { th scope="col" { (visit.t("disclosed")) } }
                } }
                tbody {
                    @for said in &told.said {
                        tr {
                            th scope="row" { (said.probe()) }
                            td { (page::verdict(visit, said.hit())) }
                            @if details { td { (said.detail().unwrap_or_default()) } }
                        }
                    }
                }
            }
        }
    }
}

fn actions(visit: &Visit, known: &Known) -> Markup {
    let number = &known.request.number;
    let to = |what: &str| visit.form(&format!("/requests/{number}/{what}"));
    let open = !matches!(known.request.state, RequestState::Done | RequestState::Abandoned) && known.told.is_none();
    let may_abandon = matches!(known.request.state, RequestState::Prepared | RequestState::Accepted);
    html! {
        div.actions {
            @if open { form method="post" action=(to("resume")) { button type="submit" { (visit.t("go-on")) } } }
            @if known.told.is_some() {
                a.button.second href=(visit.to(&format!("/requests/{number}/print"))) { (visit.t("print")) }
                a.button.second href=(visit.to(&format!("/requests/{number}/verdicts.csv"))) download=(format!("{number}.csv")) { (visit.t("csv")) }
            }
        }
        @if known.told.is_some() { (confirmed(visit, "forget-verdicts", "forget-text", &to("forget"))) }
        @if may_abandon { (confirmed(visit, "abandon", "abandon-text", &to("abandon"))) }
    }
}

/// Something that cannot be taken back: behind one more look.
fn confirmed(visit: &Visit, name: &str, text: &str, to: &str) -> Markup {
    html! {
        details {
            summary { (visit.t(name)) }
            div.notice.warning {
                p { (visit.t(text)) }
                form method="post" action=(to) { button.danger type="submit" { (visit.t(name)) } }
            }
        }
    }
}

/// What was signed by whom, and whether it holds.
fn statements(visit: &Visit, querier: &Querier, known: &Known) -> Markup {
    let Checked { request, receipt, reply } = &known.checked;
    let custodian = querier.party().rest.custodian.party.as_str();
    let holds = |sound: bool| match sound {
        true => html! { span.yes { "\u{2713} " (visit.t("signature-holds")) } },
        false => html! { span.no { "\u{2717} " (visit.t("signature-fails")) } },
    };
    let mut rows = vec![Row::new(
        visit.t("statement-request"),
        html! {
            @if *request { (holds(true)) } @else { (visit.t("signature-earlier")) }
            br; (fingerprint(&known.request.statement.digest().to_string()))
        },
    )];
    if let (Some(checked), Some(signed)) = (receipt, &known.receipt) {
        rows.push(Row::new(
            visit.t("statement-receipt"),
            html! {
                (holds(checked.is_ok()))
                @match checked {
                    Ok(said) => { " " (visit.words.time(said.time)) }
                    Err(why) => { " " span lang="en" { (why) } }
                }
                br; (fingerprint(&signed.digest().to_string()))
            },
        ));
    }
    if let (Some(checked), Some(signed)) = (reply, &known.request.reply) {
        rows.push(Row::new(visit.t("statement-reply"), html! {
            (holds(checked.is_ok()))
            @match checked {
                Ok(said) => { " " (visit.with("reply-number", &[("number", said.number.to_string().into())])) ", " (visit.words.time(said.time)) }
                Err(why) => { " " span lang="en" { (why) } }
            }
            br; (fingerprint(&signed.digest().to_string()))
        }));
    }
    if let Some(Ok(said)) = reply {
        match &said.outcome {
            ReplyOutcome::Answered { gallery, bits, .. } => {
                rows.push(Row::new(
                    visit.t("gallery-version"),
                    html! {
                        (visit.words.number(*gallery))
                        @if let Some(root) = said.gallery() { br; (fingerprint(&root.root.to_string())) }
                    },
                ));
                rows.push(Row::new(visit.t("bits-at-most"), visit.words.counted("bits", *bits)));
            }
            ReplyOutcome::Unanswered { reason } => {
                rows.push(Row::new(visit.t("unanswered"), html! { span lang="en" { (reason) } }))
            }
        }
    }
    html! {
        section.card {
            h2 { (visit.t("statements")) }
            p.hint { (visit.with("statements-text", &[("custodian", custodian.into())])) }
            (facts(rows))
        }
    }
}

/// `GET /requests/NUMBER/print`: one page of paper, or some.
pub async fn print(State(querier): Shared, visit: Visit, Path(number): Path<Code>) -> Answer {
    let title = visit.with("request-number", &[("number", number.as_str().into())]);
    Ok(match known(&querier, &number).await? {
        Err(failure) => visit.refused(&title, page::failure(&visit, &failure)),
        Ok(None) => visit.missing(),
        Ok(Some(known)) => {
            let state = state_key(known.request.state, known.told.is_some(), false);
            let content = html! {
                p.no-print.notice { (visit.t("print-text")) }
                section.card { h2 { (visit.t("request-said")) } (facts(said(&visit, &known.asked, state))) }
                @match &known.told {
                    Some(told) => (answer(&visit, told)),
                    None => (page::empty(&visit.t("verdicts-none"))),
                }
                (statements(&visit, &querier, &known))
                p { (visit.with("printed", &[("time", visit.words.time(crate::cli::party::now()).into())])) }
            };
            visit.page(&title, content)
        }
    })
}

/// `GET /requests/NUMBER/verdicts.csv`: the table of `cotejo ask --csv`.
pub async fn csv(State(querier): Shared, visit: Visit, Path(number): Path<Code>) -> Answer {
    let title = visit.with("request-number", &[("number", number.as_str().into())]);
    let known = match known(&querier, &number).await? {
        Err(failure) => return Ok(visit.refused(&title, page::failure(&visit, &failure))),
        Ok(None) => return Ok(visit.missing()),
        Ok(Some(known)) => known,
    };
    let Some(told) = &known.told else { return Ok(visit.missing()) };
    let reply = known.checked.reply.as_ref().and_then(|reply| reply.as_ref().ok()).map(|reply| reply.number);
    let table = Told::headings().and_then(|headings| Ok(format!("{headings}\n{}\n", told.rows(&number, reply)?)));
    Ok(match table {
        Ok(table) => {
            let name = format!("attachment; filename=\"{number}.csv\"");
            ([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], table)
                .into_response()
        }
        Err(failure) => visit.refused(&title, page::failure(&visit, &failure)),
    })
}

/// `POST /requests/NUMBER/resume`
pub async fn resume(State(querier): Shared, visit: Visit, Path(number): Path<Code>) -> Answer {
    let arguments = querier.asking_with([format!("--resume={number}")]);
    done(&visit, &number, querier.ask(&number, arguments, ()).map(drop))
}

/// `POST /requests/NUMBER/abandon`
pub async fn abandon(State(querier): Shared, visit: Visit, Path(number): Path<Code>) -> Answer {
    instead(querier, visit, number, "--abandon").await
}

/// `POST /requests/NUMBER/forget`
pub async fn forget(State(querier): Shared, visit: Visit, Path(number): Path<Code>) -> Answer {
    instead(querier, visit, number, "--forget").await
}

/// What is done at once.
async fn instead(querier: Arc<Querier>, visit: Visit, number: Code, option: &'static str) -> Answer {
    let ran = {
        let number = number.clone();
        blocking(move || {
            let arguments = querier.asking_with([format!("{option}={number}")]);
            let ran = crate::cli::browser::commands::run(arguments, Arc::new(crate::cli::browser::commands::Deaf));
            // What was told on the page of this request, say, is not told any more.
            querier.asking.forget(number.as_str());
            ran
        })
    };
    done(&visit, &number, ran.await?.map(drop))
}

fn done(visit: &Visit, number: &Code, done: Result<(), Failure>) -> Answer {
    Ok(match done {
        Ok(()) => see(visit, &format!("/requests/{number}")),
        Err(failure) => {
            let title = visit.with("request-number", &[("number", number.as_str().into())]);
            visit.refused(&title, page::failure(visit, &failure))
        }
    })
}
