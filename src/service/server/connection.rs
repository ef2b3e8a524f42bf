//! Accepting connections: TLS, who it is, time limits, and the end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::NamedGroup;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::admission::{Guest, Source, Stay, beginning};
use super::state::{Requester, State};
use super::steady::Steady;
use crate::service::identity::{ClassicalPeer, Connection, Untrusted, ends};
use crate::service::signing::Hash;

/// Who is at the other end; none for a certificate that is not registered.
#[derive(Clone)]
pub(crate) struct Peer(pub Option<Arc<Requester>>);

/// A handshake may take so long: it keeps no place from anybody (see `admission/crowd.rs`), and a busy machine needs its time.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// So may the headers of a request.
const HEADERS: Duration = Duration::from_secs(10);
/// Longest headers, in bytes: a signed request fits.
const HEADERS_BYTES: usize = 64 * 1024;
/// A connection that has to end may finish what it is in the middle of.
const LEAVE: Duration = Duration::from_secs(5);
/// After an error of accepting: whoever was told to leave has left by then.
const AGAIN: Duration = Duration::from_millis(50);

/// What the log says to do about a client's certificate.
const INTERMEDIATE: &str = "if it is a requester's: have the intermediate certificate put behind it ([tls] certificate there), or trust the \
                            authority that has issued it ([tls] authority)";
const AUTHORITY: &str = "if it is a requester's: trust the authority that has issued it ([tls] authority)";
const CLASSICAL: &str =
    "have the client upgrade cotejo, or what speaks TLS for it; or take out require_post_quantum ([tls])";

/// What every connection gets.
#[derive(Clone)]
struct House {
    state: Arc<State>,
    router: axum::Router,
    /// Whether the server is to end.
    closing: watch::Receiver<bool>,
    /// Dropped with the last connection.
    _open: mpsc::Sender<Infallible>,
}

/// Connections that may wait to be accepted: while many come at once, none has to be begun again a second later.
const BACKLOG: u32 = 4096;

/// Listens on an address.
pub(crate) fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // As `TcpListener::bind` does: a port that was served a moment ago can be served again.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves HTTPS until `stop` resolves, then lets open requests finish, but no longer than the grace period.
pub(crate) async fn serve(
    listener: TcpListener,
    router: axum::Router,
    state: Arc<State>,
    stop: impl Future<Output = ()>,
) {
    let (close, closing) = watch::channel(false);
    let (open, mut ended) = mpsc::channel(1);
    let house = House { state: Arc::clone(&state), router, closing, _open: open };
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, from)) => match state.admission.crowd.enter(Source::of(from.ip()), Instant::now()) {
                Some(stay) => drop(tokio::spawn(attend(house.clone(), stream, from, stay))),
                None => turn_away(from, &state),
            },
            Err(error) => {
                // Out of file descriptors, say.
                if let Some(withheld) = state.admission.told.tell(Instant::now()) {
                    tracing::error!(error = %error, withheld, "no connection can be accepted; idle ones are closed");
                }
                state.admission.make_room();
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
    drop(listener);
    drop(house);
    close.send_replace(true);
    drop(tokio::time::timeout(state.grace(), ended.recv()).await);
}

/// Where it comes from has its share.
fn turn_away(from: SocketAddr, state: &State) {
    state.metrics.turned_away.inc();
    if let Some(withheld) = state.admission.told.tell(Instant::now()) {
        tracing::warn!(from = %from, withheld, "a connection beyond its address' share was closed");
    }
}

/// One connection, from its first byte to its last.
async fn attend(house: House, stream: TcpStream, from: SocketAddr, stay: Stay) {
    let state = Arc::clone(&house.state);
    state.metrics.connections.inc();
    let mut closing = house.closing.clone();
    let met = tokio::select! {
        met = handshake(stream, from, &state) => met,
        () = stay.told_to_leave() => None,
        // Nothing was asked yet.
        _ = closing.wait_for(|closing| *closing) => None,
    };
    if let Some(met) = met {
        receive(house, met, stay).await;
    }
    state.metrics.connections.dec();
}

async fn receive(house: House, met: Met, stay: Stay) {
    let Met { stream, chain, group } = met;
    let state = Arc::clone(&house.state);
    let Some(own) = chain.first() else { return };
    let certificate = Hash::of(own);
    let Some(requester) = state.requester(&certificate) else {
        // It is told so, and goes.
        let serving =
            http().keep_alive(false).serve_connection(TokioIo::new(stream), service(house, certificate, None));
        tokio::select! {
            _ = tokio::time::timeout(HEADERS, serving) => {}
            () = stay.told_to_leave() => {}
        }
        return;
    };
    let Some(_open) = state.admission.connections.take(&requester.code, 1) else {
        tracing::warn!(requester = requester.code.as_str(), "a connection beyond the requester's share was closed");
        return;
    };
    state.admission.signing.came(&requester.code, stay.source());
    stay.end_known();
    let until = ends(own);
    let guest = Arc::new(state.admission.roll.note(Arc::clone(&chain), group));
    // A reload during the handshake has not found it on the roll: from here on each of them does.
    if !state.renewed().admits(&chain, group, state.now()) {
        return;
    }
    let mut closing = house.closing.clone();
    let serving = http()
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), service(house, certificate, Some(Arc::clone(&guest))));
    let mut serving = pin!(serving);
    tokio::select! {
        // A client that goes away is no event of ours.
        _ = serving.as_mut() => return,
        () = guest.told_to_leave() => {}
        () = over(&state, until) => {}
        () = async { drop(closing.wait_for(|closing| *closing).await) } => {
            serving.as_mut().graceful_shutdown();
            drop(serving.await);
            return;
        }
    }
    serving.as_mut().graceful_shutdown();
    drop(tokio::time::timeout(LEAVE, serving).await);
}

/// Until a certificate has ended.
async fn over(state: &State, until: Option<crate::service::time::Time>) {
    // A clock may be set.
    const LOOK: Duration = Duration::from_secs(30);
    let Some(until) = until else { return std::future::pending().await };
    loop {
        let left = state.now().seconds_until(until);
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_secs(left).min(LOOK)).await;
    }
}

fn http() -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).max_buf_size(HEADERS_BYTES);
    builder
}

/// Answers requests on one connection; whose it is, is looked up for each: a reload may have changed it.
fn service(
    house: House,
    certificate: Hash,
    guest: Option<Arc<Guest>>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = axum::response::Response,
    Error = Infallible,
    Future: Future<Output = Result<axum::response::Response, Infallible>> + Send,
> {
    hyper::service::service_fn(move |mut request: Request<Incoming>| {
        if let Some(guest) = &guest {
            guest.serves(true);
        }
        request.extensions_mut().insert(Peer(house.state.requester(&certificate)));
        let (router, guest) = (house.router.clone(), guest.clone());
        async move {
            let response = router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {});
            // Events go on.
            let whole = response.body().size_hint().exact().is_some();
            if let Some(guest) = guest.filter(|_| whole) {
                guest.serves(false);
            }
            Ok(response)
        }
    })
}

type Stream = tokio_rustls::server::TlsStream<Steady<TcpStream>>;

/// What a handshake has come to.
struct Met {
    stream: Stream,
    /// That was shown.
    chain: Arc<[CertificateDer<'static>]>,
    /// How keys were agreed on.
    group: Option<NamedGroup>,
}

/// TLS.
async fn handshake(stream: TcpStream, from: SocketAddr, state: &State) -> Option<Met> {
    // Small messages go out at once; there is nothing to be done where that cannot be set.
    drop(stream.set_nodelay(true));
    let renewed = state.renewed();
    let failed = |reason: &str, remedy: Option<&str>| {
        state.metrics.handshakes_failed.inc();
        if let Some(withheld) = state.admission.told.tell(Instant::now()) {
            tracing::warn!(from = %from, reason = beginning(reason), remedy, withheld, "a connection was refused");
        }
        None
    };
    let Connection { config, exchange, refusal, has_signed } = match renewed.tls.connection() {
        Ok(made) => made,
        Err(error) => return failed(&error.to_string(), None),
    };
    let accepting = async {
        let acceptor = TlsAcceptor::from(config);
        let Some(has_signed) = has_signed else {
            return acceptor.accept(Steady::new(stream, renewed.limits.stall)).await;
        };
        // Whoever says nothing waits for no turn.
        stream.readable().await?;
        let accepting = acceptor.accept(Steady::new(stream, renewed.limits.stall));
        state.admission.signing.in_turn(Source::of(from.ip()), || has_signed.get(), accepting).await
    };
    match tokio::time::timeout(HANDSHAKE, accepting).await {
        Err(_) => failed("it took too long", None),
        Ok(Err(error)) => match refusal.why() {
            Some(why) => failed(&format!("the client's certificate {why}"), Some(remedy(why))),
            None if exchange.refused(&error) => failed(&ClassicalPeer.to_string(), Some(CLASSICAL)),
            None => failed(&error.to_string(), None),
        },
        Ok(Ok(stream)) => {
            let group = stream.get_ref().1.negotiated_key_exchange_group();
            state.metrics.exchanged(group);
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
            Some(Met { chain, group: group.map(|group| group.name()), stream })
        }
    }
}

fn remedy(why: &Untrusted) -> &'static str {
    match why {
        Untrusted::Missing { .. } => INTERMEDIATE,
        Untrusted::Another { .. } | Untrusted::Namesake { .. } => AUTHORITY,
    }
}
