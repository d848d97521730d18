mod server;

use std::{future::pending, time::Duration};

use battlement_core::Phase;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::info;

pub(crate) use self::server::Server;
use crate::{
    Conclude, Report, admin::Admin, hooks, manager::Manager, shared::Shared, times::Schedule,
};

/// The time in which aborted work may release what it holds, before the hooks close pools.
const SETTLE: Duration = Duration::from_millis(100);

/// The parts of a process that follow its phases.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    pub(crate) admin: Admin,
    pub(crate) manager: Manager,
}

/// Runs `server`, drives the phases, and returns the report.
pub(crate) async fn run<S>(shared: &Shared, server: S, mut followers: Followers) -> Report
where
    S: Future,
    S::Output: Conclude,
{
    let mut server = Server::new(server);
    let schedule = serve(shared, &mut server, &mut followers.manager).await;
    announce(shared, &schedule, &mut server).await;
    let is_drained = drain(shared, &schedule, &mut server).await;
    shared.server_ended(server.reason());
    if !is_drained {
        cut_off(shared, &mut server).await;
    }
    shared.start_hooks(Instant::now());
    hooks::run(shared, &schedule).await;
    let Some(report) = shared.finish(Instant::now()) else { return pending().await };
    followers.admin.close().await;
    report
}

/// Serves until the shutdown is triggered.
async fn serve<S>(shared: &Shared, server: &mut Server<S>, manager: &mut Manager) -> Schedule
where
    S: Future,
    S::Output: Conclude,
{
    if !shared.phases.is_draining() {
        manager.ready();
    }
    tokio::select! {
        biased;
        () = shared.phases.reached(Phase::Unready) => {}
        () = server.ended() => shared.trigger(server.reason(), Instant::now()),
    }
    let Some((reason, started)) = shared.started() else {
        unreachable!("the phase advances after the reason is stored")
    };
    info!("shutdown started: {reason}");
    let times = shared.times();
    manager.stopping(times.budget);
    Schedule::new(times, started)
}

/// Waits until balancers have noticed, and until idle connections had their last request. Without a server there is
/// nothing to wait for.
async fn announce<S>(shared: &Shared, schedule: &Schedule, server: &mut Server<S>)
where
    S: Future,
    S::Output: Conclude,
{
    until(schedule.unready_ends(), server).await;
    let now = Instant::now();
    shared.advance(Phase::Stopping, now);
    until(schedule.stopping_ends(now), server).await;
}

async fn until<S>(end: Instant, server: &mut Server<S>)
where
    S: Future,
    S::Output: Conclude,
{
    tokio::select! {
        biased;
        () = server.ended() => {}
        () = sleep_until(end) => {}
    }
}

/// Waits for the work in flight, and returns whether all of it has ended in time.
async fn drain<S>(shared: &Shared, schedule: &Schedule, server: &mut Server<S>) -> bool
where
    S: Future,
    S::Output: Conclude,
{
    let now = Instant::now();
    shared.advance(Phase::Draining, now);
    let drained = async {
        server.ended().await;
        shared.in_flight.idle().await;
    };
    tokio::select! {
        biased;
        () = drained => true,
        () = sleep_until(schedule.draining_ends(now)) => false,
    }
}

/// Aborts what is left.
async fn cut_off<S>(shared: &Shared, server: &mut Server<S>)
where
    S: Future,
    S::Output: Conclude,
{
    let remaining = shared.in_flight.remaining();
    let connections = remaining.is_empty() && !server.has_ended();
    shared.cut_off(remaining, connections, Instant::now());
    server.abort();
    // The report names what does not end either way.
    let _ = timeout(SETTLE, shared.in_flight.idle()).await;
}
