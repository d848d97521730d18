//! The registry through its public interface, with time paused.

mod first;
