//! TLS as our identity has built it, below `ureq`, which would build another of its own at the first connection.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use crate::service::identity::KeyExchange;

/// Puts TLS on a connection.
pub(super) struct Tls {
    pub config: Arc<ClientConfig>,
    pub exchange: KeyExchange,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Encrypted;

    fn connect(&self, details: &ConnectionDetails<'_>, below: Option<In>) -> Result<Option<Encrypted>, Error> {
        let below = below.ok_or(Error::ConnectionFailed)?;
        let host = details.uri.host().ok_or(Error::Tls("an address without a host"))?;
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']'));
        let name = name.map_err(|_| Error::Tls("no name of a host"))?.to_owned();
        let mut connection =
            ClientConnection::new(Arc::clone(&self.config), name).map_err(|error| Error::Other(error.into()))?;
        let mut below = TransportAdapter::new(below.boxed(), Arc::clone(&details.current_time));
        below.set_timeout(details.timeout);
        connection.complete_io(&mut below).map_err(|error| self.exchange.told(error))?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Encrypted { buffers, stream: StreamOwned::new(connection, below) }))
    }
}

/// A connection with TLS on it.
pub(super) struct Encrypted {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encrypted")
    }
}

impl Transport for Encrypted {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).ok_or(Error::Tls("more than there is to send"))?;
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
