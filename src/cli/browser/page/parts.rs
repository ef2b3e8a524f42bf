//! Parts that stand in several pages.

use maud::{Markup, Render, html};

use super::Visit;
use crate::cli::browser::upload::by_their_names;
use crate::cli::failure::{Failure, MendableProblem};

/// What is wrong and what to do about it: the words of the program, which are English.
pub fn failure(visit: &Visit, failure: &Failure) -> Markup {
    match failure {
        Failure::Problem(found) => problem(visit, found),
        Failure::Interrupted | Failure::OutputClosed => warning(&visit.t("interrupted")),
        Failure::Paused(how) => html! { div.notice.warning role="alert" { p lang="en" { (how) } } },
    }
}

/// So many faults are listed of one kind.
const LISTED: usize = 20;

/// The same of a problem.
fn problem(visit: &Visit, problem: &MendableProblem) -> Markup {
    let MendableProblem { place, what, details, remedy, .. } = problem;
    html! {
        div.notice.problem role="alert" {
            p { strong { (visit.t("problem")) } " " span lang="en" { (by_their_names(&format!("{place}: {what}"))) } }
            @if !details.is_empty() {
                ul lang="en" { @for detail in details.iter().take(LISTED) { li { (by_their_names(detail)) } } }
                @if details.len() > LISTED { p { (visit.counted("and-more", (details.len() - LISTED) as u64)) } }
            }
            @if !remedy.is_empty() { p { (visit.t("remedy")) " " span lang="en" { (by_their_names(remedy)) } } }
        }
    }
}

/// Something that must not be overlooked.
pub fn warning(text: &str) -> Markup {
    html! { div.notice.warning role="alert" { p { (text) } } }
}

/// Something that is good to know.
pub fn note(text: &str) -> Markup {
    html! { div.notice role="status" { p { (text) } } }
}

/// Nothing is there.
pub fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// A line of a list of facts.
pub struct Row {
    name: String,
    value: Markup,
}

impl Row {
    pub fn new(name: String, value: impl Render) -> Self {
        Self { name, value: value.render() }
    }
}

/// What is the case, as name and value.
pub fn facts(rows: impl IntoIterator<Item = Row>) -> Markup {
    html! { dl.facts { @for Row { name, value } in rows { div { dt { (name) } dd { (value) } } } } }
}

/// Hexadecimal digits that people compare: in groups, and whole when they are copied.
pub fn fingerprint(digits: &str) -> Markup {
    html! { code.digits { (digits) } }
}

/// A verdict, in words and in shape: never by colour alone.
pub fn verdict(visit: &Visit, hit: bool) -> Markup {
    match hit {
        true => html! { span.verdict.hit { span.shape aria-hidden="true" { "\u{25cf}" } " " (visit.t("hit")) } },
        false => html! { span.verdict.miss { span.shape aria-hidden="true" { "\u{25cb}" } " " (visit.t("no-hit")) } },
    }
}

/// How much of a limit is used.
pub fn bar(visit: &Visit, name: &str, used: u64, limit: u64) -> Markup {
    let value = used.min(limit);
    let said = visit
        .with("used-of", &[("used", visit.words.number(used).into()), ("limit", visit.words.number(limit).into())]);
    html! {
        div.bar {
            span.name { (name) }
            meter min="0" max=(limit.max(1)) value=(value) high=(limit / 10 * 9) aria-label=(name) aria-valuetext=(said) {}
            span.value { (said) }
        }
    }
}

/// How far work is.
pub fn steps(name: &str, done: u64, steps: u64) -> Markup {
    html! { progress aria-label=(name) max=(steps.max(1)) value=(done.min(steps)) {} }
}

/// A field of a form below its label; `hint` says what belongs into it.
pub fn field(label: &str, hint: Option<&str>, id: &str, input: Markup) -> Markup {
    let hinted = format!("{id}-hint");
    html! {
        div.field {
            label for=(id) { (label) }
            @if let Some(hint) = hint { p.hint id=(hinted) { (hint) } }
            (input)
        }
    }
}

/// Leads to what is older; `older` is the address where there is more.
pub fn pager(visit: &Visit, newest: Option<String>, older: Option<String>) -> Markup {
    html! {
        @if newest.is_some() || older.is_some() {
            nav.pager aria-label=(visit.t("pages")) {
                @if let Some(newest) = newest { a href=(newest) rel="first" { (visit.t("newest")) } }
                @if let Some(older) = older { a href=(older) rel="next" { (visit.t("older")) } }
            }
        }
    }
}
