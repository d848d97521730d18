//! One command, and what comes back.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use redis::Value;

use super::{
    client::{Answered, Engine, Question},
    connection::Connection,
    fault::Fault,
    script::{By, Reply},
    timed::Sent,
};

impl Engine {
    /// Sends questions of one slot as one command, and settles what can be settled at once: loads the script, and
    /// follows redirections.
    pub(super) async fn attempt<Q: AsRef<Question>>(
        &self,
        connection: &Connection,
        questions: &[Q],
    ) -> Result<Replied, Fault> {
        let loads = self.group(questions[0].as_ref().entry.slot).loads.load(Relaxed);
        match self.exchange(connection, Form::HASH, questions, self.now()).await {
            Err(Fault::NoScript) => self.load(connection, loads, questions).await,
            Err(Fault::Moved(to)) => {
                self.link.moved(&to).inspect_err(|_| self.is_cluster_node.store(true, Relaxed))?;
                self.signs.moved();
                Err(Fault::Moved(to))
            }
            Err(Fault::Ask(to)) => {
                let connection = self.link.redirected(&to).await?;
                match self.exchange(&connection, Form::ASKING, questions, self.now()).await {
                    Err(Fault::NoScript) => {
                        self.exchange(&connection, Form::ASKING_TEXT, questions, self.now()).await
                    }
                    result => result,
                }
            }
            result => result,
        }
    }

    /// Loads the script by sending its text with the questions, unless it was loaded since it was found missing.
    async fn load<Q: AsRef<Question>>(
        &self,
        connection: &Connection,
        loads: u64,
        questions: &[Q],
    ) -> Result<Replied, Fault> {
        let group = self.group(questions[0].as_ref().entry.slot);
        let _loading = group.loading.lock().await;
        if group.loads.load(Relaxed) != loads {
            return Err(Fault::NoScript);
        }
        let result = self.exchange(connection, Form::TEXT, questions, self.now()).await;
        group.loads.fetch_add(u64::from(result.is_ok()), Relaxed);
        result
    }

    /// One command, asked at `asked` or later, and what comes back.
    pub(super) async fn exchange<Q: AsRef<Question>>(
        &self,
        connection: &Connection,
        form: Form,
        questions: &[Q],
        asked: Duration,
    ) -> Result<Replied, Fault> {
        let timed = questions.iter().map(|question| {
            let Question { entry, deadline } = question.as_ref();
            (entry, connection.clock.at(*deadline))
        });
        let cmd = self.script.command(form.by, self.settings.now, timed);
        let last = questions.iter().map(|question| question.as_ref().deadline).max();
        let sent = Sent::new(self, questions.len(), asked, last.unwrap_or(asked));
        let value = form.send(connection, cmd.get_packed_command()).await;
        let received = self.now();
        let entries = questions.iter().map(|question| &question.as_ref().entry);
        let reply =
            value.and_then(|value| Reply::of(&value, entries).map_err(|_| Fault::Malformed));
        if let Ok(reply) = &reply {
            connection.clock.note(reply.now, asked, received);
        }
        sent.answered(received, reply.as_ref());
        reply.map(Replied)
    }
}

/// The form that a command has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    by: By,
    /// Whether the server is asked in place of another one, from which the slot migrates.
    asking: bool,
}

/// `ASKING`, by which a server answers for a slot that migrates to it.
const ASKING: &[u8] = b"*1\r\n$6\r\nASKING\r\n";

impl Form {
    pub(super) const HASH: Self = Self { by: By::Hash, asking: false };
    pub(super) const TEXT: Self = Self { by: By::Text, asking: false };
    const ASKING: Self = Self { by: By::Hash, asking: true };
    const ASKING_TEXT: Self = Self { by: By::Text, asking: true };

    async fn send(self, connection: &Connection, command: Vec<u8>) -> Result<Value, Fault> {
        if self.asking {
            connection.send_after([ASKING, &command].concat(), 1).await
        } else {
            connection.send(command).await
        }
    }
}

/// What came back.
pub(super) struct Replied(pub(super) Reply);

impl Replied {
    /// Of each question.
    pub(super) fn answered(self) -> impl Iterator<Item = Answered> {
        let Reply { now: stamp, answers } = self.0;
        answers.into_iter().map(move |answer| Answered { answer, stamp })
    }
}
