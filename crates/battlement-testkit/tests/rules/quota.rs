//! Layers that keep their count outside the layer.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{Probe, ProbeBody, ProbeError},
};
use http::{HeaderValue, Request, Response};
use tower::{Layer, Service};

use crate::{assert_breaks, assert_breaks_only};

/// The owner of the count.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Layer,
    Application,
    Clone,
}

/// Adds a header with the number of earlier calls, from the fourth call on.
#[derive(Clone)]
struct Quota {
    calls: Arc<AtomicU64>,
    owner: Owner,
}

impl Quota {
    fn of(owner: Owner) -> impl Fn() -> Self {
        move || Self { calls: Arc::default(), owner }
    }

    fn calls(&self) -> u64 {
        self.calls.load(SeqCst)
    }

    fn or_new_for(&self, owner: Owner) -> Self {
        if self.owner == owner { Self::of(owner)() } else { self.clone() }
    }
}

impl Layer<Probe> for Quota {
    type Service = Counting;

    fn layer(&self, inner: Probe) -> Counting {
        let quota = self.or_new_for(Owner::Application);
        Counting { inner, quota }
    }
}

struct Counting {
    inner: Probe,
    quota: Quota,
}

impl Clone for Counting {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), quota: self.quota.or_new_for(Owner::Clone) }
    }
}

impl Service<Request<ProbeBody>> for Counting {
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ProbeError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        Service::<Request<ProbeBody>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<ProbeBody>) -> Self::Future {
        let earlier = self.quota.calls.fetch_add(1, SeqCst);
        let call = self.inner.call(request);
        Box::pin(async move {
            let mut response = call.await?;
            if earlier >= 3 {
                let late = HeaderValue::from(earlier);
                response.headers_mut().insert("x-late", late);
            }
            Ok(response)
        })
    }
}

#[tokio::test]
async fn a_layer_that_counts_for_all_its_services_satisfies_every_rule() {
    let contract = Contract::new(Quota::of(Owner::Layer));
    contract.counts(Quota::calls).run().await;
}

#[tokio::test]
async fn a_layer_that_counts_separately_in_each_clone_is_detected() {
    let contract = Contract::new(Quota::of(Owner::Clone));
    assert_breaks_only(contract, Rule::ClonedPerConnection).await;
}

#[tokio::test]
async fn a_layer_that_counts_separately_in_each_application_is_detected() {
    let contract = Contract::new(Quota::of(Owner::Application));
    assert_breaks_only(contract, Rule::AppliedPerRequest).await;
}

#[tokio::test]
async fn a_layer_whose_own_count_misses_calls_is_detected() {
    let contract = Contract::new(Quota::of(Owner::Application)).counts(Quota::calls);
    let expected = [Rule::ClonedPerConnection, Rule::AppliedPerRequest];
    assert_breaks(contract, &expected).await;
}
