use crate::support::Gateway;

#[tokio::test]
async fn stray_slashes_and_both_bases_are_the_same_place() {
    let gateway = Gateway::start().await;
    for path in
        ["/scim/Users", "/scim/v2/Users", "/scim//Users", "/scim/Users/", "/scim/v2//Users//", "/scim/Users/?count=1", "//scim/Users"]
    {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json()["totalResults"], 1, "{path}");
    }
}

#[tokio::test]
async fn locations_use_the_public_url_and_the_base_of_the_request() {
    let gateway = Gateway::start().await;
    for base in ["/scim", "/scim/v2"] {
        let answer = gateway.get(&format!("{base}/Users/{}", gateway.administrator)).await;
        assert_eq!(answer.json()["meta"]["location"], format!("https://muster.example{base}/Users/{}", gateway.administrator));
    }
}

#[tokio::test]
async fn odd_spellings_never_reach_a_handler() {
    let gateway = Gateway::start().await;
    let paths = [
        "/SCIM/Users",
        "/Scim/Users",
        "/%73cim/Users",
        "/scim%2FUsers",
        "/scim%2fUsers",
        "/scim;x/Users",
        "/scim/Users;x",
        "/scim/%55sers",
        "/scim/Us%65rs",
        "/scim/Users%00",
        "/scim/Users%2F..",
        "/scim/../scim/Users",
        "/scim/./Users",
        "/scim/%2e%2e/Users",
        "/scim/Users/..%2fGroups",
        "/livez/../scim/Users",
        "/livez/%2e%2e/scim/Users",
        "/scim/Users%C0%AF",
        "/scim/Users%252f",
        "/scim\\Users",
        "/%2e/scim/Users",
        "/./scim/Users",
        "/scim/v2/v2/Users",
        "/scim/V2/Users",
        "/scim/users",
        "/scim/Users/1/2",
        "/scim.json",
        "/scim%20/Users",
        "/x/scim/Users",
        "/%2fscim/Users",
        "/scim/Users%20",
        "/scim/Users.json",
    ];
    for path in paths {
        let open = gateway.raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        assert!(matches!(open.status, 400 | 401 | 404), "without a key, {path}: {}", open.status);
        let keyed = gateway.get(path).await;
        assert!(matches!(keyed.status, 400 | 404), "with a key, {path}: {}", keyed.status);
    }
}

#[tokio::test]
async fn an_absolute_address_is_authenticated_like_any_other() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.raw(b"GET http://muster.example/scim/Users HTTP/1.1\r\nHost: muster.example\r\n\r\n").await.status, 401);
    assert_eq!(gateway.get("http://muster.example/scim/Users").await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_a_scim_404() {
    let gateway = Gateway::start().await;
    for path in [
        "/scim/nothing",
        "/nothing",
        "/scim/Users/00919288221112222",
        "/scim/Groups/0b54b0f0-0000-4c2d-9e55-3f4a2a8b7c10",
        "/scim/Schemas/urn:example:nope",
    ] {
        gateway.get(path).await.is_error(404, None);
    }
    let upper = gateway.administrator.to_string().to_uppercase();
    gateway.get(&format!("/scim/Users/{upper}")).await.is_error(404, None);
    gateway.request("DELETE", "/scim/Users/nobody", &[], "").await.is_error(404, None);
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right() {
    let gateway = Gateway::start().await;
    let item = format!("/scim/Users/{}", gateway.administrator);
    for (method, path, allow) in [
        ("PUT", "/scim/Users", "GET, HEAD, POST"),
        ("DELETE", "/scim/Groups", "GET, HEAD, POST"),
        ("TRACE", "/scim/Users", "GET, HEAD, POST"),
        ("OPTIONS", "/scim/Users", "GET, HEAD, POST"),
        ("POST", item.as_str(), "GET, HEAD, PUT, PATCH, DELETE"),
        ("POST", "/scim/Schemas", "GET, HEAD"),
        ("POST", "/livez", "GET, HEAD"),
    ] {
        let answer = gateway.request(method, path, &[], "").await;
        answer.is_error(405, None);
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let gateway = Gateway::start().await;
    let answer = gateway.request("HEAD", "/scim/Users", &[], "").await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[tokio::test]
async fn discovery_answers_lists_and_single_documents() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get("/scim/ServiceProviderConfig").await.json()["patch"]["supported"], true);
    assert!(gateway.get("/scim/Schemas").await.json()["totalResults"].as_u64().unwrap() >= 3);
    assert_eq!(gateway.get("/scim/Schemas/urn%3Aietf:params:scim:schemas:core:2.0:user").await.json()["name"], "User");
    assert_eq!(gateway.get("/scim/v2/ResourceTypes/Group").await.json()["endpoint"], "/Groups");
    gateway.get("/scim/Schemas?filter=id%20pr").await.is_error(403, None);
}

#[tokio::test]
async fn lists_understand_what_clients_send() {
    let gateway = Gateway::start().await;
    for query in [
        "aadOptscim062020&filter=userName+eq+%22admin%22",
        "filter=userName%20eq%20%22ADMIN%22",
        "startIndex=0&count=2",
        "count=1000000000",
        "filter=",
        "sortBy=",
        "sortBy=userName&sortOrder=descending",
    ] {
        let answer = gateway.get(&format!("/scim/Users?{query}")).await;
        assert_eq!((answer.status, &answer.json()["totalResults"]), (200, &1.into()), "{query}");
    }
    let empty = gateway.get("/scim/Users?count=-3").await.json();
    assert_eq!((&empty["totalResults"], &empty["itemsPerPage"], &empty["startIndex"]), (&1.into(), &0.into(), &1.into()));
    let bad = gateway.get("/scim/Users?count=many").await;
    assert!(bad.is_error(400, Some("invalidValue")).detail().contains("count"));
    let unordered = gateway.get("/scim/Users?sortBy=nonsense").await;
    assert!(unordered.is_error(400, Some("invalidPath")).detail().contains("nonsense"));
    gateway.get("/scim/Users?sortBy=userName&sortOrder=up").await.is_error(400, Some("invalidValue"));
    gateway.get("/scim/Users?filter=userName%20eq").await.is_error(400, Some("invalidFilter"));
    gateway.get("/scim/Users?filter=userName+eq+%22a%22&filter=userName+eq+%22b%22").await.is_error(400, Some("invalidFilter"));
}

#[tokio::test]
async fn a_reader_that_is_up_to_date_gets_304() {
    let gateway = Gateway::start().await;
    let path = format!("/scim/Users/{}", gateway.administrator);
    let tag = gateway.get(&path).await.header("etag").unwrap().to_owned();
    let again = gateway.request("GET", &path, &[&format!("If-None-Match: {tag}")], "").await;
    assert_eq!((again.status, again.header("etag"), again.body.len()), (304, Some(tag.as_str()), 0));
    assert_eq!(gateway.request("GET", &path, &["If-None-Match: \"x\""], "").await.status, 200);
}

#[tokio::test]
async fn a_client_that_gives_up_on_what_it_does_not_know_is_spared_it() {
    let gateway = Gateway::start().await;
    let config = async |headers: &[&str]| gateway.request("GET", "/scim/ServiceProviderConfig", headers, "").await.json();
    let full = config(&[]).await;
    assert_eq!(full["securityEvents"]["asyncRequest"], "request");
    let mut plain = config(&["User-Agent: python-httpx2/2.16.2"]).await;
    assert_eq!(plain.get("securityEvents"), None);
    plain["securityEvents"] = full["securityEvents"].clone();
    assert_eq!(plain, full, "and of nothing else");
    let strict = Gateway::start_with(|settings| settings.compat.closed_discovery = false).await;
    let shown = strict.request("GET", "/scim/ServiceProviderConfig", &["User-Agent: python-httpx2/2.16.2"], "").await.json();
    assert_eq!(shown["securityEvents"], full["securityEvents"]);
}
