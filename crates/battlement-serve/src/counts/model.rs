//! Models of every interleaving of two threads.

use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use loom::{future::block_on, thread};

use super::{Counts, Limits, Peer, Permit, total::Total};

/// Waits for room, as an accept loop does whose listener has a connection.
fn enter(total: &Total) {
    block_on(poll_fn(|cx| total.poll_enter(cx)));
}

/// Counts a connection of the only client, if there is room.
fn admit(counts: &Arc<Counts>) -> Option<Permit> {
    let peer = Peer::Addr(SocketAddr::from(([192, 0, 2, 1], 1_234)));
    match counts.poll_place(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(place) => place.admit(peer).ok(),
        Poll::Pending => None,
    }
}

#[test]
fn an_accept_loop_is_woken_by_a_connection_that_closes() {
    loom::model(|| {
        let total = Arc::new(Total::new(2));
        enter(&total);
        enter(&total);
        let theirs = Arc::clone(&total);
        let thread = thread::spawn(move || {
            theirs.leave();
            theirs.leave();
        });
        enter(&total);
        thread.join().unwrap();
        assert_eq!(total.open(), 1);
    });
}

// A loop without a connection gives its place back at the end of its poll.
#[test]
fn an_accept_loop_is_woken_by_another_one_that_found_no_connection() {
    loom::model(|| {
        let total = Arc::new(Total::new(1));
        let theirs = Arc::clone(&total);
        let thread = thread::spawn(move || {
            enter(&theirs);
            theirs.leave();
        });
        enter(&total);
        assert_eq!(total.open(), 1, "the total exceeds its limit");
        total.leave();
        thread.join().unwrap();
        assert_eq!(total.open(), 0);
    });
}

#[test]
fn connections_of_one_client_never_exceed_its_limit() {
    loom::model(|| {
        let counts = Arc::new(Counts::new(2, &Limits::new().connections_per_client(1)));
        let theirs = Arc::clone(&counts);
        let thread = thread::spawn(move || admit(&theirs));
        let ours = admit(&counts);
        let theirs = thread.join().unwrap();
        assert!(ours.is_some() != theirs.is_some(), "the server admits one of two connections");
        drop((ours, theirs));
        assert_eq!(counts.open(), 0);
        assert!(counts.clients.as_ref().unwrap().is_empty());
    });
}

#[test]
fn connections_that_open_and_close_on_two_threads_are_all_given_back() {
    loom::model(|| {
        let counts = Arc::new(Counts::new(1, &Limits::new().connections_per_client(1)));
        let theirs = Arc::clone(&counts);
        let thread = thread::spawn(move || drop(admit(&theirs)));
        drop(admit(&counts));
        thread.join().unwrap();
        assert_eq!(counts.open(), 0);
        assert!(counts.clients.as_ref().unwrap().is_empty());
    });
}
