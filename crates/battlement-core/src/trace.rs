use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
    sync::Arc,
};

use http::{Extensions, Request};

use crate::{
    RequestFacts, TraceHeaders,
    hex::{hex, hex_byte},
};

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $number:ty, $nonzero:ty, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        // Aligned as a word: a number of 128 bits would pad what contains it, which each request moves.
        #[repr(Rust, packed(8))]
        pub struct $name($nonzero);

        impl $name {
            /// Creates an id from `bytes`, unless all are zero, which W3C Trace Context forbids.
            #[must_use]
            pub fn new(bytes: [u8; $bytes]) -> Option<Self> {
                <$nonzero>::new(<$number>::from_be_bytes(bytes)).map(Self)
            }

            /// Returns the bytes in the order of the header.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $bytes] {
                self.0.get().to_be_bytes()
            }

            /// Returns the id in lowercase hexadecimal, as in the headers.
            #[must_use]
            pub fn to_hex(self) -> [u8; 2 * $bytes] {
                hex(self.to_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&self.to_hex()).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

hex_id! {
    /// The id of a trace: 16 bytes, not all zero (W3C Trace Context, section 3.2.2.3).
    TraceId, u128, NonZeroU128, 16
}

hex_id! {
    /// The id of one span of a trace: 8 bytes, not all zero (W3C Trace Context, section 3.2.2.4).
    SpanId, u64, NonZeroU64, 8
}

/// The flags of W3C Trace Context level 2; undefined bits are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// The caller may have recorded this trace.
    pub const SAMPLED: Self = Self(0x01);
    /// The last 7 bytes of the trace id are random.
    pub const RANDOM: Self = Self(0x02);

    /// Creates flags from the bits that level 2 defines; others are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & (Self::SAMPLED.0 | Self::RANDOM.0))
    }

    /// Returns the bits as in the header.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns whether the caller may have recorded this trace.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
    }

    /// Returns whether the last 7 bytes of the trace id are random.
    #[must_use]
    pub const fn is_random(self) -> bool {
        self.0 & Self::RANDOM.0 != 0
    }

    /// Returns the union of both sets of flags.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Another trace, which caused this one and is not continued by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceLink {
    /// The other trace.
    pub trace_id: TraceId,
    /// The span in it that made the call.
    pub span_id: SpanId,
}

/// The position of a request in a trace (W3C Trace Context, level 2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// The trace.
    pub trace_id: TraceId,
    /// The span of this request: its own if [`owned`](Self::owned), else the caller's.
    pub span_id: SpanId,
    /// The caller's span, if this request has a span of its own and continues the caller's trace.
    pub parent_id: Option<SpanId>,
    /// The flags as the caller sent them.
    pub flags: TraceFlags,
    /// The `tracestate` list that travels with the trace, in one line; never empty.
    pub state: Option<Arc<str>>,
    /// The caller's trace, if this request began a trace of its own because of it.
    pub link: Option<TraceLink>,
    /// The caller's headers, if the trace is only read and the other fields do not represent them fully: calls to
    /// other services pass them on unchanged.
    pub headers: Option<TraceHeaders>,
    /// Whether the service takes part in the trace, so that calls to other services continue it.
    pub owned: bool,
    /// Whether the span is reported to a tracing system: calls then have it as their parent, instead of a span id of
    /// their own.
    pub reported: bool,
}

impl Trace {
    /// Creates the context that a caller sent, in which the service does not take part.
    #[must_use]
    pub const fn received(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Self {
        Self {
            trace_id,
            span_id,
            parent_id: None,
            flags,
            state: None,
            link: None,
            headers: None,
            owned: false,
            reported: false,
        }
    }

    /// Returns the trace context of `request`, if a layer has read one.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// Returns the trace context of the request with these extensions.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        RequestFacts::in_extensions(extensions)?.trace()
    }

    /// Returns the trace context of the current request.
    #[must_use]
    pub fn current() -> Option<Self> {
        RequestFacts::current()?.trace().cloned()
    }

    /// Returns the value of a `traceparent` header (version 00, 55 bytes) that names this trace and span.
    #[must_use]
    pub fn traceparent(&self) -> [u8; 55] {
        let mut value = *b"00-................................-................-..";
        value[3..35].copy_from_slice(&self.trace_id.to_hex());
        value[36..52].copy_from_slice(&self.span_id.to_hex());
        value[53..].copy_from_slice(&hex_byte(self.flags.bits()));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_zeros_is_none() {
        assert_eq!(TraceId::new([0; 16]), None);
        assert_eq!(SpanId::new([0; 8]), None);
    }

    #[test]
    fn a_traceparent_is_written_as_the_specification_shows_it() {
        let trace_id = TraceId::new(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());
        let span_id = SpanId::new(0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
        let context = Trace::received(trace_id.unwrap(), span_id.unwrap(), TraceFlags::SAMPLED);
        let written = context.traceparent();
        assert_eq!(
            std::str::from_utf8(&written).unwrap(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        );
    }

    #[test]
    fn flags_that_level_2_does_not_define_are_dropped() {
        assert_eq!(TraceFlags::from_bits(0xff).bits(), 0x03);
        assert!(TraceFlags::SAMPLED.union(TraceFlags::RANDOM).is_random());
    }
}
