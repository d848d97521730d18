/// The time in the life of a request at which its record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The request was received; see [`AccessLogLayer::received`](crate::AccessLogLayer::received).
    Received,
    /// The head of an upgrade or of an event stream was sent.
    Head,
    /// An event stream, which has a record of its head, has ended.
    End,
    /// The request is over. Every other request has this record alone.
    Complete,
}

impl Stage {
    /// Returns the value for logs; `None` for [`Complete`](Self::Complete).
    pub(crate) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Received => Some("received"),
            Self::Head => Some("head"),
            Self::End => Some("end"),
            Self::Complete => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_has_its_word_and_the_usual_one_has_none() {
        let stages = [Stage::Received, Stage::Head, Stage::End, Stage::Complete];
        let words = [Some("received"), Some("head"), Some("end"), None];
        assert_eq!(stages.map(Stage::word), words);
    }
}
