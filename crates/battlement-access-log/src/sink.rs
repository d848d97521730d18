use tracing::Level;

use crate::{Writer, event, record::Record};

/// The destination of records.
#[derive(Clone, Debug)]
pub(crate) enum Sink {
    /// A [`tracing`] event.
    Tracing,
    /// Lines of a writer.
    Writer(Writer),
}

impl Sink {
    /// Returns whether a record of any level would be written now.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        match self {
            // A filter that takes no errors takes nothing.
            Self::Tracing => event::is_enabled(Level::ERROR),
            Self::Writer(_) => true,
        }
    }

    /// Returns whether a record of `level` would be written now.
    pub(crate) fn takes(&self, level: Level) -> bool {
        match self {
            Self::Tracing => event::is_enabled(level),
            Self::Writer(_) => true,
        }
    }

    /// Writes a record, and returns whether it was taken.
    pub(crate) fn write(&self, record: &Record<'_>) -> bool {
        match self {
            Self::Tracing => {
                event::emit(record);
                true
            }
            Self::Writer(writer) => writer.write(record),
        }
    }
}
