//! Clients that do not behave.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::trial::{Certified, Trial};

/// A connection over which anything can be sent.
pub struct Raw(StreamOwned<ClientConnection, TcpStream>);

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn kind(&self) -> String {
        let document: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        let kind = document["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default();
        kind.to_owned()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

impl Raw {
    pub fn connect(trial: &Trial, certified: &Certified) -> Self {
        Self::over(TcpStream::connect(trial.address()).unwrap(), certified)
    }

    /// From another address of this machine.
    pub fn connect_from(from: &str, trial: &Trial, certified: &Certified) -> Self {
        Self::over(connect_from(from, trial).unwrap(), certified)
    }

    fn over(stream: TcpStream, certified: &Certified) -> Self {
        let identity = certified.identity();
        let mut roots = RootCertStore::empty();
        identity.authorities.into_iter().for_each(|authority| roots.add(authority).unwrap());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(identity.chain, identity.key.unwrap())
            .unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream))
    }

    /// Begins TLS, and waits until the other side has said something of its own.
    pub fn greet(&mut self) {
        let StreamOwned { conn, sock } = &mut self.0;
        conn.write_tls(sock).unwrap();
        assert!(sock.peek(&mut [0]).unwrap() > 0);
    }

    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.flush()
    }

    /// Ends our half of the connection without a word.
    pub fn cut(self) {
        self.0.sock.shutdown(std::net::Shutdown::Both).unwrap();
    }

    /// Whether the other side closes it, without a word more.
    pub fn closes(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 64]), Ok(0) | Err(_))
    }

    /// Reads until so much has come that it ends a response without a body, or with a short one.
    pub fn next_response(&mut self) -> String {
        let mut text = String::new();
        loop {
            let mut bytes = [0; 4096];
            let read = self.0.read(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length =
                    head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                body.len() >= length.unwrap_or(0)
            });
            if whole || read == 0 {
                return text;
            }
        }
    }

    /// Whether anything comes back.
    pub fn begins(&mut self) -> bool {
        self.0.read(&mut [0; 64]).is_ok_and(|read| read > 0)
    }

    /// Reads until the other side closes.
    pub fn response(mut self) -> Option<Response> {
        let mut bytes = Vec::new();
        drop(self.0.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Response { status, head: head.to_owned(), body: body.to_owned() })
    }
}

/// A connection without TLS from another address of this machine.
pub fn connect_from(from: &str, trial: &Trial) -> std::io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(std::net::SocketAddr::new(from.parse().unwrap(), 0))?;
        socket.connect(trial.address()).await
    })?;
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// One request, as written.
pub fn call(trial: &Trial, certified: &Certified, line: &str, headers: &str, body: &[u8]) -> Response {
    let mut raw = Raw::connect(trial, certified);
    let head = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    raw.send(head.as_bytes()).unwrap();
    // It may have been refused before all of it is sent.
    drop(raw.send(body));
    raw.response().unwrap()
}
