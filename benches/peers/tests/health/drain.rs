use tokio::time::timeout;
use tonic_health::{
    ServingStatus::NotServing, pb::health_check_response::ServingStatus as Sent,
    server::health_reporter,
};

use crate::{HANGS, grpc::Site};

/// Returns whether the server goes on after it was told to stop.
async fn hangs(site: Site) -> bool {
    drop(site.client);
    timeout(HANGS, site.server.stop()).await.is_err()
}

#[tokio::test]
async fn an_open_watch_of_tonic_health_holds_up_the_shutdown() {
    let (reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    let mut watch = site.watch("").await.unwrap();
    assert_eq!(watch.next().await, Some(Sent::Serving));
    reporter.set_service_status("", NotServing).await;
    assert_eq!(watch.next().await, Some(Sent::NotServing));
    assert!(hangs(site).await);

    // The same server ends without the watch.
    let (_reporter, health) = health_reporter();
    let mut site = Site::of(health).await;
    assert_eq!(site.check("").await, Ok(Sent::Serving));
    assert!(!hangs(site).await);
}
