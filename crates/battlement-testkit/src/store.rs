//! The whole conformance suite for the stores of battlement-rate-limit.
//!
//! The module re-exports [`conformance`](battlement_rate_limit::conformance), the part for store authors, and adds
//! tests that need more dependencies:
//!
//! - [`random_cases`]: random cases of proptest, which reduces a failing case
//! - [`Processes`]: several processes that share a store admit exactly the quota
//!
//! # Example
//!
//! ```
//! use battlement_rate_limit::Memory;
//! use battlement_testkit::store::{Clock, Conformance, cases, random_cases};
//! use tokio::runtime::Builder;
//!
//! # fn main() -> std::io::Result<()> {
//! let runtime = Builder::new_current_thread().enable_all().build()?;
//! let suite = || Conformance::new(async || Memory::default(), Clock::LatestQuery);
//! runtime.block_on(suite().run());
//! random_cases(&runtime, &suite(), &cases(), 10);
//! # Ok(())
//! # }
//! ```

mod cases;
mod processes;

pub use battlement_rate_limit::conformance::{
    Case, Client, Clock, Conformance, Rule, Step, Violation,
};

pub use self::{
    cases::{cases, random_cases, slow_cases},
    processes::{Processes, address, share_quota},
};
