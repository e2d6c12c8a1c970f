//! Opening the database, and who may use which connection.
//!
//! Readers and the writer never wait for each other (WAL), and readers have
//! connections of their own, so that a crowd of visitors cannot keep CI from
//! uploading. Waiting for a connection blocks the thread: async code calls from
//! `spawn_blocking`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::StoreError;
use super::schema::migrate;

/// Marks a file as ours (`PRAGMA application_id`): the letters `InBd`.
pub(super) const APPLICATION_ID: i32 = 0x496e_4264;

/// How long to wait for another process, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How the database is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Connections that read; that many queries run at once.
    pub readers: usize,
    /// Most pages of 4 KiB that the file may have; none for no limit but the
    /// disk's.
    pub max_pages: Option<u32>,
    /// Refuse to write, as on a replica.
    pub read_only: bool,
    /// Make the database where nothing is.
    pub create: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let readers = std::thread::available_parallelism().map_or(4, |cores| cores.get() * 2);
        Self { readers, max_pages: None, read_only: false, create: true }
    }
}

/// The database. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    reader_returned: Condvar,
}

/// Reads one consistent state of the database.
pub struct Reader<'a> {
    pub(super) sql: &'a Connection,
}

/// Writes within one transaction. Reads as a [`Reader`] does, too.
pub struct Writer<'a> {
    pub(super) sql: &'a Connection,
}

impl Store {
    /// Opens the database at `path`, makes it where nothing is, and brings it
    /// to this version.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a database of ours or one of a
    /// newer version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, &StoreOptions::default())
    }

    /// Opens the database as `options` say; otherwise as [`Store::open`].
    ///
    /// # Errors
    /// As [`Store::open`], and when there is none and none is to be made.
    pub fn open_with(path: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        let cannot_open = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => {
                StoreError::Foreign { path: path.to_owned() }
            }
            Some(rusqlite::ErrorCode::CannotOpen) if !options.create && !path.exists() => {
                StoreError::Missing { path: path.to_owned() }
            }
            Some(rusqlite::ErrorCode::CannotOpen) | None => {
                StoreError::Open { path: path.to_owned(), reason: error.to_string() }
            }
            Some(_) => error.into(),
        };
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, options.create);
        let mut writer = Connection::open_with_flags(path, flags).map_err(cannot_open)?;
        prepare(&writer).map_err(cannot_open)?;
        claim(&writer, path)?;
        migrate(&mut writer, path)?;
        // After the migrations: these limits are about uploads.
        if let Some(pages) = options.max_pages {
            writer.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        if options.read_only {
            writer.pragma_update(None, "query_only", true)?;
        }
        let readers = (0..options.readers.max(1))
            .map(|_| open_reader(path))
            .collect::<rusqlite::Result<_>>()
            .map_err(cannot_open)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                writer: Mutex::new(writer),
                readers: Mutex::new(readers),
                reader_returned: Condvar::new(),
            }),
        })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Runs `question` on one consistent state of the database. Blocks the
    /// thread.
    ///
    /// # Errors
    /// What `question` returns, and when the database fails.
    pub fn read<T, E: From<StoreError>>(
        &self,
        question: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.borrow_reader();
        // Dropped at the end, which ends the snapshot; there is nothing to keep.
        let snapshot = connection.get().unchecked_transaction().map_err(StoreError::from)?;
        question(&Reader { sql: &snapshot })
    }

    /// Runs `change` as one transaction: all of it is stored, or nothing when
    /// it returns an error. Blocks the thread.
    ///
    /// # Errors
    /// What `change` returns, and when the database fails.
    pub fn write<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = lock(&self.shared.writer);
        // IMMEDIATE: takes the write lock at once, where waiting for it is safe.
        let transaction = Transaction::new(&mut connection, TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let result = change(&Writer { sql: &transaction })?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(result)
    }

    fn borrow_reader(&self) -> BorrowedReader<'_> {
        let mut idle = lock(&self.shared.readers);
        loop {
            if let Some(connection) = idle.pop() {
                return BorrowedReader { shared: &self.shared, connection: Some(connection) };
            }
            idle = self.shared.reader_returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

/// A reading connection that goes back to the others when dropped, also when
/// the question panics.
struct BorrowedReader<'a> {
    shared: &'a Shared,
    connection: Option<Connection>,
}

impl BorrowedReader<'_> {
    fn get(&self) -> &Connection {
        self.connection.as_ref().expect("a borrowed connection is only taken by drop")
    }
}

impl Drop for BorrowedReader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            lock(&self.shared.readers).push(connection);
            self.shared.reader_returned.notify_one();
        }
    }
}

/// A panic of whoever held the lock leaves nothing half-done behind: its
/// transaction was rolled back when it was dropped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer<'_> {
    /// Reads within the transaction.
    pub fn reader(&self) -> Reader<'_> {
        Reader { sql: self.sql }
    }
}

impl Reader<'_> {
    /// Whether the database answers; for health checks.
    ///
    /// # Errors
    /// When it does not.
    pub fn ping(&self) -> Result<(), StoreError> {
        self.sql
            .query_row("SELECT count(*) FROM (SELECT 1 FROM project LIMIT 1)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// Sets what every writing connection needs.
fn prepare(sql: &Connection) -> rusqlite::Result<()> {
    sql.busy_timeout(BUSY_TIMEOUT)?;
    // Fails on a file that is no database, before anything is written to it.
    let mode: String = sql.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        sql.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    }
    // An answered upload survives a power cut: CI will not send it again.
    sql.pragma_update(None, "synchronous", "full")?;
    sql.pragma_update(None, "foreign_keys", true)?;
    sql.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Marks a new file as ours; refuses one that is somebody else's.
fn claim(sql: &Connection, path: &Path) -> Result<(), StoreError> {
    let id: i32 = sql.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    let objects: u32 = sql.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id != 0 || objects != 0 {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    sql.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(())
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let sql = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    sql.busy_timeout(BUSY_TIMEOUT)?;
    sql.pragma_update(None, "query_only", true)?;
    // 64 MiB of the file mapped: pages are read without a system call.
    sql.pragma_update_and_check(None, "mmap_size", 64 << 20, |_| Ok(()))?;
    sql.set_prepared_statement_cache_capacity(64);
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initboard.db");
        drop(Store::open(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::Newer { .. })));
    }

    #[test]
    fn a_file_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("notes.txt");
        std::fs::write(&text, "not a database, but long enough to be looked at".repeat(50))
            .unwrap();
        assert!(matches!(Store::open(&text), Err(StoreError::Foreign { .. })));

        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(Store::open(&other), Err(StoreError::Foreign { .. })));

        let missing = folder.path().join("no/such/folder/initboard.db");
        assert!(matches!(Store::open(&missing), Err(StoreError::Open { .. })));
    }

    #[test]
    fn a_change_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("initboard.db")).unwrap();
        let name = "micropython".parse().unwrap();
        let result: Result<(), StoreError> = store.write(|writer| {
            writer.create_project(&name, None, jiff::Timestamp::UNIX_EPOCH)?;
            Err(StoreError::Busy)
        });
        assert!(result.is_err());
        assert_eq!(store.read(|reader| reader.project(&name)).unwrap(), None);
    }
}
