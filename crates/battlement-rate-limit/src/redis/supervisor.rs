//! The task that looks after the connection, off the path of requests.

use std::{future::pending, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{
    State,
    builder::most_time,
    engine::{Engine, Phase},
    link::{Fault, Link},
    probe,
    signs::Seen,
};
use crate::jitter;

/// The first pause between two tries to come back, and the longest; each is spread by as much again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A connection that was away again sooner is no reason to hope for a better one soon.
const SHORT_LIFE: Duration = Duration::from_secs(1);
/// So often a connection is looked at that nobody may be using: what closes idle ones, or lets them die in
/// silence, is then met here and not by a request.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// So many tries of nodes that are away, and the whole cluster is looked up anew.
const ROUNDS: u32 = 5;

/// Why the watch over a connection ended.
enum End {
    /// It broke: another one may be had at once, and requests wait for it.
    Broken,
    /// Nobody is there who decides.
    Away(Fault),
    /// Nobody is left who could ask.
    Closed,
}

/// Looks after the connection until nobody is left who could ask.
pub(super) async fn run(engine: &Arc<Engine>) {
    let (mut pause, mut told) = (Pause::default(), Told(State::Connecting));
    loop {
        let since = Instant::now();
        let end = match renew(engine).await {
            Ok(link) => {
                engine.put(Some(link), Phase::Up);
                told.tell(engine, None);
                watch(engine, &mut told).await
            }
            Err(fault) => End::Away(fault),
        };
        let lived = since.elapsed();
        if lived > SHORT_LIFE {
            pause = Pause::default();
        }
        match end {
            End::Closed => return,
            // It decided until now: requests wait for another connection.
            End::Broken if lived > FIRST_PAUSE => {
                engine.put(None, Phase::Connecting);
                continue;
            }
            End::Broken => go_down(engine, &mut told, &Fault::Broken),
            End::Away(fault) => go_down(engine, &mut told, &fault),
        }
        tokio::select! {
            () = pause.pass() => {}
            () = engine.signs.ended() => return,
        }
    }
}

fn go_down(engine: &Engine, told: &mut Told, fault: &Fault) {
    engine.put(None, Phase::Down);
    told.tell(engine, Some(fault));
}

/// A connection to somebody who decides.
async fn renew(engine: &Arc<Engine>) -> Result<Arc<Box<dyn Link>>, Fault> {
    let most = most_time(engine.settings.deadline);
    let link = timeout(most, engine.connect.connect()).await.unwrap_or(Err(Fault::Late))?;
    let link = Arc::new(link);
    // Nodes that are asked meanwhile, over the connection before this one, still go by their clocks.
    let asked = engine.link.load().is_some();
    let unknown = engine.groups.iter().filter(|group| !asked || group.is_open());
    unknown.for_each(|group| group.clock.forget());
    let all = 0..engine.groups.len();
    let (away, why) = probe::sweep(engine, &link, all.clone()).await;
    if let Some(fault) = why
        && away.len() == all.len()
    {
        return Err(fault);
    }
    // What was met before was another connection's.
    if engine.signs.take().closed {
        engine.signs.closed();
    }
    for (index, group) in engine.groups.iter().enumerate() {
        if away.contains(&index) { group.open() } else { group.close(engine.now()) }
    }
    Ok(link)
}

/// Watches a connection until it is of no use.
async fn watch(engine: &Arc<Engine>, told: &mut Told) -> End {
    let (mut pause, mut rounds) = (Pause::default(), 0);
    loop {
        let open = engine.open_groups();
        let seen = tokio::select! {
            seen = engine.signs.next() => Some(seen),
            () = pause.pass_if(!open.is_empty()) => None,
            () = sleep(BETWEEN_LOOKS) => Some(look(engine).await),
        };
        let Some(link) = engine.link.load_full() else { return End::Broken };
        let fault = match seen {
            Some(seen) if seen.closed => return End::Closed,
            Some(seen) if seen.broken && engine.groups.len() == 1 => return End::Broken,
            Some(seen) => suspect(engine, &link, seen.suspects).await,
            None => {
                rounds += 1;
                retry(engine, &link, open).await
            }
        };
        let open = engine.open_groups();
        if open.is_empty() {
            (pause, rounds) = (Pause::default(), 0);
        } else if open.len() == engine.groups.len() {
            return End::Away(fault.unwrap_or(Fault::Late));
        } else if rounds >= ROUNDS {
            rounds = 0;
            if let Ok(link) = renew(engine).await {
                engine.put(Some(link), Phase::Up);
            }
        }
        told.tell(engine, fault.as_ref());
    }
}

/// Looks whether the only server there is still answers.
async fn look(engine: &Engine) -> Seen {
    let mut seen = Seen::default();
    let link = engine.link.load_full().filter(|_| engine.groups.len() == 1);
    if let Some(link) = link {
        let ping = redis::cmd("PING");
        match timeout(engine.settings.deadline, link.send(&ping)).await {
            Ok(Ok(_)) => {}
            Ok(Err(Fault::Broken)) => seen.broken = true,
            Ok(Err(_)) | Err(_) => seen.suspects = 1,
        }
    }
    seen
}

/// Looks whether those that were late or failed are away; if one is, all the others are looked at too.
async fn suspect(engine: &Arc<Engine>, link: &Arc<Box<dyn Link>>, suspects: u128) -> Option<Fault> {
    let closed = |index: &usize| !engine.groups[*index].is_open();
    let all = 0..engine.groups.len();
    let suspects = all.clone().filter(closed).filter(|index| suspects >> index & 1 == 1);
    let (away, why) = probe::sweep(engine, link, suspects).await;
    if why.is_some() {
        away.into_iter().for_each(|index| engine.groups[index].open());
        let (away, _) = probe::sweep(engine, link, all.filter(closed)).await;
        away.into_iter().for_each(|index| engine.groups[index].open());
    }
    why
}

/// Looks whether those that were away are back.
async fn retry(engine: &Arc<Engine>, link: &Arc<Box<dyn Link>>, open: Vec<usize>) -> Option<Fault> {
    let (away, why) = probe::sweep(engine, link, open.iter().copied()).await;
    for index in open.into_iter().filter(|index| !away.contains(index)) {
        engine.groups[index].close(engine.now());
    }
    why
}

/// Longer and longer, and never the same for all processes. One that is broken off goes on the next time, so
/// that what is met meanwhile, however often, does not put off its end.
#[derive(Default)]
struct Pause {
    passed: u32,
    until: Option<Instant>,
}

impl Pause {
    async fn pass(&mut self) {
        let until = *self.until.get_or_insert_with(|| {
            let pause = (FIRST_PAUSE * 2_u32.pow(self.passed.min(10))).min(LONGEST_PAUSE);
            Instant::now() + jitter::spread(pause / 2, pause)
        });
        sleep_until(until).await;
        (self.passed, self.until) = (self.passed.saturating_add(1), None);
    }

    async fn pass_if(&mut self, passes: bool) {
        if passes { self.pass().await } else { pending().await }
    }
}

/// The state that was last told of.
struct Told(State);

impl Told {
    /// Tells of the state, if it is another one now.
    fn tell(&mut self, engine: &Engine, fault: Option<&Fault>) {
        let state = engine.state();
        if state == self.0 {
            return;
        }
        if let Some(observe) = &engine.settings.observe {
            observe.on_state(state);
        }
        let why = fault.map_or_else(String::new, ToString::to_string);
        match (self.0, state) {
            (State::Connecting, State::Up) => tracing::debug!("rate limits: Redis is there"),
            (_, State::Up) => tracing::info!("rate limits: Redis is back"),
            (_, State::Degraded) => {
                tracing::warn!(why, "rate limits: nodes of the Redis cluster are away");
            }
            _ => {
                tracing::warn!(why, "rate limits: Redis is away; what was chosen for that applies");
            }
        }
        self.0 = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nodes_that_are_away_are_tried_again_however_often_others_fail_meanwhile() {
        let (mut pause, began) = (Pause::default(), Instant::now());
        let others = Duration::from_millis(10);
        let mut broken_off = 0;
        while timeout(others, pause.pass()).await.is_err() {
            broken_off += 1;
            assert!(broken_off < 100, "it never ends");
        }
        assert!((FIRST_PAUSE / 2..FIRST_PAUSE * 2).contains(&began.elapsed()));
    }
}
