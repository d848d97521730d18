use std::fmt;

/// The most bytes that are read for the status of a response, with all informational responses before it.
const MOST: usize = 16 * 1024;
/// The longest status line.
const LONGEST_LINE: usize = 1024;
const VERSION: &[u8] = b"HTTP/1.";

/// Reads the status of a response from bytes that arrive in parts. Informational responses before it are skipped.
#[derive(Debug, Default)]
pub(crate) struct StatusReader {
    buffer: Vec<u8>,
    /// The number of bytes before the ones in the buffer.
    skipped: usize,
}

/// The bytes are not the head of an HTTP/1 response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotHttp;

impl StatusReader {
    /// Adds bytes, and returns the status once it is complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Option<u16>, NotHttp> {
        self.buffer.extend_from_slice(bytes);
        loop {
            let end = match status_of(&self.buffer)? {
                Some(100 | 102..=199) => head_end(&self.buffer),
                Some(status) => return Ok(Some(status)),
                None => None,
            };
            let Some(end) = end else {
                let is_too_long = self.skipped + self.buffer.len() > MOST;
                return if is_too_long { Err(NotHttp) } else { Ok(None) };
            };
            self.buffer.drain(..end);
            self.skipped += end;
        }
    }
}

/// Returns the status in the first line, or `None` if the line is not complete.
fn status_of(bytes: &[u8]) -> Result<Option<u16>, NotHttp> {
    let known = bytes.len().min(VERSION.len());
    if bytes[..known] != VERSION[..known] {
        return Err(NotHttp);
    }
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return if bytes.len() > LONGEST_LINE { Err(NotHttp) } else { Ok(None) };
    };
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    match line.get(VERSION.len()..) {
        Some([b'0' | b'1', b' ', status @ ..]) => three_digits(status).map(Some),
        _ => Err(NotHttp),
    }
}

/// Returns the number at the start, which a space or the end follows.
fn three_digits(bytes: &[u8]) -> Result<u16, NotHttp> {
    match bytes {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9']
        | [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..] => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            Ok(digit(a) * 100 + digit(b) * 10 + digit(c))
        }
        _ => Err(NotHttp),
    }
}

/// Returns the position after the empty line that ends a head.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let mut end = 0;
    lines.find_map(|line| {
        end += line.len();
        matches!(line, b"\n" | b"\r\n").then_some(end)
    })
}

impl fmt::Display for NotHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is not an HTTP/1 response")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds the bytes one by one, and returns the first result that is not "incomplete".
    fn read(bytes: &[u8]) -> Result<Option<u16>, NotHttp> {
        let mut reader = StatusReader::default();
        for byte in bytes {
            match reader.feed(&[*byte]) {
                Ok(None) => {}
                known => return known,
            }
        }
        Ok(None)
    }

    #[test]
    fn the_status_is_known_with_its_line_however_the_bytes_arrive() {
        for (head, status) in [
            ("HTTP/1.1 200 OK\r\n", Ok(Some(200))),
            ("HTTP/1.0 404\r\n", Ok(Some(404))),
            ("HTTP/1.1 503 \n", Ok(Some(503))),
            ("HTTP/1.1 101 Switching\r\n", Ok(Some(101))),
            ("HTTP/1.1 999 x\r\n", Ok(Some(999))),
            ("HTTP/1.1 200 OK", Ok(None)),
            ("HTTP/1.1 200 OK\r", Ok(None)),
            ("", Ok(None)),
        ] {
            assert_eq!(read(head.as_bytes()), status, "{head:?}");
            assert_eq!(StatusReader::default().feed(head.as_bytes()), status, "{head:?}");
        }
    }

    #[test]
    fn informational_responses_are_skipped_with_their_headers() {
        let early = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
        let head = format!("{early}HTTP/1.1 100 Continue\n\n{early}HTTP/1.1 204 No Content\r\n");
        assert_eq!(read(head.as_bytes()), Ok(Some(204)));
        assert_eq!(read(early.as_bytes()), Ok(None));
        let endless = format!("{early}{early}HTTP/1.1 100 x\r\n{}", "a: b\r\n".repeat(MOST / 6));
        assert_eq!(read(endless.as_bytes()), Err(NotHttp));
        let many = early.repeat(MOST / early.len() + 1);
        assert_eq!(read(many.as_bytes()), Err(NotHttp), "a server that only sends hints");
        let mut reader = StatusReader::default();
        let mut hints = (0..=MOST / early.len()).map(|_| reader.feed(early.as_bytes()));
        assert!(hints.any(|read| read == Err(NotHttp)), "each hint in a part of its own");
    }

    #[test]
    fn bytes_of_another_protocol_are_rejected_at_once() {
        for head in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/2 200\r\n",
            "HTTP/1.2 200\r\n",
            "HTTP/1.1  200\r\n",
            "HTTP/1.1 20\r\n",
            "HTTP/1.1 2000\r\n",
            "HTTP/1.1 20x\r\n",
            "HTTP/1.1 099 x\r\n",
            "HTTP/1.1\r\n",
            "\r\n",
            "HTTP/1.1 200\tOK\r\n",
        ] {
            assert_eq!(read(head.as_bytes()), Err(NotHttp), "{head:?}");
        }
        assert_eq!(StatusReader::default().feed(b"\x15\x03\x01"), Err(NotHttp), "a TLS alert");
        let endless = format!("HTTP/1.1 200 {}", "x".repeat(LONGEST_LINE));
        assert_eq!(read(endless.as_bytes()), Err(NotHttp));
        let long = format!("HTTP/1.1 200 {}\n", "x".repeat(LONGEST_LINE - 20));
        assert_eq!(read(long.as_bytes()), Ok(Some(200)));
    }

    #[test]
    fn a_line_has_at_most_1024_bytes_and_all_heads_before_the_status_16384() {
        let line = format!("HTTP/1.1 200 {}", "x".repeat(1_024 - 13));
        let mut reader = StatusReader::default();
        assert_eq!(reader.feed(line.as_bytes()), Ok(None));
        assert_eq!(reader.feed(b"x"), Err(NotHttp));
        let (early, second) = ("HTTP/1.1 103 x\r\n\r\n", "HTTP/1.1 103 x\r\n");
        let fields = "x".repeat(16_384 - early.len() - second.len());
        let mut reader = StatusReader::default();
        assert_eq!(reader.feed(format!("{early}{second}{fields}").as_bytes()), Ok(None));
        assert_eq!(reader.feed(b"x"), Err(NotHttp));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_parts_do_not_change_the_result(
            prefix in prop::sample::select(vec!["", "HTTP/1.1 200", "HTTP/1.1 103 x\r\n\r\n"]),
            bytes in prop::collection::vec(prop::sample::select(b"HTP/1.0203\r\n x".to_vec()), 0..64),
        ) {
            let bytes = [prefix.as_bytes(), &bytes].concat();
            let whole = StatusReader::default().feed(&bytes);
            prop_assert_eq!(read(&bytes), whole);
        }
    }
}
