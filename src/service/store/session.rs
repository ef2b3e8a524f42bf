//! A session with a PostgreSQL server: over TLS where that is asked for, and without long waits for a machine that is gone.

use std::sync::Arc;
use std::time::Duration;

use postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::StoreError;

/// Whoever waits for a machine to answer, or for another process to finish its step, waits so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// A server that says nothing for so long is gone; so is, to it, one of ours.
const SILENCE: Duration = Duration::from_secs(5);

/// Connects.
///
/// # Errors
///
/// [`StoreError`] of the connection.
pub(super) fn open(config: &postgres::Config) -> Result<postgres::Client, StoreError> {
    connect(config, asked_tls(config)?)
}

fn connect(config: &postgres::Config, tls: Option<MakeRustlsConnect>) -> Result<postgres::Client, StoreError> {
    let mut config = config.clone();
    config.connect_timeout(PATIENCE).application_name("cotejo");
    // Neither side waits long for a machine that is gone.
    config.keepalives_idle(SILENCE).keepalives_interval(Duration::from_secs(1)).keepalives_retries(3);
    config.tcp_user_timeout(PATIENCE);
    let mut client = match tls {
        Some(tls) => config.connect(tls)?,
        None => config.connect(postgres::NoTls)?,
    };
    let (patience, silence) = (PATIENCE.as_millis(), SILENCE.as_secs());
    client.batch_execute(&format!(
        "SET lock_timeout = {patience}; SET client_min_messages = warning; SET tcp_keepalives_idle = {silence}; \
         SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3; SET tcp_user_timeout = {patience}"
    ))?;
    Ok(client)
}

/// A session in which somebody else's tables are read.
pub(crate) struct Reading {
    /// To ask by.
    pub client: postgres::Client,
    /// How a second connection is made, by which a statement of the first is cancelled; none without TLS.
    tls: Option<MakeRustlsConnect>,
}

impl Reading {
    /// Connects.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the connection.
    pub(crate) fn open(config: &postgres::Config) -> Result<Self, StoreError> {
        let tls = asked_tls(config)?;
        Ok(Self { client: connect(config, tls.clone())?, tls })
    }

    /// What cancels the statement that runs when it is called.
    pub(crate) fn canceller(&self) -> impl Fn() + Send + 'static {
        let (token, tls) = (self.client.cancel_token(), self.tls.clone());
        move || {
            // Where that fails, the statement runs on until its connection ends.
            drop(match &tls {
                Some(tls) => token.cancel_query(tls.clone()),
                None => token.cancel_query(postgres::NoTls),
            });
        }
    }
}

/// TLS, where a connection string asks for it.
fn asked_tls(config: &postgres::Config) -> Result<Option<MakeRustlsConnect>, StoreError> {
    (config.get_ssl_mode() == SslMode::Require).then(tls).transpose()
}

/// TLS to a database server: its certificate must be by an authority of the file that `SSL_CERT_FILE` names, or of the system's.
fn tls() -> Result<MakeRustlsConnect, StoreError> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let path = std::env::var_os("SSL_CERT_FILE").unwrap_or_else(|| "/etc/ssl/certs/ca-certificates.crt".into());
    let unusable = || StoreError::Tls(format!("no usable certificates in {}", path.display()));
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(&path).map_err(|_| unusable())?;
    roots.add_parsable_certificates(certificates.filter_map(Result::ok));
    if roots.is_empty() {
        return Err(unusable());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|_| unusable())?.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
