use crate::dice::Dice;

/// The behavior of the service for one request, which carries it in its extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// The number of polls that return pending, before the response and before each frame.
    pub(crate) pauses: u32,
    pub(crate) act: Act,
    pub(crate) answer: Answer,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Answer,
    /// Calls another service and returns its response.
    Forward,
    Fail,
    Panic,
    Hang,
}

/// The head of a response and the behavior of its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) frames: u32,
    /// Whether the length of the body is known from the start.
    pub(crate) sized: bool,
    /// Whether the head declares an event stream.
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

    /// Returns the script of the call that [`Act::Forward`] makes, which forwards no further.
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
