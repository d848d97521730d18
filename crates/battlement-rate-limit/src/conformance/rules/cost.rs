use crate::{
    Algorithm, Policies, Store,
    conformance::{flaw::Checked, policies::slow, subject::Subject},
};

/// Checks requests of several costs; all other rules use a cost of 1.
pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    let policies = Policies::from(slow("calls", 10, algorithm));
    let key = subject.key();
    let steps = [
        (11, true, 10),
        (u32::MAX, true, 10),
        (3, false, 7),
        (0, false, 7),
        (8, true, 7),
        (7, false, 0),
        (0, false, 0),
        (1, true, 0),
        (u32::MAX, true, 0),
    ];
    let mut after = "when no unit is used".to_owned();
    for (cost, is_denied, left) in steps {
        let query = subject.query(key, &policies, cost);
        subject.acquire_as(&query, is_denied, &[left], &after).await?;
        after = format!("after a request for {cost}");
    }
    Ok(())
}
