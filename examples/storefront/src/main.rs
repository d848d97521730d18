//! The shop that customers see: products, orders, and a page for browsers.
//!
//! | to change | open |
//! |---|---|
//! | what can be set | `config.rs` |
//! | a route, or the layers around all of them | `routes/mod.rs` |
//! | what an order is, and what is wrong with one | `order.rs` |
//! | what customers are told when something fails | `problem.rs` |
//! | how much each customer may ask | `limits.rs` |
//! | who has a key | `partner.rs` |
//! | how an order is placed | `shop.rs` |
//! | which orders are waited for at the end | `in_flight.rs` |
//! | how long stopping may take | `signal.rs` |
//! | what operators see | `admin.rs` |
//! | how payments and inventory are called | `upstream/` |
//! | where orders are kept | `store.rs` |

mod admin;
mod catalog;
mod config;
#[cfg(feature = "embedded")]
mod embedded;
mod env;
mod form;
mod in_flight;
mod limits;
mod order;
mod partner;
mod problem;
mod proto;
mod routes;
mod shop;
mod signal;
mod store;
mod upstream;

use std::{
    future::IntoFuture,
    io::{IsTerminal, stdout},
    net::SocketAddr,
    process::ExitCode,
};

use anyhow::Context;
use axum::serve::ListenerExt;
use battlement::problem::silence_caught_panics;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    config::{BaseUrl, Config, Upstream},
    limits::Limits,
    shop::Shop,
    signal::{Ended, Signals, Stop},
    upstream::{Inventory, Payments},
};

/// `EX_CONFIG` of sysexits.h: starting again will not help, somebody has to mend the configuration.
const MISCONFIGURED: u8 = 78;

fn main() -> ExitCode {
    // What a request panics with is logged under its id, and not written to stderr as well.
    silence_caught_panics();
    let config = match Config::read(std::env::vars_os()) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    let ended = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let ended = runtime.block_on(run(config));
        // Without waiting: a thread that is blocked, as by a look-up of a name, must not keep the process.
        runtime.shutdown_background();
        ended
    });
    ended.map(ExitCode::from).unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}

async fn run(config: Config) -> anyhow::Result<Ended> {
    tracing_subscriber::fmt().with_env_filter(config.log).with_ansi(stdout().is_terminal()).init();
    let signals = Signals::listen()?;

    let payments = payments_url(config.payments).await?;
    let inventory = inventory_url(config.inventory).await?;
    let metrics = admin::metrics();
    let limits = Limits::new(config.quotas, config.shared, config.instances)?;
    let shop = Shop::new(
        Inventory::at(&inventory, config.upstream_timeout, &metrics)?,
        Payments::at(&payments, config.upstream_timeout, &metrics)?,
    );
    let in_flight = shop.in_flight.clone();
    // The last call that undoes an order may take as long as any, and the others most of the time there is.
    let undo_within = config.upstream_timeout.min(config.drain / 2);

    let client_ip = config.trusted_proxies.client_ip();
    let admin = TcpListener::bind(config.admin_addr)
        .await
        .with_context(|| format!("cannot listen on {} for operators", config.admin_addr))?;
    tracing::info!("metrics are at http://{}/metrics", admin.local_addr()?);
    // It answers until the process ends, so that the last requests are seen as well.
    tokio::spawn(axum::serve(admin, admin::app(&metrics, &client_ip, &limits)).into_future());

    let listener = TcpListener::bind(config.addr)
        .await
        .with_context(|| format!("cannot listen on {}", config.addr))?;
    tracing::info!("storefront listens on http://{}", listener.local_addr()?);
    let connections = listener.tap_io(|stream| {
        // Small answers leave at once, and do not wait for more to fill a packet. (It only fails on a
        // connection that is gone already, as reading from it will show.)
        let _ = stream.set_nodelay(true);
    });
    // With the address of whoever connects: the client's, or a proxy's.
    let app = routes::app(shop, &metrics, client_ip, limits, config.partners, config.bugs)
        .into_make_service_with_connect_info::<SocketAddr>();
    let serve = |stop: Stop| async {
        in_flight.undo_after(stop.clone(), config.drain - undo_within);
        axum::serve(connections, app).with_graceful_shutdown(stop.requested()).await?;
        in_flight.settled().await;
        Ok(())
    };
    let ended = signals.run(config.drain, serve).await?;
    if in_flight.count() > 0 {
        tracing::error!(orders = in_flight.count(), "orders are neither finished nor undone");
    }
    Ok(ended)
}

async fn payments_url(payments: Upstream) -> anyhow::Result<BaseUrl> {
    match payments {
        Upstream::At(url) => Ok(url),
        #[cfg(feature = "embedded")]
        Upstream::Embedded => embedded::payments().await,
    }
}

async fn inventory_url(inventory: Upstream) -> anyhow::Result<BaseUrl> {
    match inventory {
        Upstream::At(url) => Ok(url),
        #[cfg(feature = "embedded")]
        Upstream::Embedded => embedded::inventory().await,
    }
}
