use std::{
    convert::Infallible,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{ConnectionScheme, Scheme};
use battlement_serve::{
    Closed, End, Limits, Listener, Observe, Server,
    tls::{
        Tls,
        rustls::{
            ClientConfig, RootCertStore,
            crypto::ring,
            pki_types::{CertificateDer, ServerName, pem::PemObject as _},
        },
    },
};
use battlement_testkit::certificates::CertificateAuthority;
use http::{Request, Response};
use hyper::body::Incoming;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The deadline of the first request.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// A server with TLS on a Unix socket.
pub(crate) struct Served {
    path: PathBuf,
    pub(crate) authority: CertificateAuthority,
    pub(crate) tls: Tls,
    pub(crate) seen: Seen,
    _dir: TempDir,
}

/// The ends of connections, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<End>>>);

impl Seen {
    pub(crate) fn ends(&self) -> Vec<End> {
        self.0.lock().unwrap().clone()
    }
}

impl Observe for Seen {
    fn on_closed(&self, connection: &Closed<'_>) {
        self.0.lock().unwrap().push(connection.end);
    }
}

pub(crate) type Client = TlsStream<UnixStream>;

impl Served {
    pub(crate) async fn start() -> Self {
        let authority = CertificateAuthority::new();
        let tls = issue(&authority);
        Self::with(authority, tls).await
    }

    pub(crate) async fn with(authority: CertificateAuthority, tls: Tls) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = Listener::unix(&path).bind().unwrap().tls(&tls);
        let (limits, seen) = (Limits::new().first_request(DEADLINE), Seen::default());
        let server = Server::new(listener).limits(limits).observe(seen.clone());
        tokio::spawn(server.serve(tower::service_fn(answer)));
        Self { path, authority, tls, seen, _dir: dir }
    }

    pub(crate) async fn socket(&self) -> UnixStream {
        UnixStream::connect(&self.path).await.unwrap()
    }

    /// Makes a handshake with a client that offers the protocols `alpn`.
    pub(crate) async fn connect(&self, alpn: &[&str]) -> Client {
        self.connect_as(&client(&self.authority, alpn)).await
    }

    /// Makes a handshake with a client, which may resume an earlier session of it.
    pub(crate) async fn connect_as(&self, client: &Arc<ClientConfig>) -> Client {
        handshake(client, self.socket().await).await
    }
}

/// Creates a configuration with a certificate of its own.
pub(crate) fn issue(authority: &CertificateAuthority) -> Tls {
    let [chain, key] = authority.issue();
    Tls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

pub(crate) async fn handshake(client: &Arc<ClientConfig>, socket: UnixStream) -> Client {
    let connector = TlsConnector::from(Arc::clone(client));
    let name = ServerName::try_from("localhost").unwrap();
    connector.connect(name, socket).await.unwrap()
}

/// Creates a client that trusts `authority` and offers the protocols `alpn`.
pub(crate) fn client(authority: &CertificateAuthority, alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let client =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
    client.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(client)
}

/// Answers with the scheme of the connection.
pub(crate) async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let secure = request.extensions().get() == Some(&ConnectionScheme(Scheme::Https));
    Ok(Response::new(format!("secure: {secure}.")))
}

/// Sends a request, and reads the response.
pub(crate) async fn get(client: &mut Client) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b".") {
        assert!(client.read_buf(&mut read).await.unwrap() > 0, "closed after {read:?}");
    }
    String::from_utf8(read).unwrap()
}

/// Returns the certificate that the server has shown.
pub(crate) fn certificate(client: &Client) -> CertificateDer<'static> {
    client.get_ref().1.peer_certificates().unwrap()[0].clone()
}
