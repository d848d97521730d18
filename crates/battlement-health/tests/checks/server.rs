use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

/// Starts a server on a thread of its own, which hands each connection to `serve` after the head of the request.
///
/// Returns its address, and the request lines in order. The thread ends with the process.
pub(crate) fn server(
    mut serve: impl FnMut(TcpStream) + Send + 'static,
) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap_or(0) == 0 {
                    break;
                }
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            // The test may have ended.
            let _ = sender.send(head);
            serve(stream);
        }
    });
    (address, requests)
}

/// Starts a server that sends `answer` and closes.
pub(crate) fn answers(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    server(move |mut stream| {
        // The client may have read enough.
        let _ = stream.write_all(answer.as_bytes());
    })
}
