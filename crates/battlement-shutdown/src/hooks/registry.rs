use std::{
    fmt, mem,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Conclude, Stage};

type BoxFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// The registered hooks that have not run.
#[derive(Debug, Default)]
pub(crate) struct Hooks(Mutex<Vec<Hook>>);

/// A function that runs once, after the drain.
pub(crate) struct Hook {
    pub(crate) stage: Stage,
    pub(crate) name: &'static str,
    start: Box<dyn FnOnce() -> BoxFuture + Send>,
}

impl Hooks {
    pub(crate) fn add<F, R>(&self, stage: Stage, name: &'static str, hook: F)
    where
        F: FnOnce() -> R + Send + 'static,
        R: Future + Send + 'static,
        R::Output: Conclude,
    {
        let start = Box::new(move || {
            let running = hook();
            Box::pin(async move { running.await.conclude() }) as BoxFuture
        });
        self.hooks().push(Hook { stage, name, start });
    }

    /// Takes the hook that runs next, with the number of hooks after it.
    pub(crate) fn next(&self) -> Option<(Hook, usize)> {
        let mut hooks = self.hooks();
        let stage = hooks.iter().map(|hook| hook.stage).min()?;
        let index = hooks.iter().rposition(|hook| hook.stage == stage)?;
        Some((hooks.remove(index), hooks.len()))
    }

    /// Takes all hooks that have not run, in the order in which they would.
    pub(crate) fn rest(&self) -> Vec<Hook> {
        let mut hooks = mem::take(&mut *self.hooks());
        hooks.reverse();
        hooks.sort_by_key(|hook| hook.stage);
        hooks
    }

    fn hooks(&self) -> MutexGuard<'_, Vec<Hook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hook {
    /// Runs the hook to its end.
    pub(crate) async fn run(self) -> Result<(), String> {
        (self.start)().await
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("stage", &self.stage).field("name", &self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered() -> Hooks {
        let hooks = Hooks::default();
        for (stage, name) in [
            (Stage::Flush, "logs"),
            (Stage::Connections, "database"),
            (Stage::Services, "consumer"),
            (Stage::Connections, "cache"),
            (Stage::Flush, "traces"),
        ] {
            hooks.add(stage, name, || async {});
        }
        hooks
    }

    const ORDER: [&str; 5] = ["consumer", "cache", "database", "traces", "logs"];

    #[test]
    fn hooks_run_by_stage_and_the_last_registered_first() {
        let hooks = registered();
        let order: Vec<_> =
            std::iter::from_fn(|| hooks.next()).map(|(hook, others)| (hook.name, others)).collect();
        let expected: Vec<_> = ORDER.into_iter().zip([4, 3, 2, 1, 0]).collect();
        assert_eq!(order, expected);
    }

    #[test]
    fn the_hooks_that_have_not_run_are_in_the_order_in_which_they_would() {
        let hooks = registered();
        assert_eq!(hooks.next().unwrap().0.name, ORDER[0]);
        let rest: Vec<_> = hooks.rest().iter().map(|hook| hook.name).collect();
        assert_eq!(rest, ORDER[1..]);
        assert!(hooks.next().is_none());
    }
}
