use std::panic;

use tokio::{
    sync::Mutex,
    task::{JoinHandle, spawn_blocking},
};

/// Runs a blocking function on the runtime's blocking threads, one run at a time.
///
/// A run whose check has timed out cannot be stopped, for example while a file system hangs. The next run waits for the
/// earlier one instead of starting another, so that at most one thread hangs.
#[derive(Debug)]
pub(super) struct Blocking<T>(Mutex<Option<JoinHandle<T>>>);

impl<T> Default for Blocking<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Send + 'static> Blocking<T> {
    /// Returns the result of `run`, or of a run before it that has not ended yet. `None` if the runtime shuts down.
    pub(super) async fn run(&self, run: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let mut running = self.0.lock().await;
        let ended = running.get_or_insert_with(|| spawn_blocking(run)).await;
        *running = None;
        match ended {
            Ok(result) => Some(result),
            Err(error) => match error.try_into_panic() {
                Ok(payload) => panic::resume_unwind(payload),
                Err(_) => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future as _, pin::pin, sync::mpsc, task::Poll};

    use super::*;

    #[tokio::test]
    async fn a_run_that_hangs_is_awaited_by_the_next_one() {
        let (blocking, (release, hang)) = (Blocking::default(), mpsc::channel::<()>());
        {
            let mut run = pin!(blocking.run(move || hang.recv().is_err().into()));
            let is_pending =
                std::future::poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_pending())).await;
            assert!(is_pending);
        }
        drop(release);
        assert_eq!(blocking.run(|| unreachable!("the first run has not ended")).await, Some(1));
        assert_eq!(blocking.run(|| 2).await, Some(2));
    }

    #[tokio::test]
    async fn a_panic_is_the_panic_of_the_check_and_the_next_run_is_a_new_one() {
        let blocking = std::sync::Arc::new(Blocking::default());
        let run = blocking.clone();
        let error =
            tokio::spawn(async move { run.run(|| panic!("a bug")).await }).await.unwrap_err();
        assert_eq!(error.into_panic().downcast_ref(), Some(&"a bug"));
        assert_eq!(blocking.run(|| 3).await, Some(3));
    }
}
