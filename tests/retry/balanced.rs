//! Two instances behind a load balancer, which die and come back under load.

use std::{sync::Arc, time::Duration};

use battlement_testkit::{
    balancer::Balancer,
    eventually,
    load::{Arrivals, OpenLoop},
    upstream::{Behavior, Upstream},
};
use http::{Method, Uri};
use tokio::time::sleep;

use crate::caller::{Caller, Count, DEADLINE, Protocol, layer, request};

const REQUESTS: u64 = 200;
/// The time between two changes of the instances.
const CHANGE: Duration = Duration::from_millis(250);

struct Balanced {
    balancer: Balancer,
    instances: [Upstream; 2],
    caller: Caller,
}

impl Balanced {
    async fn start() -> Self {
        let instances = [Upstream::start().await.unwrap(), Upstream::start().await.unwrap()];
        let balancer = Balancer::start("/", instances.iter().map(Upstream::addr)).await.unwrap();
        let ready = || instances.iter().all(|instance| balancer.is_ready(instance.addr()));
        assert!(eventually(DEADLINE, ready).await);
        Self { balancer, instances, caller: Caller::new(&layer(), Protocol::Http1) }
    }

    /// Sends requests while one instance after the other dies and comes back.
    async fn run(&mut self, method: Method) -> Arrivals {
        let uri: Uri = format!("http://{}/", self.balancer.addr()).parse().unwrap();
        let late = [Behavior::Late(Duration::from_millis(50))];
        let template = request(&self.instances[0], method, "", &late);
        let (caller, sent) = (self.caller.clone(), Arc::<Count>::default());
        let load = OpenLoop::new(100.0).requests(REQUESTS as usize);
        let load = load.run(|| {
            let mut request = template.clone();
            *request.uri_mut() = uri.clone();
            let key = sent.next().to_string().parse().unwrap();
            request.headers_mut().insert("idempotency-key", key);
            caller.clone().end(request)
        });
        tokio::join!(load, restart(&self.balancer, &mut self.instances)).0
    }

    /// Returns the number of times that an instance has received a request.
    fn received(&self, nth: u64) -> u64 {
        let received = |instance: &Upstream| instance.counts_of(&nth.to_string()).received;
        self.instances.iter().map(received).sum()
    }
}

async fn restart(balancer: &Balancer, instances: &mut [Upstream; 2]) {
    for nth in [0, 1, 0] {
        sleep(CHANGE).await;
        instances[nth].refuse().await.unwrap();
        sleep(CHANGE).await;
        instances[nth].accept().unwrap();
        let addr = instances[nth].addr();
        assert!(eventually(DEADLINE, || balancer.is_ready(addr)).await);
    }
}

/// Loads the machine and depends on its speed, so that no other test runs beside it.
mod alone {
    use http::Method;

    use super::{Balanced, REQUESTS};

    #[tokio::test]
    async fn an_instance_that_dies_loses_no_idempotent_request() {
        let mut balanced = Balanced::start().await;
        let tally = balanced.run(Method::PUT).await.tally();
        assert_eq!(tally.answered, REQUESTS, "{tally:?}");
        assert!(balanced.caller.attempts() > REQUESTS, "no connection was in use when it broke");
    }

    #[tokio::test]
    async fn an_instance_that_dies_receives_no_post_twice() {
        let mut balanced = Balanced::start().await;
        let tally = balanced.run(Method::POST).await.tally();
        for nth in 1..=REQUESTS {
            assert!(balanced.received(nth) <= 1, "request {nth}");
        }
        // A request that was in flight when its instance died is lost, since it cannot be repeated.
        assert!(tally.lost() > 0 && tally.answered + tally.lost() == REQUESTS, "{tally:?}");
    }
}
