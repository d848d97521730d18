//! Values that try to break a line or to forge one.

/// Line ends, control and bidi characters, terminal sequences in both of their forms, and text that looks like escaped
/// text or like the end of a field.
pub(crate) const HOSTILE: [&[u8]; 35] = [
    b"a\nb",
    b"a\rb",
    b"a\r\nb",
    b"\n{\"outcome\":\"ok\"}",
    "a\u{85}b".as_bytes(),
    "a\u{2028}b".as_bytes(),
    "a\u{2029}b".as_bytes(),
    b"a\0b",
    b"a\x7fb",
    b"a\x08\x08b",
    b"a\x0b\x0cb",
    b"a\tb",
    // RUSTSEC-2025-0055: colors, clearing the screen, moving the cursor, the title, a hyperlink; in 7 bits.
    b"\x1b[31mred\x1b[0m",
    b"\x1b[2J\x1b[H",
    b"\x1b[1A\x1b[2K",
    b"\x1b]0;title\x07",
    b"\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    // The same as control characters of Latin-1.
    "\u{9b}31mred\u{9b}0m".as_bytes(),
    "\u{9b}2J\u{9b}H".as_bytes(),
    "\u{9d}0;title\u{9c}".as_bytes(),
    // The first bytes of these characters alone.
    b"\x9b31m",
    b"\x9d0;title\x9c",
    "\u{202e}txt.exe".as_bytes(),
    "\u{2066}a\u{2069}\u{200e}\u{61c}".as_bytes(),
    "\u{feff}\u{200b}\u{e0041}".as_bytes(),
    "\u{fff9}a\u{fffa}b\u{fffb}".as_bytes(),
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\\u{a}\\x0a\\n\\",
    b"%0d%0a%1b[31m",
    b"\"} {\"outcome\":\"ok\"",
    b"\" 200 5 \"-\" \"forged",
    "\u{e9}\u{1f600}".as_bytes(),
    b"plain",
];

/// Returns whether a character breaks a line, controls a terminal, is invisible or changes the direction of text.
pub(crate) fn is_hostile(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
