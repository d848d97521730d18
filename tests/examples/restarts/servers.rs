//! The servers that the job brings.

mod direct;
mod naive;
mod streams;
mod websocket;

use std::{env, io, process::ExitCode};

use tokio::net::{TcpListener, TcpSocket};

pub(crate) async fn serve(name: &str) -> ExitCode {
    match name {
        "naive" => {
            naive::serve().await.unwrap();
            ExitCode::SUCCESS
        }
        "direct" => (&direct::serve().await.unwrap()).into(),
        "streams" => (&streams::serve().await.unwrap()).into(),
        other => panic!("unknown server {other:?}"),
    }
}

/// Binds an address, with as many connections that wait to be accepted as battlement-serve allows.
fn bind(variable: &str) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(env::var(variable).unwrap().parse().unwrap())?;
    socket.listen(4_096)
}
