//! The operator's side: orders are given to a server where its own operator's tools connect.

use std::net::SocketAddr;
use std::time::Duration;

use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::TcpConnector;

use super::plain::plain;
use super::reach::Failures;
use super::{Client, ClientError};
use crate::service::audit::{CarriedOut, OrderDocument};
use crate::service::protocol::{limits, paths};
use crate::service::store::Breaker;

/// An erasure of a long log takes its time.
const PATIENCE: Duration = Duration::from_secs(90);
/// Where a server says whether it is ready.
const READY: &str = "/readyz";
/// Reasons that are taken of one answer.
const REASONS: usize = 50;

/// Gives orders to the server whose operations port this is. In the clear: orders are signed, and no secret.
///
/// # Errors
///
/// [`ClientError`] where there is no such server, or it refuses.
pub fn give_orders(address: SocketAddr, document: &OrderDocument) -> Result<CarriedOut, ClientError> {
    let client = client(address, PATIENCE);
    let post = client.agent.post(client.url(paths::ORDERS)).content_type("application/json");
    let sent = post.send(document.to_json().as_bytes()).map_err(|error| client.failed(&error))?;
    client.document(sent)
}

/// Asks the server whose operations port this is whether its breaker is pulled.
///
/// # Errors
///
/// [`ClientError`] where there is no such server, or it does not say.
pub fn breaker(address: SocketAddr) -> Result<Option<Breaker>, ClientError> {
    let client = client(address, PATIENCE);
    let got = client.agent.get(client.url(paths::BREAKER)).call().map_err(|error| client.failed(&error))?;
    client.document(got)
}

/// Asks the server whose operations port this is whether it accepts requests: why not, a reason a line; nothing where it does.
///
/// # Errors
///
/// [`ClientError`] where there is no such server, or it says nothing within `patience`.
pub fn readiness(address: SocketAddr, patience: Duration) -> Result<Vec<String>, ClientError> {
    let client = client(address, patience);
    let got = client.agent.get(client.url(READY)).call().map_err(|error| client.failed(&error))?;
    let status = got.status().as_u16();
    let body = got.into_body().into_with_config().limit(limits::DOCUMENT_LIMIT_BYTES);
    let text = body.read_to_string().map_err(|error| client.failed(&error))?;
    reasons(status, &text).ok_or(ClientError::Foreign("an answer"))
}

/// What an answer about readiness says; none where it is no such answer, but that of another program.
fn reasons(status: u16, text: &str) -> Option<Vec<String>> {
    let lines: Vec<String> =
        text.lines().map(plain).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    match status {
        200 => (lines == ["ready"]).then(Vec::new),
        503 => Some(lines.into_iter().take(REASONS).collect::<Vec<_>>()).filter(|lines| !lines.is_empty()),
        _ => None,
    }
}

fn client(address: SocketAddr, patience: Duration) -> Client {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("cotejo/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(patience))
        .build();
    let agent = Agent::with_parts(config, TcpConnector::default(), DefaultResolver::default());
    Client { agent, base: format!("http://{address}"), failures: Failures::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_ready_or_says_why_not_and_whatever_else_answers_is_no_server() {
        assert_eq!(reasons(200, "ready\n"), Some(Vec::new()));
        let said = reasons(503, "suspended: incident 17\n\n the disk is full \r\n").unwrap();
        assert_eq!(said, ["suspended: incident 17", "the disk is full"]);
        for (status, text) in [(200, "<html>"), (200, ""), (404, "ready\n"), (503, ""), (302, "x")] {
            assert_eq!(reasons(status, text), None, "{status} {text}");
        }
    }

    #[test]
    fn reasons_are_few_and_fit_for_a_terminal() {
        let said = reasons(503, &"a\u{1b}[2Jb\n".repeat(1000)).unwrap();
        assert_eq!(said.len(), REASONS);
        assert!(said.iter().all(|reason| reason == "a[2Jb"));
    }

    #[test]
    fn where_nobody_listens_that_is_said_at_once() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let refused = readiness(address, Duration::from_secs(2)).unwrap_err();
        assert!(matches!(refused, ClientError::Unreachable { .. }), "{refused}");
    }
}
