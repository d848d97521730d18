//! Requires documentation and examples to add all layers to an axum router in one call.
//!
//! Each `Router::layer` call boxes the service, the future and the body of every request once more, and readers
//! copy the code of pages and examples.

use std::path::Path;

use super::File;

/// Builders that only collect layers, without a box per layer.
const COLLECTORS: &[&str] = &["ServiceBuilder::new()", "Server::builder()"];
const CALL: &str = ".layer(";

pub(super) fn broken(file: &File) -> Vec<String> {
    if !is_example(&file.path) {
        return Vec::new();
    }
    let code = without_comments(&file.text);
    let calls = code.match_indices(CALL).map(|(at, _)| at);
    let second = calls.filter_map(|at| Some((at, second_call(&code, at)?)));
    second
        .filter(|(first, _)| !collects(chain(&code, *first)))
        .map(|(_, second)| {
            let number = code[..second].lines().count();
            format!("line {number}: second `layer` call on a router; combine the layers in one `ServiceBuilder`")
        })
        .collect()
}

/// Returns whether a file is a page, an example, or a source file whose documentation has examples.
fn is_example(path: &Path) -> bool {
    let has_extension = |wanted| path.extension().is_some_and(|extension| extension == wanted);
    let is_source = path.iter().any(|part| part == "src");
    let is_ours = path.starts_with("crates") || path.starts_with("examples");
    has_extension("md") || (has_extension("rs") && is_source && is_ours)
}

/// Returns the code of each line, including code in documentation, without comments.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start().trim_start_matches("//!").trim_start_matches("///");
        let code = if line.trim_start().starts_with("//") { "" } else { line };
        format!("{}\n", code.split(" // ").next().unwrap_or_default())
    });
    lines.collect()
}

/// Returns the offset of the next call in the chain of the call at `first`, if that is a `layer` call too.
fn second_call(code: &str, first: usize) -> Option<usize> {
    let end = closing(code, first + CALL.len())?;
    let rest = code.get(end..)?;
    let blank = rest.len() - rest.trim_start().len();
    rest.trim_start().starts_with(CALL).then_some(end + blank + 1)
}

/// Returns the offset after the parenthesis that closes the one before `inside`.
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

/// Returns the call chain that ends at `end`, starting at its root.
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
    fn layers_added_to_a_router_one_by_one_are_reported_with_their_line() {
        for path in ["README.md", "examples/shop/src/routes.rs", "crates/a/src/lib.rs"] {
            let messages = broken(&file(path, ONE_BY_ONE));
            assert_eq!(messages.len(), 1, "{path}");
            assert!(messages[0].starts_with("line 5:"), "{}", messages[0]);
        }
    }

    #[test]
    fn layers_in_an_example_on_a_crate_page_are_reported() {
        let page: String = ONE_BY_ONE.lines().map(|line| format!("//! {line}\n")).collect();
        assert_eq!(broken(&file("crates/a/src/lib.rs", &page)).len(), 1);
    }

    #[test]
    fn layers_added_to_a_router_from_an_argument_are_reported() {
        let text = "fn around(routes: Router) -> Router { routes.layer(a).layer(b) }";
        assert_eq!(broken(&file("examples/shop/src/limits.rs", text)).len(), 1);
    }

    #[test]
    fn layers_in_a_builder_are_allowed() {
        assert_eq!(broken(&file("README.md", AT_ONCE)), [""; 0]);
    }

    #[test]
    fn tests_may_add_layers_one_by_one() {
        assert_eq!(broken(&file("tests/problem/axum.rs", ONE_BY_ONE)), [""; 0]);
    }
}
