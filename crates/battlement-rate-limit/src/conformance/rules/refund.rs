use crate::{
    Algorithm, Policies, Store,
    conformance::{flaw::Checked, policies::slow, subject::Subject},
};

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    exact(subject, algorithm).await?;
    shadow(subject, algorithm).await?;
    if subject.is_movable() { late(subject, algorithm).await } else { Ok(()) }
}

/// Checks refunds before any unit was restored.
async fn exact<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let policies = Policies::new([slow("first", 2, algorithm), slow("second", 2, algorithm)]);
    let (key, other) = (subject.key(), subject.key());
    let query = subject.query(key, &policies, 1);
    let first = subject.acquire_as(&query, false, &[1, 1], "when no unit is used").await?;
    let second = subject.acquire_as(&query, false, &[0, 0], "after a request").await?;
    subject.acquire_as(&query, true, &[0, 0], "after two requests").await?;
    subject.refund(&query, &first).await?;
    subject.expect(&query, &[1, 1], "after two requests and a refund").await?;
    subject.expect(&subject.query(other, &policies, 1), &[2, 2], "under another key").await?;
    subject.refund(&query, &second).await?;
    for left in [1, 0] {
        subject.acquire_as(&query, false, &[left; 2], "after refunds of all requests").await?;
    }
    subject.acquire_as(&query, true, &[0, 0], "after all units were used again").await?;
    Ok(())
}

/// Checks that a shadow policy that was not charged gets no refund.
async fn shadow<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let shadow = slow("shadow", 1, algorithm).shadow(true);
    let policies = Policies::new([slow("enforced", 5, algorithm), shadow]);
    let key = subject.key();
    let query = subject.query(key, &policies, 1);
    subject.acquire_as(&query, false, &[4, 0], "when no unit is used").await?;
    let second = subject.acquire_as(&query, false, &[3, 0], "with a shadow policy").await?;
    subject.refund(&query, &second).await?;
    subject.expect(&query, &[4, 0], "after the refund of the second request").await
}

/// Checks that units that have been restored are not refunded again.
async fn late<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let policy = slow("calls", 5, algorithm);
    let (key, policies) = (subject.key(), Policies::from(policy.clone()));
    let query = subject.query(key, &policies, 1);
    let charged = subject.acquire_as(&query, false, &[4], "when no unit is used").await?;
    subject.advance(2 * policy.period());
    let query = subject.query(key, &policies, 1);
    subject.refund(&query, &charged).await?;
    subject.expect(&query, &[5], "after a refund of a restored unit").await
}
