use std::{io, process, sync::Arc, thread, time::Duration};

use battlement_core::Phase;
use tokio::{
    runtime,
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

use crate::{
    Report,
    report::Forced,
    shared::{Effect, End, Shared},
    signals::Signals,
};

/// The longest time for which a blocked logger may hold up a forced exit.
const LOG: Duration = Duration::from_millis(500);

/// The time from the start of a forced exit after which the process is aborted: an exit handler of a C library hangs.
const ABORT: Duration = Duration::from_millis(1_500);

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

/// Starts the shutdown at the first signal, and waits for the one that ends the process.
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
    sleep(shared.times().budget).await;
}

/// Exits the process, after the report is logged.
async fn exit(shared: &Shared, forced: Forced) {
    let abort = || {
        thread::park_timeout(ABORT);
        process::abort();
    };
    // Without this thread only a handler that hangs keeps the process alive.
    let _ = thread::Builder::new().spawn(abort);
    let code = match shared.force(forced, Instant::now()) {
        End::Forced(report) => {
            let code = report.code();
            log(report).await;
            code
        }
        End::Finished(report) => {
            let _ = timeout(LOG, shared.logged()).await;
            report.code()
        }
        End::Open => unreachable!("`force` ends the shutdown"),
    };
    process::exit(code.into());
}

/// Logs `report` on another thread: a logger that waits for a blocked thread, or for a full pipe, must not hold up the
/// exit.
async fn log(report: Report) {
    let (logged, done) = oneshot::channel();
    let log = move || {
        report.log();
        let _ = logged.send(());
    };
    if thread::Builder::new().spawn(log).is_ok() {
        // An error means that the logger panicked.
        let _ = timeout(LOG, done).await;
    }
}
