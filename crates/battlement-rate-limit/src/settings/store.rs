use battlement_core::settings::{PlainEnum, Settings, Unnamed};
use serde::{Deserialize, Deserializer};

use crate::{InvalidField, Memory, Store, remote::OnFailure};

/// The settings of a store: the type parameter of [`RateLimitSettings`](crate::RateLimitSettings).
///
/// The crate of a store implements it, for an enum with `memory` and its own store.
pub trait OpenStore: for<'de> Settings<'de> + Default {
    /// The store, [`MemoryOr`](crate::MemoryOr) another one if the settings choose.
    type Store: Store;

    /// Opens the store, or records the invalid fields.
    fn open(self, options: StoreOptions, invalid: &mut Vec<InvalidField>) -> Option<Self::Store>;
}

/// The settings of a layer that its store needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The capacity of a store in memory.
    pub capacity: Option<usize>,
    /// The name of the limit.
    pub name: Option<String>,
    /// The policy for requests while the store is unavailable.
    pub on_failure: Option<OnFailure>,
}

impl StoreOptions {
    /// Creates the store in memory.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.capacity.map_or_else(Memory::default, Memory::new)
    }

    /// Returns the name and the policy for failures, both of which a store of several processes requires, or records what
    /// is missing.
    pub fn remote(self, invalid: &mut Vec<InvalidField>) -> Option<(String, OnFailure)> {
        if self.name.is_none() {
            let missing = "is missing: it separates the counts of the limits in the store";
            invalid.push(InvalidField::new("name", missing));
        }
        if self.on_failure.is_none() {
            let missing = "is missing; while the store is unavailable, `deny` rejects requests with a 503, `allow` passes \
                           them without a limit, and `{ \"local-fallback\": { \"share\": 25 } }` counts in the memory of \
                           this process, which allows 25 % of the limit";
            invalid.push(InvalidField::new("on_failure", missing));
        }
        if self.capacity.is_some() {
            let refused = "applies to `memory`, and the store is another one";
            invalid.push(InvalidField::new("capacity", refused));
        }
        self.name.zip(self.on_failure)
    }
}

/// The setting `memory`, for services without another store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InMemory;

impl<'de> Settings<'de> for InMemory {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Word {
            Memory,
        }
        let Word::Memory = Word::deserialize(PlainEnum::new(deserializer))?;
        Ok(Self)
    }
}

impl OpenStore for InMemory {
    type Store = Memory;

    fn open(self, options: StoreOptions, _: &mut Vec<InvalidField>) -> Option<Memory> {
        Some(options.memory())
    }
}

/// Reads a store within other settings.
pub(super) fn read<'de, S: Settings<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<S, D::Error> {
    Unnamed::deserialize(deserializer).map(|Unnamed(store)| store)
}
