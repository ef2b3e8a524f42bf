//! What every request has to be before a page sees it, and what every response carries.
//!
//! The console is of one browser on this machine. Another page in that browser can have it send requests here: what such requests lack is the
//! right `Host` (a name that was made to lead here, DNS rebinding), the right `Origin`, the word `same-origin` of `Sec-Fetch-Site`, the cookie,
//! and the token of each form.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::door::{COOKIE, Door, Visitor};
use super::page::{self, CSRF, Visit};
use super::words;

/// The page before the door, which says nothing to anybody: other pages and files may lead here.
const ENTRY: &str = "/";

/// Scripts and styles come from files of ours, forms go to us, nobody frames a page, and whatever is not named is loaded from nowhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: browsers would name no origin of the forms that are sent.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    // Verdicts are kept by nobody but the database.
    (header::CACHE_CONTROL, "no-store"),
];

/// One console: its door, and whose it is.
pub struct House {
    pub door: Door,
    pub about: page::About,
    /// Told the link of the next token, once one was used.
    pub entered: Box<dyn Fn(&str) + Send + Sync>,
}

/// Lets through what may come in, and dresses what goes out.
pub async fn guard(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    let mut response = match admit(&house, request.method(), request.uri(), request.headers()) {
        Ok(visit) => {
            if let Some(visit) = visit {
                request.extensions_mut().insert(visit);
            }
            next.run(request).await
        }
        Err(refused) => refused.into_response(&house, request.headers()),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // What files of ours say of themselves stays.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// It was sent to another name.
    Host,
    /// Another page has sent it.
    Origin,
    /// It has not the token of our forms.
    Form,
    /// There is no session, or it is over.
    Session,
}

/// Whoever asks, behind the door; none before it.
fn admit(house: &House, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Option<Visit>, Refused> {
    let host = house.door.host();
    let one = |name: HeaderName| {
        let mut all = headers.get_all(name).iter();
        all.next().filter(|_| all.next().is_none())?.to_str().ok()
    };
    // Also what is sent with a whole address in its first line.
    let named = uri.authority().is_none_or(|authority| authority.as_str() == host);
    if one(header::HOST) != Some(host.as_str()) || !named {
        return Err(Refused::Host);
    }
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let own = format!("http://{host}");
    let origin = headers.contains_key(header::ORIGIN).then(|| one(header::ORIGIN) == Some(own.as_str()));
    // Every browser names the origin of what changes something.
    if !origin.unwrap_or(reads) {
        return Err(Refused::Origin);
    }
    let site = HeaderName::from_static("sec-fetch-site");
    if headers.contains_key(&site)
        && one(site) != Some("same-origin")
        && !(reads && (is_typed(headers) || uri.path() == ENTRY))
    {
        return Err(Refused::Origin);
    }
    let Some(below) = uri.path().strip_prefix(&house.door.base()).filter(|below| below.starts_with('/')) else {
        return Ok(None);
    };
    let cookie = cookie(headers).ok_or(Refused::Session)?;
    let visitor = house.door.visitor(cookie).ok_or(Refused::Session)?;
    if !reads && given(uri, CSRF) != Some(visitor.csrf.as_str()) {
        return Err(Refused::Form);
    }
    Ok(Some(visit(house, visitor, headers, below)))
}

/// Somebody has typed or opened the address: no page led here.
fn is_typed(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "none")
}

fn visit(house: &House, visitor: Visitor, headers: &HeaderMap, below: &str) -> Visit {
    let words = visitor.words.unwrap_or_else(|| accepted(headers));
    Visit { words, base: house.door.base(), csrf: visitor.csrf, about: house.about.clone(), path: below.to_owned() }
}

/// The language that a browser asks for.
pub fn accepted(headers: &HeaderMap) -> &'static words::Words {
    words::preferred(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// The cookie of a session.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).next()
}

/// A parameter of an address, whose values need no decoding.
fn given<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

impl Refused {
    fn into_response(self, house: &House, headers: &HeaderMap) -> Response {
        let (status, key) = match self {
            Self::Host => (StatusCode::MISDIRECTED_REQUEST, "refused-host"),
            Self::Origin => (StatusCode::FORBIDDEN, "refused-origin"),
            Self::Form => (StatusCode::FORBIDDEN, "refused-form"),
            Self::Session => (StatusCode::UNAUTHORIZED, "refused-session"),
        };
        let words = accepted(headers);
        let said = words.with(key, &[("host", house.door.host().into())]);
        match self {
            Self::Session => (status, page::entry(words, Some(&said))).into_response(),
            // Whoever asks from elsewhere learns nothing of a page.
            _ => (status, Body::from(format!("{said}\n"))).into_response(),
        }
    }
}
