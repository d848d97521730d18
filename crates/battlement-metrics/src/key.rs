use battlement_core::ErrorType;

use crate::{
    label::{self, LabelValues},
    names::{OVERFLOW, Subject},
};

/// The identity of a series, in small numbers, since each request compares and hashes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Key {
    /// The route or the gRPC method.
    pub(crate) subject: Subject,
    /// The client, 0 for a server.
    pub(crate) owner: Subject,
    /// The status, in the lower bits, and the optional labels.
    result: u16,
    /// The index of the method among the known methods.
    pub(crate) method: u8,
    /// The scheme and the error; a key fits one word. Three bits are left.
    traits: u8,
}

const HTTPS: u8 = 1;
const ERROR: u8 = 0b1111 << ERROR_AT;
const ERROR_AT: u8 = 1;
/// The bits of a status, at most 999.
const STATUS: u16 = (1 << LABELS_AT) - 1;
const LABELS_AT: u32 = u16::BITS - label::BITS;

impl Key {
    /// The key of the overflow series.
    pub(crate) const OVERFLOW: Self = Self::new(OVERFLOW, 0, 0);

    /// Creates the key of a request without a status, optional labels or an error.
    pub(crate) const fn new(subject: Subject, owner: Subject, method: u8) -> Self {
        Self { subject, owner, result: 0, method, traits: 0 }
    }

    pub(crate) const fn is_https(self) -> bool {
        self.traits & HTTPS != 0
    }

    pub(crate) fn set_https(&mut self, https: bool) {
        self.traits = self.traits & !HTTPS | u8::from(https);
    }

    /// Returns the HTTP status, or the gRPC code plus one; 0 if there was no response.
    pub(crate) const fn status(self) -> u16 {
        self.result & STATUS
    }

    /// Sets the status of a key that has none, below 1,024.
    pub(crate) const fn set_status(&mut self, status: u16) {
        debug_assert!(self.status() == 0 && status <= STATUS);
        self.result |= status;
    }

    /// Returns the values of the optional labels.
    pub(crate) const fn labels(self) -> LabelValues {
        LabelValues(self.result >> LABELS_AT)
    }

    /// Sets the optional labels of a key that has none.
    pub(crate) const fn set_labels(&mut self, labels: LabelValues) {
        debug_assert!(self.labels().0 == 0);
        self.result |= labels.0 << LABELS_AT;
    }

    pub(crate) const fn error(self) -> ErrorType {
        ErrorType::ALL[((self.traits & ERROR) >> ERROR_AT) as usize]
    }

    pub(crate) const fn set_error(&mut self, error: ErrorType) {
        self.traits = self.traits & !ERROR | (error as u8) << ERROR_AT;
    }

    /// Returns whether one of its names exceeded the limit.
    pub(crate) const fn is_overflow(self) -> bool {
        self.subject == OVERFLOW || self.owner == OVERFLOW
    }

    /// Returns the whole key as one word.
    pub(crate) fn packed(self) -> u64 {
        u64::from(self.subject)
            | u64::from(self.owner) << 16
            | u64::from(self.result) << 32
            | u64::from(self.method) << 48
            | u64::from(self.traits) << 56
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error() -> impl Strategy<Value = ErrorType> {
        prop::sample::select(ErrorType::ALL.to_vec())
    }

    fn key() -> impl Strategy<Value = Key> {
        let numbers = (any::<u16>(), any::<u16>(), 0..1_000_u16, 0..33_u8, 0..64_u16);
        (numbers, any::<bool>(), error()).prop_map(|(numbers, https, error)| {
            let (subject, owner, status, method, labels) = numbers;
            let mut key = Key::new(subject, owner, method);
            key.set_status(status);
            key.set_labels(LabelValues(labels));
            with(key, https, error)
        })
    }

    fn with(mut key: Key, https: bool, error: ErrorType) -> Key {
        key.set_https(https);
        key.set_error(error);
        key
    }

    proptest! {
        #[test]
        fn a_key_contains_the_values_that_were_set_last(
            key in key(), https: bool, error in error(), status in 0..1_000_u16, labels in 0..64_u16,
        ) {
            let set = with(key, https, error);
            prop_assert_eq!((set.is_https(), set.error()), (https, error));
            prop_assert_eq!((set.status(), set.labels()), (key.status(), key.labels()));
            prop_assert_eq!(with(set, key.is_https(), key.error()), key);
            let mut set = Key { result: 0, ..key };
            set.set_labels(LabelValues(labels));
            set.set_status(status);
            prop_assert_eq!((set.status(), set.labels().0), (status, labels));
            prop_assert_eq!((set.is_https(), set.error()), (key.is_https(), key.error()));
        }

        #[test]
        fn two_keys_are_packed_alike_only_if_they_are_one(one in key(), other in key()) {
            prop_assert_eq!(one.packed() == other.packed(), one == other);
            // Keys that differ in one field, which random values rarely are.
            for near in [
                Key { owner: one.owner ^ 1, ..one },
                Key { result: one.result ^ 1, ..one },
                Key { result: one.result ^ 1 << LABELS_AT, ..one },
                Key { method: one.method ^ 1, ..one },
                with(one, !one.is_https(), one.error()),
            ] {
                prop_assert_ne!(one.packed(), near.packed());
            }
        }
    }

    const _: () = assert!(size_of::<Key>() == size_of::<u64>());
}
