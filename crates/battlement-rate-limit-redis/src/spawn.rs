use tokio::runtime::Handle;

/// Spawns a task on the current runtime, or drops it outside of any.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        drop(runtime.spawn(task));
    }
}
