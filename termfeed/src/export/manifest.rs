//! `_manifest.json`: what files there are, with their rows, bytes and checksums. Written last, whole or
//! not at all: a reader that follows it sees complete exports only.

use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};

use super::columns::Column;
use super::place::failed;
use crate::error::Error;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    pub columns: Vec<Named>,
    pub partition_by: Option<String>,
    pub rows: u64,
    pub bytes: u64,
    /// The files, in the order in which to read them.
    pub files: Vec<File>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub name: String,
    pub r#type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub path: String,
    pub partition: Option<String>,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
    /// The run of an incremental export that wrote the file.
    pub run: i64,
}

impl Manifest {
    pub fn new(columns: &[Column], partition_by: Option<&str>) -> Manifest {
        let columns = columns.iter().map(|column| Named {
            name: column.name.clone(),
            r#type: column.value.data_type().to_string(),
        });
        Manifest {
            version: 1,
            columns: columns.collect(),
            partition_by: partition_by.map(str::to_owned),
            ..Manifest::default()
        }
    }

    /// Reads the existing manifest.
    pub async fn read(store: &dyn ObjectStore, path: &Path) -> Result<Option<Manifest>, Error> {
        let found = match store.get(path).await {
            Ok(found) => found.bytes().await.map_err(failed)?,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let manifest = serde_json::from_slice(&found).map_err(|error| {
            Error::Settings(format!(
                "\"{path}\" is no manifest of termfeed's ({error}): export to another place"
            ))
        })?;
        Ok(Some(manifest))
    }

    pub async fn write(&mut self, store: &dyn ObjectStore, path: &Path) -> Result<(), Error> {
        self.rows = self.files.iter().map(|file| file.rows).sum();
        self.bytes = self.files.iter().map(|file| file.bytes).sum();
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::Input(format!("the manifest: {error}")))?;
        store.put(path, text.into()).await.map_err(failed)?;
        Ok(())
    }

    /// Whether the files of another manifest may be kept beside the files of this one.
    pub fn is_like(&self, other: &Manifest) -> bool {
        self.version == other.version
            && self.columns == other.columns
            && self.partition_by == other.partition_by
    }

    pub fn sha256(&self, path: &str) -> Option<&str> {
        let file = self.files.iter().find(|file| file.path == path)?;
        Some(&file.sha256)
    }
}
