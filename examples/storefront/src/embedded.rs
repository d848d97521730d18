//! Payments and inventory inside this process, so that one command runs the whole shop: real servers on real sockets,
//! called exactly as if they ran elsewhere.
//!
//! They end after the last request of a customer, and after the last order in flight.

use std::{future::Future, net::Ipv4Addr, time::Duration};

use battlement::{
    health::Health,
    shutdown::{Report, Shutdown, ShutdownHandle, Stage},
};
use inventory::Inventory;
use payments::Payments;
use tokio::net::TcpListener;

use crate::config::BaseUrl;

pub async fn payments(shop: &ShutdownHandle) -> anyhow::Result<BaseUrl> {
    let listener = free_port().await?;
    let url = BaseUrl::of(listener.local_addr()?);
    run(shop, "payments", |shutdown| payments::serve(listener, Payments::default(), shutdown));
    Ok(url)
}

pub async fn inventory(shop: &ShutdownHandle) -> anyhow::Result<BaseUrl> {
    let listener = free_port().await?;
    let url = BaseUrl::of(listener.local_addr()?);
    run(shop, "inventory", |shutdown| async {
        // The shop has the checks of this process.
        let health = Health::builder().phases(shutdown.phases()).build();
        inventory::serve(listener, Inventory::default(), &health, shutdown).await
    });
    Ok(url)
}

/// Runs a service until the hooks of the shop, which begin when nothing is in flight.
fn run<F>(shop: &ShutdownHandle, name: &'static str, serve: impl FnOnce(Shutdown) -> F)
where
    F: Future<Output = anyhow::Result<Report>> + Send + 'static,
{
    // Its only client has ended by then.
    let shutdown = Shutdown::without_signals().delay(Duration::ZERO).linger(Duration::ZERO);
    let handle = shutdown.handle();
    let service = tokio::spawn(serve(shutdown));
    shop.hook(Stage::Connections, name, || async move {
        handle.trigger("the storefront has ended");
        service.await?.map(drop)
    });
}

async fn free_port() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
