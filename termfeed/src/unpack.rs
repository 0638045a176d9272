//! Compressed input: gzip and zstd, decompressed while it is read, with any number of members.

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use tokio::io::{AsyncBufRead, AsyncRead};

/// The largest window of a zstd decoder, as a power of two: 8 MiB, the limit of RFC 9659 for HTTP. Files
/// compressed with `--ultra` or `--long` may need more.
pub const HTTP_WINDOW: u32 = 23;
pub const FILE_WINDOW: u32 = 27;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    Zstd { window: u32 },
}

/// Decompresses `packed`.
pub fn unpack<'a>(
    packing: Packing,
    packed: impl AsyncBufRead + Send + Unpin + 'a,
) -> Box<dyn AsyncRead + Send + Unpin + 'a> {
    match packing {
        Packing::None => Box::new(packed),
        Packing::Gzip => {
            let mut decoder = GzipDecoder::new(packed);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
        Packing::Zstd { window } => {
            let most = [DParameter::window_log_max(window)];
            let mut decoder = ZstdDecoder::with_params(packed, &most);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
    }
}
