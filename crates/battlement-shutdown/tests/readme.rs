//! The crate page and the program that it shows.

/// The first example of the page: at most twelve lines, from request ids to the drain.
#[test]
fn the_first_example_of_the_page_is_the_program_that_runs() {
    let page = include_str!("../README.md");
    let example = page.split("```rust,no_run\n").nth(1).and_then(|rest| rest.split("```").next());
    let program = include_str!("../examples/axum.rs");
    assert_eq!(example, Some(program));
    assert!(program.lines().count() <= 12);
}
