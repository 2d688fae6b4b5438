//! Input that is read up to a limit. A device or a pipe may have no end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The whole file, if it has at most `most` bytes; no more than that is read.
pub fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    BoundedReader::new(File::open(path)?, most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A reader that fails once its input turns out to be longer than a limit.
#[derive(Debug)]
pub struct BoundedReader<R> {
    input: R,
    most: u64,
    left: u64,
}

impl<R: Read> BoundedReader<R> {
    /// Reads at most `most` bytes of `input`.
    pub fn new(input: R, most: u64) -> Self {
        Self { input, most, left: most }
    }
}

impl<R: Read> Read for BoundedReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !out.is_empty() {
            // One more byte than the limit shows that the input is too long.
            return match self.input.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(too_long(self.most)),
            };
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let length = self.input.read(&mut out[..room])?;
        self.left -= length as u64;
        Ok(length)
    }
}

fn too_long(most: u64) -> io::Error {
    const GIB: u64 = 1 << 30;
    let size = if most >= GIB { format!("{} GiB", most / GIB) } else { format!("{} MiB", most >> 20) };
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {size}; reading stopped there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_limit_is_read_and_one_byte_more_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![b'x'; 1 << 20]).unwrap();
        assert_eq!(read_file(file.path(), 1 << 20).unwrap().len(), 1 << 20);
        std::fs::write(file.path(), vec![b'x'; (1 << 20) + 1]).unwrap();
        let error = read_file(file.path(), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 1 MiB; reading stopped there");
    }

    #[test]
    fn no_more_is_read_than_the_limit_and_one_byte() {
        struct Endless(u64);
        impl Read for Endless {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                self.0 += out.len() as u64;
                Ok(out.len())
            }
        }
        let mut endless = Endless(0);
        assert!(BoundedReader::new(&mut endless, 3 << 20).read_to_end(&mut Vec::new()).is_err());
        assert_eq!(endless.0, (3 << 20) + 1);
    }
}
