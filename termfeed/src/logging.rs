//! What termfeed says on standard error: lines for people, or JSON for machines.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing_subscriber::EnvFilter;

use crate::error::Error;
use crate::settings::{Common, LogFormat};

pub fn start(settings: &Common) -> Result<(), Error> {
    let level = settings.log_level.as_deref().unwrap_or("info");
    let filter = EnvFilter::builder().parse(level).map_err(|_| {
        Error::Settings(format!(
            "log level \"{level}\" is not valid: write error, warn, info, debug or trace"
        ))
    })?;
    let lines = tracing_subscriber::fmt()
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match settings.log.unwrap_or_default() {
        LogFormat::Text => lines.with_target(false).init(),
        LogFormat::Json => {
            lines.json().flatten_event(true).init();
            JSON.store(true, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Whether machines read what is said.
static JSON: AtomicBool = AtomicBool::new(false);

/// Why termfeed ends.
pub fn last_words(error: &Error) {
    if JSON.load(Ordering::Relaxed) {
        tracing::error!(reason = %error, "ended");
    } else {
        eprintln!("termfeed: {error}");
    }
}
