//! Avro messages in the wire format of schema registries: a zero, four bytes of the schema's id, the
//! record as its schema writes it.
//!
//! What a message cannot be read by is told from what cannot be reached now: the one is a reject, the
//! other is tried again.

mod read;
mod registry;
mod write;

pub use read::{Reader, Unread};
pub use write::Writer;

/// No value may ask for more memory than this, whatever length it claims to have.
const LARGEST_VALUE: usize = 64 << 20;

/// Splits a message into the schema id and the record.
fn split(message: &[u8]) -> Option<(u32, &[u8])> {
    let (head, record) = message.split_at_checked(5)?;
    match head {
        [0, id @ ..] => Some((u32::from_be_bytes(<[u8; 4]>::try_from(id).ok()?), record)),
        _ => None,
    }
}

fn join(id: u32, record: &[u8]) -> Vec<u8> {
    let mut message = vec![0];
    message.extend_from_slice(&id.to_be_bytes());
    message.extend_from_slice(record);
    message
}

/// Named schemas, to which other schemas refer.
type Names<'a> = std::collections::HashMap<String, &'a apache_avro::Schema>;

/// Resolves a reference to a named schema.
fn meant<'a>(schema: &'a apache_avro::Schema, names: &Names<'a>) -> &'a apache_avro::Schema {
    match schema {
        apache_avro::Schema::Ref { name } => {
            names.get(&name.to_string()).copied().unwrap_or(schema)
        }
        _ => schema,
    }
}

/// Collects the named schemas in a schema.
fn collect<'a>(schema: &'a apache_avro::Schema, names: &mut Names<'a>) {
    use apache_avro::Schema;
    if let Some(name) = schema.name()
        && !matches!(schema, Schema::Ref { .. })
        && names.insert(name.to_string(), schema).is_some()
    {
        return;
    }
    match schema {
        Schema::Record(record) => record.fields.iter().for_each(|f| collect(&f.schema, names)),
        Schema::Union(union) => union.variants().iter().for_each(|one| collect(one, names)),
        Schema::Array(array) => collect(&array.items, names),
        Schema::Map(map) => collect(&map.types, names),
        _ => {}
    }
}
