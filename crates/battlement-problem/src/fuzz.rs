//! Parsers of client input, which only the fuzz targets call directly.

/// Reads the bytes of an `Accept` header, which may be bytes that no header can have.
pub fn read_accept(accept: &[u8]) {
    let _ = crate::accept::choose(accept);
}
