//! The panic hook of the process. This file runs as a process of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use battlement_problem::{ProblemLayer, silence_caught_panics};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

/// The panics that the previously installed hook received.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn was_told(text: &str) -> bool {
    TOLD.lock().unwrap().iter().any(|told| told.contains(text))
}

/// Installs a hook as another library would, and then the crate's hook.
fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| TOLD.lock().unwrap().push(info.to_string())));
        silence_caught_panics();
        silence_caught_panics();
    });
}

/// Returns the location and chain of each bug that the layer reports while `handler` answers one request.
async fn bugs_of(handler: impl Fn() + Clone) -> Vec<(Option<String>, String)> {
    install();
    let bugs = Arc::new(Mutex::new(Vec::new()));
    let layer = ProblemLayer::new().on_bug({
        let bugs = Arc::clone(&bugs);
        move |bug| {
            let place = bug.panic().and_then(|panic| panic.location()).map(ToOwned::to_owned);
            bugs.lock().unwrap().push((place, bug.panic().unwrap().message().to_owned()));
        }
    });
    let service = layer.layer(service_fn(|_: Request<()>| async {
        handler();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    service.oneshot(Request::new(())).await.unwrap();
    std::mem::take(&mut *bugs.lock().unwrap())
}

#[tokio::test]
async fn a_caught_panic_is_hidden_from_the_hook_and_its_location_is_known() {
    let bugs = bugs_of(|| panic!("caught by the layer")).await;
    assert!(!was_told("caught by the layer"));
    let (place, message) = &bugs[0];
    assert!(place.as_ref().unwrap().contains("silence.rs:"), "{place:?}");
    assert_eq!(message, "caught by the layer");
}

#[tokio::test]
async fn every_other_panic_reaches_the_hook() {
    install();
    tokio::spawn(async { panic!("in a task") }).await.unwrap_err();
    std::thread::spawn(|| panic!("in a thread")).join().unwrap_err();
    catch_unwind(|| panic!("outside of any layer")).unwrap_err();
    assert!(was_told("in a task") && was_told("in a thread") && was_told("outside of any layer"));
}

#[tokio::test]
async fn a_spawned_task_is_not_inside_the_layer() {
    let bugs = bugs_of(|| {
        std::thread::spawn(|| panic!("spawned by a handler")).join().unwrap_err();
    });
    assert!(bugs.await.is_empty());
    assert!(was_told("spawned by a handler"));
}

#[tokio::test]
async fn a_panic_that_the_service_catches_is_not_confused_with_a_later_one() {
    let bugs = bugs_of(|| {
        catch_unwind(|| panic!("the first")).unwrap_err();
        panic!("the second");
    });
    let bugs = bugs.await;
    assert_eq!(bugs.len(), 1);
    assert_eq!(bugs[0].1, "the second");
    // A second panic may end the process, so the hook receives it.
    assert!(was_told("the second"));
}

#[tokio::test]
async fn after_a_caught_panic_the_thread_reports_to_the_hook_again() {
    bugs_of(|| panic!("inside")).await;
    catch_unwind(AssertUnwindSafe(|| panic!("after it"))).unwrap_err();
    assert!(was_told("after it"));
}
