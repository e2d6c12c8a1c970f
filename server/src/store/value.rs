//! How the model's values stand in a row: words as text, digests and commits as
//! bytes, times as seconds.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as WordError};
use serde::{Deserialize, Serialize};

use crate::model::{CommitSha, Sha256};

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
row_id! {
    /// The row of a project.
    ProjectId;
    /// The row of a board or of one variant of it.
    BoardRow;
    /// The row of a table. Builds whose tables are equal but for addresses and
    /// places have the same one.
    TableId;
    /// The row of the places of a table's entries in the source.
    PlacesId;
    /// The row of an order. Builds that run the same functions in the same order
    /// have the same one, whatever the priorities are.
    OrderId;
    /// The row of a firmware file.
    FirmwareId;
    /// The row of a build.
    BuildId;
    /// The row of a token.
    TokenId;
    /// The row of a repository that a project trusts.
    TrustedRepositoryId;
}

/// A value that serde writes as one string: an enum of the model, a name, a
/// level. Stored as that text.
pub(super) struct Word<T>(pub(super) T);

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        T::deserialize(text.into_deserializer())
            .map(Self)
            .map_err(|error: WordError| FromSqlError::Other(error.into()))
    }
}

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(text)) => Ok(text.into()),
            other => {
                Err(rusqlite::Error::ToSqlConversionFailure(format!("{other:?} is no word").into()))
            }
        }
    }
}

/// A value stored as JSON text.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

/// A time, stored as whole seconds since 1970.
pub(super) struct Seconds(pub(super) Timestamp);

impl FromSql for Seconds {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_second(value.as_i64()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}

impl ToSql for Seconds {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_second().into())
    }
}

/// A count or size. SQLite's integers end at half of what a `u64` can be; what is
/// beyond that is only ever claimed, and stored as the greatest there is.
pub(super) struct Count(pub(super) u64);

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

/// A commit identifier or a digest, stored as its bytes.
pub(super) struct Bytes<T>(pub(super) T);

impl FromSql for Bytes<CommitSha> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        CommitSha::from_bytes(value.as_blob()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}

impl ToSql for Bytes<&CommitSha> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_bytes().into())
    }
}

impl FromSql for Bytes<Sha256> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(|bytes| Self(Sha256(bytes)))
    }
}

impl ToSql for Bytes<Sha256> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.0.as_slice().to_vec().into())
    }
}
