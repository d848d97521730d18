//! A server of `battlement_serve` over real sockets.
