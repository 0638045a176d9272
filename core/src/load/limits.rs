//! How many rejects a load may have before it stops.

use super::counts::Counts;
use super::error::{Error, Stopped};

/// The ratio is applied from this many rows on, as Greenplum does (`gp_reject_percent_threshold`):
/// one bad row among the first three is no sign of a bad file.
pub const RATIO_AFTER_ROWS: u64 = 300;

/// No limit unless set.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    reject_limit: Option<u64>,
    reject_ratio: Option<f64>,
}

impl Limits {
    /// `reject_limit` is the number of rejects that is still tolerated, as in COPY; `reject_ratio` the
    /// part of the rows read, from 0 to 1.
    pub fn new(reject_limit: Option<i64>, reject_ratio: Option<f64>) -> Result<Self, Error> {
        let reject_limit = match reject_limit {
            Some(value) => Some(
                u64::try_from(value)
                    .ok()
                    .filter(|limit| *limit > 0)
                    .ok_or(Error::InvalidRejectLimit { value })?,
            ),
            None => None,
        };
        if let Some(value) = reject_ratio
            && !(0.0..=1.0).contains(&value)
        {
            return Err(Error::InvalidRejectRatio { value });
        }
        Ok(Limits {
            reject_limit,
            reject_ratio,
        })
    }

    /// The most rows that may be rejected; `None` for any number.
    pub fn reject_limit(&self) -> Option<u64> {
        self.reject_limit
    }

    /// The largest share of the rows that may be rejected, 0 to 1; `None` for any share.
    pub fn reject_ratio(&self) -> Option<f64> {
        self.reject_ratio
    }

    /// The limits without the ratio, for a load that consists of earlier rejects: any ratio would be
    /// exceeded at once.
    pub fn without_ratio(self) -> Self {
        Limits {
            reject_ratio: None,
            ..self
        }
    }

    /// To be called after each batch, or after each reject.
    pub fn check(&self, counts: &Counts) -> Result<(), Stopped> {
        let (rejected, read) = (counts.rejected, counts.read);
        if let Some(limit) = self.reject_limit
            && rejected > limit
        {
            return Err(Stopped::RejectLimit {
                limit,
                rejected,
                read,
            });
        }
        if let Some(ratio) = self.reject_ratio
            && read >= RATIO_AFTER_ROWS
            && rejected as f64 > ratio * read as f64
        {
            return Err(Stopped::RejectRatio {
                ratio,
                rejected,
                read,
            });
        }
        Ok(())
    }
}
