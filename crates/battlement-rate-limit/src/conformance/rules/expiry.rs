use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    Algorithm, Policies, Policy, Store,
    conformance::{
        flaw::{Checked, Flaw},
        policies::slow,
        states::shown,
        subject::Subject,
    },
};

const QUOTA: u32 = 1;
const MOMENT: Duration = Duration::from_micros(1);
/// The period under a real clock, in which the test takes place.
const SHORT: Duration = Duration::from_millis(300);
const POLL: Duration = Duration::from_millis(2);
/// The time by which a real clock may be late.
const LATE: Duration = Duration::from_millis(5);

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    if subject.is_movable() {
        moved(subject, algorithm).await
    } else {
        real(subject, algorithm).await
    }
}

/// Returns the time in which a policy restores all units.
fn restored_after(algorithm: Algorithm, period: Duration) -> Duration {
    match algorithm {
        Algorithm::SlidingWindow => 2 * period,
        _ => period,
    }
}

/// Checks the remaining units before and at the time at which all are restored, beside a policy that restores none.
async fn moved<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let period = Duration::from_secs(30);
    let brief = Policy::new("brief", QUOTA, period).algorithm(algorithm);
    let policies = Policies::new([brief, slow("slow", 10, algorithm)]);
    let key = subject.key();
    let all = restored_after(algorithm, period);
    for left in [9, 8] {
        let query = subject.query(key, &policies, QUOTA);
        subject.acquire_as(&query, false, &[0, left], "while all units are available").await?;
        subject.advance(all - MOMENT);
        let query = subject.query(key, &policies, QUOTA);
        let before = subject.peek(&query).await?;
        Flaw::unless(before.is_denied(&policies), || {
            format!(
                "a microsecond too early, a request must be denied, got {}",
                shown(&before.states)
            )
        })?;
        Flaw::unless(before.retry_after(&policies) == Some(MOMENT), || {
            format!("a microsecond too early, the wait must be 1µs, got {}", shown(&before.states))
        })?;
        subject.advance(MOMENT);
        let query = subject.query(key, &policies, QUOTA);
        subject.expect(&query, &[QUOTA, left], "when all units are restored").await?;
    }
    Ok(())
}

/// Waits until all units are restored by a real clock.
async fn real<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let policies = Policies::from(Policy::new("brief", QUOTA, SHORT).algorithm(algorithm));
    let (key, all) = (subject.key(), restored_after(algorithm, SHORT));
    let query = subject.query(key, &policies, QUOTA);
    let begin = Instant::now();
    subject.acquire_as(&query, false, &[0], "while all units are available").await?;
    let charged = Instant::now();
    loop {
        let asked = Instant::now();
        let peeked = subject.peek(&query).await?;
        let states = shown(&peeked.states);
        if peeked.states[0].remaining == QUOTA {
            let after = begin.elapsed();
            return Flaw::unless(after + LATE >= all, || {
                format!("all units must be restored after {all:?}, got {states} after {after:?}")
            });
        }
        let after = asked.duration_since(charged);
        Flaw::unless(after <= all + LATE, || {
            format!("all units must be restored after {all:?}, got {states} after {after:?}")
        })?;
        sleep(POLL).await;
    }
}
