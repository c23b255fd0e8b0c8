//! Bodies that are no JSON, or more of it than anyone needs.

use super::{Ground, case, raw_case};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_that_cannot_be_read_is_refused_by_line_and_column() {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let wide: Value = (0..201).map(|number| (format!("key{number}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    let post = "POST /Users";
    let (syntax, at) = ("invalidSyntax", "(?i)line 1.*column|column");
    let (surrogate, depth) = ("(?i)surrogate|unicode|column", "(?i)deep|nest|depth|32");
    let cases = vec![
        raw_case("no body", post, "", 400, syntax, "(?i)body|empty|json"),
        raw_case("half a body", post, "{\"userName\": \"x@bad.test\"", 400, syntax, at),
        raw_case("a bare word", post, "{\"userName\": x}", 400, syntax, at),
        raw_case("a trailing comma", post, "{\"userName\": \"x@bad.test\",}", 400, syntax, at),
        raw_case("two documents", post, "{\"userName\":\"x@bad.test\"}{}", 400, syntax, at),
        raw_case("no UTF-8", post, &b"{\"userName\":\"\xff\xfe\"}"[..], 400, syntax, "(?i)utf-8|unicode|column"),
        raw_case("half a surrogate pair", post, "{\"userName\":\"\\ud800\"}", 400, syntax, surrogate),
        raw_case("NUL in a string", post, "{\"userName\":\"a\\u0000b\"}", 400, "invalidValue", "(?i)userName|NUL"),
        raw_case("too deep", post, deep(33), 400, syntax, depth),
        raw_case("far too deep", post, deep(100_000), 400, syntax, depth),
        raw_case("a list", post, "[]", 400, syntax, "(?i)object"),
        raw_case("null", post, "null", 400, syntax, "(?i)object"),
        case("too many members", post, &wide, 400, "invalidSyntax|invalidValue", "200"),
        case("too large", post, &json!({ "userName": "x".repeat(1024 * 1024) }), 413, "", "(?i)1 ?MiB|1048576|large"),
        case("a PATCH that is text", "PATCH /Users/{user}", &json!("x"), 400, syntax, "(?i)object"),
        raw_case("a PUT that cannot be read", "PUT /Users/{user}", "{", 400, syntax, at),
    ];
    Ground::new().await.check(cases).await;
}
