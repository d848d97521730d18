use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::task;

/// The spread of the closes of connections over a period.
///
/// Each connection has a point of its own in the period, from which on its next response closes it. A server polls all
/// requests of an HTTP/1 connection in one task, so the task identifies the connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread(RandomState);

impl Spread {
    /// Returns the point in `period` of the current task's connection; zero outside of a task.
    pub(super) fn point(&self, period: Duration) -> Duration {
        let Some(task) = task::try_id() else { return Duration::ZERO };
        #[expect(clippy::cast_possible_truncation, reason = "32 bits of a hash are a hash")]
        let part = self.0.hash_one(task) as u32;
        period.mul_f64(f64::from(part) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_has_one_point_and_a_fifth_of_the_period_has_less_than_half_of_the_tasks() {
        let (spread, period) = (Spread::default(), Duration::from_secs(5));
        let mut fifths = [0; 5];
        for _ in 0..100 {
            let spread = spread.clone();
            let points = tokio::spawn(async move { [spread.point(period), spread.point(period)] });
            let [point, again] = points.await.unwrap();
            assert_eq!(point, again);
            assert!(point <= period);
            fifths[(point.as_secs() as usize).min(4)] += 1;
        }
        assert!(fifths.iter().all(|tasks| *tasks <= 50), "{fifths:?}");
    }
}
