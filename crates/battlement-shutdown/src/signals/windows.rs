use std::io;

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

use super::Signal;

/// The handlers of Ctrl-C, Ctrl-Break and the close of the console.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: CtrlC,
    break_: CtrlBreak,
    close: CtrlClose,
}

impl Signals {
    /// Installs the handlers; the current runtime receives the signals.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()?, break_: ctrl_break()?, close: ctrl_close()? })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.break_.recv() => Signal::Break,
            _ = self.close.recv() => Signal::Close,
        }
    }
}
