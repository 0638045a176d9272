//! Tests of the load room, one file per noun.

mod batch;
mod bisect;
mod quality;
mod reject;

use super::*;
