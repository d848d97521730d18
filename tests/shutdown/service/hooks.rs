use std::{future::pending, thread, time::Duration};

use battlement_shutdown::{ShutdownHandle, Stage};

/// Registers hooks that log their order, and one that behaves as `kind` says.
pub(crate) fn register(handle: &ShutdownHandle, kind: Option<&str>) {
    handle.hook(Stage::Flush, "logs", || async { println!("hook logs") });
    handle.hook(Stage::Connections, "database", || async { println!("hook database") });
    handle.hook(Stage::Connections, "cache", || async { println!("hook cache") });
    handle.hook(Stage::Services, "consumer", || async { println!("hook consumer") });
    match kind {
        Some("panics") => handle.hook(Stage::Connections, "bad", || async { panic!("oops") }),
        Some("fails") => {
            handle.hook(Stage::Connections, "bad", || async { Err::<(), _>("refused") });
        }
        Some("hangs") => handle.hook(Stage::Connections, "bad", pending::<()>),
        Some("blocks") => handle.hook(Stage::Connections, "bad", || async { block() }),
        // Keeps the process in its hooks until a test has read the admin server.
        Some("slow") => handle.hook(Stage::Connections, "slow", || async {
            println!("hook slow");
            tokio::time::sleep(Duration::from_millis(700)).await;
        }),
        _ => {}
    }
}

/// Blocks the thread for a minute.
pub(crate) fn block() {
    println!("blocked");
    // A permit from an earlier `unpark` ends the first wait at once.
    for _ in 0..2 {
        thread::park_timeout(Duration::from_secs(60));
    }
}
