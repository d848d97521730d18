use tokio::{
    task::JoinError,
    time::{Instant, timeout_at},
};

use super::registry::Hook;
use crate::{
    report::{HookError, HookFailure},
    shared::Shared,
    times::Schedule,
};

/// Runs all hooks, each as a task of its own: a hook that panics, or that blocks its thread, does not hold up the
/// others.
pub(crate) async fn run(shared: &Shared, schedule: &Schedule) {
    let end = schedule.hooks_end(Instant::now());
    while let Some((hook, others)) = shared.hooks.next() {
        let now = Instant::now();
        if now >= end {
            fail(shared, &hook, HookFailure::Skipped);
            for hook in shared.hooks.rest() {
                fail(shared, &hook, HookFailure::Skipped);
            }
            return;
        }
        run_one(shared, hook, schedule.hook_ends(now, end, others)).await;
    }
}

async fn run_one(shared: &Shared, hook: Hook, end: Instant) {
    let (stage, name, started) = (hook.stage, hook.name, Instant::now());
    let mut task = tokio::spawn(hook.run());
    let failure = match timeout_at(end, &mut task).await {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(error))) => HookFailure::Failed(error),
        Ok(Err(error)) => HookFailure::Panicked(message(error)),
        Err(_) => {
            task.abort();
            HookFailure::TimedOut
        }
    };
    shared.fail_hook(HookError { stage, name, failure, after: started.elapsed() });
}

fn fail(shared: &Shared, hook: &Hook, failure: HookFailure) {
    let (stage, name, after) = (hook.stage, hook.name, std::time::Duration::ZERO);
    shared.fail_hook(HookError { stage, name, failure, after });
}

fn message(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => crate::report::panic_message(&*panic),
        Err(error) => error.to_string(),
    }
}
