//! The servers that the job brings.

mod direct;
mod naive;
mod streams;
mod websocket;

use std::{env, io, process::ExitCode};

use tokio::net::TcpListener;

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

async fn bind(variable: &str) -> io::Result<TcpListener> {
    TcpListener::bind(env::var(variable).unwrap()).await
}
