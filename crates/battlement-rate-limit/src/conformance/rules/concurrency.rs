use tokio::{runtime::Handle, task};

use crate::{
    Algorithm, KeyHash, Policies, Query, Store, StoreError,
    conformance::{
        flaw::{Checked, Flaw},
        policies::slow,
        states::shown,
        subject::Subject,
    },
};

const QUOTA: u32 = 1_000;
const THREADS: usize = 16;
const TASKS: usize = 64;
/// The number of denials after which a caller stops.
const DENIALS: u32 = 5;
/// The number of requests that a caller charges and refunds, so few that none is denied.
const REFUNDS: u32 = 10;
/// The number of failures after which a caller stops.
const FAILURES: u32 = 50;

/// The answers to a caller.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    allowed: u32,
    denied: u32,
    /// Requests that were charged or not.
    failed: u32,
    error: Option<StoreError>,
}

impl Tally {
    fn fail(&mut self, error: StoreError) {
        self.failed += 1;
        self.error = Some(error);
    }
}

/// A caller who spends all units, or charges and refunds.
#[derive(Clone, Copy)]
enum Caller {
    Spends,
    Refunds,
}

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    let policies =
        Policies::new([slow("large", 3 * QUOTA, algorithm), slow("small", QUOTA, algorithm)]);
    for caller in [Caller::Spends, Caller::Refunds] {
        let key = subject.key();
        let tally = from_threads(&subject.query(key, &policies, 1), &subject.store, caller).await;
        expect(subject, key, &policies, caller, tally).await?;
        let key = subject.key();
        let tally = from_tasks(&subject.query(key, &policies, 1), &subject.store, caller).await;
        expect(subject, key, &policies, caller, tally).await?;
    }
    Ok(())
}

async fn expect<St: Store>(
    subject: &Subject<St>,
    key: KeyHash,
    policies: &Policies,
    caller: Caller,
    Tally { allowed, denied, failed, error }: Tally,
) -> Checked {
    // A store that may fail must not fail because of concurrency alone.
    if let Some(error) = error.filter(|_| allowed == 0 || !subject.may_fail()) {
        return Err(error.into());
    }
    let outcome = subject.peek(&subject.query(key, policies, 1)).await?;
    let left = [0, 1].map(|nth| i64::from(outcome.states[nth].remaining));
    let used = [i64::from(3 * QUOTA) - left[0], i64::from(QUOTA) - left[1]];
    let (least, is_whole) = match caller {
        // A denial shows that all units were used. Without one, all callers have stopped because of failures.
        Caller::Spends => {
            let is_spent = used[1] == i64::from(QUOTA) && allowed + failed >= QUOTA;
            (allowed, allowed <= QUOTA && (denied == 0 || is_spent))
        }
        Caller::Refunds => (0, denied == 0),
    };
    let is_used =
        used[0] == used[1] && (i64::from(least)..=i64::from(least + failed)).contains(&used[0]);
    Flaw::unless(is_whole && is_used, || {
        let state = shown(&outcome.states);
        let promise = match caller {
            Caller::Spends => format!("exactly {QUOTA} requests must be allowed and charged"),
            Caller::Refunds => "no unit must be used after refunds of all requests".to_owned(),
        };
        format!(
            "{promise}, got {allowed} allowed, {denied} denied, {failed} failed, and then {state}"
        )
    })
}

async fn from_threads<St: Store>(query: &Query<'_>, store: &St, caller: Caller) -> Tally {
    let runtime = Handle::current();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (runtime, calls) = (runtime.clone(), calls(query, store, caller));
            task::spawn_blocking(move || runtime.block_on(calls))
        })
        .collect();
    sum(threads).await
}

async fn from_tasks<St: Store>(query: &Query<'_>, store: &St, caller: Caller) -> Tally {
    let tasks: Vec<_> = (0..TASKS).map(|_| task::spawn(calls(query, store, caller))).collect();
    sum(tasks).await
}

async fn sum(callers: Vec<task::JoinHandle<Tally>>) -> Tally {
    let mut sum = Tally::default();
    for caller in callers {
        let tally = caller.await.expect("a caller does not panic unless the store does");
        sum.allowed += tally.allowed;
        sum.denied += tally.denied;
        sum.failed += tally.failed;
        sum.error = sum.error.or(tally.error);
    }
    sum
}

/// Makes the calls of a caller.
fn calls<St: Store>(
    query: &Query<'_>,
    store: &St,
    caller: Caller,
) -> impl Future<Output = Tally> + Send + use<St> {
    let (store, policies) = (store.clone(), query.policies.clone());
    let (key, now) = (query.key, query.now);
    async move {
        let query = Query::new(key, &policies, 1, now);
        match caller {
            Caller::Spends => spend(&store, &query).await,
            Caller::Refunds => charge_and_refund(&store, &query).await,
        }
    }
}

async fn spend<St: Store>(store: &St, query: &Query<'_>) -> Tally {
    let mut tally = Tally::default();
    while tally.denied < DENIALS && tally.failed < FAILURES && tally.allowed <= QUOTA {
        match store.acquire(query).await {
            Err(error) => tally.fail(error),
            Ok(outcome) if outcome.is_denied(query.policies) => tally.denied += 1,
            Ok(_) => tally.allowed += 1,
        }
    }
    tally
}

async fn charge_and_refund<St: Store>(store: &St, query: &Query<'_>) -> Tally {
    let mut tally = Tally::default();
    for _ in 0..REFUNDS {
        match store.acquire(query).await {
            Err(error) => tally.fail(error),
            Ok(outcome) if outcome.is_denied(query.policies) => tally.denied += 1,
            Ok(outcome) => {
                tally.allowed += 1;
                if let Err(error) = store.refund(query, &outcome).await {
                    tally.fail(error);
                }
            }
        }
    }
    tally
}
