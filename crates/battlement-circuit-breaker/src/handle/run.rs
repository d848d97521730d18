use std::error::Error;

use battlement_core::JudgeResult;
use tokio::time::Instant;

use super::Handle;
use crate::{ByError, CircuitOpen, RunError, breaker::Breaker, call::Call};

impl Handle {
    /// Runs `future` through the breaker: it is polled only if the breaker admits it, and its error is judged by the
    /// default [`ErrorChain`](battlement_core::ErrorChain).
    ///
    /// In a layer with keys, use the handle of a key. Whether the layer is enabled does not matter.
    ///
    /// # Errors
    ///
    /// If the breaker is open, or the future has failed.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_circuit_breaker::{CircuitBreakerLayer, RunError};
    ///
    /// # async fn count(_: &str) -> Result<u64, std::io::Error> { Ok(7) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (_, database) = CircuitBreakerLayer::new("database").pair();
    /// match database.run(count("SELECT count(*) FROM orders")).await {
    ///     Ok(orders) => println!("{orders} orders"),
    ///     Err(RunError::Open(open)) => println!("not asked; ask again in {:?}", open.retry_after()),
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
    /// If the breaker is open, or the future has failed.
    pub async fn run_judged<T, E>(
        &self,
        judge: impl JudgeResult<T, E>,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, RunError<E>> {
        let mut call = self.admit(Instant::now()).map_err(RunError::Open)?;
        // The future may be dropped at this point, after any time.
        call.pending();
        let result = future.await;
        call.settle(judge.judge(result.as_ref()));
        result.map_err(RunError::Failed)
    }

    fn admit(&self, now: Instant) -> Result<Call, CircuitOpen> {
        let breaker = self.one.as_ref().unwrap_or_else(|| self.circuits.one());
        match Breaker::admit(breaker, now) {
            Ok(ticket) => Ok(Call::new(ticket)),
            Err(rest) => Err(self.circuits.rejected(rest)),
        }
    }
}
