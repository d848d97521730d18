//! TLS by rustls, with certificates that can be replaced at run time.
//!
//! ALPN offers HTTP/2 and HTTP/1.1. The handshake runs in the task of its connection, within the
//! [deadline](crate::Limits::first_request) of the first request, so that a slow handshake delays no other connection.

mod error;
mod pem;

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub use self::error::TlsError;
pub use tokio_rustls::rustls;

use crate::{End, Protocol, Refusal, state::State, transport::Socket};
use rustls::ServerConfig;

const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// The TLS configuration of a server.
///
/// # Example
///
/// ```no_run
/// use battlement_serve::{Listener, Server, tls::Tls};
/// # use std::convert::Infallible;
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let app = tower::service_fn(|_| async { Ok::<_, Infallible>(http::Response::new(String::new())) });
/// let tls = Tls::from_pem(&std::fs::read("chain.pem")?, &std::fs::read("key.pem")?)?;
/// let certificates = tls.handle(); // replaces them at run time
/// Server::new(Listener::tcp("0.0.0.0:443").await?).tls(&tls).serve(app).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tls(Arc<Mutex<Arc<ServerConfig>>>);

/// Replaces the certificates of a [`Tls`] while its server runs.
///
/// New connections use the new configuration, and open connections are not affected. Sessions of the old configuration
/// are not resumed, so that every new connection shows the new certificate.
#[derive(Clone)]
pub struct TlsHandle(Tls);

impl Tls {
    /// Creates a configuration from a certificate chain and its private key in PEM format, for TLS 1.2 and 1.3 and
    /// without client certificates.
    ///
    /// The cryptography is that of rustls' process default if one is installed, and *ring* otherwise.
    ///
    /// # Errors
    ///
    /// Returns an error if the PEM files lack a certificate or a key, or if the key does not match the certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self::new(pem::config(chain, key)?))
    }

    /// Creates a configuration from one of rustls, for example with client certificates.
    ///
    /// A configuration without ALPN protocols offers HTTP/2 and HTTP/1.1.
    #[must_use]
    pub fn new(config: impl Into<Arc<ServerConfig>>) -> Self {
        Self(Arc::new(Mutex::new(with_alpn(config.into()))))
    }

    /// Returns a handle that replaces the certificates.
    #[must_use]
    pub fn handle(&self) -> TlsHandle {
        TlsHandle(self.clone())
    }

    /// Performs the handshake of a connection, and returns the stream with the protocol that was agreed on.
    pub(crate) async fn handshake(
        &self,
        socket: Socket,
        state: &State,
    ) -> io::Result<(TlsStream<Socket>, Option<Protocol>)> {
        let stream =
            TlsAcceptor::from(self.config()).accept(socket).await.inspect_err(|error| {
                // Other errors are those of the connection: probes of balancers connect and leave.
                if error.kind() == io::ErrorKind::InvalidData {
                    state.end_with(End::Refused(Refusal::Tls));
                }
            })?;
        state.secured();
        let protocol = match stream.get_ref().1.alpn_protocol() {
            Some(HTTP_2) => Some(Protocol::Http2),
            Some(HTTP_1) => Some(Protocol::Http1),
            _ => None,
        };
        Ok((stream, protocol))
    }

    /// Returns the current configuration.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TlsHandle {
    /// Replaces the certificate chain and its private key, both in PEM format, as [`Tls::from_pem`] reads them.
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`Tls::from_pem`]. The server then keeps its certificates.
    pub fn replace_pem(&self, chain: &[u8], key: &[u8]) -> Result<(), TlsError> {
        self.replace(pem::config(chain, key)?);
        Ok(())
    }

    /// Replaces the whole configuration, as [`Tls::new`] takes it.
    pub fn replace(&self, config: impl Into<Arc<ServerConfig>>) {
        let config = with_alpn(config.into());
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = config;
    }
}

fn with_alpn(mut config: Arc<ServerConfig>) -> Arc<ServerConfig> {
    if config.alpn_protocols.is_empty() {
        Arc::make_mut(&mut config).alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
    }
    config
}

impl From<ServerConfig> for Tls {
    fn from(config: ServerConfig) -> Self {
        Self::new(config)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl fmt::Debug for TlsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsHandle")
    }
}
