use std::{
    cell::RefCell,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use battlement_core::{RequestId, SpanId, TraceId};
use rand::{
    Rng, SeedableRng,
    rngs::{SmallRng, SysRng},
};
use uuid::Uuid;

/// A generator of request ids.
///
/// Random bits come from a generator per thread, which is seeded with 256 bits from the operating system: ids are
/// unique, but not secret. If ids must not be guessable, use [`Generator::from_fn`] with a generator of your own.
#[derive(Clone)]
pub struct Generator(Kind);

#[derive(Clone)]
enum Kind {
    UuidV7,
    UuidV4,
    Hex128,
    Custom(Arc<dyn Fn() -> RequestId + Send + Sync>),
}

impl Generator {
    /// Generates UUIDs of version 7 (RFC 9562): the time in milliseconds, and 74 random bits.
    #[must_use]
    pub const fn uuid_v7() -> Self {
        Self(Kind::UuidV7)
    }

    /// Generates UUIDs of version 4 (RFC 9562): 122 random bits.
    #[must_use]
    pub const fn uuid_v4() -> Self {
        Self(Kind::UuidV4)
    }

    /// Generates 128 random bits, as 32 lowercase hexadecimal digits.
    #[must_use]
    pub const fn hex128() -> Self {
        Self(Kind::Hex128)
    }

    /// Generates ids with `make`, which is called once for each request without an id.
    pub fn from_fn(make: impl Fn() -> RequestId + Send + Sync + 'static) -> Self {
        Self(Kind::Custom(Arc::new(make)))
    }

    /// Returns a new id, for example for a job outside of any request.
    #[must_use]
    pub fn make(&self) -> RequestId {
        match &self.0 {
            Kind::UuidV7 => RequestId::from_uuid(uuid_v7().into_bytes()),
            Kind::UuidV4 => RequestId::from_uuid(uuid_v4().into_bytes()),
            Kind::Hex128 => RequestId::from_hex(random()),
            Kind::Custom(make) => make(),
        }
    }
}

impl Default for Generator {
    fn default() -> Self {
        Self::uuid_v7()
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::UuidV7 => "UuidV7",
            Kind::UuidV4 => "UuidV4",
            Kind::Hex128 => "Hex128",
            Kind::Custom(_) => "Custom",
        })
    }
}

fn uuid_v7() -> Uuid {
    // The protocol requires wall time. A clock before 1970 is not a reason to reject a request.
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = since_epoch.as_secs() * 1000 + u64::from(since_epoch.subsec_millis());
    uuid::Builder::from_unix_timestamp_millis(millis, &random()).into_uuid()
}

fn uuid_v4() -> Uuid {
    uuid::Builder::from_random_bytes(random()).into_uuid()
}

/// Returns a trace id whose bytes are all random.
pub(crate) fn trace_id() -> TraceId {
    loop {
        if let Some(id) = TraceId::new(random()) {
            return id;
        }
    }
}

pub(crate) fn span_id() -> SpanId {
    loop {
        if let Some(id) = SpanId::new(random()) {
            return id;
        }
    }
}

thread_local! {
    static RNG: RefCell<SmallRng> = RefCell::new(seeded());
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = RNG.try_with(|rng| rng.borrow_mut().fill_bytes(&mut bytes));
    if filled.is_err() {
        // The thread is being destroyed and has lost its generator.
        seeded().fill_bytes(&mut bytes);
    }
    bytes
}

/// Creates a generator seeded by the operating system or, if that has no randomness, as std seeds its maps.
fn seeded() -> SmallRng {
    SmallRng::try_from_rng(&mut SysRng).unwrap_or_else(|_| {
        SmallRng::seed_from_u64(RandomState::new().hash_one(std::process::id()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_uuid_v7_says_its_version_and_the_time() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let uuid = Uuid::parse_str(Generator::uuid_v7().make().as_str()).unwrap();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        let millis = uuid.as_u128() >> 80;
        assert!((before..=after).contains(&millis));
    }

    #[test]
    fn the_other_forms_are_what_they_say() {
        let uuid = Uuid::parse_str(Generator::uuid_v4().make().as_str()).unwrap();
        assert_eq!(uuid.get_version_num(), 4);
        let hex = Generator::hex128().make();
        assert_eq!(hex.as_str().len(), 32);
        assert!(hex.as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        let custom = Generator::from_fn(|| "from-a-closure".parse().unwrap());
        assert_eq!(custom.make().as_str(), "from-a-closure");
        assert_eq!(format!("{custom:?}"), "Custom");
    }

    #[test]
    fn threads_never_make_the_same_id() {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                std::thread::spawn(|| (0..2_000).map(|_| Generator::hex128().make()).collect())
            })
            .collect();
        let ids: Vec<Vec<RequestId>> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        let distinct: HashSet<_> = ids.iter().flatten().collect();
        assert_eq!(distinct.len(), 16_000);
    }
}
