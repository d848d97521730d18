use battlement_rate_limit::{
    Algorithm, KeyHasher, Policies, Policy,
    algorithm::{Numbers, Rule},
};

/// A set of policies in the encoding of the script.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// Differs between sets that decide differently.
    pub(crate) digest: u128,
    /// The number of policies, and the parameters of each.
    pub(crate) words: Box<[u8]>,
    /// The rules by which the script counts, for reading its replies.
    pub(crate) rules: Box<[Rule]>,
    /// The only policy, if it uses GCRA.
    pub(crate) single_gcra: Option<SingleGcra>,
}

/// A single policy that uses GCRA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SingleGcra {
    pub(crate) mark: f64,
    pub(crate) nanos: u64,
    pub(crate) units: u32,
    pub(crate) rule: u32,
    pub(crate) scale: f64,
}

impl Encoded {
    pub(crate) fn of(policies: &Policies) -> &Self {
        policies.derived(Self::new)
    }

    fn new(policies: &[Policy]) -> Self {
        let rules: Box<[Rule]> = policies.iter().map(|policy| policy.rule().in_micros()).collect();
        let count = u32::try_from(policies.len()).unwrap_or(u32::MAX);
        let mut words = count.to_le_bytes().to_vec();
        for (policy, rule) in policies.iter().zip(&rules) {
            encode(&mut words, policy, rule);
        }
        let single_gcra = match (policies, &*rules) {
            ([policy], [rule]) if rule.algorithm() == Algorithm::Gcra => {
                let Numbers { nanos, units, rule, scale, .. } = rule.numbers();
                Some(SingleGcra { mark: mark(policy), nanos, units, rule, scale })
            }
            _ => None,
        };
        let digest = KeyHasher::digest(&words);
        Self { digest, words: words.into(), rules, single_gcra }
    }
}

fn encode(words: &mut Vec<u8>, policy: &Policy, rule: &Rule) {
    let numbers = rule.numbers();
    words.extend([numbers.kind, u8::from(policy.is_shadow())]);
    words.extend(mark(policy).to_le_bytes());
    let Numbers { nanos, units, rule, scale, .. } = numbers;
    words.extend([nanos / 1_000, nanos % 1_000, units.into()].into_iter().flat_map(double));
    words.extend(rule.to_le_bytes());
    words.extend(scale.to_le_bytes());
}

/// Returns the mark of a policy's cell: bits of its id, of which a double represents all. The mark is never 0.
fn mark(policy: &Policy) -> f64 {
    let bits = policy.id() as u64 >> 12;
    (bits | 1) as f64
}

/// Returns a number in the script's encoding. A double represents all numbers that occur exactly.
pub(crate) fn double(number: u64) -> [u8; 8] {
    (number as f64).to_le_bytes()
}
