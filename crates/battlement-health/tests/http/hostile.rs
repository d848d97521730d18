use battlement_health::{Check, CheckState, Details, Health, HealthLayer, HealthService, Paths};
use http::Request;
use http_body_util::Empty;
use tower::{Layer as _, service_fn};

use crate::instance::{get, instance, send};

/// Names that try to end a line, to open an element, and to fill the answer.
fn names() -> Vec<String> {
    let long = "x".repeat(20_000);
    let names = [
        "%0A[+]fake%20ok",
        "%0D%0ASet-Cookie:%20a=b",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%22,%22b",
        "%00%1b[31m",
        "%ff%fe",
        "%E2%80%AE",
        "%",
        "..%2F..%2Fetc",
        &long,
    ];
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn services() -> [HealthService; 2] {
    let check = Check::of_state("database", || CheckState::fail("down")).critical();
    let service = instance([check]).await.service();
    [service.clone().details(Details::Full), service]
}

#[tokio::test(start_paused = true)]
async fn a_hostile_name_to_be_left_out_is_escaped_or_dropped() {
    for service in services().await {
        for name in names() {
            for format in ["text", "health", "spring", "microprofile"] {
                let path = format!("/readyz?verbose&format={format}&exclude={name}");
                let answer = get(&service, &path).await;
                assert_eq!(answer.status, 503, "{path}");
                assert!(answer.body.len() < 10 * 1024, "{path}: {} bytes", answer.body.len());
                let text = answer.text();
                let is_safe = |char: char| char == '\n' || (' '..='~').contains(&char);
                assert!(text.chars().all(is_safe), "{path}: {text:?}");
                let lines = if format == "text" { 4 + usize::from(name != "%") } else { 0 };
                assert_eq!(text.matches('\n').count(), lines, "{path}: {text}");
                assert!(format == "text" || !text.contains("script"), "{path}: {text}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_of_many_names_is_answered_in_bounds() {
    let names: Vec<_> = (0..4_000).map(|at| format!("exclude={at}")).collect();
    for service in services().await {
        let answer = get(&service, &format!("/readyz?{}", names.join("&"))).await;
        let text = answer.text();
        assert!(answer.body.len() < 2_048, "{text}");
        assert!(text.contains("[-]database failed") && text.contains(" more\n"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hostile_name_in_a_path_is_not_repeated() {
    for service in services().await {
        for name in names() {
            let answer = get(&service, &format!("/readyz/{name}")).await;
            assert_eq!(
                (answer.status.as_u16(), &*answer.text()),
                (404, "unknown check\n"),
                "{name}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hostile_accept_gets_the_default() {
    let [service, _] = services().await;
    let long = "application/json,".repeat(1_000);
    for accept in ["*", "/", "application/", ";q=", "application/json;q=2", &long] {
        let request = Request::get("/readyz").header("accept", accept);
        let answer = send(&service, request.body(Empty::new()).unwrap()).await;
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{accept}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_without_a_path_is_not_a_probe() {
    let health = Health::new();
    let inner = service_fn(async |_: Request<Empty<bytes::Bytes>>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(Empty::<bytes::Bytes>::new()))
    });
    let layered = HealthLayer::new(&health).paths(Paths::node()).layer(inner);
    for target in ["*", "shop.example:443", "http://shop.example", "https://shop.example/livezz"] {
        let request = || Request::get(target).body(Empty::new()).unwrap();
        assert_eq!(send(&health.service(), request()).await.status, 404, "{target}");
        assert_eq!(send(&layered, request()).await.header("cache-control"), None, "{target}");
    }
    let request = Request::get("http://shop.example/livez").body(Empty::new()).unwrap();
    assert_eq!(send(&layered, request).await.text(), "ok");
}
