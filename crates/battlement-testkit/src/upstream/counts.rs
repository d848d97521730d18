/// The numbers of requests that an upstream has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests that reached the application. A client must assume that they may have been processed.
    pub received: u64,
    /// Received requests whose work was done, even if the response was lost.
    pub processed: u64,
    /// Requests that the server refused before the application: by GOAWAY, by REFUSED_STREAM, or over HTTP/1 by the
    /// end of the connection.
    pub refused: u64,
    /// Received requests that neither the server nor the client has ended yet.
    pub in_flight: u64,
}
