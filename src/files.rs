//! Files whose names come from outside. Only regular files are opened, without waiting, and they are read up to a
//! limit.
//!
//! Opening a named pipe in place of a file could block the step for ever: it waits until the other end is opened.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let (file, length) = open_up_to(path, limit)?;
    // Room for all of it, and for the read that finds its end.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    // The file may have grown since.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_long(limit)) } else { Ok(bytes) }
}

/// Calls `read` with each line of a file of at most `limit` bytes, without the blanks around it. The file is never in
/// memory as a whole.
pub(crate) fn each_line(path: &Path, limit: u64, mut read: impl FnMut(&[u8])) -> Result<()> {
    let (file, _) = open_up_to(path, limit)?;
    // What the file has grown by since is left out.
    let mut file = BufReader::with_capacity(16 << 10, file.take(limit));
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        read(line.trim_ascii());
        line.clear();
    }
    Ok(())
}

/// Opens a file of at most `limit` bytes. Returns its length too.
fn open_up_to(path: &Path, limit: u64) -> Result<(File, u64)> {
    let file = open(OpenOptions::new().read(true), path)?;
    let length = file.metadata()?.len();
    if length > limit { Err(too_long(limit)) } else { Ok((file, length)) }
}

fn too_long(limit: u64) -> Error {
    Error::other(format!("it is larger than {} MiB", limit >> 20))
}

/// Appends a text to a file. The file is created if it does not exist.
pub(crate) fn append(path: &Path, text: &str) -> Result<()> {
    open(OpenOptions::new().create(true).append(true), path)?.write_all(text.as_bytes())
}

/// Opens a regular file.
fn open(options: &mut OpenOptions, path: &Path) -> Result<File> {
    let not_regular = || Error::other("it is not a regular file");
    let file = options.custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(|error| {
        // It is a pipe whose other end is not open, or a socket.
        if error.raw_os_error() == Some(Errno::ENXIO as i32) { not_regular() } else { error }
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn file_is_read_up_to_the_limit() {
        let file = tempfile::NamedTempFile::new().unwrap();
        append(file.path(), "a").unwrap();
        append(file.path(), &"b".repeat((1 << 20) - 1)).unwrap();
        assert_eq!(read(file.path(), 1 << 20).unwrap().len(), 1 << 20);

        append(file.path(), "c").unwrap();
        assert_eq!(read(file.path(), 1 << 20).unwrap_err().to_string(), "it is larger than 1 MiB");
        let lines = each_line(file.path(), 1 << 20, |line| panic!("{} bytes were read", line.len()));
        assert_eq!(lines.unwrap_err().to_string(), "it is larger than 1 MiB");
    }

    #[test]
    fn lines_have_no_blanks_around_them() {
        let file = tempfile::NamedTempFile::new().unwrap();
        append(file.path(), "a b\r\n\n \tc\u{e9}").unwrap();
        let mut lines = Vec::new();

        each_line(file.path(), 100, |line| lines.push(String::from_utf8(line.to_vec()).unwrap())).unwrap();

        assert_eq!(lines, ["a b", "", "c\u{e9}"]);
    }

    #[test]
    fn file_without_a_size_is_bounded_too() {
        assert!(!read(Path::new("/proc/self/status"), 1 << 20).unwrap().is_empty());
        assert_eq!(read(Path::new("/proc/self/status"), 8).unwrap_err().to_string(), "it is larger than 0 MiB");
    }

    #[test]
    fn only_a_regular_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        for path in [&pipe, Path::new("/dev/null")] {
            assert_eq!(read(path, 1).unwrap_err().to_string(), "it is not a regular file");
            assert_eq!(append(path, "a").unwrap_err().to_string(), "it is not a regular file");
        }
        assert_eq!(read(folder.path(), 1).unwrap_err().to_string(), "it is not a regular file");
        append(folder.path(), "a").unwrap_err();

        // The same with a reader at the other end.
        let reader = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        assert_eq!(append(&pipe, "a").unwrap_err().to_string(), "it is not a regular file");
        assert_eq!(read(&pipe, 1).unwrap_err().to_string(), "it is not a regular file");
        drop(reader);
    }
}
