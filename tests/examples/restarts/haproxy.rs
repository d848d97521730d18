use std::{fs, net::SocketAddr, process::Command};

use battlement_testkit::{client::Http1, process::Process};
use tempfile::TempDir;

use crate::ports::{Ports, Slot};

/// A real HAProxy in TCP mode.
#[derive(Debug)]
pub(crate) struct Haproxy {
    addr: SocketAddr,
    /// The page with the states of the servers.
    states: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl Haproxy {
    pub(crate) fn start(slots: [Slot; 2], ports: &mut Ports) -> Self {
        let (addr, states) = (ports.addr(), ports.addr());
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, config(addr, states, slots)).unwrap();
        // Debian installs it where only the path of root leads.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-c", "exec haproxy -db -f \"$0\""]).arg(file).env("PATH", path);
        let process = Process::start(&mut command).unwrap();
        Self { addr, states, _process: process, _folder: folder }
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) async fn is_up(&self, server: SocketAddr) -> bool {
        let Ok(mut client) = Http1::connect(self.states).await else { return false };
        let Ok(page) = client.get("/;csv").await else { return false };
        // The second field is the name of the server, the eighteenth its state.
        page.text().lines().any(|line| {
            let fields: Vec<_> = line.split(',').collect();
            fields.get(1) == Some(&&*name(server)) && fields.get(17) == Some(&"UP")
        })
    }
}

fn name(server: SocketAddr) -> String {
    format!("port{}", server.port())
}

fn config(addr: SocketAddr, states: SocketAddr, slots: [Slot; 2]) -> String {
    let server = |Slot { addr, admin }| {
        format!("    server {} {addr} check port {}\n", name(addr), admin.port())
    };
    let servers: String = slots.map(server).concat();
    format!(
        "global\n    maxconn 4000\n\
         defaults\n    mode tcp\n    maxconn 2000\n\
         \x20   timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n    timeout check 1s\n\
         listen service\n    bind {addr}\n    balance roundrobin\n\
         \x20   option redispatch\n    option httpchk GET /readyz\n\
         \x20   default-server inter 100ms fall 1 rise 1\n{servers}\
         listen states\n    bind {states}\n    mode http\n    stats enable\n    stats uri /\n"
    )
}
