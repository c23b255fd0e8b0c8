//! The JSON reader, and whole resources.
//!
//! Whatever it takes, serde_json takes as the same value: being stricter is allowed, being different is not. What is read as a
//! resource is canonical: shown and read again, it is the same.

use super::{corpus, fuzz, mutate::mutated};
use muster_scim::{Compat, Limits, ResourceType, parse_json, read_resource, render};
use serde_json::Value;

#[test]
fn what_is_nearly_json_is_read_as_it_stands_or_refused() {
    let corpus = corpus::bodies();
    fuzz("what_is_nearly_json", 40_000, move |lot| {
        let start = corpus[lot.usize(..corpus.len())].clone();
        let bytes = mutated(lot, &start, &corpus);
        match parse_json(&bytes, &Limits::default()) {
            Ok(value) => {
                let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
                let expected: Option<Value> = serde_json::from_slice(plain).ok();
                assert_eq!(Some(value), expected, "{}", String::from_utf8_lossy(&bytes));
            }
            Err(error) => assert!(error.status == 400 && error.scim_type.is_some() && error.detail.len() <= 16 * 1024, "{error:?}"),
        }
    });
}

#[test]
fn what_is_nearly_a_resource_is_canonical_or_refused() {
    let corpus = corpus::bodies();
    fuzz("what_is_nearly_a_resource", 30_000, move |lot| {
        let start = corpus[lot.usize(..corpus.len())].clone();
        let bytes = mutated(lot, &start, &corpus);
        let Ok(body) = parse_json(&bytes, &Limits::default()) else { return };
        for compat in [Compat::lenient(), Compat::strict()] {
            for rt in ResourceType::BUILT_IN {
                let resource = match read_resource(rt, body.clone(), &compat, &Limits::default()) {
                    Ok(resource) => resource,
                    Err(error) => {
                        assert!((400..500).contains(&error.status) && error.detail.len() <= 16 * 1024, "{error:?}");
                        continue;
                    }
                };
                let seen = Value::Object(render(rt, "r1", &resource, 0, 1, 2, None));
                let again = read_resource(rt, seen, &compat, &Limits::default());
                assert_eq!(again.as_ref(), Ok(&resource), "{body}");
            }
        }
    });
}
