//! TLS connections, only to servers with a certificate of a trusted authority.

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{OnFailure, Redis, State};
use battlement_testkit::{
    eventually,
    redis::{CertificateAuthority, Redis as Server},
};

use crate::shop::{PATIENCE, Shop};

#[tokio::test]
async fn tls_connects_to_a_server_of_the_trusted_authority() {
    let authority = CertificateAuthority::new();
    let server = Server::start_tls(&authority).await.unwrap();
    let redis =
        Redis::builder(&server.tls_url()).root_certificates(authority.pem()).deadline(PATIENCE);
    let redis = redis.build().unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 9), OnFailure::Deny);
    let answer = shop.ask(1).await;
    assert!(answer.passed() && answer.exact, "{answer:?}");
}

#[tokio::test]
async fn a_server_of_another_authority_is_rejected() {
    let server = Server::start_tls(&CertificateAuthority::new()).await.unwrap();
    let redis = Redis::builder(&server.tls_url())
        .root_certificates(CertificateAuthority::new().pem())
        .build()
        .unwrap();
    let shop = Shop::new(&redis, Policy::per_day("day", 9), OnFailure::Deny);
    assert!(eventually(PATIENCE, || redis.state() == State::Down).await);
    assert_eq!(shop.ask(1).await.status, 503);
}

#[test]
fn an_invalid_certificate_setting_is_rejected_when_the_client_is_built() {
    let error = Redis::builder("rediss://localhost/")
        .root_certificates("no certificate")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("root_certificates"), "{error}");
}
