use tokio::sync::oneshot;

use crate::{
    Call, Error, OPEN, fails,
    peers::{Peer, of_failsafe, of_recloser, of_seatbelt, of_tower_resilience},
    succeeds,
};

/// A call that succeeds later.
struct Late {
    finish: oneshot::Sender<()>,
    call: Call,
}

impl Late {
    async fn begin(peer: &Peer) -> Self {
        let (finish, finished) = oneshot::channel();
        let inner = async {
            finished.await.unwrap();
            Ok(())
        };
        let mut call = peer.call(Box::pin(inner));
        assert!(futures_util::poll!(call.as_mut()).is_pending());
        Self { finish, call }
    }

    async fn succeed(self) {
        self.finish.send(()).unwrap();
        self.call.await.unwrap();
    }
}

/// Returns whether calls that began before the outage close a half-open breaker whose probe hangs.
pub(crate) async fn old_calls_close(peer: Peer, calls: usize) -> bool {
    let mut old = Vec::new();
    for _ in 0..calls {
        old.push(Late::begin(&peer).await);
    }
    peer.half_open().await;
    let _hung = peer.begin().unwrap();
    for call in old {
        call.succeed().await;
    }
    peer.is_closed().await
}

#[tokio::test]
async fn a_call_from_before_the_outage_closes_most_peers() {
    assert!(old_calls_close(of_tower_resilience(1), 1).await);
    assert!(old_calls_close(of_failsafe(), 1).await);
    assert!(old_calls_close(of_recloser(), 2).await);
    assert!(!old_calls_close(of_seatbelt(), 1).await);
}

/// Returns whether a probe of an earlier half-open state counts in a breaker that has opened again since, and that
/// closes after this number of successes.
pub(crate) async fn an_old_probe_counts(peer: Peer, successes: usize) -> bool {
    peer.half_open().await;
    let old = Late::begin(&peer).await;
    peer.wait(OPEN + OPEN / 4).await;
    assert_eq!(peer.call(fails()).await, Err(Error::Broken));
    peer.wait(OPEN + OPEN / 4).await;
    let _hung = peer.begin().unwrap();
    for _ in 1..successes {
        peer.call(succeeds()).await.unwrap();
    }
    old.succeed().await;
    peer.is_closed().await
}

#[tokio::test]
async fn a_probe_of_an_earlier_half_open_state_counts_in_tower_resilience_and_seatbelt() {
    assert!(an_old_probe_counts(of_tower_resilience(2), 2).await);
    assert!(an_old_probe_counts(of_seatbelt(), 1).await);
}
