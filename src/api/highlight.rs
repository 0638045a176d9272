//! `highlight`: a document with its mentions marked.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::matching::{self, CallSite, document_text};
use crate::pg::callsite::with_state;
use crate::pg::error::ErrorReport;
use crate::pg::rows::Returned;

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.highlight(lexicon text, document text,
        before text DEFAULT '<b>', after text DEFAULT '</b>') RETURNS text
    STABLE STRICT PARALLEL SAFE COST 100
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn highlight(
    lexicon: &str,
    document: &[u8],
    before: &str,
    after: &str,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    let document = document_text(document)?;
    let marked = with_state(fcinfo, |site: &mut CallSite| {
        matching::highlight(&mut site.search(lexicon)?, document, before, after)
    });
    Ok(marked?)
}
