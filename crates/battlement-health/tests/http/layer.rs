use std::task::{Context, Poll};

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use battlement_health::{Details, Format, Health, HealthBuilder, HealthLayer, Paths};
use battlement_testkit::{
    client::{Collected, Http1},
    server::Server,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tower_service::Service;

use crate::instance::{impaired, instance, send, started};

/// Returns a router whose handlers say that they were called.
fn router() -> Router {
    let router = Router::new().route("/", get("shop")).route("/health", get("the shop's own"));
    router.route("/readyz/{x}", get("a route below")).route("/livez", post("posted"))
}

async fn answer(server: &Server, request: Request<Empty<Bytes>>) -> (u16, String) {
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let answer = Collected::of(client.send(request).await.unwrap()).await.unwrap();
    (answer.status.as_u16(), answer.text())
}

async fn fetch(server: &Server, path: &str) -> (u16, String) {
    answer(server, Request::get(path).body(Empty::new()).unwrap()).await
}

fn told(code: u16, text: &str) -> (u16, String) {
    (code, text.to_owned())
}

#[tokio::test]
async fn a_layer_answers_liveness_and_readiness_and_leaves_every_other_path_to_the_router() {
    let health = Health::new();
    let server = Server::axum(router().layer(HealthLayer::new(&health))).await.unwrap();
    for (path, expected) in [
        ("/livez", told(200, "ok")),
        ("/readyz", told(200, "ok")),
        ("/readyz/ping", told(200, "ok")),
        ("/readyz/redis", told(404, "unknown check\n")),
        ("/health", told(200, "the shop's own")),
        ("/", told(200, "shop")),
        ("/startupz", told(404, "")),
        ("/healthz", told(404, "")),
        ("/livezz", told(404, "")),
        ("/lists", told(404, "")),
        ("/readys", told(404, "")),
        ("/r", told(404, "")),
    ] {
        assert_eq!(fetch(&server, path).await, expected, "{path}");
    }
    let posted = Request::post("/livez").body(Empty::new()).unwrap();
    assert_eq!(answer(&server, posted).await, told(405, "method not allowed\n"));
    health.drain();
    assert_eq!(fetch(&server, "/readyz").await.0, 503);
    assert_eq!(fetch(&server, "/livez").await, told(200, "ok"));
    assert_eq!(fetch(&server, "/").await, told(200, "shop"));
}

#[tokio::test]
async fn a_layer_answers_the_paths_that_it_is_asked_for() {
    let health = Health::new();
    let all = HealthLayer::new(&health).all_paths();
    let server = Server::axum(router().layer(all)).await.unwrap();
    assert_eq!(fetch(&server, "/startupz").await, told(200, "ok"));
    assert!(fetch(&server, "/health").await.1.starts_with(r#"{"status":"pass","#));

    let own = HealthLayer::new(&health).paths(Paths::new().ready("/up")).format(Format::Health);
    let server = Server::axum(router().layer(own)).await.unwrap();
    assert!(fetch(&server, "/up").await.1.starts_with(r#"{"status":"pass","#));
    assert_eq!(fetch(&server, "/readyz").await.0, 404);

    let off = HealthLayer::new(&health).all_paths().enabled(false);
    let server = Server::axum(router().layer(off)).await.unwrap();
    assert_eq!(fetch(&server, "/readyz").await.0, 404);
    assert_eq!(fetch(&server, "/health").await, told(200, "the shop's own"));
}

#[tokio::test]
async fn a_layer_withholds_reasons_unless_details_are_full() {
    let health = instance(impaired()).await;
    let server = Server::axum(router().layer(HealthLayer::new(&health))).await.unwrap();
    let withheld = told(503, "internal server error: reason withheld\n");
    assert_eq!(fetch(&server, "/readyz/database").await, withheld);
    let full = HealthLayer::new(&health).details(Details::Full);
    let server = Server::axum(router().layer(full)).await.unwrap();
    let shown = told(503, "internal server error: too many connections\n");
    assert_eq!(fetch(&server, "/readyz/database").await, shown);
}

#[tokio::test]
async fn full_details_of_the_registry_are_those_of_its_service_and_not_of_a_layer() {
    let builder = impaired().into_iter().fold(Health::builder(), HealthBuilder::check);
    let health = started(builder.details(Details::Full)).await;
    let request = Request::get("/readyz/database").body(Empty::new()).unwrap();
    let shown = send(&health.service(), request).await;
    assert_eq!(shown.text(), "internal server error: too many connections\n");
    let server = Server::axum(router().layer(HealthLayer::new(&health))).await.unwrap();
    let withheld = told(503, "internal server error: reason withheld\n");
    assert_eq!(fetch(&server, "/readyz/database").await, withheld);
}

#[tokio::test]
async fn probes_are_answered_in_front_of_the_layers_inside() {
    let refuse = async || StatusCode::TOO_MANY_REQUESTS;
    let inner = Router::new().fallback(refuse);
    let server = Server::axum(inner.layer(HealthLayer::new(&Health::new()))).await.unwrap();
    assert_eq!(fetch(&server, "/livez").await, told(200, "ok"));
    assert_eq!(fetch(&server, "/orders").await.0, 429);
}

/// A service without a free permit, as tower's `ConcurrencyLimit` in a service that is overloaded.
#[derive(Clone)]
struct NeverReady<S>(S);

impl<S: Service<R>, R> Service<R> for NeverReady<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Pending
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}

#[tokio::test]
async fn in_a_call_of_its_own_the_layer_answers_while_another_one_of_the_router_has_no_permit() {
    let limited = router().layer(tower_layer::layer_fn(NeverReady));
    let server = Server::axum(limited.layer(HealthLayer::new(&Health::new()))).await.unwrap();
    assert_eq!(fetch(&server, "/livez").await, told(200, "ok"));
}

#[test]
#[should_panic(
    expected = "HealthLayer: health paths: startup: \"/livez\" is also a path of `live`"
)]
fn a_layer_refuses_equal_paths() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    let _ = HealthLayer::new(&Health::new()).paths(Paths::default().startup("/livez"));
}
