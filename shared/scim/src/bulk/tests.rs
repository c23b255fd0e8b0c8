use super::*;
use serde_json::json;

fn parse(body: Value) -> Result<BulkRequest, ScimError> {
    read(body, &Limits { bulk_operations: 3, ..Limits::default() })
}

#[test]
fn the_frame_of_rfc_7644_3_7_is_read() {
    let request = parse(json!({
        "schemas": [crate::urn::BULK_REQUEST], "failOnErrors": 1, "Operations": [
            {"method": "post", "path": "/Users", "bulkId": "qwerty", "data": {"userName": "Alice"}},
            {"method": "PUT", "path": "/Users/b7c14771", "version": "W/\"3\"", "data": {}},
            {"method": "DELETE", "path": "/Users/5d8d29d3", "version": "*", "bulkId": null},
        ]
    }))
    .unwrap();
    assert_eq!(request.fail_on_errors, Some(1));
    let [post, put, delete] = request.operations.as_slice() else { panic!("three") };
    assert_eq!((post.method.as_str(), post.bulk_id.as_deref()), ("POST", Some("qwerty")));
    assert_eq!((put.versions.clone(), put.data.clone()), (Some(vec![3]), Some(json!({}))));
    assert_eq!((delete.versions.clone(), delete.bulk_id.clone(), delete.data.clone()), (None, None, None));
}

#[test]
fn a_wrong_frame_is_refused_as_a_whole() {
    let one = |id: &str| json!({"method": "POST", "path": "/Users", "bulkId": id, "data": {}});
    for (body, status, named) in [
        (json!([]), 400, "object"),
        (json!({}), 400, "Operations"),
        (json!({"Operations": {}}), 400, "Operations"),
        (json!({"Operations": ["x"]}), 400, "operation 1"),
        (json!({"Operations": [{"method": 1}]}), 400, "method"),
        (json!({"Operations": [], "failOnErrors": 0}), 400, "failOnErrors"),
        (json!({"Operations": [], "failOnErrors": "1"}), 400, "failOnErrors"),
        (json!({"Operations": [], "failOnErrors": -1}), 400, "failOnErrors"),
        (json!({"Operations": [one("a"), one("a")]}), 400, "operation 2: another operation has the bulkId"),
        (json!({"Operations": [{}, {}, {}, {}]}), 413, "at most 3"),
    ] {
        let error = parse(body.clone()).unwrap_err();
        assert_eq!(error.status, status, "{body}");
        assert!(error.detail.contains(named), "{body}: {}", error.detail);
    }
    assert_eq!(parse(json!({"Operations": [{}, {}, {}]})).unwrap().operations.len(), 3, "the limit itself is fine");
}

struct Known(Vec<String>);

impl References for Known {
    fn id(&mut self, bulk_id: &str) -> Option<String> {
        self.0.push(bulk_id.to_owned());
        (bulk_id.starts_with('k')).then(|| format!("id-{bulk_id}"))
    }
}

#[test]
fn references_are_resolved_wherever_they_stand() {
    let mut data = json!({
        "members": [{"value": "bulkId:k1"}, "bulkId:k2", {"value": "x", "display": "see bulkId:k9"}],
        "manager": {"value": "bulkId:k3"},
        "Operations": [{"op": "remove", "path": "members[value eq \"bulkId:k4\" or value eq \"bulkId:k5\"]"}]
    });
    let mut known = Known(Vec::new());
    resolve(&mut data, &mut known).unwrap();
    assert_eq!(
        data,
        json!({
            "members": [{"value": "id-k1"}, "id-k2", {"value": "x", "display": "see bulkId:k9"}],
            "manager": {"value": "id-k3"},
            "Operations": [{"op": "remove", "path": "members[value eq \"id-k4\" or value eq \"id-k5\"]"}]
        })
    );
    known.0.sort();
    assert_eq!(known.0, ["k1", "k2", "k3", "k4", "k5"]);
}

#[test]
fn a_reference_to_nothing_is_named() {
    for mut data in [json!({"value": "bulkId:nobody"}), json!({"path": "members[value eq \"bulkId:nobody\"]"}), json!(["bulkId:"])] {
        let error = resolve(&mut data, &mut Known(Vec::new())).unwrap_err();
        assert_eq!(error.status, 400);
        assert!(error.detail.contains("bulkId"), "{}", error.detail);
    }
    let mut odd = json!({"path": "members[value eq \"bulkId:k"});
    resolve(&mut odd, &mut Known(Vec::new())).unwrap();
    assert_eq!(odd["path"], "members[value eq \"bulkId:k", "left to whoever reads paths");
}

#[test]
fn a_path_may_name_a_bulk_id() {
    let path = |path: &str| BulkOperation { method: String::new(), path: path.into(), bulk_id: None, versions: None, data: None };
    assert_eq!(path("/Groups/bulkId:k1").segments(&mut Known(Vec::new())).unwrap(), ["Groups", "id-k1"]);
    assert_eq!(path("Users//7/").segments(&mut Known(Vec::new())).unwrap(), ["Users", "7"]);
    assert!(path("/Groups/bulkId:nobody").segments(&mut Known(Vec::new())).is_err());
}
