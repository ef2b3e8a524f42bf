//! The breaker: one large switch. It is pulled and reset as `cotejo breaker` does it, with a reason.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::state::{Custodian, Operator};
use crate::cli::browser::commands::{self, Deaf};
use crate::cli::browser::house::see;
use crate::cli::browser::page::{self, Row, Visit, facts, field};
use crate::cli::browser::work::blocking;
use crate::service::protocol::Line;
use crate::service::store::Breaker;

/// What was chosen, and why.
#[derive(Default, Deserialize)]
pub struct Change {
    #[serde(default)]
    reason: String,
    /// "pull" or "reset".
    #[serde(default)]
    to: String,
}

/// The switch; `wrong` is what was wrong with the last try.
pub fn card(visit: &Visit, custodian: &Custodian, breaker: Option<&Breaker>, wrong: Option<&str>) -> Markup {
    let pulled = breaker.is_some();
    html! {
        section.card.switch.on[pulled] aria-labelledby="breaker-title" {
            h2 #breaker-title { (visit.t("breaker")) }
            (position(visit, breaker))
            p { (visit.t(if pulled { "breaker-pulled-text" } else { "breaker-text" })) }
            @if let Some(wrong) = wrong { div.notice.problem role="alert" { p { (wrong) } } }
            @match (custodian.has_operators(), custodian.operator()) {
                (true, None) => (by_operator(visit, custodian, pulled)),
                (_, operator) => (form(visit, operator, pulled)),
            }
        }
    }
}

/// Which way it stands, since when, and why.
pub fn position(visit: &Visit, breaker: Option<&Breaker>) -> Markup {
    match breaker {
        None => html! { p.position { span.shape aria-hidden="true" { "\u{25cb} " } (visit.t("breaker-off")) } },
        Some(breaker) => html! {
            p.position { span.shape aria-hidden="true" { "\u{25a0} " } (visit.t("breaker-on")) }
            (facts([
                Row::new(visit.t("breaker-since"), visit.words.time(breaker.since)),
                Row::new(visit.t("reason"), breaker.reason.as_str()),
            ]))
        },
    }
}

fn form(visit: &Visit, operator: Option<&Operator>, pulled: bool) -> Markup {
    html! {
        form method="post" action=(visit.form("/now/breaker")) {
            (field(&visit.t("reason"), Some(&visit.t("breaker-reason-hint")), "reason", html! {
                input #reason name="reason" required maxlength="200" autocomplete="off" aria-describedby="reason-hint";
            }))
            @if let Some(operator) = operator {
                p.hint { (visit.with("breaker-by", &[("operator", operator.name.as_str().into())])) }
            }
            div.actions {
                @if pulled {
                    button type="submit" name="to" value="reset" { (visit.t("breaker-reset")) }
                } @else {
                    button.danger type="submit" name="to" value="pull" { (visit.t("breaker-pull")) }
                }
            }
        }
    }
}

/// What to type, where operators have keys, and this console has none of theirs.
fn by_operator(visit: &Visit, custodian: &Custodian, pulled: bool) -> Markup {
    let command = if pulled { "reset" } else { "pull" };
    let config = custodian.config().display();
    html! {
        p { (visit.t("breaker-operators")) }
        p { code.digits { "cotejo breaker " (command) " --config " (config) " --reason \"...\" --operator NAME --key FILE" } }
        p.hint { (visit.t("breaker-operators-hint")) }
    }
}

/// `POST /now/breaker`
pub async fn change(
    State(custodian): State<Arc<Custodian>>,
    visit: Visit,
    Form(change): Form<Change>,
) -> Result<Response, StatusCode> {
    let title = visit.t("breaker");
    let reason = change.reason.trim().to_owned();
    let pulled = match change.to.as_str() {
        "pull" => true,
        "reset" => false,
        _ => return Ok(visit.missing()),
    };
    let wrong = match reason.as_str() {
        "" => Some(visit.t("breaker-reason-missing")),
        reason if reason.parse::<Line>().is_err() => Some(visit.t("breaker-reason-wrong")),
        _ => None,
    };
    let done = {
        let custodian = Arc::clone(&custodian);
        let arguments = wrong.is_none().then(|| arguments(&custodian, pulled, &reason));
        blocking(move || {
            arguments.map(|arguments| commands::run(arguments, Arc::new(Deaf))).transpose()?;
            custodian.with_custody(|custody| custody.breaker())
        })
        .await?
    };
    Ok(match (done, wrong) {
        (Ok(_), None) => see(&visit, "/now"),
        (Ok(breaker), Some(wrong)) => visit.refused(&title, card(&visit, &custodian, breaker.as_ref(), Some(&wrong))),
        (Err(failure), _) => {
            let content = html! {
                (page::failure(&visit, &failure))
                div.actions { a.button.second href=(visit.to("/now")) { (visit.t("back")) } }
            };
            visit.refused(&title, content)
        }
    })
}

fn arguments(custodian: &Custodian, pulled: bool, reason: &str) -> Vec<String> {
    let words = ["breaker", if pulled { "pull" } else { "reset" }, "--yes"].map(str::to_owned);
    let given = [format!("--config={}", custodian.config().display()), format!("--reason={reason}")];
    let operator = custodian
        .operator()
        .into_iter()
        .flat_map(|Operator { name, key }| [format!("--operator={name}"), format!("--key={}", key.display())]);
    words.into_iter().chain(given).chain(operator).collect()
}
