//! What all pages are made of: the frame, and the parts that stand in several. Every text is escaped by `maud`.

mod parts;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::words::{self, Given, Words};
use crate::service::audit::Role;
pub use parts::{Row, bar, empty, facts, failure, field, fingerprint, note, pager, steps, verdict, warning};

/// The parameter that carries a form's token.
pub const CSRF: &str = "csrf";

/// Whose console it is.
#[derive(Clone)]
pub struct About {
    /// What the party does.
    pub role: Role,
    /// Its name.
    pub party: Arc<str>,
    /// Its pages, in the order of the menu: path, and key of the name.
    pub menu: &'static [(&'static str, &'static str)],
}

/// For whom a page is made.
#[derive(Clone)]
pub struct Visit {
    pub words: &'static Words,
    /// `/DOOR`.
    pub base: String,
    /// What forms that change something carry.
    pub csrf: String,
    pub about: About,
    /// The path of the page that is asked for, behind the door.
    pub path: String,
}

/// The guard has let somebody in, and said who.
impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::NOT_FOUND)
    }
}

impl Visit {
    /// A message.
    pub fn t(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// A message with its variables.
    pub fn with(&self, key: &str, given: &[Given<'_>]) -> String {
        self.words.with(key, given)
    }

    /// A message about a number of things.
    pub fn counted(&self, key: &str, count: u64) -> String {
        self.words.counted(key, count)
    }

    /// The address of a page: of `path`, which begins with a slash.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Where a form goes that changes something.
    pub fn form(&self, path: &str) -> String {
        format!("{}{path}?{}={}", self.base, CSRF, self.csrf)
    }

    /// A whole page; `title` stands above it and in the browser's window.
    pub fn page(&self, title: &str, content: Markup) -> Response {
        Html(self.document(title, content, None).into_string()).into_response()
    }

    /// A whole page that a browser without scripts loads again every few seconds.
    pub fn page_under_way(&self, title: &str, content: Markup) -> Response {
        Html(self.document(title, content, Some(4)).into_string()).into_response()
    }

    /// A page that says why something was not done.
    pub fn refused(&self, title: &str, content: Markup) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self.page(title, content)).into_response()
    }

    /// There is no such page, request or person.
    pub fn missing(&self) -> Response {
        let content = html! { p { (self.t("missing-text")) } };
        (StatusCode::NOT_FOUND, self.page(&self.t("missing"), content)).into_response()
    }

    fn document(&self, title: &str, content: Markup, again: Option<u32>) -> Markup {
        let About { role, party, menu } = &self.about;
        let role = match role {
            Role::Querier => self.t("role-querier"),
            Role::Custodian => self.t("role-custodian"),
        };
        let is_here = |path: &str| self.path == path || self.path.starts_with(&format!("{path}/"));
        html! {
            (DOCTYPE)
            html lang=(self.words.tag()) {
                (head(&format!("{title} \u{b7} {party}"), again))
                body {
                    a.skip href="#content" { (self.t("skip")) }
                    header.top {
                        p.who { strong { (party) } " " span { (role) } }
                        nav aria-label=(self.t("menu")) {
                            ul {
                                @for (path, key) in *menu {
                                    li { a href=(self.to(path)) aria-current=[is_here(path).then_some("page")] { (self.t(key)) } }
                                }
                            }
                        }
                        div.session {
                            form method="post" action=(self.form("/language")) {
                                input type="hidden" name="back" value=(self.path);
                                @for other in words::all().iter().filter(|other| other.tag() != self.words.tag()) {
                                    button.plain type="submit" name="tag" value=(other.tag()) lang=(other.tag()) { (other.name()) }
                                }
                            }
                            form method="post" action=(self.form("/leave")) {
                                button.plain type="submit" { (self.t("leave")) }
                            }
                        }
                    }
                    main #content tabindex="-1" {
                        h1 { (title) }
                        (content)
                    }
                    footer { p { "cotejo " (env!("CARGO_PKG_VERSION")) ". " (self.t("footer")) } }
                }
            }
        }
    }
}

/// Before anybody is known: a token that is the address's is sent by htmx, and can be typed where there are no scripts.
pub fn entry(words: &Words, said: Option<&str>) -> axum::response::Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang=(words.tag()) {
            (head(&words.say("entry"), None))
            body {
                main #content {
                    h1 { (words.say("entry")) }
                    @if let Some(said) = said { p.notice.warning role="alert" { (said) } }
                    p { (words.say("entry-text")) }
                    div hx-post="/enter" hx-trigger="load" hx-swap="innerHTML" {}
                    form method="post" action="/enter" {
                        label for="token" { (words.say("entry-token")) }
                        input #token name="token" type="password" autocomplete="off" required maxlength="200";
                        button type="submit" { (words.say("entry-open")) }
                    }
                }
            }
        }
    };
    Html(page.into_string())
}

fn head(title: &str, again: Option<u32>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="htmx-config" content="{\"extensions\":\"sse\",\"history\":false,\"includeIndicatorCSS\":false}";
            title { (title) }
            link rel="icon" href="/icon.svg" type="image/svg+xml";
            link rel="stylesheet" href="/style.css";
            script src="/htmx.js" defer {}
            @if let Some(seconds) = again {
                noscript { meta http-equiv="refresh" content=(seconds); }
            }
        }
    }
}
