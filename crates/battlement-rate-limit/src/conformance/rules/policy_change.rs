use std::time::Duration;

use crate::{
    Algorithm, Policies, Policy, Store,
    conformance::{
        flaw::{Checked, Flaw},
        policies::{ALGORITHMS, slow},
        states::shown,
        subject::Subject,
    },
};

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    numbers(subject, algorithm).await?;
    smaller(subject, algorithm).await?;
    set(subject, algorithm).await
}

/// Checks that used units remain used under other numbers, and that another name or algorithm starts with none.
async fn numbers<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let policies = |quota| Policies::from(slow("calls", quota, algorithm));
    let key = subject.key();
    let charged = policies(10);
    for left in [9, 8, 7, 6, 5, 4] {
        let query = subject.query(key, &charged, 1);
        subject.acquire_as(&query, false, &[left], "before any change").await?;
    }
    for (quota, left) in [(100, 94), (10, 4), (7, 1), (3, 0), (10, 4)] {
        let policies = policies(quota);
        let after = format!("when 6 of 10 are used, and the quota becomes {quota}");
        subject.expect(&subject.query(key, &policies, 1), &[left], &after).await?;
    }
    let renamed = Policies::from(slow("others", 10, algorithm));
    subject.expect(&subject.query(key, &renamed, 1), &[10], "under another name").await?;
    for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
        let policies = Policies::from(slow("calls", 10, other));
        subject.expect(&subject.query(key, &policies, 1), &[10], "by another algorithm").await?;
    }
    Ok(())
}

/// Checks that a client waits no longer than a smaller policy takes to restore its units, and is then admitted.
async fn smaller<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let large = Policies::from(slow("calls", 20, algorithm));
    let minute = Duration::from_secs(60);
    let small = Policies::from(Policy::new("calls", 5, minute).algorithm(algorithm));
    let key = subject.key();
    let query = subject.query(key, &large, 1);
    for left in (0..20).rev() {
        subject.acquire_as(&query, false, &[left], "before any change").await?;
    }
    let query = subject.query(key, &small, 1);
    let denied = subject
        .acquire_as(&query, true, &[0], "after more units were used than the policy has")
        .await?;
    let wait = denied.retry_after(&small).unwrap_or(Duration::MAX);
    Flaw::unless(wait <= 2 * minute, || {
        format!("the wait must be that of the smaller policy, got {}", shown(&denied.states))
    })?;
    if !subject.is_movable() {
        return Ok(());
    }
    subject.advance(wait);
    let query = subject.query(key, &small, 1);
    let allowed = subject.acquire(&query).await?;
    Flaw::unless(!allowed.is_denied(&small), || {
        format!(
            "after the reported wait of {wait:?}, the request must be allowed, got {}",
            shown(&allowed.states)
        )
    })
}

/// Checks that policies keep their units when others join and leave, and in any order.
async fn set<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let [first, second] = [slow("first", 5, algorithm), slow("second", 7, algorithm)];
    let alone = Policies::from(first.clone());
    let both = Policies::new([first.clone(), second.clone()]);
    let turned = Policies::new([second.clone(), first]);
    let second = Policies::from(second);
    let key = subject.key();
    let query = subject.query(key, &alone, 1);
    subject.acquire_as(&query, false, &[4], "before any change").await?;
    let query = subject.query(key, &both, 1);
    subject.acquire_as(&query, false, &[3, 6], "when a policy is added").await?;
    subject.expect(&subject.query(key, &turned, 1), &[6, 3], "in another order").await?;
    subject.expect(&subject.query(key, &second, 1), &[6], "when a policy is removed").await?;
    subject.expect(&subject.query(key, &both, 1), &[3, 6], "when it is added again").await
}
