use crate::{
    KeyHasher, Policies, Policy,
    decide::{Numbers, Rule},
};

/// What the script is told of a set of policies.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// Tells apart sets that decide otherwise.
    pub(super) digest: u128,
    /// How many policies there are, and of each what the script asks for.
    pub(super) words: Box<[u8]>,
    /// How the script counts, for whoever reads what it says.
    pub(super) rules: Box<[Rule]>,
    /// The only policy, if it is one of GCRA.
    pub(super) alone: Option<Alone>,
}

/// One policy of GCRA.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    pub(super) mark: f64,
    pub(super) nanos: u64,
    pub(super) units: u32,
    pub(super) rule: u32,
    pub(super) scale: f64,
}

impl Encoded {
    pub(super) fn of(policies: &Policies) -> &Self {
        policies.0.encoded.get_or_init(|| Self::new(policies))
    }

    fn new(policies: &[Policy]) -> Self {
        let rules: Box<[Rule]> = policies.iter().map(|policy| policy.rule().in_micros()).collect();
        let count = u32::try_from(policies.len()).unwrap_or(u32::MAX);
        let mut words = count.to_le_bytes().to_vec();
        for (policy, rule) in policies.iter().zip(&rules) {
            encode(&mut words, policy, rule);
        }
        let alone = match (policies, &*rules) {
            ([policy], [Rule::Gcra(gcra)]) => {
                let Numbers { kind, nanos, units, rule, scale } = gcra.numbers();
                Some(Alone { mark: mark(policy, kind), nanos, units, rule, scale })
            }
            _ => None,
        };
        let digest = KeyHasher::digest(&words);
        Self { digest, words: words.into(), rules, alone }
    }
}

fn encode(words: &mut Vec<u8>, policy: &Policy, rule: &Rule) {
    let numbers = rule.numbers();
    words.extend([numbers.kind, u8::from(policy.is_shadow())]);
    words.extend(mark(policy, numbers.kind).to_le_bytes());
    let Numbers { nanos, units, rule, scale, .. } = numbers;
    words.extend([nanos / 1_000, nanos % 1_000, units.into()].into_iter().flat_map(double));
    words.extend(rule.to_le_bytes());
    words.extend(scale.to_le_bytes());
}

/// What tells the cells of a key apart: what one algorithm has written is no state of another. Never 0, and the
/// same in all replicas.
fn mark(policy: &Policy, kind: u8) -> f64 {
    let mut words = vec![kind];
    words.extend(policy.name().bytes());
    let bits = KeyHasher::digest(&words) as u64 >> 12;
    (bits | 1) as f64
}

/// As the script reads a number. A double holds all of those that it is told.
pub(super) fn double(number: u64) -> [u8; 8] {
    (number as f64).to_le_bytes()
}
