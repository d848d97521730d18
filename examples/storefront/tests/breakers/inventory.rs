//! Inventory in a thread of this process, with faults by command.

use std::{net::SocketAddr, thread};

use battlement::shutdown::Shutdown;
use inventory::{Inventory, Settings, Stock, health, serve, serve_admin};
use tokio::runtime::Runtime;

use crate::running::send;

/// An inventory with the stock of the shop, which runs until the tests end.
pub struct FaultyInventory {
    pub url: String,
    /// The address of the listener for operators.
    pub admin: SocketAddr,
}

impl FaultyInventory {
    pub fn start() -> Self {
        let [listener, admin] = [(); 2].map(|()| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            listener
        });
        let url = format!("http://{}", listener.local_addr().unwrap());
        let addr = admin.local_addr().unwrap();
        thread::spawn(move || {
            Runtime::new().unwrap().block_on(async {
                let [listener, admin] = [listener, admin]
                    .map(|listener| tokio::net::TcpListener::from_std(listener).unwrap());
                let settings = Settings { faults: true, ..Settings::default() };
                let inventory = Inventory::new(Stock::of_shop(), settings);
                let shutdown = Shutdown::without_signals();
                let health = health(shutdown.phases());
                tokio::spawn(serve_admin(admin, inventory.admin(&health)));
                let _report = serve(listener, inventory, &health, shutdown).await.unwrap();
            });
        });
        Self { url, admin: addr }
    }

    /// Lets every call fail.
    pub fn fail(&self, kind: &str) {
        let body = format!(r#"{{"kind": "{kind}", "every": 1, "duration_seconds": 600}}"#);
        assert_eq!(send(self.admin, "POST", "/faults", b"", &body).status, 204);
    }
}
