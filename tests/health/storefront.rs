//! The storefront of `examples/`, as a program that tests of this package can start.

use std::process::ExitCode;

fn main() -> ExitCode {
    storefront::main()
}
