//! Accepting connections: TLS, who it is, time limits, and the end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::state::{Open, Requester, State};
use crate::service::identity::{Acceptance, Untrusted};
use crate::service::signing::Hash;

/// Who is at the other end; none for a certificate that is not registered.
#[derive(Clone)]
pub(crate) struct Peer(pub Option<Arc<Requester>>);

/// A handshake, and the headers of a request, may take so long.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Longest headers, in bytes: a signed request fits.
const HEADERS_BYTES: usize = 64 * 1024;

/// What the log says to do about a client's certificate.
const INTERMEDIATE: &str = "if it is a requester's: have the intermediate certificate put behind it ([tls] certificate there), or trust the \
                            authority that has issued it ([tls] authority)";
const AUTHORITY: &str = "if it is a requester's: trust the authority that has issued it ([tls] authority)";

/// Serves HTTPS until `stop` resolves, then lets open requests finish, but no longer than the grace period.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Arc<Acceptance>,
    router: axum::Router,
    state: Arc<State>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(state.limits.connections));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        // Beyond the limit, connections wait in the system's own queue.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut stop => break,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, from)) = accepted else {
            // Out of file descriptors, say: those that are open will close.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (tls, router, state) = (Arc::clone(&tls), router.clone(), Arc::clone(&state));
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            state.metrics.connections.inc();
            if let Some((stream, peer)) = handshake(&tls, stream, from, &state).await
                && let Ok(_open) = counted(&state, &peer)
            {
                let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(peer.clone());
                    let response = router.clone().oneshot(request.map(Body::new));
                    async move { Ok::<_, Infallible>(response.await.unwrap_or_else(|never| match never {})) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HANDSHAKE)
                    .max_buf_size(HEADERS_BYTES)
                    .serve_connection(TokioIo::new(stream), service);
                // A client that goes away is no event of ours.
                drop(watcher.watch(connection).await);
            }
            state.metrics.connections.dec();
            drop(place);
        });
    }
    drop(listener);
    drop(tokio::time::timeout(state.limits.grace, graceful.shutdown()).await);
}

/// A registered requester's connection is counted; one beyond its share is closed at once.
fn counted(state: &Arc<State>, peer: &Peer) -> Result<Option<Open>, ()> {
    let Some(requester) = &peer.0 else { return Ok(None) };
    match state.open(&requester.code) {
        Some(open) => Ok(Some(open)),
        None => {
            tracing::warn!(requester = requester.code.as_str(), "a connection beyond the requester's share was closed");
            Err(())
        }
    }
}

type Stream = tokio_rustls::server::TlsStream<std::pin::Pin<Box<tokio_io_timeout::TimeoutStream<TcpStream>>>>;

async fn handshake(tls: &Acceptance, stream: TcpStream, from: SocketAddr, state: &State) -> Option<(Stream, Peer)> {
    // Small messages go out at once; there is nothing to be done where that cannot be set.
    drop(stream.set_nodelay(true));
    let mut stream = tokio_io_timeout::TimeoutStream::new(stream);
    stream.set_write_timeout(Some(state.limits.stall));
    let failed = |reason: String, remedy: Option<&str>| {
        state.metrics.handshakes_failed.inc();
        tracing::warn!(from = %from, reason, remedy, "a connection was refused");
        None
    };
    let (config, refusal) = match tls.connection() {
        Ok(made) => made,
        Err(error) => return failed(error.to_string(), None),
    };
    match tokio::time::timeout(HANDSHAKE, TlsAcceptor::from(config).accept(Box::pin(stream))).await {
        Err(_) => failed("it took too long".to_owned(), None),
        Ok(Err(error)) => match refusal.why() {
            Some(why) => failed(format!("the client's certificate {why}"), Some(remedy(why))),
            None => failed(error.to_string(), None),
        },
        Ok(Ok(stream)) => {
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let requester = certificate.and_then(|leaf| state.requesters.get(&Hash::of(leaf)));
            let peer = Peer(requester.cloned().map(Arc::new));
            Some((stream, peer))
        }
    }
}

fn remedy(why: &Untrusted) -> &'static str {
    match why {
        Untrusted::Missing { .. } => INTERMEDIATE,
        Untrusted::Another { .. } | Untrusted::Namesake { .. } => AUTHORITY,
    }
}
