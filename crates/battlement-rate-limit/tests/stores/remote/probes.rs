use std::time::Duration;

use battlement_rate_limit::{KeyHash, Policies, Policy, Query, StoreError, remote::Probe};
use tokio::time::Instant;

use super::{
    link::Link,
    question::{Operation, Question},
};

/// The probes of the server, each a question that is never denied.
pub(super) struct Probes(pub(super) Link);

/// The number of times a probe is repeated if it was late because this process was late.
const REPEATS: usize = 5;

impl Probe for Probes {
    type Fault = StoreError;

    fn probe(&mut self, _: usize) -> impl Future<Output = Result<(), StoreError>> + Send + 'static {
        let link = self.0.clone();
        async move {
            let policies = Policies::from(Policy::new("probe", 1_000, Duration::from_millis(1)));
            let query = Query::new(KeyHash::from_bits(0), &policies, 1, Instant::now());
            let question = Question::new(&query);
            for _ in 0..REPEATS {
                match link.ask(&question, Operation::Acquire).await {
                    Ok(answered) => return answered.map(drop),
                    Err(late) if late.was_on_time => break,
                    Err(_) => {}
                }
            }
            Err(StoreError::Timeout)
        }
    }
}
