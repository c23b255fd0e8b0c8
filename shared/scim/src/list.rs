//! The answer to a query.

use crate::urn;
use serde_json::{Value, json};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_still_has_its_list() {
        let page = list_response(0, 1, Vec::new());
        assert_eq!(page["Resources"], json!([]));
        assert_eq!((&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]), (&json!(0), &json!(1), &json!(0)));
    }
}
