use crate::Window;

/// An algorithm that finds the limit from windows of calls.
///
/// The layer calls it once for each [`Window`], never for each call, and never twice at once. An algorithm reads no clock
/// and draws no random numbers: its input is the window and its own state, so that a test can simulate hours in
/// milliseconds. The layer holds a lock during the call, so an algorithm must not use the [`Handle`](crate::Handle) of its
/// layer.
///
/// # Example
///
/// An algorithm that allows as many calls as the service can answer within a target latency, by Little's law:
///
/// ```
/// use std::time::Duration;
///
/// use battlement_concurrency_limit::{Algorithm, ConcurrencyLimitLayer, Window};
///
/// #[derive(Clone)]
/// struct TargetLatency(Duration);
///
/// impl Algorithm for TargetLatency {
///     fn on_window(&mut self, window: Window) -> usize {
///         if window.dropped > 0 {
///             return window.limit / 2;
///         }
///         let ratio = self.0.as_secs_f64() / window.latency.as_secs_f64();
///         let is_in_use = window.in_flight_max * 2 >= window.limit;
///         let most = if is_in_use { 1.2 } else { 1.0 };
///         (window.limit as f64 * ratio.min(most)).ceil() as usize
///     }
/// }
///
/// let layer = ConcurrencyLimitLayer::algorithm(TargetLatency(Duration::from_millis(50)));
/// # fn drop_it<T>(_: T) {}
/// # drop_it(layer);
///
/// let mut window = Window::default();
/// (window.limit, window.in_flight_max) = (20, 20);
/// (window.samples, window.latency) = (80, Duration::from_millis(100));
/// assert_eq!(TargetLatency(Duration::from_millis(50)).on_window(window), 10);
/// ```
pub trait Algorithm: Send + 'static {
    /// Returns the limit after a window. The layer moves a limit outside its bounds into them.
    fn on_window(&mut self, window: Window) -> usize;
}
