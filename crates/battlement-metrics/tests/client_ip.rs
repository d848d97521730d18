//! Metrics of client addresses on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;

use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies};
use battlement_core::PeerAddr;
use battlement_metrics::{Exposition, Format};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

async fn answer(_: Request<()>) -> Result<Response<()>, Infallible> {
    Ok(Response::new(()))
}

fn from_the_proxy(named: &str) -> Request<()> {
    let mut request = Request::builder().header("x-forwarded-for", named).body(()).unwrap();
    request.extensions_mut().insert(PeerAddr("10.0.0.1:443".parse().unwrap()));
    request
}

#[tokio::test]
async fn headers_of_trusted_proxies_that_name_no_client_are_counted_by_all_layers_together() {
    let behind = || {
        let proxies = Proxies::networks(["10.0.0.0/8".parse().unwrap()]);
        ClientIpLayer::behind(proxies, Forwarding::x_forwarded_for())
    };
    let (one, other) = (behind(), behind());
    // The same layer twice is one.
    let shown = Exposition::new().client_ip(&one).client_ip(&other).client_ip(&one.clone());
    let page = || shown.render(Format::Text);
    assert!(page().contains("\nbattlement_client_ip_malformed_total 0\n"), "{}", page());
    for (layer, named) in [(&one, "nonsense"), (&one, "192.0.2.1"), (&other, "8.8.8.8.8")] {
        layer.layer(service_fn(answer)).oneshot(from_the_proxy(named)).await.unwrap();
    }
    assert!(page().contains("# TYPE battlement_client_ip_malformed_total counter\n"), "{}", page());
    assert!(page().contains("\nbattlement_client_ip_malformed_total 2\n"), "{}", page());
}
