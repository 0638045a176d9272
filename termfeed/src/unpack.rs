//! Packed input: gzip and zstd, unpacked as it is read, however many members it has.

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use tokio::io::{AsyncBufRead, AsyncRead};

/// How much of what was unpacked a zstd decoder keeps, at most, as a power of two: 8 MiB, which RFC 9659
/// asks of those who send zstd over HTTP; files packed with `--ultra` or `--long` may need more.
pub const HTTP_WINDOW: u32 = 23;
pub const FILE_WINDOW: u32 = 27;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    Zstd { window: u32 },
}

/// Reads what is in `packed`.
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
