//! When to stop, and how long that may take.
//!
//! The same file stands in each of the examples, so that each can be copied alone.

use std::{future::Future, pin::pin, process::ExitCode, time::Duration};

use anyhow::Context;
use tokio::{sync::watch, time::sleep};
use tracing::{info, warn};

/// How this process came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All requests are answered.
    Drained,
    /// The time was over, and some connections were still busy.
    CutOff,
    /// A second signal came, of this number.
    Killed(u8),
}

/// Tells when to stop. Clones tell the same.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<()>);

/// The signals that ask this process to stop: Ctrl-C, and the SIGTERM that Kubernetes, systemd and `docker stop` send.
/// Neither ends the process by itself any more once this value is made.
#[derive(Debug)]
pub struct Signals(listeners::Listeners);

impl Signals {
    pub fn listen() -> anyhow::Result<Self> {
        listeners::Listeners::new().map(Self).context("cannot listen for signals")
    }

    /// Runs `service` until it ends. The first signal asks it to stop; what is still in flight after `drain`, or when a
    /// second signal comes, is cut off: a client that never sends the rest of its request must not keep the process.
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
                info!("stopped: all requests are answered");
                Ok(Ended::Drained)
            }
            () = sleep(drain) => {
                warn!("stopped: some connections were still busy after {drain:?} and are cut off");
                Ok(Ended::CutOff)
            }
            signal = self.0.next() => {
                warn!("stopped: a second signal came while requests were in flight");
                Ok(Ended::Killed(signal))
            }
        }
    }
}

impl Stop {
    /// Waits for the first signal.
    pub async fn requested(mut self) {
        // Nothing is ever sent: the channel closes.
        let _ = self.0.changed().await;
    }
}

impl From<Ended> for ExitCode {
    /// Returns what shells and supervisors expect: 0, 1, or 128 and the number of the signal.
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Drained => Self::SUCCESS,
            Ended::CutOff => Self::FAILURE,
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

        /// Waits for a signal, and returns its number.
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

        /// Waits for Ctrl-C, and returns the number that it has elsewhere.
        pub async fn next(&mut self) -> u8 {
            // It only fails where there are no signals at all.
            let _ = tokio::signal::ctrl_c().await;
            2
        }
    }
}
