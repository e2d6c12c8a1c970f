//! Receiving a body into a file: decompressed, hashed and counted on the way,
//! never wholly in memory.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::{StreamExt, TryStreamExt};
use sha2::Digest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio_util::io::StreamReader;

use super::parameters::shown;
use crate::model::Sha256;
use crate::web::{AppError, Config};

/// Largest window that a zstd frame may ask for, as a power of two: 32 MiB, four
/// times what level 19 uses. It is memory that the sender chooses.
const ZSTD_WINDOW_LOG: u32 = 25;

/// How long the rest of a refused body is read, in all and from one piece to the
/// next.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_IDLE: Duration = Duration::from_secs(1);

/// The body of a request, of which a part may have been read.
pub(in crate::web) struct Incoming {
    stream: BodyDataStream,
    /// Whether the client sends it, or waits to be told to.
    flowing: bool,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// A body that arrived whole.
#[derive(Debug)]
pub(in crate::web) struct Received {
    /// A file without a name: it is gone when this is dropped.
    pub(in crate::web) file: File,
    /// Digest of the decompressed body.
    pub(in crate::web) sha256: Sha256,
    /// Its size in bytes, at least 1.
    pub(in crate::web) size: u64,
}

impl Encoding {
    /// Reads the `Content-Encoding` header.
    ///
    /// # Errors
    /// 415 for any other encoding, or several.
    pub(in crate::web) fn of(headers: &HeaderMap) -> Result<Self, AppError> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let found = match (values.next(), values.next()) {
            (None, _) => return Ok(Self::Identity),
            (Some(value), None) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            (Some(_), Some(_)) => "several".to_owned(),
        };
        match found.trim().to_ascii_lowercase().as_str() {
            "identity" | "" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(AppError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unknown-encoding",
                format!(
                    "the Content-Encoding `{}` is not known: expected gzip, zstd or identity",
                    shown(&found)
                ),
            )),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl Received {
    /// The whole body, for what is read as one text. Blocks the thread.
    ///
    /// # Errors
    /// 413 when there is more of it than a `what` of a `whom` has.
    pub(in crate::web) fn into_text(
        self,
        limit: u64,
        what: &str,
        whom: &str,
    ) -> Result<Vec<u8>, AppError> {
        if self.size > limit {
            return Err(AppError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                format!("the {what} is larger than {limit} bytes: no {what} of a {whom} is"),
            ));
        }
        let mut text = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.read_to_end(&mut text))
            .map_err(AppError::internal)?;
        Ok(text)
    }
}

impl Incoming {
    /// The body of a request with these headers.
    pub(in crate::web) fn new(body: Body, headers: &HeaderMap) -> Self {
        Self { stream: body.into_data_stream(), flowing: !headers.contains_key(header::EXPECT) }
    }

    /// The answer to a request with this body. Where the request is refused, it goes
    /// out when the rest of the body was read, or the time for that is over.
    pub(in crate::web) async fn answered<T>(
        mut self,
        answer: Result<T, AppError>,
    ) -> Result<T, AppError> {
        if answer.is_err() {
            self.linger().await;
        }
        answer
    }

    /// Reads the rest of a body that was refused, and forgets it.
    ///
    /// A client that is still sending when the connection closes is told of the
    /// closed connection, and not of the answer that says why. The time for this
    /// is short; a client that asked first (`Expect: 100-continue`) needs none.
    async fn linger(&mut self) {
        if !self.flowing {
            return;
        }
        let rest = async {
            while let Ok(Some(Ok(_))) = tokio::time::timeout(LINGER_IDLE, self.stream.next()).await
            {
            }
        };
        // Whether it ended or time ran out, the answer goes out now.
        let _ = tokio::time::timeout(LINGER, rest).await;
    }
}

/// Receives a body.
///
/// # Errors
/// 400 when it is empty, not what its encoding says or cut off; 408 when it
/// stalls; 413 when it is over the limit; 507 when the disk is full.
pub(in crate::web) async fn receive(
    body: &mut Incoming,
    headers: &HeaderMap,
    encoding: Encoding,
    config: &Config,
) -> Result<Received, AppError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|size| size > config.max_upload) {
        return Err(too_large(config.max_upload));
    }
    let file = create(&config.spool).await?;
    body.flowing = true;
    tokio::time::timeout(config.body_total, copy(body, encoding, config, file))
        .await
        .unwrap_or_else(|_| Err(slow(config.body_total)))
}

async fn create(spool: &Path) -> Result<tokio::fs::File, AppError> {
    let spool = spool.to_owned();
    let file = super::super::state::blocking(move || {
        tempfile::tempfile_in(spool).map_err(|error| AppError::from_write(&error))
    });
    Ok(tokio::fs::File::from_std(file.await?))
}

async fn copy(
    body: &mut Incoming,
    encoding: Encoding,
    config: &Config,
    mut file: tokio::fs::File,
) -> Result<Received, AppError> {
    let mut reader = decoded(body, encoding, config.max_upload);
    let mut digest = sha2::Sha256::new();
    let mut size = 0_u64;
    let mut chunk = vec![0; 128 << 10];
    loop {
        let count = tokio::time::timeout(config.body_idle, reader.read(&mut chunk))
            .await
            .map_err(|_| slow(config.body_idle))?
            .map_err(|error| unreadable(&error, encoding, config.max_upload))?;
        if count == 0 {
            break;
        }
        size += count as u64;
        if size > config.max_upload {
            return Err(too_large(config.max_upload));
        }
        digest.update(&chunk[..count]);
        file.write_all(&chunk[..count]).await.map_err(|error| AppError::from_write(&error))?;
    }
    // The last write is only known to have succeeded after a flush.
    file.flush().await.map_err(|error| AppError::from_write(&error))?;
    if size == 0 {
        return Err(AppError::bad_request(
            "empty-body",
            "the body is empty: send the file itself, for example with `curl --data-binary @FILE`",
        ));
    }
    Ok(Received { file: file.into_std().await, sha256: Sha256(digest.finalize().into()), size })
}

/// The body as it is after decompression.
fn decoded(
    body: &mut Incoming,
    encoding: Encoding,
    limit: u64,
) -> Box<dyn AsyncRead + Send + Unpin + '_> {
    // Compressed bytes are counted as well: a stream of empty gzip members
    // decompresses to nothing, for as long as one likes to send it.
    let mut received = 0_u64;
    let stream = (&mut body.stream)
        .map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error))
        .and_then(move |bytes| {
            received += bytes.len() as u64;
            std::future::ready(if received > limit {
                Err(io::ErrorKind::FileTooLarge.into())
            } else {
                Ok(bytes)
            })
        });
    let reader = StreamReader::new(Box::pin(stream));
    match encoding {
        Encoding::Identity => Box::new(reader),
        Encoding::Gzip => {
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
        Encoding::Zstd => {
            let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
            let mut decoder = ZstdDecoder::with_params(reader, &[window]);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
    }
}

fn unreadable(error: &io::Error, encoding: Encoding, limit: u64) -> AppError {
    match error.kind() {
        io::ErrorKind::ConnectionAborted => AppError::bad_request(
            "cut-off",
            "the connection ended before the whole body was there: send it again",
        ),
        io::ErrorKind::FileTooLarge => too_large(limit),
        _ => AppError::bad_request(
            "broken-encoding",
            format!(
                "the body is not valid {}, as its Content-Encoding says, or it is cut off ({error}): compress the file again, or send it as it is",
                encoding.name()
            ),
        ),
    }
}

fn too_large(limit: u64) -> AppError {
    AppError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        format!(
            "the body is larger than {limit} bytes after decompression, the most that this server accepts: strip the debug information that is not needed, or send the table that `initboard extract --format json` prints"
        ),
    )
}

fn slow(limit: Duration) -> AppError {
    AppError::new(
        StatusCode::REQUEST_TIMEOUT,
        "too-slow",
        format!(
            "the body did not go on for {} seconds: nothing was stored; send it again",
            limit.as_secs()
        ),
    )
}
