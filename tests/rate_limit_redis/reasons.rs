//! The log says why Redis does not decide, and how to fix it.

use std::{convert::Infallible, time::Duration};

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{Builder, OnFailure, Redis, State};
use battlement_testkit::{
    eventually,
    redis::{CertificateAuthority, Redis as Server, RedisCluster},
    server::Server as HttpServer,
};
use bytes::Bytes;
use http::Response;
use http_body_util::Empty;

use crate::{
    log::Log,
    shop::{PATIENCE, Shop},
};

const PASSWORD: &str = "hunter2-hunter2";
/// Texts that the log must not contain.
const SECRETS: [&str; 2] = [PASSWORD, "{probe:"];

fn day() -> Policy {
    Policy::per_day("day", 1_000)
}

/// Returns the first warning of a client that cannot use Redis.
async fn warning(redis: Builder) -> String {
    let (log, _logging) = Log::collect();
    let redis = redis.build().unwrap();
    assert!(
        eventually(PATIENCE, || redis.state() == State::Down).await,
        "{redis:?}\n{}",
        log.text()
    );
    let shop = Shop::new(&redis, day(), OnFailure::Deny);
    assert_eq!(shop.ask(1).await.status, 503);
    assert!(SECRETS.iter().all(|secret| !log.text().contains(secret)), "{}", log.text());
    log.warnings().into_iter().next().unwrap_or_else(|| panic!("no warning in: {}", log.text()))
}

async fn with_user(rules: &[&str]) -> (Server, Builder) {
    let server = Server::start().await.unwrap();
    let password = format!(">{PASSWORD}");
    let rules = [&["ACL", "SETUSER", "limits", "on", &password], rules].concat();
    server.query::<()>(&rules).await.unwrap();
    let url = server.url().replace("redis://", &format!("redis://limits:{PASSWORD}@"));
    (server, Redis::builder(&url))
}

#[track_caller]
fn assert_says(warning: &str, why: &str, fix: &str) {
    assert!(warning.contains("Redis is unavailable"), "{warning}");
    assert!(warning.contains(why) && warning.contains(fix), "{warning}");
}

#[tokio::test]
async fn a_forbidden_command_is_named_with_the_rules_that_allow_it() {
    let commands = ["+get", "+set", "+del", "+time", "+eval", "+evalsha", "+ping"];
    for (missing, why, fix) in [
        ("+time", "may not run a command", "grant +get +set +del +time"),
        ("+set", "may not run a command", "grant +get +set +del +time"),
        ("+get", "may not run a command", "grant +get +set +del +time"),
        ("+evalsha", "may not run a command", "+eval +evalsha"),
        ("~rl:*", "may not access the keys", "~rl:*"),
    ] {
        let all = ["~rl:*"].into_iter().chain(commands);
        let rules: Vec<_> = all.filter(|rule| *rule != missing).collect();
        let (_server, redis) = with_user(&rules).await;
        assert_says(&warning(redis).await, why, fix);
    }
}

/// Returns the part of a log line with the reason and the fix.
fn explanation(warning: &str) -> &str {
    &warning[warning.find("why=").unwrap()..warning.find("suppressed=").unwrap()]
}

#[tokio::test]
async fn a_command_forbidden_on_a_cluster_gets_the_same_explanation_as_on_a_single_server() {
    let cluster = RedisCluster::start().await.unwrap();
    let rules = ["~rl:*", "+get", "+set", "+del", "+time", "+eval", "+evalsha", "+ping"];
    let only_cluster = ["+cluster|slots", "+asking"];
    let password = format!(">{PASSWORD}");
    for missing in ["+time", "+set", "+get", "+evalsha", "~rl:*", "+cluster|slots"] {
        let granted: Vec<_> = rules.into_iter().filter(|rule| *rule != missing).collect();
        let on_cluster =
            granted.iter().copied().chain(only_cluster.into_iter().filter(|rule| *rule != missing));
        let user: Vec<_> = ["ACL", "SETUSER", missing, "reset", "on", &password]
            .into_iter()
            .chain(on_cluster)
            .collect();
        for master in cluster.masters() {
            master.query::<()>(&user).await.unwrap();
        }
        let name =
            missing.replace(':', "%3A").replace('|', "%7C").replace('+', "%2B").replace('*', "%2A");
        let with_user =
            |url: String| url.replace("redis://", &format!("redis://{name}:{PASSWORD}@"));
        let redis = Redis::cluster(cluster.urls().into_iter().map(with_user));
        // Long enough that a busy machine is not the reason.
        let on_cluster = warning(redis.deadline(Duration::from_secs(2))).await;
        assert_says(&on_cluster, "the user may not", "grant");
        if rules.contains(&missing) {
            let (_server, redis) = crate::reasons::with_user(&granted).await;
            let single = warning(redis.deadline(Duration::from_secs(2))).await;
            assert_eq!(explanation(&on_cluster), explanation(&single), "without {missing}");
        }
    }
}

#[tokio::test]
async fn a_renamed_command_is_named_in_the_log() {
    for command in ["EVALSHA", "EVAL", "TIME"] {
        let renamed = ["--rename-command", command, "renamed"];
        let server = Server::start_with(&renamed).await.unwrap();
        let warning = warning(Redis::builder(&server.url())).await;
        let why = if command == "TIME" { "TIME within scripts" } else { "does not know a command" };
        assert_says(&warning, why, if command == "TIME" { "TIME" } else { "rename-command" });
    }
}

#[tokio::test]
async fn a_database_out_of_range_is_named_in_the_log() {
    let server = Server::start_with(&["--databases", "1"]).await.unwrap();
    let warning = warning(Redis::builder(&format!("{}3", server.url()))).await;
    assert_says(&warning, "does not have the database", "a smaller number");
}

#[tokio::test]
async fn wrong_missing_and_needless_passwords_have_different_reasons() {
    let server = Server::start().await.unwrap();
    server.query::<()>(&["CONFIG", "SET", "requirepass", "another"]).await.unwrap();
    let with_password = |server: &Server| {
        Redis::builder(&server.url().replace("redis://", &format!("redis://:{PASSWORD}@")))
    };
    let wrong = warning(with_password(&server)).await;
    assert_says(&wrong, "WRONGPASS", "percent-encoded");
    assert_says(
        &wrong,
        "rejected the user name or password",
        "check the user name and the password in `url`",
    );
    let missing = warning(Redis::builder(&server.url())).await;
    assert_says(&missing, "requires a password", "redis://user:password@host");
    let open = Server::start().await.unwrap();
    let needless = warning(with_password(&open)).await;
    assert_says(&needless, "has no password", "remove the password");
}

#[tokio::test]
async fn an_untrusted_certificate_is_named_in_the_log() {
    let server = Server::start_tls(&CertificateAuthority::new()).await.unwrap();
    let redis =
        Redis::builder(&server.tls_url()).root_certificates(CertificateAuthority::new().pem());
    assert_says(&warning(redis).await, "is not trusted", "`root_certificates`");
}

#[tokio::test]
async fn an_unknown_host_is_named_in_the_log() {
    let redis = Redis::builder("redis://no-such-host.invalid/").deadline(Duration::from_secs(1));
    assert_says(&warning(redis).await, "host cannot be resolved", "check the host in `url`");
}

#[tokio::test]
async fn a_closed_port_is_named_in_the_log() {
    let mut server = Server::start().await.unwrap();
    server.kill();
    let warning = warning(Redis::builder(&server.url())).await;
    assert_says(&warning, "connection was refused", "check that Redis runs");
}

#[tokio::test]
async fn an_http_server_behind_the_port_is_named_in_the_log() {
    let answer = |_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) };
    let server = HttpServer::http1(tower::service_fn(answer)).await.unwrap();
    let warning = warning(Redis::builder(&format!("redis://{}/", server.addr()))).await;
    assert_says(&warning, "an HTTP server answered", "check the host and port");
}

#[tokio::test]
async fn plain_text_to_a_tls_port_and_tls_to_a_plain_port_are_named_in_the_log() {
    let server = Server::start_tls(&CertificateAuthority::new()).await.unwrap();
    let plain = server.tls_url().replace("rediss://", "redis://");
    assert_says(&warning(Redis::builder(&plain)).await, "the server", "rediss://");
    let tls = server.url().replace("redis://", "rediss://");
    let redis = Redis::builder(&tls).root_certificates(CertificateAuthority::new().pem());
    assert_says(&warning(redis).await, "TLS", "redis://");
}

#[tokio::test]
async fn a_server_that_is_silent_full_or_read_only_is_named_in_the_log() {
    let mut server = Server::start().await.unwrap();
    let set = async |name: &str, value: &str| {
        server.query::<()>(&["CONFIG", "SET", name, value]).await.unwrap();
    };
    set("maxmemory", "1").await;
    assert_says(&warning(Redis::builder(&server.url())).await, "out of memory", "maxmemory");
    set("maxmemory", "0").await;
    let master = Server::start().await.unwrap();
    server.replicate(&master).await.unwrap();
    assert_says(&warning(Redis::builder(&server.url())).await, "replica (READONLY)", "primary");
    server.pause();
    assert_says(
        &warning(Redis::builder(&server.url())).await,
        "did not answer in time",
        "deadline",
    );
}

#[tokio::test]
async fn a_client_for_a_single_server_names_the_constructor_to_use_with_a_cluster() {
    let cluster = RedisCluster::start().await.unwrap();
    for url in cluster.urls() {
        let warning = warning(Redis::builder(&url)).await;
        assert_says(&warning, "a node of a Redis Cluster", "`Redis::cluster`");
    }
}

#[tokio::test]
async fn an_unbatched_client_for_a_single_server_logs_a_cluster_node_once_and_stays_down() {
    let cluster = RedisCluster::start().await.unwrap();
    let (log, _logging) = Log::collect();
    let redis = Redis::builder(&cluster.urls()[0]).coalesce(1).build().unwrap();
    let shop = Shop::new(&redis, day(), OnFailure::Deny);
    for customer in 0..40 {
        shop.ask(customer).await;
    }
    assert!(eventually(PATIENCE, || redis.state() == State::Down).await, "{redis:?}");
    for customer in 0..40 {
        assert_eq!(shop.ask(customer).await.status, 503);
        assert_eq!(redis.state(), State::Down, "{}", log.text());
    }
    let named = log.warnings().into_iter().filter(|line| line.contains("`Redis::cluster`"));
    assert!(
        (1..=2).contains(&named.count()),
        "one line for the command, one for the state: {}",
        log.text()
    );
}

#[tokio::test]
async fn a_degraded_cluster_says_why() {
    let mut cluster = RedisCluster::start().await.unwrap();
    let (log, _logging) = Log::collect();
    let redis = Redis::cluster(cluster.urls()).build().unwrap();
    assert!(eventually(PATIENCE, || redis.state() == State::Up).await, "{redis:?}");
    cluster.master_of(0).kill();
    assert!(eventually(PATIENCE, || redis.state() == State::Degraded).await, "{redis:?}");
    let warnings = log.warnings();
    assert!(warnings.iter().any(|line| line.contains("parts of Redis are unavailable")));
    assert!(warnings.iter().all(|line| line.contains("why=") && !line.contains("why=\"\"")));
}

#[tokio::test]
async fn an_outage_that_recurs_is_logged_once() {
    let mut server = Server::start().await.unwrap();
    let (log, _logging) = Log::collect();
    let redis = Redis::builder(&server.url()).build().unwrap();
    for _ in 0..5 {
        assert!(eventually(PATIENCE, || redis.state() == State::Up).await, "{redis:?}");
        server.kill();
        assert!(eventually(PATIENCE, || redis.state() == State::Down).await, "{redis:?}");
        server.restart().await.unwrap();
    }
    let outages = log.warnings().into_iter().filter(|line| line.contains("Redis is unavailable"));
    assert_eq!(outages.count(), 1, "{}", log.text());
}

#[test]
fn a_password_that_is_not_percent_encoded_is_named_in_the_error() {
    for byte in ["@", "#", "/", "%", "?"] {
        let url = format!("redis://user:hunter2{byte}hunter2@127.0.0.1:6379/");
        let error = Redis::new(&url).unwrap_err().to_string();
        assert!(error.contains("percent-encoded") && !error.contains("hunter2"), "{byte}: {error}");
    }
    assert!(Redis::new("redis://user:hunter2%40%23%2F%25%3F@127.0.0.1:6379/").is_ok());
}
