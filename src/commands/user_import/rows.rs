//! From the bytes of a CSV file to operations, a batch at a time.

use crate::{
    exit::{Exit, Failure},
    new_user::{UserFields, create_operation},
};
use csv::{ByteRecord, Reader, ReaderBuilder};
use muster_domain::{AccountId, Operation, Role};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::mpsc::Sender;

/// The columns there are. Only the first is required.
const COLUMNS: [&str; 5] = ["user_id", "email", "display_name", "role", "active"];
/// How long a database that is away is waited for, before the import stops: a restart of the server is no reason to.
const PATIENCE: Duration = Duration::from_secs(600);
/// A row may have this many bytes. One that is longer is the rest of the file behind a quote that is never closed.
const ROW_BYTES: u64 = 1 << 20;

/// One row of the file.
pub struct Row {
    pub line: u64,
    pub user_id: String,
    /// The operation, or why the row cannot be one.
    pub operation: Result<Operation, String>,
}

/// Rows that are applied together.
pub struct Batch {
    pub rows: Vec<Row>,
    /// How far the file was read, for the progress bar.
    pub bytes_read: u64,
}

impl Batch {
    pub fn first_line(&self) -> Option<u64> {
        self.rows.first().map(|row| row.line)
    }
}

/// The file, or standard input.
pub struct Source {
    input: Box<dyn Read + Send>,
    bytes: Option<u64>,
}

impl Source {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self { input: Box::new(io::stdin()), bytes: None });
        }
        let missing = |error: io::Error| {
            let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Usage };
            Failure::new(exit, format!("cannot read {}: {error}", path.display()))
        };
        let file = File::open(path).map_err(missing)?;
        let metadata = file.metadata().map_err(missing)?;
        Ok(Self { input: Box::new(file), bytes: metadata.is_file().then_some(metadata.len()) })
    }

    /// Its size, when it has one.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }
}

/// The bytes of the file, with every line ended by one `\n`: with `\r\n` the CSV reader counts lines differently, and the line is
/// what a rejected row is found by. Reads on until `budget`, which is [`ROW_BYTES`] past the start of the row that is being read.
struct Lines {
    input: Box<dyn Read + Send>,
    given: u64,
    budget: Arc<AtomicU64>,
    last: u8,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given > self.budget.load(Relaxed) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a row is longer than {ROW_BYTES} bytes: is there a quote that is not closed?"),
            ));
        }
        loop {
            let count = self.input.read(buffer)?;
            let mut kept = 0;
            for at in 0..count {
                let byte = buffer[at];
                if !(byte == b'\n' && self.last == b'\r') {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
                self.last = byte;
            }
            if count == 0 && !buffer.is_empty() && !matches!(self.last, b'\r' | b'\n') {
                (buffer[0], self.last, kept) = (b'\n', b'\n', 1);
            }
            if kept > 0 || count == 0 {
                self.given += kept as u64;
                return Ok(kept);
            }
        }
    }
}

pub struct Rows {
    reader: Reader<Lines>,
    budget: Arc<AtomicU64>,
    /// For each of [`COLUMNS`], where it is in the file.
    positions: [Option<usize>; COLUMNS.len()],
    /// How many columns the file has.
    width: usize,
    account: AccountId,
}

impl Rows {
    /// Reads the first line.
    pub fn new(source: Source, account: AccountId) -> Result<Self, Failure> {
        let budget = Arc::new(AtomicU64::new(ROW_BYTES));
        let lines = Lines { input: source.input, given: 0, budget: Arc::clone(&budget), last: b'\n' };
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(lines);
        let header = reader.byte_headers().map_err(|error| Failure::new(Exit::Usage, format!("cannot read the first line: {error}")))?;
        let names: Vec<String> = header.iter().map(column_name).collect();
        let positions = positions(&names).map_err(|message| Failure::new(Exit::Usage, message))?;
        Ok(Self { reader, budget, positions, width: names.len(), account })
    }

    /// Sends every row, so many at a time. Ends early when nobody takes them any more.
    pub fn send(mut self, batches: &Sender<Batch>, size: usize) -> Result<(), Failure> {
        let (mut rows, mut record) = (Vec::with_capacity(size), ByteRecord::new());
        let ended = loop {
            self.budget.store(self.reader.position().byte() + ROW_BYTES, Relaxed);
            let line = self.reader.position().line();
            match self.reader.read_byte_record(&mut record) {
                Ok(true) => rows.push(self.row(&record)),
                Ok(false) => break Ok(()),
                Err(error) => {
                    break Err(Failure::new(Exit::Partial, format!("line {line}: {error}; nothing from there on was imported")));
                }
            }
            if rows.len() == size && batches.blocking_send(self.batch(&mut rows, size)).is_err() {
                return Ok(());
            }
        };
        if !rows.is_empty() {
            // Nobody there means the import has stopped and says so itself.
            let _ = batches.blocking_send(self.batch(&mut rows, 0));
        }
        ended
    }

    fn batch(&self, rows: &mut Vec<Row>, next: usize) -> Batch {
        Batch { rows: std::mem::replace(rows, Vec::with_capacity(next)), bytes_read: self.reader.position().byte() }
    }

    fn row(&self, record: &ByteRecord) -> Row {
        // The reader stands behind the row. Where it says the row began, there may be empty lines that it has skipped.
        let line = self.reader.position().line().saturating_sub(1 + newlines(record));
        let user_id = self.positions[0]
            .and_then(|at| record.get(at))
            .map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned())
            .unwrap_or_default();
        let operation =
            self.fields(record).and_then(|fields| create_operation(self.account, fields, PATIENCE).map_err(|error| error.detail));
        Row { line, user_id, operation }
    }

    fn fields(&self, record: &ByteRecord) -> Result<UserFields, String> {
        if newlines(record) > 0 {
            let lines = newlines(record) + 1;
            return Err(format!("a value spans {lines} lines: is there a quote that is not closed? None of these lines was imported"));
        }
        if record.len() != self.width {
            return Err(format!("{} values where the first line has {}", record.len(), self.width));
        }
        let cell = |column: usize| -> Result<Option<String>, String> {
            let Some(bytes) = self.positions[column].and_then(|at| record.get(at)) else {
                return Ok(None);
            };
            let text = std::str::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8: save the file as UTF-8", COLUMNS[column]))?;
            Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned))
        };
        Ok(UserFields {
            user_id: cell(0)?.ok_or("user_id is empty")?,
            email: cell(1)?,
            display_name: cell(2)?,
            role: cell(3)?.map_or(Ok(Role::User), |text| text.parse().map_err(|error: muster_domain::UnknownRole| error.to_string()))?,
            active: cell(4)?.map_or(Ok(true), |text| truth(&text))?,
        })
    }
}

fn newlines(record: &ByteRecord) -> u64 {
    record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(format!("active is `{text}`: use true or false")),
    }
}

/// `Display Name` and `display_name` are one column. Excel puts a byte order mark before the first.
fn column_name(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim_start_matches('\u{feff}').trim().to_lowercase().replace([' ', '-'], "_")
}

fn positions(names: &[String]) -> Result<[Option<usize>; COLUMNS.len()], String> {
    let known = COLUMNS.join(", ");
    if names.len() == 1 && names[0].contains([';', '\t']) {
        return Err(format!("the values must be separated by commas; the first line is `{}`", names[0]));
    }
    // A column that is ignored is data that is lost without a word.
    if let Some(name) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        return Err(format!("the first line has a column `{name}`; the columns are {known}"));
    }
    if let Some(name) = COLUMNS.iter().find(|column| names.iter().filter(|name| name == *column).count() > 1) {
        return Err(format!("the first line has the column `{name}` twice"));
    }
    let positions = COLUMNS.map(|column| names.iter().position(|name| name == column));
    if positions[0].is_none() { Err(format!("the first line has no column user_id; the columns are {known}")) } else { Ok(positions) }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
