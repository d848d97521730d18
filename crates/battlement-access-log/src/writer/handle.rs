use super::Writer;

/// The counts of a [`Writer`].
#[derive(Clone, Debug)]
pub struct WriterHandle(Writer);

impl WriterHandle {
    pub(super) const fn new(writer: Writer) -> Self {
        Self(writer)
    }

    /// Returns the number of lines that were written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.0.shared.counts.written()
    }

    /// Returns the number of lines that were dropped, because the queue was full, the output failed
    /// or the thread could not be started.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.shared.counts.dropped()
    }
}
