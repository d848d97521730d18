use battlement_health::{Details, Format, Health, HealthService, Paths};
use battlement_testkit::client::Collected;
use http::Request;
use http_body_util::Empty;

use crate::instance::{get, impaired, instance, send};

async fn accept(service: &HealthService, path: &str, accept: &str) -> Collected {
    let request = Request::get(path).header("accept", accept);
    send(service, request.body(Empty::new()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn the_path_of_all_checks_is_health_json_unless_the_caller_asks_for_another_format() {
    let service = instance(impaired()).await.service();
    let answer = accept(&service, "/health", "*/*").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("content-type"), Some("application/health+json"));
    assert_eq!(
        answer.text(),
        r#"{"status":"fail","draining":false,"checks":{"ping":[{"status":"pass"}],"disk":[{"status":"pass"}],"redis":[{"status":"warn"}],"database":[{"status":"fail"}],"shutdown":[{"status":"pass"}]}}"#
    );
    let answer = get(&service, "/health?format=text&exclude=database").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(
        answer.text(),
        "[+]ping ok\n[+]disk ok\n[!]redis degraded: reason withheld\n[+]database excluded: ok\n\
         [+]shutdown ok\nhealth check passed\n"
    );
    let answer = get(&Health::new().service(), "/health?format=text").await;
    assert_eq!((answer.status.as_u16(), &*answer.text()), (200, "ok"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_chooses_the_format_by_accept_or_by_the_query() {
    let service = instance(impaired()).await.service();
    let health = r#"{"status":"fail","draining":false,"checks":{"database":[{"status":"fail"}]}}"#;
    let text = "internal server error: reason withheld\n";
    let microprofile = r#"{"status":"DOWN","checks":[{"name":"database","status":"DOWN"}]}"#;
    let spring = r#"{"status":"DOWN"}"#;
    for (query, accepted, content_type, body) in [
        ("", "application/json", "application/json", health),
        ("", "application/health+json", "application/health+json", health),
        ("?format=health", "text/plain", "application/health+json", health),
        ("?format=json", "*/*", "application/health+json", health),
        ("?format=microprofile", "*/*", "application/json", microprofile),
        ("?format=spring", "*/*", "application/vnd.spring-boot.actuator.v3+json", spring),
        (
            "",
            "application/vnd.spring-boot.actuator.v3+json",
            "application/vnd.spring-boot.actuator.v3+json",
            spring,
        ),
        ("?format=toml", "*/*", "text/plain; charset=utf-8", text),
        ("", "image/png", "text/plain; charset=utf-8", text),
        ("", "text/html,*/*;q=0.8", "text/plain; charset=utf-8", text),
    ] {
        let answer = accept(&service, &format!("/readyz/database{query}"), accepted).await;
        assert_eq!(answer.status, 503, "{query} {accepted}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{query} {accepted}");
        assert_eq!(answer.text(), body, "{query} {accepted}");
        assert_eq!(answer.header("vary"), Some("accept"), "{query} {accepted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_degraded_service_is_a_200_in_every_format() {
    let [disk, redis, _] = impaired();
    let service = instance([disk, redis]).await.service();
    for (format, status) in [
        ("text", "readyz check passed\n"),
        ("health", r#"{"status":"warn","#),
        ("spring", r#"{"status":"UP","#),
        ("microprofile", r#"{"status":"UP","#),
    ] {
        let answer = get(&service, &format!("/readyz?format={format}")).await;
        assert_eq!(answer.status, 200, "{format}");
        assert!(answer.text().contains(status), "{format}: {}", answer.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_from_spring_keeps_its_paths_and_its_json() {
    let service = instance(impaired()).await.service();
    let service = service.paths(Paths::spring()).format(Format::Spring);
    let answer = get(&service, "/actuator/health").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.text(),
        r#"{"status":"DOWN","components":{"ping":{"status":"UP"},"disk":{"status":"UP"},"redis":{"status":"DEGRADED"},"database":{"status":"DOWN"},"shutdown":{"status":"UP"}},"groups":["liveness","readiness"]}"#
    );
    let answer = accept(&service, "/actuator/health/liveness", "application/json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.text(), r#"{"status":"UP","components":{"ping":{"status":"UP"}}}"#);
    let answer = get(&service, "/actuator/health/database").await;
    assert_eq!((answer.status.as_u16(), &*answer.text()), (503, r#"{"status":"DOWN"}"#));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_drains_is_out_of_service_for_spring() {
    let health = Health::new();
    health.drain();
    let answer = get(&health.service(), "/readyz?format=spring").await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.text()),
        (
            503,
            r#"{"status":"OUT_OF_SERVICE","components":{"ping":{"status":"UP"},"shutdown":{"status":"OUT_OF_SERVICE"}}}"#
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_from_microprofile_keeps_its_paths_and_its_json() {
    let service = Health::new().service();
    let service = service.paths(Paths::microprofile()).format(Format::MicroProfile);
    let answer = get(&service, "/health/started").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.text(), r#"{"status":"UP","checks":[{"name":"ping","status":"UP"}]}"#);
}

#[tokio::test(start_paused = true)]
async fn version_uptime_and_pid_are_shown_with_full_details_and_each_by_its_setting() {
    let health = Health::builder().version("1.4.0").build();
    let pid = std::process::id();
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    let checks = r#""checks":{"ping":[{"status":"pass"}]}}"#;
    let public = health.service();
    let full = health.service().details(Details::Full);
    let quiet = full.clone().version(false).uptime(false).pid(false).draining(false);
    let loud = public.clone().version(true).uptime(true).pid(true);
    let head = format!(
        r#"{{"status":"pass","version":"1.4.0","uptimeSeconds":61,"pid":{pid},"draining":false"#
    );
    let short = r#"{"status":"pass","draining":false"#;
    for (service, expected) in [
        (public, format!("{short},{checks}")),
        (loud, format!("{head},{checks}")),
        (full, format!(r#"{head},"checks":{{"ping":[{{"status":"pass","note":"the process answers","critical":true}}]}}}}"#)),
        (quiet, r#"{"status":"pass","checks":{"ping":[{"status":"pass","note":"the process answers","critical":true}]}}"#.to_owned()),
    ] {
        assert_eq!(get(&service, "/livez?format=health").await.text(), expected);
    }
}
