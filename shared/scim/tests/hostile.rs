//! Input made to do harm, read on a thread whose stack would overflow at once if nesting were followed by recursion.

use muster_scim::{Compat, Filter, Limits, Resource, ResourceType, ScimType, filter, parse_json, patch};
use serde_json::json;
use std::time::{Duration, Instant};

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(work).expect("a thread starts");
    thread.join().expect("it neither panics nor overflows");
}

fn refused(text: &str, limits: &Limits) -> String {
    let started = Instant::now();
    let error = filter::parse(ResourceType::User, text, limits).expect_err("refused");
    assert!(started.elapsed() < Duration::from_millis(500), "{} bytes took {:?}", text.len(), started.elapsed());
    assert_eq!(error.scim_type, Some(ScimType::InvalidFilter));
    error.detail
}

/// The limit on the text lifted, so that what lies behind it is tested as well.
fn long() -> Limits {
    Limits { filter_bytes: usize::MAX, ..Limits::default() }
}

#[test]
fn fifty_thousand_parentheses_are_refused() {
    on_a_small_stack(|| {
        let bombs = [
            "(".repeat(50_000),
            format!("{}title pr{}", "(".repeat(50_000), ")".repeat(50_000)),
            "emails[".repeat(50_000),
            ")".repeat(50_000),
        ];
        for bomb in bombs {
            assert!(refused(&bomb, &Limits::default()).contains("longer than 4096 bytes"));
            refused(&bomb, &long());
        }
    });
}

#[test]
fn five_thousand_nots_are_refused() {
    on_a_small_stack(|| {
        for word in ["not(", "not (", "NOT  ("] {
            assert!(refused(&word.repeat(5_000), &long()).contains("nests deeper than 64"));
        }
    });
}

#[test]
fn twenty_thousand_terms_are_refused() {
    on_a_small_stack(|| {
        for word in [" or ", " and "] {
            assert!(refused(&vec!["title pr"; 20_000].join(word), &long()).contains("more than 100 comparisons"));
        }
    });
}

#[test]
fn the_deepest_filter_there_can_be_is_read_decided_printed_and_dropped() {
    on_a_small_stack(|| {
        let (mut text, mut close) = (String::new(), String::new());
        for _ in 0..62 {
            text.push_str("title pr and not (");
            close.push(')');
        }
        let text = format!("{text}title pr or nickName pr{close}");
        let filter = filter::parse(ResourceType::User, &text, &Limits::default()).expect("within every limit");
        assert!(!filter.matches(ResourceType::User, &Resource::new()));
        assert!(!filter.mentions("emails"));
        assert_eq!(filter::parse(ResourceType::User, &filter.to_string(), &Limits::default()).as_ref(), Ok(&filter));
        drop(filter.clone());
    });
}

#[test]
fn json_a_hundred_thousand_deep_is_refused() {
    on_a_small_stack(|| {
        for bomb in ["[".repeat(100_000), "{\"a\":".repeat(100_000), format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))] {
            let started = Instant::now();
            let error = parse_json(bomb.as_bytes(), &Limits::default()).expect_err("refused");
            assert!(error.detail.starts_with("the body nests deeper than 32 levels"), "{}", error.detail);
            assert!(started.elapsed() < Duration::from_millis(500));
        }
        for depth in [32, 33, 128] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(parse_json(text.as_bytes(), &Limits::default()).is_ok(), depth == 32, "{depth}");
        }
    });
}

#[test]
fn the_deepest_filter_of_a_path_survives_the_queue() {
    on_a_small_stack(|| {
        let nested = |depth: usize| {
            let filter = format!("{}type eq \"a\" or type eq \"b\"{}", "type pr and not (".repeat(depth), ")".repeat(depth));
            let body = json!({ "Operations": [{ "op": "remove", "path": format!("emails[{filter}]") }] });
            patch::read(ResourceType::User, body, &Compat::default(), &Limits::default())
        };
        let request = nested(8).expect("within the limit");
        let wrapped = json!([{ "operations": [{ "change": { "patch": request } }] }]).to_string();
        let back: serde_json::Value = serde_json::from_str(&wrapped).expect("not too deep for any reader");
        let back = serde_json::from_value(back[0]["operations"][0]["change"]["patch"].clone());
        assert_eq!(back.ok(), Some(request));
        assert!(nested(9).is_err());
    });
}

#[test]
fn text_that_looks_like_a_query_is_only_text() {
    for text in ["' or 1=1 --", "%", "_", "\\", "\"; drop table users", "${x}", "\u{202e}\u{1f600}", "a\tb"] {
        let quoted = serde_json::Value::from(text).to_string();
        let filter = filter::parse(ResourceType::User, &format!("title eq {quoted}"), &Limits::default()).expect("a literal");
        assert!(filter.matches(ResourceType::User, json!({ "title": text }).as_object().expect("an object")), "{text}");
        assert!(!filter.matches(ResourceType::User, json!({ "title": "other" }).as_object().expect("an object")), "{text}");
        let Filter::Compare { value, .. } = filter else { panic!("a comparison") };
        assert_eq!(value, filter::FilterValue::String(text.to_owned()));
    }
}

#[test]
fn a_patch_that_repeats_itself_a_thousand_times_is_quick() {
    let element = |i: usize| json!({ "value": i.to_string() });
    let list: Vec<_> = (0..1_000).map(element).collect();
    let operations: Vec<_> = (0..60).map(|_| json!({ "op": "add", "path": "emails", "value": list })).collect();
    let request =
        patch::read(ResourceType::User, json!({ "Operations": operations }), &Compat::default(), &Limits::default()).expect("accepted");
    let mut user = Resource::new();
    let started = Instant::now();
    request.apply(ResourceType::User, &mut user).expect("applies");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(user["emails"].as_array().map(Vec::len), Some(1_000));
}
