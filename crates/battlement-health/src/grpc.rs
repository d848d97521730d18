//! The gRPC health protocol for tonic.
