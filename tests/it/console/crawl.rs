//! Every page there is, found as people find them: by the links.

use super::chrome::Chrome;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The addresses of the page's links within the console, without what is downloaded and without mails as they look, which are documents of their
/// own in a sandbox.
const LINKS: &str = "return [...document.querySelectorAll('a[href]')].filter(a => a.origin === location.origin)\
    .map(a => a.pathname).filter(path => !/\\.(csv|json|txt)$/.test(path) && !/\\/preview\\/.+\\/(html|text)$/.test(path))";

/// One address of each page that can be reached from the first one by links, by the page's shape: what is an id or a number in its address is
/// `{}`. Each is open while `look` looks at it.
pub async fn crawl<F>(chrome: &Chrome, base: &str, mut look: F) -> BTreeMap<String, String>
where
    F: AsyncFnMut(&str),
{
    let mut seen = BTreeMap::from([("/".to_owned(), "/".to_owned())]);
    let mut open = VecDeque::from(["/".to_owned()]);
    while let Some(path) = open.pop_front() {
        chrome.open(&format!("{base}{path}")).await;
        chrome.wait_for("h1").await;
        let Value::Array(links) = chrome.run(LINKS).await else { panic!("no links on {path}") };
        look(&path).await;
        for link in links.iter().filter_map(Value::as_str) {
            if let std::collections::btree_map::Entry::Vacant(new) = seen.entry(shape(link)) {
                new.insert(link.to_owned());
                open.push_back(link.to_owned());
            }
        }
    }
    seen
}

fn shape(path: &str) -> String {
    let is_name = |segment: &str| segment.bytes().any(|byte| byte.is_ascii_digit());
    path.split('/').map(|segment| if is_name(segment) { "{}" } else { segment }).collect::<Vec<_>>().join("/")
}
