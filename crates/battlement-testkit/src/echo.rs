//! A tonic echo service and its client, as `tonic-build` would generate them from this definition:
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
//!   string text = 1;   // echoed
//!   uint32 times = 2;  // number of messages of Repeat
//!   int32 code = 3;    // final status; a code other than OK replaces the response of Say
//! }
//! ```
//!
//! Metadata whose name starts with `x-` is echoed too, in the response or in the error status.

mod client;
mod message;
mod server;

pub use self::{client::EchoClient, message::Words, server::EchoServer};
