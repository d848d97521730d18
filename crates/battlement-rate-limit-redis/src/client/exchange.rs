//! The exchange of one command and its reply.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use redis::Value;

use super::{
    Client,
    call::{Call, TimedAnswer},
    timed::TimedCommand,
};
use crate::{
    connection::Connection,
    fault::Fault,
    script::{Reply, ScriptRef},
};

impl Client {
    /// Sends calls of one slot as one command, and resolves what can be resolved at once: loads the script, and
    /// follows redirections.
    pub(crate) async fn attempt<Q: AsRef<Call>>(
        &self,
        connection: &Connection,
        calls: &[Q],
    ) -> Result<BatchReply, Fault> {
        let loads = self.group(calls[0].as_ref().question.slot).loads.load(Relaxed);
        match self.exchange(connection, CommandForm::HASH, calls, self.now()).await {
            Err(Fault::NoScript) => self.load(connection, loads, calls).await,
            Err(Fault::Moved(to)) => {
                self.link.moved(&to).inspect_err(|_| self.is_cluster_node.store(true, Relaxed))?;
                self.breaker.moved();
                Err(Fault::Moved(to))
            }
            Err(Fault::Ask(to)) => {
                let connection = self.link.redirected(&to).await?;
                match self.exchange(&connection, CommandForm::ASKING, calls, self.now()).await {
                    Err(Fault::NoScript) => {
                        self.exchange(&connection, CommandForm::ASKING_TEXT, calls, self.now())
                            .await
                    }
                    result => result,
                }
            }
            result => result,
        }
    }

    /// Loads the script by sending its text with the calls, unless another call loaded it since it was found missing.
    async fn load<Q: AsRef<Call>>(
        &self,
        connection: &Connection,
        loads: u64,
        calls: &[Q],
    ) -> Result<BatchReply, Fault> {
        let group = self.group(calls[0].as_ref().question.slot);
        let _loading = group.loading.lock().await;
        if group.loads.load(Relaxed) != loads {
            return Err(Fault::NoScript);
        }
        let result = self.exchange(connection, CommandForm::TEXT, calls, self.now()).await;
        group.loads.fetch_add(u64::from(result.is_ok()), Relaxed);
        result
    }

    /// Sends one command for calls that began at `started` or later, and returns its reply.
    pub(crate) async fn exchange<Q: AsRef<Call>>(
        &self,
        connection: &Connection,
        form: CommandForm,
        calls: &[Q],
        started: Duration,
    ) -> Result<BatchReply, Fault> {
        let timed = calls.iter().map(|call| {
            let Call { question, deadline } = call.as_ref();
            (question, connection.clock.at(*deadline))
        });
        let cmd = self.script.command(form.by, self.settings.now, timed);
        let last = calls.iter().map(|call| call.as_ref().deadline).max();
        let observe = self.settings.observe.as_deref();
        let times = [started, last.unwrap_or(started)];
        let sent = TimedCommand::new(observe, self.epoch, calls.len(), times);
        let value = form.send(connection, cmd.get_packed_command()).await;
        let received = self.now();
        let questions = calls.iter().map(|call| &call.as_ref().question);
        let reply =
            value.and_then(|value| Reply::of(&value, questions).map_err(|_| Fault::Malformed));
        if let Ok(reply) = &reply {
            connection.clock.note(reply.now, started, received);
        }
        sent.finish(received, reply.as_ref());
        reply.map(BatchReply)
    }
}

/// The form of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandForm {
    by: ScriptRef,
    /// Whether the command is for the node that a slot migrates to, instead of the node that still owns it.
    asking: bool,
}

/// `ASKING`, which makes a node answer for a slot that migrates to it.
const ASKING: &[u8] = b"*1\r\n$6\r\nASKING\r\n";

impl CommandForm {
    pub(crate) const HASH: Self = Self { by: ScriptRef::Hash, asking: false };
    pub(crate) const TEXT: Self = Self { by: ScriptRef::Text, asking: false };
    const ASKING: Self = Self { by: ScriptRef::Hash, asking: true };
    const ASKING_TEXT: Self = Self { by: ScriptRef::Text, asking: true };

    async fn send(self, connection: &Connection, command: Vec<u8>) -> Result<Value, Fault> {
        if self.asking {
            connection.send_after([ASKING, &command].concat(), 1).await
        } else {
            connection.send(command).await
        }
    }
}

/// The reply to a batch.
pub(crate) struct BatchReply(pub(crate) Reply);

impl BatchReply {
    /// Returns the answer to each call.
    pub(crate) fn answers(self) -> impl Iterator<Item = TimedAnswer> {
        let Reply { now: at, answers } = self.0;
        answers.into_iter().map(move |answer| TimedAnswer { answer, at })
    }
}
