//! Messages of Avro to fields, by the settings of `termfeed kafka`.

use std::borrow::Cow;

use super::Settings;
use super::decode::Trouble;
use crate::avro::{self, Unread};
use crate::decode::Refusal;
use crate::error::Error;
use crate::inbox::Column;

pub struct Reader(avro::Reader);

impl Reader {
    pub fn new(settings: &Settings) -> Result<Reader, Error> {
        let registry = settings.schema_registry.as_ref().ok_or_else(|| {
            Error::Settings("--format avro needs --schema-registry, an URL".to_owned())
        })?;
        avro::Reader::new(registry, settings.avro_schema.as_deref()).map(Reader)
    }

    /// What each column gets.
    pub fn fields(
        &mut self,
        payload: &[u8],
        columns: &[Column],
    ) -> Result<Vec<Option<Cow<'static, str>>>, Trouble> {
        self.0
            .fields(payload, columns)
            .map_err(|unread| match unread {
                Unread::Never(reason) => Refusal::new("22P03", reason).into(),
                Unread::NotNow(error) => Trouble::Passing(error),
            })
    }
}
