use battlement_core::{ClientIp, PeerAddr, RequestFacts, Via};
use battlement_timeout::{DeadlineLayer, TimeoutHeader};
use http::Request;
use tower::{Layer, ServiceExt, service_fn};

use crate::served::{MS, get, left};

const NAME: &str = "x-request-timeout-ms";

fn from(peer: &str) -> Request<()> {
    let mut request = get(&[(NAME, "200")]);
    request.extensions_mut().insert(PeerAddr(format!("{peer}:4711").parse().unwrap()));
    request
}

fn layer() -> DeadlineLayer {
    DeadlineLayer::new().header(TimeoutHeader::default())
}

#[tokio::test(start_paused = true)]
async fn the_header_of_a_peer_without_trust_is_ignored() {
    assert_eq!(left(&layer(), from("10.0.0.1")).await, 30_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn the_header_of_a_peer_in_a_trusted_network_is_read() {
    let layer = layer().trust_peers(["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(left(&layer, from("10.0.0.1")).await, 200 * MS);
    assert_eq!(left(&layer, from("192.0.2.1")).await, 30_000 * MS);
    assert_eq!(left(&layer, get(&[(NAME, "200")])).await, 30_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn the_header_of_a_proxy_that_the_client_ip_layer_trusts_is_read() {
    for (is_trusted, expected) in [(true, 200), (false, 30_000)] {
        let mut request = from("10.0.0.1");
        let mut client = ClientIp::new("192.0.2.1".parse().unwrap(), Via::Header);
        client.peer_is_trusted = is_trusted;
        RequestFacts::of_or_start(&mut request).set_client(client);
        assert_eq!(left(&layer(), request).await, expected * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn an_ignored_header_is_removed_and_a_trusted_one_is_kept() {
    for (trusts, kept) in [(true, true), (false, false)] {
        let handler = service_fn(async |request: Request<()>| {
            let kept = request.headers().contains_key(NAME);
            Ok::<_, std::convert::Infallible>(http::Response::new(kept.to_string()))
        });
        let service = layer().trust(move |_| trusts).layer(handler);
        let response = service.oneshot(from("10.0.0.1")).await.unwrap();
        use http_body_util::BodyExt as _;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, kept.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_ignored_header_is_logged_and_the_log_names_the_setting() {
    let log = crate::expiry::Log::default();
    let _guard = log.start();
    let layer = layer();
    for _ in 0..3 {
        left(&layer, from("10.0.0.1")).await;
        left(&layer.clone(), from("10.0.0.1")).await;
    }
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("x-request-timeout-ms") && text.contains("DeadlineLayer::trust"),
        "{text}"
    );
}
