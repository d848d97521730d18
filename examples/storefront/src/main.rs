//! The program. The library beside it contains the service, so that tests elsewhere can start it as well.

use std::process::ExitCode;

fn main() -> ExitCode {
    storefront::main()
}
