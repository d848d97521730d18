//! The shop that customers see: products, orders, and a page for browsers.
//!
//! | to change | open |
//! |---|---|
//! | a setting | `config.rs` |
//! | a route, or the layers around all of them | `routes/mod.rs` |
//! | the fields of an order, and their validation | `order.rs` |
//! | the response to a failure | `problem.rs` |
//! | the rate limits of customers | `limits.rs` |
//! | the time limits of requests and calls | `timeouts.rs` |
//! | the retries of calls | `retries.rs` |
//! | the circuit breakers around calls | `breakers.rs` |
//! | the limits of requests and calls in flight | `concurrency.rs` |
//! | the keys of partners | `partner.rs` |
//! | how an order is placed | `shop.rs` |
//! | the orders that are finished or undone before the process ends | `in_flight.rs` |
//! | how long the process takes to stop | `times.rs` |
//! | the checks behind the probes | `health.rs` |
//! | the probes and the metrics for operators | `admin.rs` |
//! | the format of the log | `log.rs` |
//! | how payments and inventory are called | `upstream/` |
//! | the metrics of the business | `sales.rs` |
//! | where orders are stored | `store.rs` |

mod admin;
mod arguments;
mod breakers;
mod catalog;
mod concurrency;
mod config;
#[cfg(feature = "embedded")]
mod embedded;
mod env;
mod form;
mod health;
mod in_flight;
mod limits;
mod listen;
mod log;
mod order;
mod partner;
mod problem;
mod proto;
mod retries;
mod routes;
mod sales;
mod shop;
mod store;
mod timeouts;
mod times;
mod upstream;

use std::{env::args_os, process::ExitCode};

use battlement::{
    metrics::{serve::ServeMetrics, shutdown::ShutdownMetrics},
    problem::silence_caught_panics,
    serve::{Limits as ServerLimits, Server},
    shutdown::{PanicPolicy, Report, Shutdown, ShutdownHandle, Stage},
};
use tokio::runtime::Runtime;
use tracing::{error, info, warn};

use crate::{
    breakers::Breakers,
    concurrency::Concurrency,
    config::{BaseUrl, Config, Upstream},
    in_flight::InFlight,
    limits::Limits,
    retries::Retries,
    sales::Sales,
    shop::Shop,
    timeouts::Timeouts,
    upstream::{Inventory, Payments},
};

/// `EX_CONFIG` of sysexits.h: a restart does not help, since the configuration must be corrected.
const MISCONFIGURED: u8 = 78;

/// Runs the program until its end.
#[must_use]
pub fn main() -> ExitCode {
    // The layer for problems logs each panic of a request with its id; the default hook would print it again.
    silence_caught_panics();
    if let Some(code) = arguments::answer(args_os().skip(1), &Config::usage()) {
        return code;
    }
    let config = match Config::read(std::env::vars_os()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    // From here on, signals start the shutdown.
    let shutdown = match Shutdown::try_new(config.shutdown.times) {
        Ok(shutdown) => shutdown,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(config, shutdown));
    // Does not wait for blocked threads, such as one that resolves a name.
    runtime.shutdown_background();
    match ended {
        Ok(report) => (&report).into(),
        Err(error) => {
            error!("stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config, shutdown: Shutdown) -> anyhow::Result<Report> {
    let records = config.log.init(config.log_format);
    if !config.without_effect.is_empty() {
        warn!(
            variables = config.without_effect.join(", "),
            "payments runs in this process with its defaults; these variables have no effect. To use them, start \
             payments as a process of its own and set PAYMENTS_URL"
        );
    }
    let (stops, connections) = (ShutdownMetrics::new(), ServeMetrics::new());
    // Also logs the panics of tasks, which no layer catches.
    let shutdown = shutdown.observe(stops.clone()).panics(PanicPolicy::Log);
    let handle = shutdown.handle();
    // The last hook.
    handle.hook(Stage::Flush, "log", || records.flush());

    let admin = config.admin_addr.bind("STOREFRONT_ADMIN_ADDR")?;
    let listener = config.addr.bind("STOREFRONT_ADDR")?;
    let payments = payments_url(config.payments, &handle).await?;
    let inventory = inventory_url(config.inventory, &handle).await?;
    let metrics = admin::metrics();
    let limits = Limits::new(config.quotas, config.shared, config.instances)?;
    let timeouts = Timeouts::new(config.deadline, config.upstream);
    let retries = Retries::new();
    let breakers = Breakers::new();
    let concurrency = Concurrency::new(config.concurrency);
    let sales = Sales::new();
    // The last call that undoes an order may take as long as any other; the orders get at least half of the drain.
    let drain = config.shutdown.drain;
    let undo_within = timeouts.upstream().call.min(drain / 2);
    let log_calls = config.log_calls;
    let inventory = Inventory::at(inventory, &metrics, &timeouts, &retries, &breakers, log_calls)?;
    let payments =
        Payments::at(payments, &metrics, &timeouts, &retries, &breakers, &concurrency, log_calls);
    let checks = [payments.check()?, inventory.check()?].into_iter().chain(limits.check());
    let in_flight = InFlight::new(handle, drain - undo_within);
    let shop = Shop::new(inventory, payments, sales.clone(), in_flight);

    let client_ip = config.trusted_proxies.client_ip();
    info!("metrics are at http://{}/metrics", admin.local_addr()?);
    let phases = shutdown.phases();
    let health = health::of(config.health_interval, phases.clone(), checks)?;
    let is_listening = health.gate("listener");
    let page = admin::page(&metrics, &client_ip, &limits, &timeouts, &retries, &breakers, &sales);
    let page = concurrency.add_to(page).serve(&connections).shutdown(&stops).health(&health);
    let shutdown = admin::serve(admin, shutdown, page, &health, connections.clone())?;

    is_listening.open();
    info!("storefront listens on http://{}", listener.local_addr()?);
    let drain = shutdown.layer();
    let layers = routes::Layers {
        client_ip,
        metrics: &metrics,
        drain,
        timeouts: &timeouts,
        breakers: &breakers,
        concurrency: concurrency.requests(),
    };
    let app = routes::app(shop, layers, limits, config.partners, config.bugs);
    // The other limits have their defaults; the total of connections follows from the descriptor limit of the process.
    // Browsers never close one half of a connection: its end means that the customer has left.
    let limits = ServerLimits::new().half_close(false);
    let server = Server::new(listener).limits(limits).phases(phases).observe(connections);
    Ok(shutdown.run(server.serve(app)).await)
}

#[cfg_attr(
    not(feature = "embedded"),
    expect(unused_variables, reason = "no shop runs in this process")
)]
async fn payments_url(payments: Upstream, shop: &ShutdownHandle) -> anyhow::Result<BaseUrl> {
    match payments {
        Upstream::At(url) => Ok(url),
        #[cfg(feature = "embedded")]
        Upstream::Embedded => embedded::payments(shop).await,
    }
}

#[cfg_attr(
    not(feature = "embedded"),
    expect(unused_variables, reason = "no shop runs in this process")
)]
async fn inventory_url(inventory: Upstream, shop: &ShutdownHandle) -> anyhow::Result<BaseUrl> {
    match inventory {
        Upstream::At(url) => Ok(url),
        #[cfg(feature = "embedded")]
        Upstream::Embedded => embedded::inventory(shop).await,
    }
}
