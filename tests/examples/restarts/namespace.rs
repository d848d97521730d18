//! Network namespaces, whose settings can be changed without those of the machine.

use std::{env, process::Command};

/// The first argument of this program in a namespace.
pub(crate) const INSIDE: &str = "inside";

/// Brings the loopback interface up, writes the setting, and runs this program.
const SCRIPT: &str = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && \
                      echo \"$1\" > /proc/sys/net/ipv4/tcp_migrate_req && shift && exec \"$0\" \"$@\"";

/// Runs this program with `arguments` in a namespace with this value of `net.ipv4.tcp_migrate_req`, and returns
/// whether it has succeeded.
pub(crate) fn run(migrate: bool, arguments: &[&str]) -> bool {
    let value = if migrate { "1" } else { "0" };
    let mut command = Command::new("unshare");
    // A user who is not root is root in the namespace.
    command.args(["--map-root-user", "--net", "sh", "-c", SCRIPT]);
    command.arg(env::current_exe().unwrap()).args([value, INSIDE, value]).args(arguments);
    command.status().expect("`unshare` runs").success()
}
