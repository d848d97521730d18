//! The circuit breakers and the supervisor of a remote store, with a store whose availability a test sets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use battlement_rate_limit::remote::{Breaker, Probe, State, supervise};
use battlement_testkit::eventually;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

/// The groups of a store that are unavailable, and the calls of the supervisor.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Calls>>);

#[derive(Default)]
struct Calls {
    down: BTreeSet<usize>,
    disconnected: BTreeSet<usize>,
    is_healed_by_another_connection: bool,
    /// The groups that do not answer the next ping.
    silent: Vec<usize>,
    probes: Vec<(usize, Instant)>,
    prepared: Vec<usize>,
    refreshes: Vec<Instant>,
    pings: usize,
    reports: Vec<(State, Option<usize>)>,
}

/// A group that is unavailable.
#[derive(Debug)]
struct Down(usize);

impl Script {
    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap()
    }

    fn probes_of(&self, group: usize) -> Vec<Instant> {
        let probes = &self.lock().probes;
        probes.iter().filter(|probe| probe.0 == group).map(|probe| probe.1).collect()
    }

    fn last_report(&self) -> Option<(State, Option<usize>)> {
        self.lock().reports.last().copied()
    }
}

impl Probe for Script {
    type Fault = Down;

    fn probe(&mut self, group: usize) -> impl Future<Output = Result<(), Down>> + Send + 'static {
        let script = self.clone();
        async move {
            sleep(ROUND_TRIP).await;
            let mut calls = script.lock();
            calls.probes.push((group, Instant::now()));
            if calls.down.contains(&group) { Err(Down(group)) } else { Ok(()) }
        }
    }

    fn prepare(&mut self, group: usize, fault: &Down) {
        let mut calls = self.lock();
        calls.prepared.push(fault.0);
        if calls.is_healed_by_another_connection {
            calls.down.remove(&group);
        }
    }

    async fn refresh(&mut self) {
        self.lock().refreshes.push(Instant::now());
    }

    async fn ping(&mut self) -> Vec<usize> {
        let mut calls = self.lock();
        calls.pings += 1;
        std::mem::take(&mut calls.silent)
    }

    fn is_connected(&mut self, group: usize) -> bool {
        !self.lock().disconnected.contains(&group)
    }

    fn report(&mut self, state: State, fault: Option<&Down>) {
        self.lock().reports.push((state, fault.map(|fault| fault.0)));
    }
}

const ROUND_TRIP: Duration = Duration::from_millis(1);
const SOON: Duration = Duration::from_millis(20);
const GROUPS: usize = 4;

fn start(script: &Script) -> (Breaker, JoinHandle<()>) {
    let breaker = Breaker::new(GROUPS);
    let (supervised, probe) = (breaker.clone(), script.clone());
    (breaker, tokio::spawn(async move { supervise(&supervised, probe).await }))
}

/// Starts a supervisor whose first probes have ended.
async fn started(script: &Script) -> Breaker {
    let breaker = start(script).0;
    assert!(breaker.wait_until_known().await);
    breaker
}

fn asked(breaker: &Breaker) -> [bool; GROUPS] {
    std::array::from_fn(|group| breaker.may_ask(group))
}

#[tokio::test(start_paused = true)]
async fn the_state_is_unknown_until_the_first_probes_have_ended() {
    let script = Script::default();
    let (breaker, _) = start(&script);
    assert_eq!((breaker.state(), breaker.is_up()), (State::Connecting, false));
    assert_eq!(asked(&breaker), [true; GROUPS]);
    assert!(breaker.wait_until_known().await);
    assert_eq!((breaker.state(), breaker.is_up()), (State::Up, true));
    let other = Script::default();
    other.lock().down.extend(0..GROUPS);
    let (breaker, _) = start(&other);
    assert!(!breaker.wait_until_known().await);
    assert_eq!((breaker.state(), asked(&breaker)), (State::Down, [false; GROUPS]));
}

#[tokio::test(start_paused = true)]
async fn a_reported_call_opens_the_breaker_of_its_group_only_if_the_probe_fails() {
    let script = Script::default();
    let breaker = started(&script).await;
    breaker.suspect(2);
    sleep(SOON).await;
    assert_eq!((script.probes_of(2).len(), asked(&breaker)), (2, [true; GROUPS]));
    script.lock().down.insert(2);
    sleep(SOON).await;
    assert_eq!(asked(&breaker), [true; GROUPS], "no call was reported");
    breaker.suspect(2);
    sleep(SOON).await;
    assert_eq!(asked(&breaker), [true, true, false, true]);
    assert_eq!(script.last_report(), Some((State::Degraded, Some(2))));
    script.lock().down.clear();
    assert!(eventually(Duration::from_secs(1), || breaker.may_ask(2)).await);
    sleep(SOON).await;
    assert_eq!(script.last_report(), Some((State::Up, None)));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_fails_shows_the_outage_of_the_others() {
    let script = Script::default();
    let breaker = started(&script).await;
    script.lock().down.extend([0, 1, 2, 3]);
    breaker.suspect(1);
    sleep(SOON).await;
    assert_eq!((asked(&breaker), breaker.state()), ([false; GROUPS], State::Down));
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_group_is_probed_with_a_backoff_that_grows_to_a_second() {
    let script = Script::default();
    let breaker = started(&script).await;
    script.lock().down.insert(0);
    breaker.suspect(0);
    sleep(Duration::from_secs(60)).await;
    // The first probe began the supervisor, and two follow the report at once.
    let probes = script.probes_of(0)[2..].to_vec();
    let gaps: Vec<Duration> = probes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[0] < Duration::from_millis(100), "{gaps:?}");
    let last = gaps[gaps.len() - 10..].iter();
    let expected = Duration::from_millis(500)..Duration::from_millis(1_600);
    assert!(last.clone().all(|gap| expected.contains(gap)), "{gaps:?}");
    assert!(last.clone().any(|gap| gap != &gaps[gaps.len() - 1]), "no jitter: {gaps:?}");
    let calls = script.lock();
    let (prepared, refreshes) = (calls.prepared.len(), calls.refreshes.len());
    assert!(prepared >= gaps.len(), "prepared {prepared} times");
    assert!((gaps.len() / 6..gaps.len() / 4).contains(&refreshes), "{refreshes} of {}", gaps.len());
}

#[tokio::test(start_paused = true)]
async fn the_backoff_of_the_next_outage_starts_anew() {
    let script = Script::default();
    let breaker = started(&script).await;
    for _ in 0..2 {
        script.lock().down.insert(0);
        breaker.suspect(0);
        sleep(SOON).await;
        script.lock().probes.clear();
        sleep(Duration::from_millis(100)).await;
        assert!(!script.probes_of(0).is_empty(), "the backoff is longer than 100 ms");
        sleep(Duration::from_secs(60)).await;
        script.lock().down.clear();
        assert!(eventually(Duration::from_secs(2), || breaker.may_ask(0)).await);
        sleep(SOON).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_another_connection_ends_is_over_at_once() {
    let script = Script::default();
    let breaker = started(&script).await;
    script.lock().down.insert(0);
    script.lock().is_healed_by_another_connection = true;
    breaker.suspect(0);
    sleep(4 * ROUND_TRIP).await;
    assert_eq!((script.probes_of(0).len(), breaker.may_ask(0)), (3, true));
}

#[tokio::test(start_paused = true)]
async fn a_change_during_the_probes_of_unavailable_groups_causes_no_further_probe() {
    let script = Script::default();
    let breaker = started(&script).await;
    script.lock().down.insert(0);
    breaker.suspect(0);
    // A probe of the group, those of the others, and half of another one over a new connection.
    sleep(ROUND_TRIP * 5 / 2).await;
    breaker.changed();
    sleep(SOON).await;
    assert_eq!(script.probes_of(0).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_changed_connection_ends_an_outage_without_waiting_for_the_backoff() {
    let script = Script::default();
    let breaker = started(&script).await;
    script.lock().down.insert(0);
    breaker.suspect(0);
    // The backoff is about a second now.
    sleep(Duration::from_secs(60)).await;
    script.lock().down.clear();
    for is_changed in [false, true] {
        if is_changed {
            breaker.changed();
        }
        sleep(2 * ROUND_TRIP).await;
        assert_eq!(breaker.may_ask(0), is_changed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_connection_shows_which_groups_have_none() {
    let script = Script::default();
    let breaker = started(&script).await;
    script.lock().down.insert(3);
    breaker.changed();
    sleep(SOON).await;
    assert_eq!(asked(&breaker), [true; GROUPS], "all groups have a connection");
    script.lock().disconnected.insert(3);
    breaker.changed();
    sleep(SOON).await;
    assert_eq!(asked(&breaker), [true, true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_does_not_answer_a_ping_is_probed() {
    let script = Script::default();
    let breaker = started(&script).await;
    script.lock().down.insert(1);
    sleep(Duration::from_secs(10)).await;
    assert_eq!((script.lock().pings, asked(&breaker)), (5, [true; GROUPS]));
    script.lock().silent.push(1);
    sleep(Duration::from_secs(3)).await;
    assert!(!breaker.may_ask(1));
}

#[tokio::test(start_paused = true)]
async fn moved_keys_are_located_again_at_most_every_100_ms() {
    let script = Script::default();
    let breaker = started(&script).await;
    assert_eq!(script.lock().refreshes.len(), 1);
    for _ in 0..1_000 {
        breaker.moved();
        sleep(ROUND_TRIP).await;
    }
    let refreshes = script.lock().refreshes.len();
    assert!((9..=11).contains(&refreshes), "{refreshes} times in a second");
}

#[tokio::test(start_paused = true)]
async fn keys_that_move_right_after_a_refresh_are_located_at_the_end_of_the_100_ms() {
    let script = Script::default();
    let breaker = started(&script).await;
    sleep(Duration::from_millis(50)).await;
    breaker.moved();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(script.lock().refreshes.len(), 2);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(script.lock().refreshes.len(), 2, "once for each report");
}

#[test]
#[should_panic(expected = "`group` must be less than 4, got 4")]
fn a_report_about_an_unknown_group_is_rejected() {
    Breaker::new(GROUPS).suspect(GROUPS);
}

#[tokio::test(start_paused = true)]
async fn a_closed_breaker_ends_the_supervisor_and_keeps_its_state() {
    let script = Script::default();
    let (breaker, supervisor) = start(&script);
    assert!(breaker.wait_until_known().await);
    assert!(breaker.is_supervised());
    sleep(Duration::from_secs(60)).await;
    assert!(breaker.is_supervised() && !supervisor.is_finished());
    breaker.close();
    supervisor.await.unwrap();
    assert_eq!(breaker.state(), State::Up);
    sleep(Duration::from_secs(21)).await;
    assert!(!breaker.is_supervised());
}

#[test]
#[should_panic(expected = "`groups` must be between 1 and 128, got 129")]
fn more_groups_than_the_supervisor_distinguishes_are_rejected() {
    let _ = Breaker::new(129);
}
