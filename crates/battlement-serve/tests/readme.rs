//! The crate page and the program that it shows.

#[test]
fn the_first_example_of_the_page_is_the_program_that_runs_in_twelve_lines() {
    let page = include_str!("../README.md");
    let example = page.split("```rust,no_run\n").nth(1).and_then(|rest| rest.split("```").next());
    let (_, program) = include_str!("../examples/serve.rs").split_once('\n').unwrap();
    assert_eq!(example, Some(program));
    assert_eq!(program.lines().count(), 12);
}
