/// The number of slots in a cluster.
pub(crate) const SLOTS: u16 = 16_384;

/// Returns the slot of a key by the hash tag within its first braces, which all keys of this crate have (Redis Cluster
/// specification, "Hash tags").
pub(crate) fn slot_of(key: &[u8]) -> u16 {
    let find = |key: &[u8], byte| key.iter().position(|other| *other == byte);
    let tag = find(key, b'{').map(|at| &key[at + 1..]);
    let tag = tag.and_then(|rest| find(rest, b'}').map(|end| &rest[..end]));
    crc16(tag.unwrap_or(key)) % SLOTS
}

/// Returns the CRC-16/XMODEM checksum.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (crc << 8) ^ OF_BYTES[usize::from((crc >> 8) as u8 ^ byte)])
}

const OF_BYTES: [u16; 256] = {
    let (mut all, mut byte) = ([0; 256], 0);
    while byte < 256 {
        let (mut crc, mut bit) = ((byte as u16) << 8, 0);
        while bit < 8 {
            crc = (crc << 1) ^ (if crc & 0x8000 == 0 { 0 } else { 0x1021 });
            bit += 1;
        }
        all[byte] = crc;
        byte += 1;
    }
    all
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis() {
        // The check value of CRC-16/XMODEM, and results of `CLUSTER KEYSLOT`.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot_of(b"foo"), 12_182);
        assert_eq!(slot_of(b"bm:{foo}:x"), 12_182);
    }
}
