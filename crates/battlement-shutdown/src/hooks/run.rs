use tokio::{
    task::JoinError,
    time::{Instant, timeout_at},
};
use tracing::debug;

use super::registry::Hook;
use crate::{
    report::{HookFailure, panic_message},
    shared::Shared,
    times::Schedule,
};

/// Runs all hooks, each as a task of its own: a hook that panics, or that blocks its thread, does not hold up the
/// others. A hook may register further hooks.
pub(crate) async fn run(shared: &Shared, schedule: &Schedule) {
    let end = schedule.hooks_end(Instant::now());
    while let Some((hook, others)) = shared.hooks.next() {
        let now = Instant::now();
        if now < end {
            run_one(shared, hook, schedule.hook_ends(now, end, others)).await;
        } else {
            shared.skip_hook(hook.stage, hook.name);
        }
    }
}

async fn run_one(shared: &Shared, hook: Hook, end: Instant) {
    let (stage, name, started) = (hook.stage, hook.name, Instant::now());
    shared.start_hook(stage, name, started);
    let mut task = tokio::spawn(hook.run());
    let failure = match timeout_at(end, &mut task).await {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(error))) => Some(HookFailure::Failed(error)),
        Ok(Err(error)) => Some(HookFailure::Panicked(message(error))),
        Err(_) => {
            task.abort();
            Some(HookFailure::TimedOut)
        }
    };
    let now = Instant::now();
    debug!(stage = stage.as_str(), hook = name, elapsed = ?(now - started), "shutdown hook ended");
    shared.end_hook(failure, now);
}

fn message(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => panic_message(&*panic),
        // The runtime shuts down.
        Err(error) => error.to_string(),
    }
}
