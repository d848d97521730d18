//! Certificates that are replaced while the server runs.

use crate::served::{Served, certificate, client, get};

#[tokio::test(start_paused = true)]
async fn new_connections_see_the_new_certificate_and_open_ones_stay() {
    let served = Served::start().await;
    let mut open = served.connect(&["http/1.1"]).await;
    get(&mut open).await;
    let [chain, key] = served.authority.issue();
    served.tls.handle().replace_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    let mut new = served.connect(&["http/1.1"]).await;
    get(&mut new).await;
    get(&mut open).await;
    assert_ne!(certificate(&open), certificate(&new));
}

#[tokio::test(start_paused = true)]
async fn a_session_of_the_old_certificate_is_not_resumed() {
    let served = Served::start().await;
    let returning = client(&served.authority, &["http/1.1"]);
    let mut first = served.connect_as(&returning).await;
    get(&mut first).await;
    let [chain, key] = served.authority.issue();
    served.tls.handle().replace_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    let mut second = served.connect_as(&returning).await;
    get(&mut second).await;
    assert_ne!(certificate(&first), certificate(&second));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_certificate_is_rejected_and_the_old_one_stays() {
    let served = Served::start().await;
    let first = served.connect(&[]).await;
    let [chain, _] = served.authority.issue();
    let [_, other_key] = served.authority.issue();
    let handle = served.tls.handle();
    let error = handle.replace_pem(chain.as_bytes(), other_key.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("cannot be used together"), "{error}");
    assert_eq!(certificate(&first), certificate(&served.connect(&[]).await));
}
