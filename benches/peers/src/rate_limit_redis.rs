//! Limits that are kept in Redis: how many decisions a second, and how many requests.
//!
//! Everything that is compared runs in turns, so that a loaded moment falls on all of it; a figure is the
//! median of the turns, and a ratio the median of the ratios within one turn.

mod bare;
mod cores;
mod cpu;
mod decisions;
mod load;
mod median;
mod ours;
mod peer;
mod requests;
mod server;

use std::env;

use anyhow::{Result, bail};
use http::{HeaderName, Request};
use tokio::runtime::Builder;

const USAGE: &str = "usage: rate_limit_redis [decisions|requests]
       rate_limit_redis run NAME CALLERS
       rate_limit_redis serve bare|ours|peer|shop|shop-ours REDIS_URL";

/// Does what the command line asks for.
///
/// # Errors
///
/// If it cannot be done, as where there is no `redis-server`.
pub fn run() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match args.as_slice() {
            [] => {
                println!("On {}.\n", battlement_benches::describe());
                decisions::compare().await?;
                requests::compare().await
            }
            ["decisions"] => decisions::compare().await,
            ["requests"] => requests::compare().await,
            ["run", name, callers] => decisions::run(name, callers).await,
            ["serve", what, url] => server::serve(what, url).await,
            _ => bail!(USAGE),
        }
    })
}

/// Who a request is from.
const CUSTOMER: HeaderName = HeaderName::from_static("x-customer");
/// The most that the peer can have, so that nobody is denied; one comes back in a second, so that keys live on
/// in Redis.
const BURST: u16 = u16::MAX;

/// A request of a customer.
fn request(customer: u64) -> Request<()> {
    let mut request = Request::new(());
    request.headers_mut().insert(CUSTOMER, customer.into());
    request
}
