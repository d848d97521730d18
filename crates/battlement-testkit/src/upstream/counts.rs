/// The numbers of requests that an upstream has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests that reached the application. A client must not treat these as not processed.
    pub received: u64,
    /// Received requests whose work was done, even if the response was lost.
    pub processed: u64,
    /// Requests that the server refused before the application: by GOAWAY, by REFUSED_STREAM, or over HTTP/1 by the
    /// end of the connection.
    pub refused: u64,
    /// Received requests whose exchange has not ended, neither by the server nor by the client.
    pub in_flight: u64,
}
