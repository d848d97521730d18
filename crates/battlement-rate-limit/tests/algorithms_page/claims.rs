//! The sentences of the page that contain results.

use std::time::Duration;

use battlement_rate_limit::{
    Algorithm::{self, FixedWindow, Gcra, SlidingWindow},
    Decision, Policy,
    algorithm::Cell,
};

use crate::{
    client::Client,
    examples::{MINUTE, admitted, at, client},
};

pub(crate) fn all() -> [String; 10] {
    let interval = wait(Gcra, 10);
    let (first, times) = admitted(Gcra, 10, 3 * MINUTE);
    let in_minute = |minute| times.iter().filter(|time| **time / MINUTE == minute).count();
    assert!([1, 2].iter().all(|minute| in_minute(*minute) == 10));
    let rejected = admitted(FixedWindow, 10, 3 * MINUTE).1[0] - 1;
    let [fixed, sliding] = [FixedWindow, SlidingWindow].map(|algorithm| wait(algorithm, 10));
    let lighter = admitted(SlidingWindow, 10, 2 * MINUTE).1;
    assert!(lighter.windows(2).all(|times| times[1] - times[0] == lighter[1] - lighter[0]));
    [
        format!("a cell of {} bytes", size_of::<Cell>()),
        format!("the period divided by the quota: {interval} s"),
        format!("GCRA restores a request every {interval} s"),
        format!("the burst and the restored requests, {} in total", first + in_minute(0)),
        format!("rejects {rejected} requests in a row"),
        format!("falls by one request every {} s", lighter[1] - lighter[0]),
        format!("waits {interval} s, {fixed} s or {sliding} s after its burst"),
        format!("admits {} requests within a second", around_the_boundary()),
        format!("requests must be {} s apart", spacing()),
        format!("gets {} in a minute", constant_rate()),
    ]
}

/// Returns the wait after `burst` requests at once, in seconds.
fn wait(algorithm: Algorithm, burst: usize) -> u64 {
    let mut client = client(algorithm);
    client.send(at(0), burst);
    let Decision::Deny { wait: Some(wait) } = client.peek(at(0)).decision else { panic!() };
    assert_eq!(wait.subsec_nanos(), 0);
    wait.as_secs()
}

/// Returns the time between two requests under a burst of 1, in seconds.
fn spacing() -> u64 {
    let mut client = Client::new(Policy::per_minute("calls", 10).burst(1));
    let mut times = (0..MINUTE).filter(|second| client.send(at(*second), 1) == 1);
    let first = times.next().unwrap();
    times.next().unwrap() - first
}

/// Returns the number of requests that a fixed window admits within a second.
fn around_the_boundary() -> usize {
    let mut client = client(FixedWindow);
    client.send(at(0), 1);
    client.send(at(59), 9) + client.send(at(60), 100)
}

/// Returns the number of requests of each later minute that a sliding window admits if 100 are sent and allowed.
fn constant_rate() -> usize {
    let policy = Policy::per_minute("calls", 100).algorithm(SlidingWindow);
    let mut client = Client::new(policy);
    let admitted: Vec<_> =
        (0..1_000).map(|n| client.send(Duration::from_millis(n * 600), 1)).collect();
    let minutes: Vec<usize> = admitted.chunks(100).map(|minute| minute.iter().sum()).collect();
    assert!(minutes[1..].iter().all(|count| *count == minutes[1]), "{minutes:?}");
    minutes[1]
}
