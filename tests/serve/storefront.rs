//! The storefront under attack by slow clients, as a process of its own. Each test measures the time of the whole
//! process, so each runs alone.

mod alone;
mod shop;
mod wave;
