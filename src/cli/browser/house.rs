//! One console as a server on loopback: its door, its files, its connections.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::door::{COOKIE, Door};
use super::guard::{self, House};
use super::page::{self, About, Visit};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::interrupt;

/// Connections at a time: a browser opens six, and one more for each page that shows progress.
const CONNECTIONS: usize = 64;
/// Headers of a request have to come within so long.
const HEADERS: Duration = Duration::from_secs(10);
/// Longest headers, in bytes.
const HEADERS_BYTES: usize = 16 * 1024;
/// Longest body of a form without files, in bytes.
pub const FORM_BYTES: usize = 1 << 20;

const SCRIPT: &str = include_str!("assets/htmx.js");
const STYLE: &str = include_str!("assets/style.css");
const ICON: &str = include_str!("assets/icon.svg");

/// Where a console listens, and who is told.
#[derive(clap::Args)]
pub struct PlaceArgs {
    /// The port of 127.0.0.1 that is listened on [default: one that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Print the address, and open no browser
    #[arg(long)]
    no_browser: bool,
}

/// A console that listens.
pub struct Listening {
    house: Arc<House>,
    listener: TcpListener,
    runtime: tokio::runtime::Runtime,
    link: String,
    opens: bool,
    /// What leads a browser here.
    opened: Option<tempfile::NamedTempFile>,
}

impl Listening {
    /// On a port of loopback: one that the system chooses, where it is 0.
    pub fn new(place: &PlaceArgs, about: About, console: &Console) -> Result<Self, Failure> {
        let port = place.port;
        let failed = |error: std::io::Error| {
            Failure::new(format_args!("127.0.0.1:{port}"), error, "choose another port (--port)")
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(32)
            .enable_all()
            .build()
            .map_err(failed)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(failed)?;
        let (door, token) = Door::new(listener.local_addr().map_err(failed)?)?;
        let link = door.link(&token);
        let quiet = console.quiet();
        let entered = Box::new(move |link: &str| {
            if !quiet {
                crate::cli::console::stderr_line(format_args!("opened in a browser; to open it in another: {link}"));
            }
        });
        Ok(Self {
            house: Arc::new(House { door, about, entered }),
            listener,
            runtime,
            link,
            opens: !place.no_browser,
            opened: None,
        })
    }

    /// Prints the address that is opened, and opens it.
    pub fn say(&mut self, console: &Console) -> Result<(), Failure> {
        let About { role, party, .. } = &self.house.about;
        let said = console.result(&self.link, &json!({"address": self.link, "party": &**party, "role": role}));
        // Whoever has read where we are may close the pipe: no reason to stop.
        if let Err(failure) = said
            && !matches!(failure, Failure::OutputClosed)
        {
            return Err(failure);
        }
        console.note(
            "open it in a browser on this machine; it works once, and another is shown then. Ctrl-C ends the console",
        );
        if self.opens {
            self.opened = open(&self.link);
        }
        Ok(())
    }

    /// Serves pages until Ctrl-C.
    pub fn run(self, pages: Router) {
        let Self { house, listener, runtime, .. } = self;
        let router = router(&house, pages);
        runtime.block_on(async {
            tokio::select! {
                () = accept(listener, router) => {}
                () = interrupted() => {}
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// Has the desktop open an address, where there is one: by a file that leads there, for everybody can read command lines. It is kept as long as
/// what is returned.
fn open(link: &str) -> Option<tempfile::NamedTempFile> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let named = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !cfg!(target_os = "macos") && !["DISPLAY", "WAYLAND_DISPLAY"].iter().any(named) {
        return None;
    }
    let mut file = tempfile::Builder::new().prefix("cotejo-console-").suffix(".html").tempfile().ok()?;
    write!(
        file,
        "<!DOCTYPE html><meta charset=utf-8><title>cotejo</title><meta http-equiv=refresh content=\"0; url={link}\">"
    )
    .ok()?;
    let quiet = std::process::Stdio::null;
    let mut opening = std::process::Command::new(program);
    let child = opening.arg(file.path()).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    if let Ok(mut child) = child {
        // It ends when it has told the browser.
        drop(std::thread::Builder::new().name("browser".to_owned()).spawn(move || drop(child.wait())));
    }
    Some(file)
}

async fn interrupted() {
    while !interrupt::requested() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn accept(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let router = router.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let router = router.clone();
            async move { Ok::<_, Infallible>(router.oneshot(request.map(Body::new)).await.into_response()) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(HEADERS_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        drop(tokio::spawn(async move {
            drop(connection.await);
            drop(place);
        }));
    }
}

/// All paths: what stands before the door, and the pages behind it.
fn router(house: &Arc<House>, pages: Router) -> Router {
    let behind = pages.merge(
        Router::new().route("/language", post(language)).route("/leave", post(leave)).with_state(Arc::clone(house)),
    );
    let behind = behind.fallback(missing).method_not_allowed_fallback(missing);
    Router::new()
        .route("/", get(entry))
        .route("/enter", post(enter))
        .route("/style.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/htmx.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/icon.svg", get(async || file("image/svg+xml", ICON)))
        .nest_service(&house.door.base(), behind)
        .fallback(missing)
        .method_not_allowed_fallback(missing)
        .layer(axum::extract::DefaultBodyLimit::max(FORM_BYTES))
        .with_state(Arc::clone(house))
        .layer(middleware::from_fn_with_state(Arc::clone(house), guard::guard))
}

/// Of ours, and the same for everybody: a browser may keep it while the console runs.
fn file(kind: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=600")];
    (headers, content).into_response()
}

async fn missing(visit: Option<axum::Extension<Visit>>) -> Response {
    match visit {
        Some(axum::Extension(visit)) => visit.missing(),
        None => (StatusCode::NOT_FOUND, "there is nothing here\n").into_response(),
    }
}

async fn entry(headers: HeaderMap) -> Response {
    page::entry(guard::accepted(&headers), None).into_response()
}

/// The token, where it was typed.
#[derive(Deserialize)]
struct Entering {
    #[serde(default)]
    token: String,
}

/// A token becomes a session. htmx names the address that is open, and behind its # the token; a form without scripts sends it.
async fn enter(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    form: Result<Form<Entering>, FormRejection>,
) -> Response {
    let by_script = headers.contains_key("hx-request");
    let address = headers.get("hx-current-url").and_then(|address| address.to_str().ok()).unwrap_or_default();
    let token = match form.ok().map(|Form(form)| form.token).filter(|token| !token.is_empty()) {
        Some(typed) => typed.trim().trim_start_matches('#').to_owned(),
        None => address.split_once('#').map(|(_, token)| token.to_owned()).unwrap_or_default(),
    };
    let words = guard::accepted(&headers);
    match house.door.enter(&token) {
        Ok(Some((cookie, next))) => {
            (house.entered)(&house.door.link(&next));
            let base = house.door.base();
            let cookie = format!("{COOKIE}={cookie}; Path={base}/; HttpOnly; SameSite=Strict");
            let mut response = match by_script {
                true => ([("hx-redirect", format!("{base}/"))], StatusCode::OK).into_response(),
                false => Redirect::to(&format!("{base}/")).into_response(),
            };
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        // Nobody has typed anything, and the address has no token: the page says what to do.
        Ok(None) if by_script && token.is_empty() => StatusCode::NO_CONTENT.into_response(),
        Ok(None) if by_script => page::warning(&words.say("entry-wrong")).into_string().into_response(),
        Ok(None) => (StatusCode::FORBIDDEN, page::entry(words, Some(&words.say("entry-wrong")))).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

#[derive(Deserialize)]
struct Language {
    tag: String,
    back: String,
}

async fn language(
    State(house): State<Arc<House>>,
    visit: Visit,
    headers: HeaderMap,
    Form(form): Form<Language>,
) -> Response {
    if let Some(cookie) = guard::cookie(&headers) {
        house.door.speak(cookie, &form.tag);
    }
    // To a page of ours, whatever stands there.
    let back = if form.back.starts_with('/') && !form.back.starts_with("//") { form.back.as_str() } else { "/" };
    see(&visit, back)
}

async fn leave(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    if let Some(cookie) = guard::cookie(&headers) {
        house.door.leave(cookie);
    }
    Redirect::to("/").into_response()
}

/// Has the browser ask for another page of ours.
pub fn see(visit: &Visit, path: &str) -> Response {
    Redirect::to(&visit.to(path)).into_response()
}
