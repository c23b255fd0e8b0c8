use super::*;
use serde_json::json;

fn read(text: &str) -> Result<Value, ScimError> {
    parse_json(text.as_bytes(), &Limits::default())
}

fn refused(text: &str) -> String {
    let error = read(text).unwrap_err();
    format!("{} {}", error.scim_type.map_or("", ScimType::as_str), error.detail)
}

#[test]
fn what_serde_json_reads_is_read_the_same() {
    for text in [r#"{"a":[1,-2,3.5,true,null,"x\u00e9\ud83d\ude00"],"b":{}}"#, " [ ] ", "\"x\"", "0"] {
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }
    assert_eq!(read("\u{feff}{}").unwrap(), json!({}), "a byte order mark is not a fault");
}

#[test]
fn a_fault_is_named_with_its_place() {
    assert_eq!(
        refused("{\"userName\": \"broken\",\n \"active\": tre"),
        "invalidSyntax the body is not valid JSON in \"active\": expected ident (line 2, column 14)"
    );
    assert_eq!(refused("  \n"), "invalidSyntax the request has no body; send a JSON object");
    assert!(refused("{} x").starts_with("invalidSyntax the body is not valid JSON: trailing characters"));
    assert!(refused("{\"a\":\"\\ud800\"}").starts_with("invalidSyntax"), "half a surrogate pair");
    assert!(parse_json(b"{\"a\":\"\xff\"}", &Limits::default()).is_err(), "not UTF-8");
    assert!(refused("{\"a\":1e999}").starts_with("invalidSyntax"));
}

#[test]
fn a_member_sent_twice_is_refused() {
    assert_eq!(
        refused(r#"{"emails":[{"value":"a","value":"b"}]}"#),
        "invalidSyntax the member \"value\" is there twice; send it once in \"emails[0]\" (line 1, column 31)"
    );
}

#[test]
fn the_nul_character_is_refused_by_name() {
    assert_eq!(
        refused(r#"{"name":{"givenName":"a\u0000"}}"#),
        "invalidValue the text holds the NUL character (\\u0000) in \"name.givenName\" (line 1, column 30)"
    );
    assert!(refused(r#"{"a\u0000":1}"#).starts_with("invalidValue a member's name holds the NUL"));
}

#[test]
fn every_limit_holds_at_its_value_and_not_beyond() {
    let limits = Limits { depth: 3, string_bytes: 4, keys: 2, ..Limits::default() };
    let read = |text: &str| parse_json(text.as_bytes(), &limits);
    assert!(read("[[[1]]]").is_ok());
    assert!(read("[[[[1]]]]").unwrap_err().detail.starts_with("the body nests deeper than 3 levels"));
    assert!(read("\"1234\"").is_ok());
    assert!(read("\"12345\"").unwrap_err().detail.starts_with("the text is longer than 4 bytes"));
    assert!(read(r#"{"a":1,"b":2}"#).is_ok());
    assert!(read(r#"{"a":1,"b":2,"c":3}"#).unwrap_err().detail.starts_with("an object has more than 2 members"));
}

#[test]
fn every_cut_of_a_body_is_refused_and_none_panics() {
    let body =
        json!({ "userName": "ada", "emails": [{ "value": "a@x.test", "primary": true }], "n": [1.5, null, "\u{1f600}"] }).to_string();
    for end in 0..body.len() {
        let error = parse_json(&body.as_bytes()[..end], &Limits::default()).unwrap_err();
        assert_eq!(error.scim_type, Some(ScimType::InvalidSyntax), "{end}");
    }
}
