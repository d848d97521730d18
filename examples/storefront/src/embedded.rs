//! Payments and inventory inside this process, for trying the shop out: real servers on real sockets,
//! reached just as if they ran elsewhere.
//!
//! Nobody tells them to stop. They end with the process, which is after the last request of a customer.

use std::{future::pending, net::Ipv4Addr};

use inventory::Stock;
use payments::Ledger;
use tokio::net::TcpListener;
use tracing::error;

use crate::config::BaseUrl;

pub async fn payments() -> anyhow::Result<BaseUrl> {
    let listener = free_port().await?;
    let url = BaseUrl::of(listener.local_addr()?);
    tokio::spawn(async {
        if let Err(error) = payments::serve(listener, Ledger::default(), pending()).await {
            error!("payments: {error:#}");
        }
    });
    Ok(url)
}

pub async fn inventory() -> anyhow::Result<BaseUrl> {
    let listener = free_port().await?;
    let url = BaseUrl::of(listener.local_addr()?);
    tokio::spawn(async {
        if let Err(error) = inventory::serve(listener, Stock::of_the_shop(), pending()).await {
            error!("inventory: {error:#}");
        }
    });
    Ok(url)
}

async fn free_port() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
