use crate::{
    Algorithm, Policies, Store,
    conformance::{flaw::Checked, policies::slow, subject::Subject},
};

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    let first = slow("first", 3, algorithm);
    let both = Policies::new([first.clone(), slow("second", 5, algorithm)]);
    let first = Policies::from(first);
    let [key, other, unused] = [subject.key(), subject.key(), subject.key()];
    let query = subject.query(key, &both, 1);
    let of_other = subject.query(other, &both, 1);
    subject.acquire_as(&query, false, &[2, 4], "when no unit is used").await?;
    subject.acquire_as(&of_other, false, &[2, 4], "when no unit is used").await?;

    subject.reset(&subject.query(key, &first, 1)).await?;
    subject.expect(&query, &[3, 4], "after a reset of the first policy").await?;
    subject.reset(&query).await?;
    subject.expect(&query, &[3, 5], "after a reset").await?;
    subject.expect(&of_other, &[2, 4], "after a reset of another key").await?;
    subject.acquire_as(&query, false, &[2, 4], "after a reset").await?;

    let unused = subject.query(unused, &both, 1);
    subject.reset(&unused).await?;
    subject.acquire_as(&unused, false, &[2, 4], "after a reset of an unused key").await?;
    Ok(())
}
