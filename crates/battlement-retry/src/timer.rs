use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

pin_project! {
    /// A timer that is created when something first waits for it.
    #[derive(Debug)]
    pub(crate) struct Timer {
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Timer {
    pub(crate) const fn unset() -> Self {
        Self { sleep: None }
    }

    /// Waits for `time`, which may differ from the time of the previous wait.
    pub(crate) fn poll_until(
        self: Pin<&mut Self>,
        time: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut sleep = self.project().sleep;
        if sleep.is_none() {
            sleep.set(Some(sleep_until(time)));
        }
        let Some(mut sleep) = sleep.as_pin_mut() else { return Poll::Pending };
        if sleep.deadline() != time {
            sleep.as_mut().reset(time);
        }
        sleep.poll(cx)
    }
}
