//! Several layers go on an axum router in one call: each `Router::layer` call boxes the service, future and body of
//! every request again, and readers copy what pages and examples show.

use std::path::Path;

use super::File;

/// Builders that only collect layers, without a box for each.
const COLLECTORS: &[&str] = &["ServiceBuilder::new()", "Server::builder()"];
const CALL: &str = ".layer(";

pub(super) fn broken(file: &File) -> Vec<String> {
    if !is_copied_from(&file.path) {
        return Vec::new();
    }
    let code = without_comments(&file.text);
    let calls = code.match_indices(CALL).map(|(at, _)| at);
    let second = calls.filter_map(|at| Some((at, second_call(&code, at)?)));
    second
        .filter(|(first, _)| !collects(chain(&code, *first)))
        .map(|(_, second)| {
            let number = code[..second].lines().count();
            format!("line {number} calls `layer` on a router again: use one `ServiceBuilder`")
        })
        .collect()
}

/// Pages, and sources that have examples in them or are examples.
fn is_copied_from(path: &Path) -> bool {
    let has_extension = |wanted| path.extension().is_some_and(|extension| extension == wanted);
    let is_source = path.iter().any(|part| part == "src");
    let is_ours = path.starts_with("crates") || path.starts_with("examples");
    has_extension("md") || (has_extension("rs") && is_source && is_ours)
}

/// The code on each line, also of the documentation, without remarks.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start().trim_start_matches("//!").trim_start_matches("///");
        let code = if line.trim_start().starts_with("//") { "" } else { line };
        format!("{}\n", code.split(" // ").next().unwrap_or_default())
    });
    lines.collect()
}

/// Where the call that follows the one at `first` in the same chain stands, if it is one more of `layer`.
fn second_call(code: &str, first: usize) -> Option<usize> {
    let end = closing(code, first + CALL.len())?;
    let rest = code.get(end..)?;
    let blank = rest.len() - rest.trim_start().len();
    rest.trim_start().starts_with(CALL).then_some(end + blank + 1)
}

/// The place after the bracket that closes the one before `inside`.
fn closing(code: &str, inside: usize) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, character) in code.get(inside..)?.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(inside + at + 1);
        }
    }
    None
}

/// The chain of calls before `end`, from its root.
fn chain(code: &str, end: usize) -> &str {
    let mut depth = 0_usize;
    for (at, character) in code[..end].char_indices().rev() {
        match character {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            '.' | ':' | '_' | '<' | '>' | '?' => {}
            _ if character.is_alphanumeric() || character.is_whitespace() => {}
            _ => return code[at + character.len_utf8()..end].trim_start(),
        }
    }
    &code[..end]
}

fn collects(chain: &str) -> bool {
    COLLECTORS.iter().any(|collector| chain.contains(collector))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const ONE_BY_ONE: &str = "\
let app = Router::new()
    .route(\"/\", get(async || \"hello\"))
    .layer(Inner::new())
    // Outermost.
    .layer(Outer::new(with(3)));
";
    const AT_ONCE: &str = "\
let layers = ServiceBuilder::new().layer(Outer::new()).layer(Inner::new());
let app = Router::new().route(\"/\", get(hello)).layer(layers);
let server = tonic::transport::Server::builder().layer(Outer::new()).layer(Inner::new());
let app = around(routes.layer(ServiceBuilder::new().layer(Outer::new()).layer(Inner::new())));
";

    #[test]
    fn layers_put_on_a_router_one_by_one_are_found_with_their_line() {
        for path in ["README.md", "examples/shop/src/routes.rs", "crates/a/src/lib.rs"] {
            let sentences = broken(&file(path, ONE_BY_ONE));
            assert_eq!(sentences.len(), 1, "{path}");
            assert!(sentences[0].starts_with("line 5 "), "{}", sentences[0]);
        }
    }

    #[test]
    fn layers_in_an_example_of_a_crates_page_are_found() {
        let page: String = ONE_BY_ONE.lines().map(|line| format!("//! {line}\n")).collect();
        assert_eq!(broken(&file("crates/a/src/lib.rs", &page)).len(), 1);
    }

    #[test]
    fn layers_put_on_a_router_from_elsewhere_are_found() {
        let text = "fn around(routes: Router) -> Router { routes.layer(a).layer(b) }";
        assert_eq!(broken(&file("examples/shop/src/limits.rs", text)).len(), 1);
    }

    #[test]
    fn layers_in_a_builder_are_right() {
        assert_eq!(broken(&file("README.md", AT_ONCE)), [""; 0]);
    }

    #[test]
    fn tests_may_put_layers_on_as_they_like() {
        assert_eq!(broken(&file("tests/problem/axum.rs", ONE_BY_ONE)), [""; 0]);
    }
}
