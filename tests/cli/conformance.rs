//! docs/SCIM-CONFORMANCE.md names tests: each of them must be there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Every Rust source below a directory, but for what is built.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_the_conformance_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/SCIM-CONFORMANCE.md")).unwrap();
    let mut files = Vec::new();
    sources(root, &mut files);
    let tests: BTreeSet<String> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let starts: Vec<String> =
                text.split("fn ").skip(1).filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()).collect();
            starts
        })
        .collect();
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| clause")) {
        let cell = row.trim_end_matches(['|', ' ']).rsplit_once(" | ").map_or("", |(_, cell)| cell);
        assert!(row.contains("not applicable") || quoted(cell).next().is_some(), "no test: {row}");
        for name in quoted(cell).filter(|_| !row.contains("not applicable")) {
            assert!(tests.contains(name), "there is no test {name}: {row}");
            named += 1;
        }
    }
    assert!(named > 60, "{named}");
}
