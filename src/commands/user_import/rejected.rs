//! The report of rows that could not be applied.

use crate::exit::{Exit, Failure};
use muster_domain::csv_cell;
use std::{
    borrow::Cow,
    fs::{self, File},
    path::{Path, PathBuf},
};

/// A CSV file that comes into being with its first row.
pub struct Report {
    path: PathBuf,
    writer: Option<csv::Writer<File>>,
}

impl Report {
    /// In the file that was asked for, or beside the input.
    pub fn new(input: &Path, asked: Option<PathBuf>) -> Result<Self, Failure> {
        let path = asked.unwrap_or_else(|| if input == Path::new("-") { PathBuf::from("stdin.rejected.csv") } else { beside(input) });
        let same = |a: &Path, b: &Path| matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b);
        if same(&path, input) {
            return Err(Failure::new(Exit::Usage, format!("{} is the file to import: the report would overwrite it", path.display())));
        }
        Ok(Self { path, writer: None })
    }

    pub fn add(&mut self, line: u64, user_id: &str, code: &str, reason: &str) -> Result<(), Failure> {
        let path = self.path.clone();
        let failed =
            |error: csv::Error| Failure::new(Exit::Unexpected, format!("cannot write the rejected rows to {}: {error}", path.display()));
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let mut writer = csv::Writer::from_path(&self.path).map_err(failed)?;
                writer.write_record(["line", "user_id", "code", "reason"]).map_err(failed)?;
                none.insert(writer)
            }
        };
        writer
            .write_record([Cow::Owned(line.to_string()), csv_cell(user_id), Cow::Borrowed(code), csv_cell(reason)].map(Cow::into_owned))
            .map_err(failed)
    }

    /// Where the report is; none when there was nothing to report.
    pub fn finish(&mut self) -> Result<Option<PathBuf>, Failure> {
        let Some(mut writer) = self.writer.take() else {
            return Ok(None);
        };
        writer.flush().map_err(|error| Failure::io(format!("cannot write the rejected rows to {}", self.path.display()), &error))?;
        Ok(Some(self.path.clone()))
    }
}

fn beside(input: &Path) -> PathBuf {
    let mut name = input.as_os_str().to_owned();
    name.push(".rejected.csv");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rejected_row_no_file() {
        let mut report = Report::new(Path::new("/no/such/dir/users.csv"), None).expect("fine");
        assert_eq!(report.finish().expect("nothing to do"), None);
    }
}
