//! Whole-stack tests over real sockets. Each file beside this one is a test of its own; nothing is here.
