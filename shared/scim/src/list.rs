//! The answer to a query.

use crate::urn;
use serde_json::{Map, Value, json};

/// One page of results (RFC 7644 §3.4.2). `Resources` is present even when it is empty: clients look for it.
#[must_use]
pub fn list_response(total: u64, start_index: u64, resources: Vec<Value>) -> Value {
    json!({
        "schemas": [urn::LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

/// One page of results by cursor (RFC 9865 §2.1). The total is left out where it is not known, and each cursor where there is no
/// page for it.
#[must_use]
pub fn cursor_response(total: Option<u64>, next: Option<String>, previous: Option<String>, resources: Vec<Value>) -> Value {
    let mut page = Map::new();
    page.insert("schemas".to_owned(), json!([urn::LIST_RESPONSE]));
    page.extend(total.map(|total| ("totalResults".to_owned(), total.into())));
    page.insert("itemsPerPage".to_owned(), resources.len().into());
    page.extend(next.map(|cursor| ("nextCursor".to_owned(), cursor.into())));
    page.extend(previous.map(|cursor| ("previousCursor".to_owned(), cursor.into())));
    page.insert("Resources".to_owned(), resources.into());
    Value::Object(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_still_has_its_list() {
        let page = list_response(0, 1, Vec::new());
        assert_eq!(page["Resources"], json!([]));
        assert_eq!((&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]), (&json!(0), &json!(1), &json!(0)));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let page = cursor_response(None, Some("n".to_owned()), None, vec![json!({})]);
        assert_eq!(page, json!({ "schemas": [urn::LIST_RESPONSE], "itemsPerPage": 1, "nextCursor": "n", "Resources": [{}] }));
    }
}
