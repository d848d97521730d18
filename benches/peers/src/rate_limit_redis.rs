//! Rate limits in Redis: decisions per second and requests per second.
//!
//! All candidates run in alternation, so that a phase of high load affects all of them. A figure is the median over
//! the rounds; a ratio is the median of the ratios within a round.

mod bare;
mod decisions;
mod ours;
mod peer;
mod redis_process;
mod requests;
mod server;

use std::env;

use anyhow::{Result, bail};
use http::{HeaderName, Request};
use tokio::runtime::Builder;

const USAGE: &str = "usage: rate_limit_redis [decisions|requests]
       rate_limit_redis run NAME CALLERS
       rate_limit_redis serve bare|ours|peer|shop|shop-ours REDIS_URL";

/// Runs the command given on the command line.
///
/// # Errors
///
/// Returns an error if the command is invalid or fails, for example because `redis-server` is not installed.
pub fn run() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match args.as_slice() {
            [] => {
                println!("On {}.\n", battlement_benches::describe_machine());
                decisions::compare().await?;
                requests::compare().await
            }
            ["decisions"] => decisions::compare().await,
            ["requests"] => requests::compare().await,
            ["run", name, callers] => decisions::run(name, callers).await,
            ["serve", kind, url] => server::serve(kind, url).await,
            _ => bail!(USAGE),
        }
    })
}

/// The header that identifies the customer.
const CUSTOMER: HeaderName = HeaderName::from_static("x-customer");
/// The largest burst that the peer supports, so that no request is denied. One permit per second is refilled, so that
/// keys stay in Redis.
const BURST: u16 = u16::MAX;

/// Creates a request of a customer.
fn request(customer: u64) -> Request<()> {
    let mut request = Request::new(());
    request.headers_mut().insert(CUSTOMER, customer.into());
    request
}
