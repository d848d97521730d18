//! Raw requests with hostile values.

use crate::corpus::HOSTILE;

/// The values of a request that a client chooses.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    method: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    agent: Vec<u8>,
    referer: Vec<u8>,
    pub(super) id: Vec<u8>,
}

impl Sent {
    /// Returns a request with `value` in the place of this number. The server rejects most requests with such values,
    /// so one value would hide the others.
    pub(super) fn of(place: usize, number: usize, value: &[u8]) -> Self {
        let [method, path, query, agent, referer, id] = [0, 1, 2, 3, 4, 5].map(|at| match at {
            _ if at == place => value,
            0 => b"GET".as_slice(),
            _ => b"plain",
        });
        let path = [format!("/{number}/").as_bytes(), path].concat();
        let [method, query, agent, referer, id] =
            [method, query, agent, referer, id].map(<[u8]>::to_vec);
        Self { method, path, query, agent, referer, id }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let Self { method, path, query, agent, referer, id } = self;
        [
            &**method,
            b" ",
            path,
            b"?",
            query,
            b" HTTP/1.1\r\nhost: shop\r\nconnection: close\r\nuser-agent: ",
            agent,
            b"\r\nreferer: ",
            referer,
            b"\r\nx-request-id: ",
            id,
            b"\r\n\r\n",
        ]
        .concat()
    }

    /// Returns the values that a record has.
    pub(super) fn values(&self) -> [&[u8]; 5] {
        [&self.method, &self.path, &self.query, &self.agent, &self.referer]
    }
}

/// Returns each value with each place, and a method with all characters that a method may have.
pub(super) fn corpus() -> impl Iterator<Item = (usize, &'static [u8])> {
    let places = (0..6).flat_map(|place| HOSTILE.into_iter().map(move |value| (place, value)));
    places.chain([(0, b"M!#$%&'*+-.^_`|~".as_slice())])
}
