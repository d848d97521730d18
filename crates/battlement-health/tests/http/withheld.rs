use std::time::Duration;

use axum::Router;
use battlement_health::{Check, CheckState, Details, Health, HealthLayer, HealthService, Paths};
use battlement_testkit::{client::Collected, eventually};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tower::ServiceExt as _;

use crate::instance::send;

/// A connection string with a password, as a driver puts it into its errors.
const DSN: &str = "postgres://app-rw:pa55-Sesame@db-7.corp.example:5432/orders-prod";

/// The parts of it, none of which the public may read.
const PARTS: [&str; 6] =
    ["postgres", "app-rw", "pa55-Sesame", "db-7", "corp.example", "orders-prod"];

/// Returns checks that end in every way, each with the connection string in its reason.
fn checks() -> Vec<Check> {
    vec![
        Check::of_state("passes", || CheckState::pass(format!("connected to {DSN}"))),
        Check::of_state("degrades", || CheckState::degraded(format!("slow: {DSN}"))),
        Check::of_state("fails", || CheckState::fail(format!("cannot reach {DSN}"))),
        Check::new("errs", async || Err::<(), _>(format!("{DSN}: refused"))).critical(),
        Check::of_state("panics", || panic!("{DSN}")).critical(),
        Check::new("hangs", std::future::pending::<CheckState>).critical(),
    ]
}

async fn instance() -> Health {
    let builder = Health::builder().fail_after(1).timeout(Duration::from_millis(100));
    let health =
        checks().into_iter().fold(builder, battlement_health::HealthBuilder::check).build();
    let all_ran = || health.checks().iter().all(|check| check.runs.total() > 0);
    assert!(eventually(Duration::from_secs(10), all_ran).await);
    health
}

/// Returns every form in which a probe can be asked.
fn requests() -> impl Iterator<Item = Request<Empty<Bytes>>> {
    let paths =
        ["/livez", "/readyz", "/startupz", "/healthz", "/health", "/health/ready", "/ready"];
    let checks = ["", "/passes", "/degrades", "/fails", "/errs", "/panics", "/hangs", "/nope"];
    let queries = ["", "?verbose", "?exclude=errs&exclude=panics&exclude=hangs&verbose"];
    let formats = ["", "&format=text", "&format=health", "&format=spring", "&format=microprofile"];
    let accepts =
        ["*/*", "application/health+json", "application/vnd.spring-boot.actuator.v3+json"];
    let combine = |left: Vec<String>, right: &[&str]| -> Vec<String> {
        left.iter()
            .flat_map(|left| right.iter().map(move |right| format!("{left}{right}")))
            .collect()
    };
    let paths = combine(combine(vec![String::new()], &paths), &checks);
    let targets = combine(combine(paths, &queries), &formats);
    let targets = targets.into_iter().map(|target| match target.contains('?') {
        true => target,
        false => target.replacen('&', "?", 1),
    });
    targets.flat_map(move |target| {
        accepts.map(|accept| {
            Request::get(&target).header("accept", accept).body(Empty::new()).unwrap()
        })
    })
}

async fn answers(service: &HealthService) -> Vec<(String, Collected)> {
    let mut answers = Vec::new();
    for request in requests() {
        let target = request.uri().to_string();
        answers.push((target, send(service, request).await));
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn no_public_answer_in_any_format_contains_any_part_of_a_reason() {
    let health = instance().await;
    let service = health.service().paths(Paths::node()).version(true).uptime(true).pid(true);
    let answers = answers(&service).await;
    let router: Router = Router::new().layer(HealthLayer::new(&health).paths(Paths::node()));
    let mut bodies: Vec<_> = answers
        .iter()
        .map(|(target, answer)| {
            (target.clone(), format!("{:?}\n{}", answer.headers, answer.text()))
        })
        .collect();
    for request in requests().filter(|request| request.uri().path().starts_with("/readyz")) {
        let target = request.uri().to_string();
        let response = router.clone().oneshot(request.map(axum::body::Body::new)).await.unwrap();
        bodies.push((target, Collected::of(response).await.unwrap().text()));
    }
    assert!(bodies.len() > 2_000);
    for (target, body) in &bodies {
        for part in PARTS {
            assert!(!body.contains(part), "{target} tells {part:?}: {body}");
        }
    }
    let failing = answers.iter().filter(|(_, answer)| answer.status == 503);
    assert!(failing.count() > 500, "the answers are about checks that fail");
}

#[tokio::test(start_paused = true)]
async fn the_admin_listener_shows_reasons_without_the_password() {
    let service = instance().await.service().details(Details::Full).paths(Paths::node());
    let answers = answers(&service).await;
    for (target, answer) in &answers {
        assert!(!answer.text().contains("pa55-Sesame"), "{target}: {}", answer.text());
    }
    for format in ["text", "health", "spring", "microprofile"] {
        let target = format!("/readyz?verbose&format={format}");
        let (_, answer) = answers.iter().find(|(asked, _)| *asked == target).unwrap();
        for reason in ["cannot reach", "slow", "refused", "db-7.corp.example"] {
            assert!(answer.text().contains(reason), "{format}: {}", answer.text());
        }
    }
}
