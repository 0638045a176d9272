//! Tests of the load room, one file per noun.

mod batch;
mod bisect;
mod formats;
mod quality;
mod reject;

use super::*;
