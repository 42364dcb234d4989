//! Writing a run's file.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::FILE_NAME;
use super::cells::gathered;
use super::rows::{BlockEnd, Cells, Process, Row, Run, Sample};
use crate::error::Error;

/// Appends rows to a run's file. Every row is written at once, so a killed run loses at most the last line.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
}

impl Writer {
    /// Starts the file of a new run in `folder`, which is created. An existing file is never overwritten.
    pub fn create(folder: &Path, run: &Run) -> Result<Writer, Error> {
        Writer::create_named(folder, FILE_NAME, run)
    }

    /// The same with another name for the file, for records that no report is drawn from.
    pub fn create_named(folder: &Path, file_name: &str, run: &Run) -> Result<Writer, Error> {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let path = folder.join(file_name);
        let file = match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Error::RunExists(path));
            }
            Err(error) => return Err(Error::io(&path)(error)),
        };
        let mut writer = Writer { path, file };
        writer.write(run.clone())?;
        Ok(writer)
    }

    /// Goes on with the run in `folder`. Half a line left behind by a killed run is cut off first.
    pub fn append(folder: &Path) -> Result<Writer, Error> {
        let path = folder.join(FILE_NAME);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .map_err(Error::io(&path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::io(&path))?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(Error::io(&path))?;
            file.seek(SeekFrom::End(0)).map_err(Error::io(&path))?;
        }
        Ok(Writer { path, file })
    }

    /// Goes on with an interleaved run in `folder`: what a killed run has written of an unfinished block is cut off first,
    /// so that the block can be measured again.
    pub fn resume(folder: &Path) -> Result<Writer, Error> {
        let writer = Writer::append(folder)?;
        let bytes = fs::read(&writer.path).map_err(Error::io(&writer.path))?;
        let mut at = 0;
        let mut unfinished = None;
        for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
            if !line.trim_ascii().is_empty() {
                let row = serde_json::from_slice(line).map_err(|error| Error::line(&writer.path, index + 1, error))?;
                match row {
                    Row::Sample(Sample { block: Some(_), .. })
                    | Row::Cells(Cells { block: Some(_), .. })
                    | Row::Process(Process { block: Some(_), .. }) => {
                        unfinished = unfinished.or(Some(at));
                    }
                    Row::BlockEnd(_) => unfinished = None,
                    _ => {}
                }
            }
            at += line.len() as u64;
        }
        if let Some(begin) = unfinished {
            writer.file.set_len(begin).map_err(Error::io(&writer.path))?;
        }
        Ok(writer)
    }

    /// Appends one row.
    pub fn write(&mut self, row: impl Into<Row>) -> Result<(), Error> {
        self.write_all([&row.into()])
    }

    /// Appends rows in one write.
    pub fn write_all<'r>(&mut self, rows: impl IntoIterator<Item = &'r Row>) -> Result<(), Error> {
        let mut lines = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut lines, row).map_err(Error::json(&self.path))?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines).map_err(Error::io(&self.path))
    }

    /// Appends the rows of a block and says that it is complete, in one write: a killed run has all of it or is known not
    /// to have it. Samples are [gathered](Cells).
    pub fn block(&mut self, rows: &[Row], block: u32) -> Result<(), Error> {
        self.write_all(gathered(rows).iter().chain([&Row::BlockEnd(BlockEnd { block })]))
    }

    /// The file being written.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
