//! Writes one Parquet file row group by row group, hashes it and uploads it in parts. The file becomes visible
//! with its last part.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use object_store::{ObjectStoreExt, WriteMultipart};
use openssl::sha::Sha256;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fmt::Write;

use super::manifest::File;
use super::place::{Place, failed};
use crate::error::Error;

/// The size of a part in bytes, and how many parts are uploaded at once.
const PART: usize = 8 << 20;
const PARTS: usize = 4;

/// The most bytes of a row group, which is held in memory.
const GROUP_BYTES: usize = 128 << 20;

pub struct Writing {
    name: String,
    pub partition: Option<String>,
    writer: ArrowWriter<Vec<u8>>,
    upload: WriteMultipart,
    hash: Sha256,
    bytes: u64,
    pub rows: u64,
}

impl Writing {
    pub async fn begin(
        place: &Place,
        name: String,
        partition: Option<String>,
        schema: SchemaRef,
        group_rows: usize,
    ) -> Result<Writing, Error> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(group_rows))
            .set_max_row_group_bytes(Some(GROUP_BYTES))
            .build();
        let writer =
            ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(unwritable)?;
        place.clear(&name);
        let upload = place.store.put_multipart(&place.path(&name)?).await;
        Ok(Writing {
            name,
            partition,
            writer,
            upload: WriteMultipart::new_with_chunk_size(upload.map_err(failed)?, PART),
            hash: Sha256::new(),
            bytes: 0,
            rows: 0,
        })
    }

    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch).map_err(unwritable)?;
        self.rows += batch.num_rows() as u64;
        self.send().await
    }

    /// Uploads what was written so far.
    async fn send(&mut self) -> Result<(), Error> {
        let bytes = std::mem::take(self.writer.inner_mut());
        if !bytes.is_empty() {
            self.hash.update(&bytes);
            self.bytes += bytes.len() as u64;
            self.upload.wait_for_capacity(PARTS).await.map_err(failed)?;
            self.upload.put(Bytes::from(bytes));
        }
        Ok(())
    }

    /// Completes the file, unless a file with the same content already exists.
    pub async fn finish(
        mut self,
        there: impl Fn(&str) -> Option<String>,
        run: i64,
    ) -> Result<File, Error> {
        self.writer.finish().map_err(unwritable)?;
        self.send().await?;
        let mut sha256 = String::with_capacity(64);
        for byte in self.hash.finish() {
            let _ = write!(sha256, "{byte:02x}");
        }
        match there(&self.name).as_ref() == Some(&sha256) {
            true => self.upload.abort().await.map_err(failed)?,
            false => drop(self.upload.finish().await.map_err(failed)?),
        }
        Ok(File {
            path: self.name,
            partition: self.partition,
            rows: self.rows,
            bytes: self.bytes,
            sha256,
            run,
        })
    }
}

fn unwritable(error: parquet::errors::ParquetError) -> Error {
    Error::Input(format!("the rows cannot be written as Parquet: {error}"))
}
