use battlement_shutdown::{Phase, Reason, Stage};
use tokio::time::sleep;

use crate::course::{Course, graceful, hung, ms, shutdown};

#[tokio::test(start_paused = true)]
async fn the_admin_server_ends_after_the_hooks() {
    let shutdown = shutdown();
    let (server, course) = (graceful(&shutdown), Course::of(&shutdown));
    let (hook, admin, done) =
        (course.clone(), course.clone(), shutdown.phases().reached(Phase::Done));
    shutdown.handle().hook(Stage::Flush, "logs", || async move {
        sleep(ms(50)).await;
        hook.note("flushed");
    });
    let shutdown = shutdown.admin(async move {
        done.await;
        sleep(ms(20)).await;
        admin.note("admin ended");
    });
    shutdown.handle().trigger("the test");
    let report = shutdown.run(server).await;
    let last = [("flushed", 150), ("cut_off", 150), ("done", 150), ("admin ended", 170)];
    assert!(course.events().await.ends_with(&last), "{course:?}");
    assert!(report.is_clean());
}

#[tokio::test(start_paused = true)]
async fn an_admin_server_that_does_not_end_is_aborted() {
    let shutdown = shutdown();
    let (server, course) = (graceful(&shutdown), Course::of(&shutdown));
    let (dropped, is_dropped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = shutdown.admin(async move {
        let _dropped = dropped;
        hung().await;
    });
    shutdown.handle().trigger("the test");
    let _ = shutdown.run(server).await;
    assert_eq!(course.elapsed(), 200);
    assert!(is_dropped.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_admin_server_that_fails_triggers_the_shutdown() {
    let shutdown = shutdown();
    let (server, course) = (graceful(&shutdown), Course::of(&shutdown));
    let shutdown = shutdown.admin(async {
        sleep(ms(30)).await;
        Err::<(), _>("the admin port is gone")
    });
    let report = shutdown.run(server).await;
    let reason = Reason::ServerFailed("the admin port is gone".to_owned());
    assert_eq!((report.reason(), course.elapsed()), (&reason, 130));
}
