use battlement_core::{SpanId, Trace, TraceFlags, TraceId};

use super::trim_ows;

/// `version "-" trace-id "-" parent-id "-" trace-flags`, in bytes.
const LEN: usize = 55;

/// Parses a `traceparent` header. `None` means that a new trace begins.
///
/// Version 00 has exactly 55 characters. A higher version may continue after a further dash, and the rest is ignored;
/// version ff does not exist. Hexadecimal digits are lowercase, and ids are not all zero.
pub(crate) fn parse_traceparent(value: &[u8]) -> Option<Trace> {
    let value = trim_ows(value);
    let (known, rest) = value.split_first_chunk::<LEN>()?;
    let [version] = hex(&known[..2])?;
    let goes_on_well = match version {
        0x00 => rest.is_empty(),
        0xff => false,
        _ => matches!(rest.first(), None | Some(b'-')),
    };
    if !goes_on_well || [known[2], known[35], known[52]] != *b"---" {
        return None;
    }
    let trace_id = TraceId::new(hex(&known[3..35])?)?;
    let span_id = SpanId::new(hex(&known[36..52])?)?;
    let [flags] = hex(&known[53..])?;
    Some(Trace::received(trace_id, span_id, TraceFlags::from_bits(flags)))
}

/// Parses `2 * N` lowercase hexadecimal digits.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
