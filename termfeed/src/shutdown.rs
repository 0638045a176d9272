//! Being told to stop: SIGINT or SIGTERM once, and everybody who waits hears of it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::Error;

/// Clones hear the same call.
#[derive(Clone)]
pub struct Shutdown {
    call: watch::Sender<bool>,
    called: watch::Receiver<bool>,
}

impl Shutdown {
    /// From now on the signals do not kill; a second one does.
    pub fn listen() -> Result<Shutdown, Error> {
        let (call, called) = watch::channel(false);
        let on = |kind| signal(kind).map_err(|error| Error::io("listen to signals", error));
        let (mut interrupt, mut terminate) =
            (on(SignalKind::interrupt())?, on(SignalKind::terminate())?);
        let from_outside = call.clone();
        tokio::spawn(async move {
            for second in [false, true] {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if second {
                    std::process::exit(130);
                }
                tracing::info!("told to stop: finishing what is in hand");
                from_outside.send_replace(true);
            }
        });
        Ok(Shutdown { call, called })
    }

    /// Tells all the others, for one who cannot go on.
    pub fn call(&self) {
        self.call.send_replace(true);
    }

    pub fn is_called(&self) -> bool {
        *self.called.borrow()
    }

    /// Returns once it is called.
    pub async fn wait(&mut self) {
        // It cannot fail: a sender is kept here.
        let _ = self.called.wait_for(|called| *called).await;
    }

    /// Sleeps; `false` if it was called meanwhile.
    pub async fn sleep(&mut self, time: std::time::Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => !self.is_called(),
            () = self.wait() => false,
        }
    }
}
