//! `termfeed relay`: rows of a table to a topic.

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::settings::Common;
use crate::shutdown::Shutdown;

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct Flags {}

pub async fn run(_: Common, _: Flags, _: Shutdown) -> Result<(), Error> {
    Ok(())
}
