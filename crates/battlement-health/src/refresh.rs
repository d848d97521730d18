use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::{CheckState, catch_panic, jittered};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::{
    RunResult,
    beat::Beat,
    check::{BoxedRun, Work},
    limits::Rules,
    registry::Handle,
};

/// Runs a check at its interval, for as long as it is registered.
///
/// The first run starts at once; only the time to the next one varies.
pub(crate) async fn run(entry: Handle, check: Arc<dyn BoxedRun>, rules: Rules) {
    loop {
        let start = Instant::now();
        let (state, result) = run_once(&*check, rules.timeout).await;
        let took = start.elapsed();
        if !entry.record(state, result, took) {
            return;
        }
        let interval = jittered(rules.interval);
        if took < interval.saturating_mul(2) {
            sleep_until(start + interval).await;
        } else {
            // The check blocks its thread, which other tasks need as well.
            sleep(interval).await;
        }
    }
}

/// Beats, and makes the registry look when it has counted a beat as late.
pub(crate) async fn beat(entry: Handle, beat: Arc<Beat>, every: Duration) {
    loop {
        if beat.beat(Instant::now()) {
            entry.beaten();
        }
        sleep(every).await;
    }
}

async fn run_once(check: &dyn BoxedRun, limit: Duration) -> (CheckState, RunResult) {
    let start = Instant::now();
    let run = match catch_panic(|| check.run()) {
        Ok(future) => timeout(limit, Caught(Some(future))).await,
        Err(_) => Ok(None),
    };
    match run {
        Ok(None) => (CheckState::fail("the check panicked"), RunResult::Panic),
        // A check that blocks its thread can end after the time for it.
        Ok(Some(state)) if start.elapsed() <= limit => {
            let result = RunResult::of(&state);
            (state, result)
        }
        Ok(Some(_)) | Err(_) => {
            let reason = format!("the check did not end within {} ms", limit.as_millis());
            (CheckState::fail(reason), RunResult::Timeout)
        }
    }
}

/// The future of a run, whose panics in `poll` and in `drop` are caught: `None` after one.
struct Caught<'a>(Option<Pin<Box<dyn Future<Output = CheckState> + Send + 'a>>>);

impl Future for Caught<'_> {
    type Output = Option<CheckState>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Ready(None) };
        match catch_panic(|| future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(state)) => Poll::Ready(Some(state)),
            Err(_) => Poll::Ready(None),
        }
    }
}

impl Drop for Caught<'_> {
    fn drop(&mut self) {
        let future = self.0.take();
        let _ = catch_panic(|| drop(future));
    }
}

/// Spawns the task of a check, which ends with its entry.
pub(crate) fn spawn(entry: &Handle, work: Work, rules: Rules, beats: Option<Arc<Beat>>) {
    let Some(registry) = entry.registry() else { return };
    let task = match (work, beats) {
        (Work::Beat { every, .. }, Some(beats)) => {
            registry.spawn(beat(entry.clone(), beats, every))
        }
        (Work::Run(check), _) => registry.spawn(run(entry.clone(), check, rules)),
        (Work::Beat { .. }, None) => return,
    };
    entry.own(task);
}
