use std::{io, process, sync::Arc, thread, time::Duration};

use battlement_core::Phase;
use tokio::{
    runtime,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    report::Forced,
    shared::{Effect, Shared},
    signals::Signals,
};

/// The longest time for which a blocked logger may hold up a forced exit.
const LOG: Duration = Duration::from_millis(500);

/// The longest time for which handlers that C libraries have registered may hold up a forced exit.
const EXIT: Duration = Duration::from_secs(1);

/// Installs the handlers of signals, and starts the thread that receives them.
///
/// The thread has a runtime of its own, so that it runs while every thread of the service is blocked. It lives as long
/// as the process: the handlers stay installed, and a signal that no code receives would have no effect.
pub(crate) fn start(shared: &Arc<Shared>) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _context = runtime.enter();
        Signals::install()?
    };
    let shared = Arc::clone(shared);
    let supervise = move || runtime.block_on(supervise(&shared, signals));
    thread::Builder::new().name("shutdown".to_owned()).spawn(supervise).map(drop)
}

async fn supervise(shared: &Shared, mut signals: Signals) {
    let forced = tokio::select! {
        biased;
        signal = second(shared, &mut signals) => signal,
        () = end_of_budget(shared) => Forced::Budget,
    };
    exit(shared, forced).await;
}

async fn second(shared: &Shared, signals: &mut Signals) -> Forced {
    loop {
        let signal = signals.next().await;
        if shared.signal(signal, Instant::now()) == Effect::Exit {
            return Forced::Signal(signal);
        }
    }
}

async fn end_of_budget(shared: &Shared) {
    shared.phases.reached(Phase::Unready).await;
    let started = Instant::now();
    sleep_until(started + shared.times().budget).await;
}

/// Exits the process, after the report is logged.
async fn exit(shared: &Shared, forced: Forced) {
    let report = shared.force(forced, Instant::now());
    let (logged, receiver) = tokio::sync::oneshot::channel::<()>();
    let code = report.code();
    // A logger that waits for a blocked thread, or for a full pipe, must not hold up the exit.
    let log = move || {
        report.log();
        drop(logged);
    };
    if thread::Builder::new().spawn(log).is_ok() {
        tokio::select! { _ = receiver => {}, () = sleep(LOG) => {} }
    }
    let abort = || {
        thread::park_timeout(EXIT);
        process::abort();
    };
    let _ = thread::Builder::new().spawn(abort);
    process::exit(code.into());
}
