use std::{error::Error, pin::pin};

use battlement_core::{Deadline, JudgeResult};

use super::Handle;
use crate::{ByError, Overloaded, Reason, RunError, call::Call};

impl Handle {
    /// Returns the handle that runs futures as calls of the class `name`, in place of the default class.
    ///
    /// # Panics
    ///
    /// If the layer has no such class.
    #[must_use]
    pub fn class(&self, name: &str) -> Self {
        let class = self.shared.classes().position(name);
        let class = class.unwrap_or_else(|| panic!("the layer has no class {name:?}"));
        Self { class, ..self.clone() }
    }

    /// Runs `future` within the limit: it is polled only once it has a permit, for which it waits if the layer has a
    /// queue. An adaptive limit judges its error by the default [`ErrorChain`](battlement_core::ErrorChain).
    ///
    /// Whether the layer is enabled does not matter.
    ///
    /// # Errors
    ///
    /// If the limit is reached, or the future has failed.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_concurrency_limit::{ConcurrencyLimitLayer, RunError};
    ///
    /// # async fn query(_: &str) -> Result<u64, std::io::Error> { Ok(7) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (_, database) = ConcurrencyLimitLayer::fixed(16).pair();
    /// match database.run(query("SELECT count(*) FROM orders")).await {
    ///     Ok(orders) => println!("{orders} orders"),
    ///     Err(RunError::Overloaded(error)) => println!("not asked: {}", error.reason().as_str()),
    ///     Err(RunError::Failed(error)) => println!("failed: {error}"),
    /// }
    /// # }
    /// ```
    pub async fn run<T, E: Error + 'static>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, RunError<E>> {
        self.run_judged(ByError, future).await
    }

    /// Runs `future` as [`run`](Self::run) does, and judges its result by `judge`.
    ///
    /// # Errors
    ///
    /// If the limit is reached, or the future has failed.
    pub async fn run_judged<T, E>(
        &self,
        judge: impl JudgeResult<T, E>,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, RunError<E>> {
        let mut call = self.admit().await.map_err(RunError::Overloaded)?;
        let result = future.await;
        if call.is_watched() {
            call.settle(judge.judge(result.as_ref()));
        }
        result.map_err(RunError::Failed)
    }

    async fn admit(&self) -> Result<Call, Overloaded> {
        if let Some(call) = self.shared.admit(self.class) {
            return Ok(call);
        }
        if !self.shared.has_queue() {
            return Err(self.shared.reject(Reason::Full, self.class));
        }
        let mut wait = pin!(self.shared.wait(self.class, Deadline::current())?);
        std::future::poll_fn(|cx| wait.as_mut().poll(cx)).await
    }
}
