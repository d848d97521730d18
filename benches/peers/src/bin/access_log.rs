//! Compares servers over loopback, with and without a record of each request.

fn main() -> anyhow::Result<()> {
    battlement_peers::access_log_requests::run()
}
