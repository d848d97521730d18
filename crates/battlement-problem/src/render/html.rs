use std::fmt::{self, Write as _};

use super::{Document, is_printable};

/// Renders a self-contained page, without styles, scripts and images.
pub(super) fn render(document: &Document<'_>) -> String {
    let (status, title) = (document.status().as_u16(), Escaped(document.title()));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{status} {title}</title>\n<h1>{status} {title}</h1>\n"
    );
    // Writing to a string cannot fail.
    if let Some(detail) = document.detail() {
        let _ = writeln!(page, "<p>{}</p>", Escaped(detail));
    }
    if !document.errors().is_empty() {
        page.push_str("<ul>\n");
        for error in document.errors() {
            let (pointer, detail) = (Escaped(error.pointer()), Escaped(error.detail()));
            let _ = writeln!(page, "<li><code>{pointer}</code>: {detail}</li>");
        }
        page.push_str("</ul>\n");
    }
    for cause in document.exposed_causes() {
        let _ = writeln!(page, "<pre>{}</pre>", Escaped(cause));
    }
    if let Some(id) = document.id() {
        let _ = writeln!(page, "<p>Request id: <code>{}</code></p>", Escaped(id));
    }
    page
}

/// Text escaped for HTML, between tags and in quoted attributes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars().filter(|char| is_printable(*char)) {
            match char {
                '&' => f.write_str("&amp;"),
                '<' => f.write_str("&lt;"),
                '>' => f.write_str("&gt;"),
                '"' => f.write_str("&quot;"),
                '\'' => f.write_str("&#39;"),
                char => f.write_char(char),
            }?;
        }
        Ok(())
    }
}
