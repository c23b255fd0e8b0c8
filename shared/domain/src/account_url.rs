//! Where an account is reached.

/// The address of an account, without a slash at the end: the service's own, or, for an account with a host of its own, that host with the
/// service's scheme. Its SCIM base and its console are there and nowhere else.
#[must_use]
pub fn account_url(public_url: &str, host: Option<&str>) -> String {
    let public_url = public_url.trim_end_matches('/');
    match (host, public_url.split_once("://")) {
        (Some(host), Some((scheme, _))) => format!("{scheme}://{host}"),
        _ => public_url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_its_own_takes_the_place_of_the_services() {
        assert_eq!(account_url("https://scim.example.com/", None), "https://scim.example.com");
        assert_eq!(account_url("https://scim.example.com", Some("acme.example.com")), "https://acme.example.com");
        assert_eq!(account_url("http://127.0.0.1:8080", Some("acme.test:8080")), "http://acme.test:8080");
    }
}
