//! TLS by rustls, with a configuration that can be replaced.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};

use crate::{End, Protocol, Refusal, state::State, transport::Socket};

/// TLS of a listener, with ALPN for HTTP/2 and HTTP/1.1.
#[derive(Clone, Debug)]
pub struct Tls(TlsHandle);

/// A handle that replaces the certificates of a [`Tls`] at run time.
///
/// Open connections stay; handshakes from then on use the new configuration.
#[derive(Clone, Debug)]
pub struct TlsHandle(Arc<RwLock<Arc<ServerConfig>>>);

impl Tls {
    /// Creates TLS with the configuration of rustls. ALPN protocols are set if it has none.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self(TlsHandle(Arc::new(RwLock::new(with_alpn(config)))))
    }

    /// Returns a handle that replaces the configuration.
    #[must_use]
    pub fn handle(&self) -> TlsHandle {
        self.0.clone()
    }

    pub(crate) async fn handshake(
        &self,
        socket: Socket,
        state: &State,
    ) -> io::Result<(TlsStream<Socket>, Option<Protocol>)> {
        let config = self.0.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        match TlsAcceptor::from(config).accept(socket).await {
            Ok(stream) => {
                let protocol = match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => Some(Protocol::Http2),
                    Some(b"http/1.1") => Some(Protocol::Http1),
                    _ => None,
                };
                Ok((stream, protocol))
            }
            Err(error) => {
                state.end_with(End::Refused(Refusal::Tls));
                Err(error)
            }
        }
    }
}

impl TlsHandle {
    /// Replaces the configuration of handshakes from now on.
    pub fn replace(&self, config: ServerConfig) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = with_alpn(config);
    }
}

fn with_alpn(mut config: ServerConfig) -> Arc<ServerConfig> {
    if config.alpn_protocols.is_empty() {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Arc::new(config)
}
