use std::{collections::HashMap, sync::Arc};

use battlement_rate_limit::remote::until;
use redis::cmd;
use tokio::{task::JoinSet, time::Instant};

use super::probe;
use crate::{client::Client, connection::Connection};

/// Pings each connection once, however many groups use it, and returns the groups of those that did not answer.
pub(super) async fn ping(client: &Arc<Client>) -> Vec<usize> {
    let mut groups_of = HashMap::<usize, (Arc<Connection>, Vec<usize>)>::new();
    for group in 0..client.groups.len() {
        if let Some(connection) = client.link.open(probe::slot(client, group)) {
            let id = Arc::as_ptr(&connection).addr();
            groups_of.entry(id).or_insert((connection, Vec::new())).1.push(group);
        }
    }
    let mut pings = JoinSet::new();
    for (connection, groups) in groups_of.into_values() {
        let deadline = client.settings.deadline;
        pings.spawn(async move {
            let ping = connection.send(cmd("PING").get_packed_command());
            let answered = until(Instant::now() + deadline, deadline, |_| {}, ping).await;
            if matches!(answered, Ok(Ok(_))) { Vec::new() } else { groups }
        });
    }
    pings.join_all().await.concat()
}
