//! The operator's side: orders are given to a server where its own operator's tools connect.

use std::net::SocketAddr;
use std::time::Duration;

use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::TcpConnector;

use super::reach::Failures;
use super::{Client, ClientError};
use crate::service::audit::{CarriedOut, OrderDocument};
use crate::service::protocol::paths;
use crate::service::store::Breaker;

/// An erasure of a long log takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

/// Gives orders to the server whose operations port this is. In the clear: orders are signed, and no secret.
///
/// # Errors
///
/// [`ClientError`] where there is no such server, or it refuses.
pub fn give_orders(address: SocketAddr, document: &OrderDocument) -> Result<CarriedOut, ClientError> {
    let client = client(address);
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
    let client = client(address);
    let got = client.agent.get(client.url(paths::BREAKER)).call().map_err(|error| client.failed(&error))?;
    client.document(got)
}

fn client(address: SocketAddr) -> Client {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("cotejo/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(PATIENCE))
        .build();
    let agent = Agent::with_parts(config, TcpConnector::default(), DefaultResolver::default());
    Client { agent, base: format!("http://{address}"), failures: Failures::default() }
}
