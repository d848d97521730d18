//! Arbitrary input of a builder, a line for each directive, stays within its directive, with or without a nonce.
#![no_main]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use battlement_security_headers::{Csp, CspNonce, Directive, SecurityHeadersLayer, SourceList};
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use tower_layer::Layer;
use tower_service::Service;

/// A handler that reads the nonce, or not.
struct Handler(bool);

impl Service<Request<()>> for Handler {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        if self.0
            && let Some(nonce) = CspNonce::of(&request)
        {
            assert_eq!(nonce.as_str().len(), 22);
        }
        ready(Ok(Response::new(())))
    }
}

/// Returns the policy of a response.
fn sent(layer: &SecurityHeadersLayer, reads: bool) -> String {
    let call = layer.layer(Handler(reads)).call(Request::new(()));
    let Poll::Ready(Ok(response)) = pin!(call).poll(&mut Context::from_waker(Waker::noop())) else {
        unreachable!("everything here is ready at once");
    };
    let policy = response.headers().get("content-security-policy");
    policy.map_or_else(String::new, |value| value.to_str().expect("a policy is ASCII").to_owned())
}

fuzz_target!(|text: &str| {
    let mut builder = Csp::builder().without_default_src();
    let mut told = 0;
    for line in text.lines() {
        // Any byte but a line's end may stand in a value, a tab parts two of them.
        let Some((name, values)) = line.split_once('\t') else { continue };
        let index = usize::from(name.bytes().next().unwrap_or_default());
        let directive = Directive::ALL[index % Directive::ALL.len()];
        builder = builder.directive(directive, values.split('\t').collect::<SourceList>());
        told += 1;
    }
    let Ok(csp) = builder.build() else { return };
    let Ok(layer) = SecurityHeadersLayer::try_new([csp.into()]) else { return };
    for reads in [false, true] {
        let sent = sent(&layer, reads);
        assert_eq!(sent.split(';').count(), told, "{sent}");
        assert!(sent.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b",\"".contains(&byte)));
        assert!(!sent.contains("'nonce'"), "a browser would see the place and not the nonce");
    }
});
