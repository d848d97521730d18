use std::{
    fmt,
    hash::{BuildHasher as _, Hasher, RandomState},
};

use battlement_core::IpKey;

use super::{network::Network, sip::Sip};

/// The leading 96 bits of IPv4 addresses that are mapped into IPv6.
const MAPPED: u128 = 0xffff;

/// A key as passed to stores: a keyed hash of 128 bits, from which the key cannot be recovered.
///
/// The key of an address also carries the network of that address, which only the store in memory uses.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash {
    /// The lower and the upper half.
    bits: [u64; 2],
    network: Network,
}

/// The secret under which keys are hashed.
#[derive(Clone)]
pub(crate) struct Secret(Sip);

/// A hasher for the parts of a key. Its hashes are the same on every machine, since several may count a key.
#[derive(Clone)]
pub struct KeyHasher {
    sip: Sip,
    /// Up to seven bytes that are not absorbed yet.
    rest: u64,
    /// The number of all bytes.
    length: u64,
    /// The network of the last address.
    network: Network,
}

impl Secret {
    /// Creates a random secret for this process, so that clients cannot make keys collide.
    pub(crate) fn random() -> Self {
        // The standard library seeds these from the operating system, for the same purpose.
        let [one, other] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
        Self::new([one, other])
    }

    /// Creates a secret that other processes share.
    pub(crate) const fn new(key: [u64; 2]) -> Self {
        Self(Sip::keyed(key))
    }

    #[inline]
    pub(crate) const fn hasher(&self) -> KeyHasher {
        KeyHasher { sip: self.0, rest: 0, length: 0, network: Network::NONE }
    }

    /// Returns the key of a single address.
    #[inline]
    pub(crate) const fn key_of_ip(&self, ip: IpKey) -> KeyHash {
        KeyHash::new(self.bits_of_ip(ip), Network::of(ip))
    }

    /// Hashes an address. An IPv4 address has less than eight bytes, which take half the time.
    #[inline(never)]
    const fn bits_of_ip(&self, ip: IpKey) -> u128 {
        if let Some(bytes) = of_ipv4(ip) {
            return self.0.finish(bytes, 5);
        }
        let mut hasher = self.hasher();
        hasher.write_ip(ip);
        hasher.finish_bits()
    }

    /// Hashes a key again, for a key whose own hash is under a secret that clients may know.
    #[cfg(feature = "remote")]
    pub(crate) fn rehash(&self, key: KeyHash) -> KeyHash {
        KeyHash::new(self.rehash_bits(key.bits()), key.network)
    }

    #[cfg(feature = "remote")]
    pub(crate) fn rehash_bits(&self, bits: u128) -> u128 {
        let mut hasher = self.hasher();
        hasher.write_u128(bits);
        hasher.finish_bits()
    }

    /// Returns 64 bits of the hash of a few numbers.
    pub(crate) fn digest<const N: usize>(&self, numbers: [u64; N]) -> u64 {
        let mut hasher = self.hasher();
        numbers.into_iter().for_each(|number| hasher.write_u64(number));
        hasher.finish()
    }

    /// Returns the key that all requests without a key share.
    pub(crate) fn shared_key(&self) -> KeyHash {
        let mut hasher = self.hasher();
        hasher.write(b"no key");
        hasher.finish_key()
    }
}

impl KeyHash {
    /// Creates a key from all 128 bits, as [`bits`](Self::bits) returns them, without a network.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self::new(bits, Network::NONE)
    }

    #[inline]
    const fn new(bits: u128, network: Network) -> Self {
        Self { bits: [bits as u64, (bits >> 64) as u64], network }
    }

    /// Returns all 128 bits.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u128 {
        self.bits[0] as u128 | (self.bits[1] as u128) << 64
    }

    pub(crate) const fn network(self) -> Network {
        self.network
    }
}

impl KeyHasher {
    /// Creates a hasher without a secret, for values that clients do not choose.
    const fn without_secret() -> Self {
        Secret::new([0; 2]).hasher()
    }

    /// Returns the hash of `bytes` without a secret, which is the same in every process: for values that clients do not
    /// choose, such as an encoding of policies.
    #[must_use]
    pub fn digest(bytes: &[u8]) -> u128 {
        let mut hasher = Self::without_secret();
        hasher.write(bytes);
        hasher.finish_key().bits()
    }

    #[inline]
    pub(crate) const fn finish_key(&self) -> KeyHash {
        KeyHash::new(self.finish_bits(), self.network)
    }

    #[inline]
    const fn finish_bits(&self) -> u128 {
        self.sip.finish(self.rest, self.length)
    }

    /// Feeds an address: a byte with its length, then its bits.
    pub(crate) const fn write_ip(&mut self, ip: IpKey) {
        self.network = Network::of(ip);
        if let Some(bytes) = of_ipv4(ip) {
            self.feed(bytes, 5);
        } else {
            self.feed(16, 1);
            self.feed(ip.to_bits() as u64, 8);
            self.feed((ip.to_bits() >> 64) as u64, 8);
        }
    }

    /// Feeds the lower `count` of eight bytes, of which the others are zero.
    #[inline]
    const fn feed(&mut self, bytes: u64, count: u64) {
        let filled = self.length % 8;
        self.length += count;
        self.rest |= bytes << (8 * filled);
        if filled + count >= 8 {
            self.sip.absorb(self.rest);
            self.rest = if filled == 0 { 0 } else { bytes >> (64 - 8 * filled) };
        }
    }
}

/// Returns the five bytes of an IPv4 address: its length and its bits.
#[inline]
const fn of_ipv4(ip: IpKey) -> Option<u64> {
    let bits = ip.to_bits();
    if bits >> 32 == MAPPED { Some((bits as u64) << 32 >> 24 | 4) } else { None }
}

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.finish_bits() as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.feed(u64::from_le_bytes(*word), 8);
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.feed(u64::from_le_bytes(last), rest.len() as u64);
    }

    fn write_u8(&mut self, number: u8) {
        self.feed(number.into(), 1);
    }

    fn write_u16(&mut self, number: u16) {
        self.feed(number.into(), 2);
    }

    fn write_u32(&mut self, number: u32) {
        self.feed(number.into(), 4);
    }

    fn write_u64(&mut self, number: u64) {
        self.feed(number, 8);
    }

    fn write_u128(&mut self, number: u128) {
        self.feed(number as u64, 8);
        self.feed((number >> 64) as u64, 8);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;
    use siphasher::sip128::{Hasher128 as _, SipHasher13};

    use super::*;

    /// A value that a part of a key may feed.
    #[derive(Clone, Debug)]
    enum Input {
        Bytes(Vec<u8>),
        Byte(u8),
        Short(u16),
        Int(u32),
        Long(u64),
        Huge(u128),
        Size(usize),
    }

    impl Input {
        fn to(&self, hasher: &mut impl Hasher) {
            match self {
                Self::Bytes(bytes) => hasher.write(bytes),
                Self::Byte(number) => hasher.write_u8(*number),
                Self::Short(number) => hasher.write_u16(*number),
                Self::Int(number) => hasher.write_u32(*number),
                Self::Long(number) => hasher.write_u64(*number),
                Self::Huge(number) => hasher.write_u128(*number),
                Self::Size(number) => hasher.write_usize(*number),
            }
        }

        /// Returns the bytes that are hashed on every machine.
        fn bytes(&self) -> Vec<u8> {
            match self {
                Self::Bytes(bytes) => bytes.clone(),
                Self::Byte(number) => vec![*number],
                Self::Short(number) => number.to_le_bytes().into(),
                Self::Int(number) => number.to_le_bytes().into(),
                Self::Long(number) => number.to_le_bytes().into(),
                Self::Huge(number) => number.to_le_bytes().into(),
                Self::Size(number) => (*number as u64).to_le_bytes().into(),
            }
        }
    }

    fn input() -> impl Strategy<Value = Input> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Input::Bytes),
            any::<u8>().prop_map(Input::Byte),
            any::<u16>().prop_map(Input::Short),
            any::<u32>().prop_map(Input::Int),
            any::<u64>().prop_map(Input::Long),
            any::<u128>().prop_map(Input::Huge),
            any::<usize>().prop_map(Input::Size),
        ]
    }

    proptest! {
        #[test]
        fn a_key_is_hashed_as_another_implementation_hashes_its_bytes(
            key: [u64; 2], parts in prop::collection::vec(input(), 0..8)
        ) {
            let (mut ours, mut theirs) = (Secret::new(key).hasher(), SipHasher13::new_with_keys(key[0], key[1]));
            for part in &parts {
                part.to(&mut ours);
                theirs.write(&part.bytes());
            }
            prop_assert_eq!(ours.finish_key().bits(), theirs.finish128().as_u128());
        }

        #[test]
        fn addresses_with_different_suffixes_have_different_hashes(
            one: IpAddr, other: IpAddr, text in "[a-z]{0,20}", another in "[a-z]{0,20}"
        ) {
            let hash = |ip, text: &str| {
                let mut hasher = Secret::new([1, 2]).hasher();
                hasher.write_ip(IpKey::of(ip, 128));
                hasher.write(text.as_bytes());
                hasher.finish_key()
            };
            let same = IpKey::of(one, 128) == IpKey::of(other, 128) && text == another;
            prop_assert_eq!(hash(one, &text) == hash(other, &another), same);
        }
    }
}
