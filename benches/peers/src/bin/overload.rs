//! The job `cargo xtask heavy overload`: loads servers with three times their capacity, with and without a limit.

fn main() -> anyhow::Result<std::process::ExitCode> {
    battlement_peers::overload::run()
}
