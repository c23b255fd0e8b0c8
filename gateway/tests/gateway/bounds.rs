use crate::support::{Gateway, exchange};
use tokio::net::TcpStream;

#[tokio::test]
async fn an_address_of_8_kib_passes_and_one_byte_more_does_not() {
    let gateway = Gateway::start().await;
    let path = |length: usize| {
        let base = "/scim/Users?x=";
        format!("{base}{}", "a".repeat(length - base.len()))
    };
    assert_eq!(gateway.get(&path(8192)).await.status, 200);
    gateway.get(&path(8193)).await.is_error(414, None);
    gateway.get(&path(30_000)).await.is_error(414, None);
}

#[tokio::test]
async fn headers_of_16_kib_pass_and_more_do_not() {
    let gateway = Gateway::start().await;
    let padding = |length: usize| format!("X-Padding: {}", "a".repeat(length));
    assert_eq!(gateway.request("GET", "/scim/Users", &[&padding(16_000)], "").await.status, 200);
    gateway.request("GET", "/scim/Users", &[&padding(16_384)], "").await.is_error(431, None);
    let token = format!("GET /scim/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", "a".repeat(40_000));
    gateway.raw(token.as_bytes()).await.is_error(431, None);
    let far = gateway.request("GET", "/scim/Users", &[&padding(100_000)], "").await;
    assert_eq!(far.status, 431);
}

#[tokio::test]
async fn a_body_of_1_mib_is_read_and_one_byte_more_is_not() {
    let gateway = Gateway::start().await;
    let body = |length: usize| format!("{{\"userName\":\"ada\",\"x\":\"\"{}}}", " ".repeat(length - 25));
    assert_eq!(body(100).len(), 100);
    assert_eq!(gateway.request("POST", "/scim/Users", &[], &body(1024 * 1024)).await.status, 201);
    let answer = gateway.request("POST", "/scim/Users", &[], &body(1024 * 1024 + 1)).await;
    assert!(answer.is_error(413, None).detail().contains("1048576"));
}

#[tokio::test]
async fn a_chunked_body_has_the_same_bound() {
    let gateway = Gateway::start_with(|settings| settings.limits.body_bytes = 100).await;
    let chunk = "a".repeat(60);
    let request = format!(
        "POST /scim/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n3c\r\n{chunk}\r\n3c\r\n{chunk}\r\n0\r\n\r\n",
        gateway.key
    );
    gateway.raw(request.as_bytes()).await.is_error(413, None);
}

#[tokio::test]
async fn a_refused_body_does_not_cost_the_client_its_answer_or_its_connection() {
    let gateway = Gateway::start().await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let body = "a".repeat(900_000);
    let refused = format!("POST /scim/Users HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    exchange(&mut stream, refused.as_bytes()).await.is_error(401, None);
    let next = gateway.text("GET", "/scim/Users", &[], "");
    assert_eq!(exchange(&mut stream, next.as_bytes()).await.status, 200);
}

#[tokio::test]
async fn contradicting_lengths_are_refused() {
    let gateway = Gateway::start().await;
    let smuggled = format!(
        "POST /scim/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        gateway.key
    );
    assert_eq!(gateway.raw(smuggled.as_bytes()).await.status, 400);
}

#[tokio::test]
async fn a_request_names_exactly_one_host() {
    let gateway = Gateway::start().await;
    let text = |version: &str, hosts: &str| {
        format!("GET /scim/Users HTTP/{version}\r\n{hosts}Authorization: Bearer {}\r\nConnection: close\r\n\r\n", gateway.key)
    };
    for (version, hosts, status) in [
        ("1.1", "Host: muster.example\r\n", 200),
        ("1.1", "", 400),
        ("1.1", "Host: muster.example\r\nHost: elsewhere.example\r\n", 400),
        ("1.1", "Host: muster.example\r\nHost: muster.example\r\n", 400),
        ("1.0", "", 200),
        ("1.0", "Host: a\r\nHost: b\r\n", 400),
    ] {
        let answer = gateway.raw(text(version, hosts).as_bytes()).await;
        assert_eq!(answer.status, status, "{version} {hosts:?}");
    }
    assert_eq!(gateway.raw(b"GET /livez HTTP/1.1\r\n\r\n").await.status, 200);
}
