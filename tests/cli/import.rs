//! `muster user import`

use super::place::{Place, said};
use std::{fs, io::Write, process::Stdio};

#[test]
fn an_import_reports_every_row_it_could_not_apply() {
    let place = Place::with_account();
    let csv = "role,user_id,email,active,display_name\n\
               administrator,ada,ada@acme.test,true,\"Lovelace, Ada\"\n\
               user,ADA,a@b,true,Twice\n\
               ,=1+1|x,x@y,perhaps,Formula\n\
               user,bob,bob@acme.test,false\n\
               ,carl,,,\n";
    let run = place.import(csv, &["--json"]).exits(7);
    let summary = run.json();
    assert_eq!((summary["rows"].as_u64(), summary["imported"].as_u64(), summary["rejected"].as_u64()), (Some(5), Some(2), Some(3)));
    assert_eq!(summary["by_code"], serde_json::json!({ "duplicate": 1, "invalid": 2 }));
    let report = fs::read_to_string(place.path("users.csv.rejected.csv")).unwrap();
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines[0], "line,user_id,code,reason");
    assert!(lines[1].starts_with("3,ADA,duplicate,"), "{report}");
    assert!(lines[2].starts_with("4,'=1+1|x,invalid,"), "no cell is a formula: {report}");
    assert!(lines[3].starts_with("5,bob,invalid,4 values where the first line has 5"), "{report}");

    let again = place.import(csv, &["--json", "--rejected", "again.csv"]).exits(7).json();
    assert_eq!((again["imported"].as_u64(), again["by_code"]["duplicate"].as_u64()), (Some(0), Some(3)));
    assert!(place.path("again.csv").exists());
    place.run(&["scim", "setup", "--account", "acme", "--administrator", "ada"]).exits(0);
}

#[test]
fn a_clean_import_leaves_no_report_and_reads_standard_input() {
    let place = Place::with_account();
    let rows: String = (0..3000).map(|number| format!("user{number}\n")).collect();
    let mut child = place.command(&["user", "import", "--account", "acme", "--csv", "-", "--json"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("user_id\n{rows}").as_bytes()).unwrap();
    let summary = said(child.wait_with_output().unwrap()).exits(0).json();
    assert_eq!((summary["imported"].as_u64(), summary["rejected_file"].as_str()), (Some(3000), None));
    assert!(!place.path("stdin.rejected.csv").exists());
}

#[test]
fn a_file_that_cannot_be_imported_changes_nothing() {
    let place = Place::with_account();
    assert!(place.import("email,phone\na@b,1\n", &[]).exits(2).err.contains("phone"));
    assert!(place.import("", &[]).exits(2).err.contains("user_id"));
    assert!(place.import("user_id\na\n", &["--rejected", "users.csv"]).exits(2).err.contains("overwrite"));
    place.run(&["user", "import", "--account", "acme", "--csv", "missing.csv"]).exits(5);
    assert_eq!(fs::read_to_string(place.path("users.csv")).unwrap(), "user_id\na\n");
}
