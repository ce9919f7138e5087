//! A CSV file as rows of named columns.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::fault::{Fault, Faults, RowError};
use crate::ImportError;

/// A file whose header has all the columns that are needed; others beside them are passed over, in any order.
pub(crate) struct Table<const N: usize> {
    path: PathBuf,
    reader: csv::Reader<Box<dyn Read + Send>>,
    columns: [(&'static str, usize); N],
    width: usize,
    record: ByteRecord,
}

/// One row.
pub(crate) struct Row<'a, const N: usize> {
    path: &'a Path,
    columns: &'a [(&'static str, usize); N],
    record: &'a ByteRecord,
    line: u64,
}

impl<const N: usize> Table<N> {
    /// Opens a file and reads its header. A column that is missing or there twice goes to `faults`, and the
    /// answer is none.
    pub(crate) fn open(
        path: &Path,
        names: [&'static str; N],
        faults: &mut Faults,
    ) -> Result<Option<Self>, ImportError> {
        let file = File::open(path).map_err(|source| ImportError::Open {
            path: path.to_owned(),
            source,
        })?;
        let input: Box<dyn Read + Send> = Box::new(BufReader::new(file));
        // Flexible: a row of another width is reported by us, and the reading goes on.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let header = reader
            .byte_headers()
            .map_err(|source| unreadable(path, source))?
            .clone();
        let mut sound = true;
        let columns = names.map(|name| {
            let mut places = header
                .iter()
                .enumerate()
                .filter(|(_, field)| *field == name.as_bytes());
            let fault = match (places.next(), places.next()) {
                (Some((place, _)), None) => return (name, place),
                (None, _) => Fault::MissingColumn,
                (Some(_), Some(_)) => Fault::DuplicateColumn,
            };
            faults.push(RowError {
                file: path.to_owned(),
                line: 1,
                column: Some(name),
                reason: fault,
            });
            sound = false;
            (name, 0)
        });
        Ok(sound.then(|| Self {
            path: path.to_owned(),
            width: header.len(),
            reader,
            columns,
            record: ByteRecord::new(),
        }))
    }

    /// The next row, sound in itself or not; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_, N>>, ImportError> {
        let read = self.reader.read_byte_record(&mut self.record);
        if !read.map_err(|source| unreadable(&self.path, source))? {
            return Ok(None);
        }
        Ok(Some(Row {
            path: &self.path,
            columns: &self.columns,
            line: self.record.position().map_or(0, csv::Position::line),
            record: &self.record,
        }))
    }

    /// How many fields a row has.
    pub(crate) fn width(&self) -> usize {
        self.width
    }
}

impl<const N: usize> Row<'_, N> {
    /// Whether the row is as wide as the header, is UTF-8 and stands on one line: only then its fields are those
    /// of their columns.
    pub(crate) fn sound(&self, width: usize) -> Result<(), RowError> {
        if self.record.len() != width {
            return Err(self.error(
                None,
                Fault::FieldCount {
                    expected: width,
                    found: self.record.len(),
                },
            ));
        }
        for (place, field) in self.record.iter().enumerate() {
            let column = self
                .columns
                .iter()
                .find(|(_, at)| *at == place)
                .map(|(name, _)| *name);
            if field.contains(&b'\n') {
                return Err(self.error(column, Fault::LineBreak));
            }
            if std::str::from_utf8(field).is_err() {
                return Err(self.error(column, Fault::NotUtf8));
            }
        }
        Ok(())
    }

    /// The text of a column; empty where there is none.
    pub(crate) fn text(&self, column: &'static str) -> &str {
        self.columns
            .iter()
            .find(|(name, _)| *name == column)
            .and_then(|(_, place)| self.record.get(*place))
            .and_then(|field| std::str::from_utf8(field).ok())
            .unwrap_or_default()
    }

    /// Every field, whatever its column. In a row of the wrong width any of them may be the order's name.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.record
            .iter()
            .filter_map(|field| std::str::from_utf8(field).ok())
    }

    /// The line that the row begins on.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// What is wrong with the row.
    pub(crate) fn error(&self, column: Option<&'static str>, reason: Fault) -> RowError {
        RowError {
            file: self.path.to_owned(),
            line: self.line,
            column,
            reason,
        }
    }
}

fn unreadable(path: &Path, source: csv::Error) -> ImportError {
    ImportError::Read {
        path: path.to_owned(),
        source,
    }
}
