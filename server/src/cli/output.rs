//! Standard output, whoever reads it.

use std::io::{self, ErrorKind, Write as _};

/// Prints a text. Whoever reads it may have read enough (`| head`): that is no
/// failure, nor does it change what was found and so with which code a command
/// exits.
///
/// # Errors
/// When it cannot be written for another reason, such as a full disk.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    unless_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_that_nobody_reads_is_no_failure() {
        assert!(unless_closed(Err(ErrorKind::BrokenPipe.into())).is_ok());
        let full = unless_closed(Err(ErrorKind::StorageFull.into()));
        assert_eq!(full.unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
