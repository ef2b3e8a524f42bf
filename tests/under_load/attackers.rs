//! Those who attack a server, from an address of their own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cotejo::service::identity::{Identity, PemFile};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::office::Office;

/// Where they are.
const ELSEWHERE: &str = "127.0.0.2";

/// What they do, until they are told that it is over.
#[derive(Clone, Copy, Debug)]
pub enum Attack {
    /// So many connections are held, each with a certificate of the right authority that nobody has registered.
    ForeignCertificates(usize),
    /// So many are held on which nothing is said.
    Silent(usize),
    /// So many a second are begun, with such a certificate.
    NewOnes(u32),
    /// A registered requester begins so many uploads, and goes no further.
    StalledUploads(usize),
    /// So many silent connections to the operator's port.
    Operations(usize),
}

impl std::fmt::Display for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ForeignCertificates(count) => write!(f, "{count} connections with a foreign certificate"),
            Self::Silent(count) => write!(f, "{count} connections without any"),
            Self::NewOnes(count) => write!(f, "{count} new ones a second"),
            Self::StalledUploads(count) => write!(f, "{count} stalled uploads of a requester"),
            Self::Operations(count) => write!(f, "{count} silent ones on the operations port"),
        }
    }
}

impl Attack {
    /// Connections that it begins before it counts as under way.
    pub fn size(self) -> usize {
        match self {
            Self::ForeignCertificates(count)
            | Self::Silent(count)
            | Self::StalledUploads(count)
            | Self::Operations(count) => count,
            Self::NewOnes(a_second) => 2 * a_second as usize,
        }
    }

    /// Goes on until it is over; `begun` counts what was begun.
    pub fn run(self, office: &Office, over: &AtomicBool, begun: &AtomicUsize) {
        let server = SocketAddr::from(([127, 0, 0, 1], office.port));
        let mut held = Vec::new();
        let (mut silent, mut spoken) = (Vec::new(), Vec::new());
        let started = Instant::now();
        while !over.load(Ordering::Relaxed) {
            let count = begun.fetch_add(1, Ordering::Relaxed);
            match self {
                Self::Silent(most) if count < most => silent.extend(connect(ELSEWHERE, server)),
                Self::Operations(most) if count < most => {
                    silent.extend(connect(ELSEWHERE, SocketAddr::from(([127, 0, 0, 1], office.operations))));
                }
                Self::ForeignCertificates(most) if count < most => spoken.extend(greet(office, "z", server)),
                Self::NewOnes(a_second) => {
                    drop(greet(office, "z", server));
                    let due = Duration::from_secs(count as u64) / a_second;
                    std::thread::sleep(due.saturating_sub(started.elapsed()));
                }
                Self::StalledUploads(most) if held.len() < most => held.extend(upload(office, server)),
                Self::StalledUploads(_) => {
                    // One that was cut off is begun anew.
                    held.retain_mut(|stream: &mut Tls| {
                        stream.sock.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
                        stream.read(&mut [0; 256]).is_err()
                    });
                }
                _ => {
                    begun.fetch_sub(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn connect(from: &str, to: SocketAddr) -> Option<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from.parse().unwrap(), 0))?;
        let connected = tokio::time::timeout(Duration::from_secs(2), socket.connect(to)).await;
        connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
    });
    let stream = stream.ok()?.into_std().ok()?;
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    Some(stream)
}

fn tls(office: &Office, folder: &str, from: &str, to: SocketAddr) -> Option<Tls> {
    let file = |name: &str| office.read(&format!("{folder}/{name}"));
    let (chain, key, authority) = (file("tls.pem"), file("tls.key"), file("authority.pem"));
    let [chain, key, authority] =
        [&chain, &key, &authority].map(|content| PemFile { path: Path::new("test"), content });
    let identity = Identity::from_pem(chain, key, authority).unwrap();
    let mut roots = RootCertStore::empty();
    identity.authorities.into_iter().for_each(|authority| roots.add(authority).unwrap());
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(identity.chain, identity.key.unwrap())
        .unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    Some(StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), connect(from, to)?))
}

/// Asks for something, and waits until there is a word.
fn greet(office: &Office, folder: &str, to: SocketAddr) -> Option<Tls> {
    let mut stream = tls(office, folder, ELSEWHERE, to)?;
    stream.write_all(b"GET /v1/agreements HTTP/1.1\r\nhost: localhost\r\n\r\n").ok()?;
    stream.flush().ok()?;
    (stream.read(&mut [0; 256]).ok()? > 0).then_some(stream)
}

/// Of a key, by the second requester: its head and its first byte.
fn upload(office: &Office, to: SocketAddr) -> Option<Tls> {
    let mut stream = tls(office, "a-1", ELSEWHERE, to)?;
    let (agreement, length) = (office.agreement.digest(), office.key_content(1).len());
    let agreement: String = agreement.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = "0".repeat(32);
    let head = format!(
        "PUT /v1/agreements/{agreement}/keys/{key} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\nx"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.flush().ok()?;
    Some(stream)
}
