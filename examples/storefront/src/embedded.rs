//! Payments and inventory inside this process, so that one command runs the whole shop: real servers on real sockets,
//! called exactly as if they ran elsewhere.
//!
//! They run until the process ends, which is after the last request of a customer.

use std::{future::pending, net::Ipv4Addr};

use inventory::Inventory;
use payments::Payments;
use tokio::net::TcpListener;
use tracing::error;

use crate::config::BaseUrl;

pub async fn payments() -> anyhow::Result<BaseUrl> {
    let listener = free_port().await?;
    let url = BaseUrl::of(listener.local_addr()?);
    tokio::spawn(async {
        if let Err(error) = payments::serve(listener, Payments::default(), pending()).await {
            error!("payments stopped: {error:#}");
        }
    });
    Ok(url)
}

pub async fn inventory() -> anyhow::Result<BaseUrl> {
    let listener = free_port().await?;
    let url = BaseUrl::of(listener.local_addr()?);
    tokio::spawn(async {
        if let Err(error) = inventory::serve(listener, Inventory::default(), pending()).await {
            error!("inventory stopped: {error:#}");
        }
    });
    Ok(url)
}

async fn free_port() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
