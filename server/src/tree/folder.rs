//! The files of a source tree as they stand on a disk.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{
    MAX_FILE_BYTES, MAX_FOLDER_ENTRIES, SourceTree, TreeEntry, TreeEntryKind, TreeError, parts,
};

/// A folder on a disk, read as a source tree.
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`, which itself may be a symbolic link.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(root: &Path) -> Result<Self, TreeError> {
        match std::fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { root: root.to_owned() }),
            Ok(_) => Err(TreeError::NoFolder { path: root.to_owned() }),
            Err(source) => Err(TreeError::Io { path: root.to_owned(), source }),
        }
    }

    /// Where `path` stands on the disk; `None` where nothing does, or where a
    /// symbolic link stands on the way.
    fn find(&self, path: &str) -> Result<Option<(PathBuf, std::fs::Metadata)>, TreeError> {
        let Some(parts) = parts(path) else { return Ok(None) };
        let mut place = self.root.clone();
        let mut found = None;
        for part in parts {
            place.push(part);
            match std::fs::symlink_metadata(&place) {
                Ok(metadata) if metadata.is_symlink() => return Ok(None),
                Ok(metadata) => found = Some(metadata),
                Err(error) if is_absence(&error) => return Ok(None),
                Err(source) => return Err(TreeError::Io { path: place, source }),
            }
        }
        let metadata = match found {
            Some(metadata) => metadata,
            None => std::fs::metadata(&place)
                .map_err(|source| TreeError::Io { path: place.clone(), source })?,
        };
        Ok(Some((place, metadata)))
    }
}

/// Whether an error says that there is no such file: none of that name, a file
/// where a folder would have to be, or a name that the disk cannot have.
fn is_absence(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}

impl SourceTree for Folder {
    fn list(&self, folder: &str) -> Result<Vec<TreeEntry>, TreeError> {
        let Some((place, metadata)) = self.find(folder)? else { return Ok(Vec::new()) };
        if !metadata.is_dir() {
            return Ok(Vec::new());
        }
        let refused = |source| TreeError::Io { path: place.clone(), source };
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&place).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            let kind = entry.file_type().map_err(refused)?;
            let kind = if kind.is_dir() {
                TreeEntryKind::Folder
            } else if kind.is_file() {
                TreeEntryKind::File
            } else {
                continue;
            };
            if entries.len() == MAX_FOLDER_ENTRIES {
                return Err(TreeError::FolderTooLarge {
                    folder: folder.to_owned(),
                    limit: MAX_FOLDER_ENTRIES,
                });
            }
            entries
                .push(TreeEntry { name: entry.file_name().to_string_lossy().into_owned(), kind });
        }
        entries.sort();
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, TreeError> {
        let Some((place, metadata)) = self.find(path)? else { return Ok(None) };
        // A device or a pipe may have no end, or wait for one.
        if !metadata.is_file() {
            return Ok(None);
        }
        let too_large =
            |found| TreeError::FileTooLarge { path: path.to_owned(), found, limit: MAX_FILE_BYTES };
        if metadata.len() > MAX_FILE_BYTES {
            return Err(too_large(metadata.len()));
        }
        let mut bytes = Vec::new();
        // It may have grown since.
        std::fs::File::open(&place)
            .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|source| TreeError::Io { path: place, source })?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(too_large(bytes.len() as u64));
        }
        Ok(Some(bytes))
    }
}
