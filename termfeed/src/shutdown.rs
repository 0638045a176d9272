//! Graceful shutdown: the first SIGINT or SIGTERM is passed on to all tasks.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::Error;

/// The signal to stop; clones share it.
#[derive(Clone)]
pub struct Shutdown {
    call: watch::Sender<bool>,
    called: watch::Receiver<bool>,
}

impl Shutdown {
    /// Installs the handlers: the first signal asks to stop, the second one kills.
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

    /// Signals shutdown from within, for a task that cannot go on.
    pub fn call(&self) {
        self.call.send_replace(true);
    }

    pub fn is_called(&self) -> bool {
        *self.called.borrow()
    }

    /// Waits for the signal.
    pub async fn wait(&mut self) {
        // Cannot fail: the sender is kept here.
        let _ = self.called.wait_for(|called| *called).await;
    }

    /// Sleeps; returns `false` if shutdown was signalled meanwhile.
    pub async fn sleep(&mut self, time: std::time::Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => !self.is_called(),
            () = self.wait() => false,
        }
    }
}
