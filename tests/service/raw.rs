//! Clients that do not behave.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{ActiveKeyExchange, CryptoProvider, SharedSecret, SupportedKxGroup};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, NamedGroup, RootCertStore, StreamOwned};

use crate::trial::{Certified, Trial};

/// A connection over which anything can be sent.
pub struct Raw(StreamOwned<ClientConnection, TcpStream>);

/// A group of key exchange that no server has.
#[derive(Debug)]
struct Unknown;

impl SupportedKxGroup for Unknown {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        Ok(Box::new(Self))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::Unknown(0xfe00)
    }
}

impl ActiveKeyExchange for Unknown {
    fn complete(self: Box<Self>, _: &[u8]) -> Result<SharedSecret, rustls::Error> {
        Err(rustls::Error::General("nobody has it".to_owned()))
    }

    fn pub_key(&self) -> &[u8] {
        &[7; 32]
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::Unknown(0xfe00)
    }
}

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

    /// Whose first word leaves the server nothing to go on with: it has to ask for another one (RFC 8446, section 4.1.4).
    pub fn in_two_steps(from: &str, trial: &Trial, certified: &Certified) -> Self {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        let unknown: &'static dyn SupportedKxGroup = &Unknown;
        provider.kx_groups.insert(0, unknown);
        Self::with(connect_from(from, trial).unwrap(), certified, provider)
    }

    /// Which agrees on keys in these ways alone.
    pub fn exchanging(trial: &Trial, certified: &Certified, groups: &[&'static dyn SupportedKxGroup]) -> Self {
        let provider = CryptoProvider { kx_groups: groups.to_vec(), ..rustls::crypto::aws_lc_rs::default_provider() };
        Self::with(TcpStream::connect(trial.address()).unwrap(), certified, provider)
    }

    /// In which way keys were agreed on.
    pub fn exchanged(&self) -> Option<NamedGroup> {
        self.0.conn.negotiated_key_exchange_group().map(|group| group.name())
    }

    fn over(stream: TcpStream, certified: &Certified) -> Self {
        Self::with(stream, certified, rustls::crypto::aws_lc_rs::default_provider())
    }

    fn with(stream: TcpStream, certified: &Certified, provider: CryptoProvider) -> Self {
        let identity = certified.identity();
        let mut roots = RootCertStore::empty();
        identity.authorities.into_iter().for_each(|authority| roots.add(authority).unwrap());
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
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
        self.hello();
        assert!(self.0.sock.peek(&mut [0]).unwrap() > 0);
    }

    /// Begins TLS, and waits for nothing.
    pub fn hello(&mut self) {
        let StreamOwned { conn, sock } = &mut self.0;
        conn.write_tls(sock).unwrap();
    }

    /// Says more of it, as the other side has asked for; unless that one has had enough.
    pub fn hello_again(&mut self) -> std::io::Result<()> {
        let StreamOwned { conn, sock } = &mut self.0;
        if conn.read_tls(sock)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        conn.process_new_packets().unwrap();
        assert!(conn.is_handshaking() && conn.wants_write());
        conn.write_tls(sock).map(drop)
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

    /// The head of a response, and nothing of its body.
    pub fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        String::from_utf8(head).unwrap()
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
