/// The side of a layer that records requests which a server receives.
#[derive(Clone, Copy, Debug)]
pub enum Server {}

/// The side of a layer that records calls which a client makes.
#[derive(Clone, Copy, Debug)]
pub enum Client {}
