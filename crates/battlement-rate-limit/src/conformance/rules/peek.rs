use crate::{
    Algorithm, Policies, Store,
    conformance::{
        flaw::{Checked, Flaw},
        policies::slow,
        states::shown,
        subject::Subject,
    },
};

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    let policies = Policies::new([slow("first", 2, algorithm), slow("second", 2, algorithm)]);
    let (key, other) = (subject.key(), subject.key());
    for left in [2, 1, 0, 0] {
        for cost in [1, 9, 0] {
            subject.expect(&subject.query(key, &policies, cost), &[left; 2], "after peeks").await?;
        }
        let query = subject.query(key, &policies, 1);
        let (peeked, decided) = (subject.peek(&query).await?, subject.acquire(&query).await?);
        Flaw::unless(peeked.is_denied(&policies) == decided.is_denied(&policies), || {
            let [peeked, decided] = [&peeked, &decided].map(|outcome| shown(&outcome.states));
            format!("a peek must return the decision of an acquire, {decided}, got {peeked}")
        })?;
    }
    subject.expect(&subject.query(other, &policies, 1), &[2, 2], "under another key").await
}
