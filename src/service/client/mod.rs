//! The querier's side of the network: one call after the other, each of which can be made again.

// Sizes and times are the other party's to choose.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod address;
mod asking;
mod error;
mod handshake;
mod operations;
mod plain;
mod reach;
mod tls;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use ureq::http::{Response, StatusCode};
use ureq::unversioned::transport::{Connector as _, TcpConnector};
use ureq::{Agent, Body};

use super::identity::Identity;
use super::protocol::paths::{self, filled};
use super::protocol::{
    Abandonment, AcceptedView, Acknowledgement, AgreementView, ConsistencyView, END_EVENT, JobView, JobsView, KeyView,
    PROGRESS_EVENT, ProblemDocument, ProgressView, REQUEST_HEADER, Receipt, Reply, Request, SignedView, Standing,
    limits,
};
use super::signing::{Hash, Name, Signed, Statement};
pub use address::{AddressFault, Misaddressed};
pub use asking::{AskError, Asking, Concluded, Watch};
pub use error::{ClientError, RefusedCall};
pub use operations::{breaker, give_orders, readiness};
use reach::{Failures, Reach};
use tls::Tls;

/// A custodian's service, as one requester reaches it.
pub struct Client {
    agent: Agent,
    base: String,
    failures: Failures,
}

/// A query that the custodian has accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The job that will answer it.
    pub job: Name,
    /// The custodian's word for it, not verified yet.
    pub receipt: Signed<Receipt>,
}

/// A server that says nothing for so long is gone: it sends a sign of life every five seconds.
const SILENCE: Duration = Duration::from_secs(30);

impl Client {
    /// A client of the service at `base`, `https://host:port`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`] for an address that is none.
    pub fn new(base: &str, identity: Identity) -> Result<Self, ClientError> {
        Self::reaching(base, &[], identity)
    }

    /// A client of the service at `base`, which is reached by these addresses, of which not more than sixteen are used: several, where
    /// servers stand by for each other. With none, by those that the host of `base` has.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`] for an address that is none.
    pub fn reaching(base: &str, addresses: &[SocketAddr], identity: Identity) -> Result<Self, ClientError> {
        let base = address::parse(base)?;
        let config = Agent::config_builder()
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("cotejo/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .build();
        let connector =
            TcpConnector::default().chain(Tls { config: identity.client_config(), exchange: identity.exchange() });
        let failures = Failures::default();
        Ok(Self { agent: Agent::with_parts(config, connector, Reach::new(addresses, &failures)), base, failures })
    }

    /// Where the service is.
    pub fn base(&self) -> &str {
        &self.base
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn get(&self, path: &str) -> Result<Response<Body>, ClientError> {
        self.call(|| self.agent.get(self.url(path)).call())
    }

    /// Makes a call. Where one of several addresses says that it cannot serve now, the call is made at the others at once.
    fn call(&self, send: impl Fn() -> Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, ClientError> {
        let mut tried: usize = 1;
        loop {
            let response = send().map_err(|error| self.failed(&error))?;
            if !matches!(response.status().as_u16(), 502..=504) {
                return Ok(response);
            }
            self.failures.note();
            // Once by the connection that there was, and once beginning with each address.
            let addresses = self.failures.addresses();
            if addresses < 2 || tried > addresses {
                return Ok(response);
            }
            // Its connection goes with it.
            drop(response);
            tried = tried.saturating_add(1);
        }
    }

    fn failed(&self, error: &ureq::Error) -> ClientError {
        self.failures.note();
        ClientError::of(&self.base, error)
    }

    /// The agreements under which we may ask.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn agreements(&self) -> Result<Vec<AgreementView>, ClientError> {
        self.document(self.get(paths::AGREEMENTS)?)
    }

    /// A key, if the custodian knows it.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn key(&self, agreement: &Hash, key: &Name) -> Result<Option<KeyView>, ClientError> {
        let response = self.get(&filled(paths::KEY, &[agreement, key]))?;
        match response.status() {
            StatusCode::NOT_FOUND => match self.document::<KeyView>(response) {
                // Also an agreement is not found that is not served to us: uploading says so.
                Err(ClientError::Refused(_)) => Ok(None),
                other => other.map(Some),
            },
            _ => self.document(response).map(Some),
        }
    }

    /// Uploads an evaluation key's file.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn put_key(&self, agreement: &Hash, key: &Name, content: &[u8]) -> Result<KeyView, ClientError> {
        let url = self.url(&filled(paths::KEY, &[agreement, key]));
        let put = || self.agent.put(&url).content_type("application/octet-stream").send(content);
        self.document(self.call(put)?)
    }

    /// Submits a query.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn submit(&self, agreement: &Hash, statement: &Signed<Request>, query: &[u8]) -> Result<Accepted, ClientError> {
        let (url, signed_request) =
            (self.url(&filled(paths::SUBMISSIONS, &[agreement])), URL_SAFE_NO_PAD.encode(statement.to_json()));
        let post = || {
            let post = self.agent.post(&url).header(REQUEST_HEADER, &signed_request);
            post.content_type("application/octet-stream").send(query)
        };
        let view: AcceptedView = self.document(self.call(post)?)?;
        let job = view.job.parse().map_err(|_| ClientError::Foreign("a job's name"))?;
        Ok(Accepted { job, receipt: signed(&view.receipt)? })
    }

    /// A job of ours.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn job(&self, job: &Name) -> Result<JobView, ClientError> {
        self.document(self.get(&filled(paths::JOB, &[job]))?)
    }

    /// Our jobs, the latest first.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn jobs(&self, before: Option<&str>) -> Result<JobsView, ClientError> {
        let path = before.map_or_else(|| paths::JOBS.to_owned(), |before| format!("{}?before={before}", paths::JOBS));
        self.document(self.get(&path)?)
    }

    /// The signed reply to a job; none while it waits.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn reply(&self, job: &Name) -> Result<Option<Signed<Reply>>, ClientError> {
        self.job(job)?.reply.as_ref().map(signed).transpose()
    }

    /// Follows a job until it ends, the connection is lost, or `each` says that it is enough.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn follow(&self, job: &Name, mut each: impl FnMut(&ProgressView) -> bool) -> Result<(), ClientError> {
        let response = self.get(&filled(paths::EVENTS, &[job]))?;
        let response = self.sound(response)?;
        let mut lines = BufReader::new(response.into_body().into_reader());
        let mut kind = String::new();
        loop {
            let mut line = Vec::new();
            // An event of ours is one short line.
            let read = lines.by_ref().take(limits::EVENT_LIMIT_BYTES).read_until(b'\n', &mut line);
            if read.map_err(|error| ClientError::of_io(&self.base, &error))? == 0 {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if let Some(named) = line.strip_prefix("event: ").or(line.strip_prefix("event:")) {
                named.clone_into(&mut kind);
            } else if let Some(data) = line.strip_prefix("data: ").or(line.strip_prefix("data:")) {
                match kind.as_str() {
                    // Nothing follows but the end of the stream; read to it, the connection serves the next call.
                    END_EVENT => {}
                    PROGRESS_EVENT => {
                        let progress = serde_json::from_str(data).map_err(|_| ClientError::Foreign("an event"))?;
                        if !each(&progress) {
                            return Ok(());
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// The file of an answer, of at most so many bytes.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn answer(&self, job: &Name, limit_bytes: u64) -> Result<Vec<u8>, ClientError> {
        let response = self.sound(self.get(&filled(paths::ANSWER, &[job]))?)?;
        let read = response.into_body().into_with_config().limit(limit_bytes).read_to_vec();
        read.map_err(|error| self.failed(&error))
    }

    /// Delivers the acknowledgement of a reply.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn acknowledge(&self, job: &Name, statement: &Signed<Acknowledgement>) -> Result<(), ClientError> {
        self.put_statement(&filled(paths::ACKNOWLEDGEMENT, &[job]), statement)
    }

    /// Tells that we go on with a request no more, whether or not the custodian knows it.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn abandon(&self, request: &Hash, statement: &Signed<Abandonment>) -> Result<(), ClientError> {
        self.put_statement(&filled(paths::ABANDONMENT, &[request]), statement)
    }

    fn put_statement<T: Statement>(&self, path: &str, statement: &Signed<T>) -> Result<(), ClientError> {
        let (url, statement) = (self.url(path), statement.to_json());
        let put = || self.agent.put(&url).content_type("application/json").send(statement.as_bytes());
        self.sound(self.call(put)?).map(drop)
    }

    /// Who the custodian says that it is, and how far its log has come; not verified yet.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn standing(&self) -> Result<Signed<Standing>, ClientError> {
        signed(&self.document(self.get(paths::LOG)?)?)
    }

    /// The proof that the custodian's log of so many entries holds the one of fewer; none where it says that it has not as many.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn consistency(&self, earlier: u64, later: u64) -> Result<Option<Vec<Hash>>, ClientError> {
        let path = format!("{}?earlier={earlier}&later={later}", paths::CONSISTENCY);
        let response = self.get(&path)?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let view: ConsistencyView = self.document(response)?;
        let hashes = view.hashes.iter().map(|hash| hash.parse()).collect::<Result<_, _>>();
        hashes.map(Some).map_err(|_| ClientError::Foreign("a proof"))
    }

    /// Deletes a job of ours.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for every call.
    pub fn delete(&self, job: &Name) -> Result<(), ClientError> {
        let url = self.url(&filled(paths::JOB, &[job]));
        self.sound(self.call(|| self.agent.delete(&url).call())?).map(drop)
    }

    /// The response, if it is no problem.
    fn sound(&self, response: Response<Body>) -> Result<Response<Body>, ClientError> {
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
        let text = response.into_body().into_with_config().limit(limits::PROBLEM_LIMIT_BYTES).read_to_string();
        let problem = text.ok().and_then(|text| serde_json::from_str::<ProblemDocument>(&text).ok());
        Err(ClientError::Refused(Box::new(RefusedCall::new(status, retry_after, problem))))
    }

    fn document<T: DeserializeOwned>(&self, response: Response<Body>) -> Result<T, ClientError> {
        let body = self.sound(response)?.into_body().into_with_config().limit(limits::DOCUMENT_LIMIT_BYTES);
        let text = body.read_to_string().map_err(|error| self.failed(&error))?;
        serde_json::from_str(&text).map_err(|_| ClientError::Foreign("a document"))
    }
}

fn signed<T: Statement>(view: &SignedView) -> Result<Signed<T>, ClientError> {
    let text = serde_json::to_string(view).map_err(|_| ClientError::Foreign("a statement"))?;
    Signed::from_json(&text).map_err(|_| ClientError::Foreign("a statement"))
}
