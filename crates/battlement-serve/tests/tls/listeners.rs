//! Servers with several listeners.

use battlement_serve::{Listener, Server};
use battlement_testkit::certificates::CertificateAuthority;
use tokio::net::UnixStream;
use tower::service_fn;

use crate::served::{answer, certificate, client, get, handshake, issue};

#[tokio::test(start_paused = true)]
async fn tls_of_a_server_is_that_of_each_listener_without_its_own_in_any_order() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), CertificateAuthority::new());
    let listener = |name: &str| Listener::unix(dir.path().join(name)).bind().unwrap();
    let server = Server::new(listener("before"))
        .listener(listener("own").tls(&issue(&authority)))
        .tls(&issue(&authority))
        .listener(listener("after"));
    tokio::spawn(server.serve(service_fn(answer)));
    let mut shown = Vec::new();
    for name in ["before", "own", "after"] {
        let socket = UnixStream::connect(dir.path().join(name)).await.unwrap();
        let mut client = handshake(&client(&authority, &["http/1.1"]), socket).await;
        assert!(get(&mut client).await.ends_with("secure: true."), "{name}");
        shown.push(certificate(&client));
    }
    assert_eq!(shown[0], shown[2]);
    assert_ne!(shown[0], shown[1]);
}
