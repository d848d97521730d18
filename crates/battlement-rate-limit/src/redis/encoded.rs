use std::hash::Hash as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::{Policies, Policy};

/// What the script is told of a set of policies.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// Tells apart sets that decide otherwise.
    pub(super) digest: u128,
    /// How many policies there are, and of each what the script asks for.
    pub(super) args: Box<[String]>,
}

impl Encoded {
    pub(super) fn of(policies: &Policies) -> &Self {
        policies.0.encoded.get_or_init(|| Self::new(policies))
    }

    fn new(policies: &[Policy]) -> Self {
        let count = std::iter::once(policies.len().to_string());
        let args: Box<[String]> = count.chain(policies.iter().flat_map(policy)).collect();
        let mut hasher = SipHasher13::new();
        args.hash(&mut hasher);
        Self { digest: hasher.finish128().as_u128(), args }
    }
}

/// What one algorithm has written is no state of another: the field has its letter.
fn policy(policy: &Policy) -> [String; 6] {
    let numbers = policy.rule().numbers();
    // A window counts in whole microseconds.
    let nanos =
        if numbers.kind == 'g' { numbers.nanos } else { numbers.nanos.next_multiple_of(1_000) };
    [
        format!("{}:{}", numbers.kind, policy.name()),
        numbers.kind.to_string(),
        u8::from(policy.is_shadow()).to_string(),
        (nanos / 1_000).to_string(),
        (nanos % 1_000).to_string(),
        numbers.units.to_string(),
    ]
}
