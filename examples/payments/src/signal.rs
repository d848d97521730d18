//! Stops the service on a signal, and bounds the time that this takes.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{future::Future, pin::pin, process::ExitCode, time::Duration};

use anyhow::Context;
use tokio::{sync::watch, time::sleep};
use tracing::{info, warn};

/// The way in which the service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All requests were answered.
    Drained,
    /// Some connections were still busy after this time, and were cut off.
    CutOff(Duration),
    /// A second signal, of this number, ended the service at once.
    Killed(u8),
}

/// Completes when the service must stop. Clones complete together.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<()>);

/// The signals that ask this process to stop: Ctrl-C, and the SIGTERM that Kubernetes, systemd and `docker stop` send.
/// Once this value exists, neither of them ends the process directly.
#[derive(Debug)]
pub struct Signals(listeners::Listeners);

impl Signals {
    pub fn listen() -> anyhow::Result<Self> {
        listeners::Listeners::new().map(Self).context("cannot listen for signals")
    }

    /// Runs `service` until it ends. The first signal asks it to stop. Requests that are still in flight after `drain`, or
    /// at a second signal, are cut off, so that a client that never sends the rest of its request does not keep the
    /// process alive.
    pub async fn run<F>(
        mut self,
        drain: Duration,
        service: impl FnOnce(Stop) -> F,
    ) -> anyhow::Result<Ended>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let (running, stop) = watch::channel(());
        let mut service = pin!(service(Stop(stop)));
        tokio::select! {
            ended = &mut service => return ended.map(|()| Ended::Drained),
            _ = self.0.next() => {}
        }
        info!("stopping: no new connections, {drain:?} for the requests in flight");
        drop(running);
        tokio::select! {
            ended = &mut service => {
                ended?;
                Ok(Ended::Drained)
            }
            () = sleep(drain) => Ok(Ended::CutOff(drain)),
            signal = self.0.next() => Ok(Ended::Killed(signal)),
        }
    }
}

impl Stop {
    /// Waits for the first signal.
    pub async fn requested(mut self) {
        // No value is ever sent; the channel closes.
        let _ = self.0.changed().await;
    }
}

impl Ended {
    /// Logs the last line of the process.
    pub fn log(self) {
        match self {
            Self::Drained => info!("stopped: all requests were answered"),
            Self::CutOff(drain) => {
                warn!("stopped: some connections were still busy after {drain:?} and were cut off");
            }
            Self::Killed(_) => {
                warn!("stopped: a second signal arrived while requests were in flight");
            }
        }
    }
}

impl From<Ended> for ExitCode {
    /// Returns the exit code that shells and supervisors expect: 0, 1, or 128 plus the number of the signal.
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Drained => Self::SUCCESS,
            Ended::CutOff(_) => Self::FAILURE,
            Ended::Killed(signal) => Self::from(128 + signal),
        }
    }
}

#[cfg(unix)]
mod listeners {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub struct Listeners {
        interrupt: Signal,
        terminate: Signal,
    }

    impl Listeners {
        pub fn new() -> io::Result<Self> {
            let interrupt = signal(SignalKind::interrupt())?;
            Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
        }

        /// Waits for a signal and returns its number.
        pub async fn next(&mut self) -> u8 {
            tokio::select! {
                _ = self.interrupt.recv() => 2,
                _ = self.terminate.recv() => 15,
            }
        }
    }
}

#[cfg(not(unix))]
mod listeners {
    use std::io;

    #[derive(Debug)]
    pub struct Listeners;

    impl Listeners {
        pub fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits for Ctrl-C and returns the number that it has on Unix.
        pub async fn next(&mut self) -> u8 {
            // Fails only on a system without signals.
            let _ = tokio::signal::ctrl_c().await;
            2
        }
    }
}
