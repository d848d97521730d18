//! A proxy in front of a service that lets answers of its first connections be late or lost.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::running::call::is_call;

/// The fate of the first answer of a connection.
#[derive(Clone, Copy)]
pub enum Answer {
    /// All but the last byte arrive.
    Stalls,
    /// The connection is closed in place of the answer.
    Lost,
}

/// A proxy. The first connections of calls have the given answers, all others are passed.
pub struct Proxy {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn before(service: SocketAddr, answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let recorded = Arc::clone(&requests);
        thread::spawn(move || {
            let answers = Arc::new(Mutex::new(answers.iter().copied()));
            for client in listener.incoming().map_while(Result::ok) {
                let (answers, recorded) = (Arc::clone(&answers), recorded.clone());
                thread::spawn(move || {
                    if is_call(&client) {
                        let answer = answers.lock().unwrap().next();
                        let service = TcpStream::connect(service).unwrap();
                        pass(client, service, answer, &recorded);
                    }
                });
            }
        });
        Self { url, requests }
    }

    /// Returns the values of a header, one for each request that has it.
    pub fn values(&self, name: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let fields = requests.iter().flat_map(|request| request.lines());
        let values = fields.filter_map(|line| line.split_once(": "));
        values.filter(|(field, _)| *field == name).map(|(_, value)| value.to_owned()).collect()
    }
}

fn pass(
    mut client: TcpStream,
    mut service: TcpStream,
    answer: Option<Answer>,
    requests: &Mutex<Vec<String>>,
) {
    let (mut from, mut to) = (client.try_clone().unwrap(), service.try_clone().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| {
            each_part(&mut from, |part| {
                requests.lock().unwrap().push(String::from_utf8_lossy(part).into_owned());
                to.write_all(part).is_ok()
            });
            // Fails if the service has closed the connection.
            let _ = to.shutdown(Shutdown::Both);
        });
        each_part(&mut service, |part| match answer {
            None => client.write_all(part).is_ok(),
            Some(Answer::Stalls) => client.write_all(&part[..part.len() - 1]).is_ok(),
            Some(Answer::Lost) => false,
        });
        // Fails if the client has closed the connection.
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// Reads a stream until its end, or until `pass` returns false.
fn each_part(stream: &mut TcpStream, mut pass: impl FnMut(&[u8]) -> bool) {
    let mut part = [0; 16 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut part) {
        if !pass(&part[..length]) {
            return;
        }
    }
}
