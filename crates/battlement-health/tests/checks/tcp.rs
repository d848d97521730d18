use battlement_health::{RunCheck, checks};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_listener_passes_and_a_closed_port_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost"] {
        let state = checks::tcp(format!("{host}:{port}")).run().await;
        assert_eq!(state.to_string(), "pass: connected", "{host}");
    }
    drop(listener);
    let state = checks::tcp(format!("127.0.0.1:{port}")).run().await;
    assert_eq!(state.as_str(), "fail");
    let reason = format!("cannot connect to 127.0.0.1:{port}: Connection refused");
    assert!(state.reason().starts_with(&reason), "{state}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_fails_with_the_name() {
    let state = checks::tcp("nowhere.invalid:80").run().await;
    assert!(state.reason().starts_with("cannot connect to nowhere.invalid:80: "), "{state}");
    assert_eq!(state.as_str(), "fail");
}

#[test]
#[should_panic(expected = "must be `host:port`")]
fn an_address_without_a_port_is_refused() {
    let _ = checks::tcp("db");
}
