//! Columns of the platform that hold user ids as text, as they are configured.

use super::RewriteMode;
use std::{fmt, str::FromStr};

/// One column: `documents.owner rewrite key=id account=account_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table, with its schema where it has one.
    pub table: String,
    /// The column that holds the user id.
    pub column: String,
    /// What happens to it.
    pub mode: RewriteMode,
    /// The primary key the table is walked by: one column, a number, a UUID or a text.
    pub key: String,
    /// The column that says whose row it is: the account's id or slug.
    pub account: String,
}

impl Reference {
    /// Reads a list of columns, separated by semicolons.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be read.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        text.split(';').map(str::trim).filter(|one| !one.is_empty()).map(str::parse).collect()
    }

    /// `table.column`, as reports call it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} {} key={} account={}", self.table, self.column, self.mode, self.key, self.account)
    }
}

impl FromStr for Reference {
    type Err = String;

    /// # Errors
    /// What is wrong, and what was expected.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected TABLE.COLUMN rewrite|keep|alias [key=COLUMN] [account=COLUMN]";
        let mut words = text.split_whitespace();
        let name = words.next().ok_or(expected)?;
        let (table, column) = name.rsplit_once('.').ok_or_else(|| format!("`{name}` names no column; {expected}"))?;
        let mode = words.next().ok_or_else(|| format!("`{name}` has no mode; {expected}"))?;
        let mode = RewriteMode::from_word(mode).ok_or_else(|| format!("`{mode}` is no mode; {expected}"))?;
        let mut reference =
            Self { table: table.to_owned(), column: column.to_owned(), mode, key: "id".to_owned(), account: "account_id".to_owned() };
        for word in words {
            match word.split_once('=') {
                Some(("key", column)) => reference.key = column.to_owned(),
                Some(("account", column)) => reference.account = column.to_owned(),
                _ => return Err(format!("`{word}` is not understood; {expected}")),
            }
        }
        let mut names = reference.table.split('.').chain([&*reference.column, &*reference.key, &*reference.account]);
        let strange = names.find(|name| !is_name(name)).map(str::to_owned);
        drop(names);
        match strange {
            Some(name) => Err(format!("`{name}` is no name of a table or column: letters, digits and underscores, not a digit first")),
            None if reference.table.matches('.').count() > 1 => Err(format!("`{}` has more than a schema and a name", reference.table)),
            None => Ok(reference),
        }
    }
}

/// These names become part of a statement.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back() {
        let list = Reference::list("documents.owner rewrite; app.audit.actor keep key=seq account=tenant ;").expect("two columns");
        assert_eq!(list[0].to_string(), "documents.owner rewrite key=id account=account_id");
        assert_eq!((list[1].table.as_str(), list[1].key.as_str(), list[1].mode), ("app.audit", "seq", RewriteMode::Keep));
        assert_eq!(Reference::list(" "), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("documents rewrite", "names no column"),
            ("documents.owner", "no mode"),
            ("documents.owner update", "`update` is no mode"),
            ("documents.owner rewrite pk=id", "`pk=id` is not understood"),
            ("documents.\"owner\" rewrite", "is no name"),
            ("a.b.c.d rewrite", "more than a schema"),
        ] {
            assert!(Reference::list(text).expect_err("wrong").contains(words), "{text}");
        }
    }
}
