//! A tonic service that says back what it hears, and a client for it, as `tonic-build` would make them of
//!
//! ```proto
//! package battlement.testkit;
//!
//! service Echo {
//!   rpc Say(Words) returns (Words);
//!   rpc Repeat(Words) returns (stream Words);
//! }
//!
//! message Words {
//!   string text = 1;   // comes back
//!   uint32 times = 2;  // how often, of Repeat
//!   int32 code = 3;    // the status to end with: of Say instead of an answer, of Repeat after them all
//! }
//! ```
//!
//! Metadata whose name begins with `x-` comes back too: with the answer, or with the status of an error.

mod client;
mod message;
mod server;

pub use self::{client::EchoClient, message::Words, server::EchoServer};
