#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fmt;

#[cfg(unix)]
pub(crate) use self::unix::Signals;
#[cfg(windows)]
pub(crate) use self::windows::Signals;

/// A signal that asks a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM, which Kubernetes, systemd and `docker stop` send.
    Terminate,
    /// SIGINT, or Ctrl-C.
    Interrupt,
    /// SIGQUIT, or Ctrl-\\.
    Quit,
    /// Ctrl-Break, on Windows.
    Break,
    /// The console closes, on Windows. The system ends the process about five seconds later, whatever the budget.
    Close,
}

impl Signal {
    /// Returns the number of the signal; a process that a second signal ended has the exit code 128 + the number.
    ///
    /// On Windows, Ctrl-C and Ctrl-Break have the numbers of the C runtime, and a closed console counts as SIGTERM.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate | Self::Close => 15,
            Self::Break => 21,
        }
    }

    /// Returns the name of the signal, as `SIGTERM`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Break => "Ctrl-Break",
            Self::Close => "console close",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
