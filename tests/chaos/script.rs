use crate::dice::Dice;

/// The behaviour of the service for one request, which carries it among its extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// Polls that find the service not ready yet, and as many before each frame.
    pub(crate) pauses: u32,
    pub(crate) act: Act,
    pub(crate) answer: Answer,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Answer,
    /// Calls another service, and passes its answer on.
    Forward,
    Fail,
    Panic,
    Hang,
}

/// The head of an answer and what becomes of its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) frames: u32,
    /// Whether the length of the body is known from the start.
    pub(crate) sized: bool,
    /// Whether the head says that it is an event stream.
    pub(crate) events: bool,
    pub(crate) ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Complete,
    Trailers,
    Fail,
    Panic,
    Hang,
}

const ACTS: [Act; 12] = [
    Act::Answer,
    Act::Answer,
    Act::Answer,
    Act::Answer,
    Act::Answer,
    Act::Answer,
    Act::Forward,
    Act::Forward,
    Act::Forward,
    Act::Fail,
    Act::Panic,
    Act::Hang,
];
const STATUSES: [u16; 10] = [200, 200, 200, 201, 204, 304, 404, 500, 503, UPGRADE];
const UPGRADE: u16 = 101;
const ENDINGS: [Ending; 8] = [
    Ending::Complete,
    Ending::Complete,
    Ending::Complete,
    Ending::Complete,
    Ending::Trailers,
    Ending::Fail,
    Ending::Panic,
    Ending::Hang,
];

impl Script {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        Self { pauses: dice.below(3), act: dice.pick(&ACTS), answer: Answer::random(dice) }
    }

    /// Of the call that [`Act::Forward`] makes: it forwards no further.
    pub(crate) fn forwarded(self) -> Self {
        let act = match self.answer.status {
            201 => Act::Hang,
            404 => Act::Fail,
            500 => Act::Panic,
            _ => Act::Answer,
        };
        Self { act, ..self }
    }
}

impl Answer {
    fn random(dice: &mut Dice) -> Self {
        let status = dice.pick(&STATUSES);
        let has_body = !matches!(status, UPGRADE | 204 | 304);
        Self {
            status,
            frames: if has_body { dice.below(5) } else { 0 },
            sized: dice.one_in(2),
            events: has_body && dice.one_in(8),
            ending: if has_body { dice.pick(&ENDINGS) } else { Ending::Complete },
        }
    }
}
