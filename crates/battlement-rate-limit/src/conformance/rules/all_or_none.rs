use crate::{
    Algorithm, Policies, Store,
    conformance::{
        flaw::{Checked, Flaw},
        policies::slow,
        subject::Subject,
    },
};

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    let [narrow, wide] = [slow("narrow", 1, algorithm), slow("wide", 5, algorithm)];
    denied(subject, &Policies::new([narrow.clone(), wide.clone()]), [0, 4]).await?;
    denied(subject, &Policies::new([wide, narrow]), [4, 0]).await?;
    shadow(subject, algorithm).await
}

/// Checks that denied requests change nothing, whichever policy denies them.
async fn denied<St: Store>(
    subject: &mut Subject<St>,
    policies: &Policies,
    left: [u32; 2],
) -> Checked {
    let key = subject.key();
    let query = subject.query(key, policies, 1);
    subject.acquire_as(&query, false, &left, "when no unit is used").await?;
    let first = subject.acquire_as(&query, true, &left, "after a request").await?;
    for _ in 0..3 {
        subject.acquire_as(&query, true, &left, "after denied requests").await?;
    }
    let last = subject.acquire(&query).await?;
    let [first, last] = [first, last].map(|outcome| outcome.retry_after(policies));
    Flaw::unless(last <= first, || {
        format!("denied requests must not extend the wait, which was {first:?}, got {last:?}")
    })
}

/// Checks that a shadow policy denies no request, and is charged only if it allows it.
async fn shadow<St: Store>(subject: &mut Subject<St>, algorithm: Algorithm) -> Checked {
    let shadow = slow("shadow", 1, algorithm).shadow(true);
    let policies = Policies::new([shadow, slow("enforced", 3, algorithm)]);
    let key = subject.key();
    let query = subject.query(key, &policies, 1);
    for (is_denied, left) in [(false, 2), (false, 1), (false, 0), (true, 0)] {
        subject.acquire_as(&query, is_denied, &[0, left], "with a shadow policy").await?;
    }
    Ok(())
}
