//! Compares servers: ours, axum's, and bare hyper.

fn main() -> anyhow::Result<()> {
    battlement_peers::serve::run()
}
