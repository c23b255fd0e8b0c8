//! What becomes of the rows of a file.

use super::*;
use muster_domain::Change;
use serde_json::json;
use std::io::Cursor;
use tokio::sync::mpsc;

fn read(text: &[u8]) -> Result<(Vec<Row>, Result<(), Failure>), Failure> {
    let source = Source { input: Box::new(Cursor::new(text.to_vec())), bytes: None };
    let rows = Rows::new(source, AccountId::new())?;
    let (sender, mut receiver) = mpsc::channel(100_000);
    let ended = rows.send(&sender, 2);
    drop(sender);
    let mut all = Vec::new();
    while let Some(batch) = receiver.blocking_recv() {
        all.extend(batch.rows);
    }
    Ok((all, ended))
}

fn reasons(text: &[u8]) -> Vec<(u64, Option<String>)> {
    let (rows, ended) = read(text).expect("a header");
    ended.expect("the end");
    rows.into_iter().map(|row| (row.line, row.operation.err())).collect()
}

#[test]
fn a_row_becomes_the_user_it_describes() {
    let (rows, _) =
        read(b"\xef\xbb\xbfEmail,user_id,Display Name,ROLE,active\njdoe@acme.test, jdoe ,\"Doe, Jo\",User Manager,FALSE\nada,x,,,\n")
            .expect("a header");
    let operation = rows[0].operation.as_ref().expect("fine");
    let Change::Create { resource, role } = &operation.change else { panic!("not a create") };
    assert_eq!(*role, Role::UserManager);
    let expected = json!({
        "userName": "jdoe", "displayName": "Doe, Jo", "active": false,
        "emails": [{ "value": "jdoe@acme.test", "type": "work", "primary": true }],
    });
    assert_eq!(serde_json::Value::Object(resource.clone()), expected);
    assert_eq!(rows[0].line, 2);
    let Change::Create { resource, role } = &rows[1].operation.as_ref().expect("fine").change else { panic!("not a create") };
    assert_eq!((*role, &resource["active"]), (Role::User, &json!(true)));
}

#[test]
fn a_bad_row_is_reported_with_its_line_and_the_rest_goes_on() {
    let text =
        b"user_id,role,active\n,user,true\na,root,true\nb,user,maybe\nc,user\n\nd,user,true,extra\n\xff\xfe,user,true\ne,user,true\n";
    let found = reasons(text);
    for (index, line, words) in [
        (0, 2, "user_id is empty"),
        (1, 3, "unknown role `root`"),
        (2, 4, "active is `maybe`"),
        (3, 5, "2 values where the first line has 3"),
        (4, 7, "4 values"),
        (5, 8, "not UTF-8"),
    ] {
        assert_eq!(found[index].0, line);
        assert!(found[index].1.as_deref().is_some_and(|reason| reason.contains(words)), "{found:?}");
    }
    assert_eq!(found[6], (9, None));
    assert_eq!(found.len(), 7);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for (text, lines) in [
        ("user_id\r\na\r\nb\r\n\r\n\r\nc\r\nd", vec![2, 3, 6, 7]),
        ("user_id\na\n\nb\n\"x\ny\"\nz", vec![2, 4, 5, 7]),
        ("user_id\ra\rb", vec![2, 3]),
        ("\n\nuser_id\na\n", vec![4]),
    ] {
        assert_eq!(reasons(text.as_bytes()).into_iter().map(|(line, _)| line).collect::<Vec<_>>(), lines, "{text:?}");
    }
}

#[test]
fn a_header_that_would_lose_data_is_refused() {
    for (header, words) in [
        ("", "no column user_id"),
        ("email\n", "no column user_id"),
        ("user_id,phone\n", "column `phone`"),
        ("user_id,email,email\n", "`email` twice"),
        ("user_id;email\n", "separated by commas"),
    ] {
        let failure = read(header.as_bytes()).map(drop).expect_err("refused");
        assert!(failure.message.contains(words), "{header:?}: {}", failure.message);
        assert_eq!(failure.exit, Exit::Usage);
    }
}

#[test]
fn an_open_quote_swallows_neither_rows_nor_memory() {
    let found = reasons(b"user_id,email\na,a@x\nb,\"b@x\nc,c@x\nd,d@x\n");
    assert_eq!(found.len(), 2);
    assert!(found[1].1.as_deref().is_some_and(|reason| reason.contains("quote")), "{found:?}");

    let mut long = b"user_id,email\na,a@x\nb,\"b@x\n".to_vec();
    long.resize(3 << 20, b'x');
    let (rows, ended) = read(&long).expect("a header");
    assert_eq!(rows.len(), 1);
    let failure = ended.expect_err("stopped");
    assert!(failure.message.starts_with("line 3: ") && failure.message.contains("quote"), "{}", failure.message);
}

#[test]
fn a_long_file_of_short_rows_is_read_to_its_end() {
    let mut text = String::from("user_id\n");
    (0..200_000).for_each(|number| text.push_str(&format!("user{number:06}\n")));
    let (rows, ended) = read(text.as_bytes()).expect("a header");
    ended.expect("the end");
    assert_eq!(rows.len(), 200_000);
    assert_eq!(rows.last().map(|row| row.line), Some(200_001));
}
