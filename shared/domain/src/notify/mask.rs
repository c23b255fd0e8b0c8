//! Users in a mail: recognisable by those who know them, and by nobody else.

/// A user id or an e-mail as it may be shown: the first letter, and the domain. `jdoe@acme.com` is `j***@acme.com`, `jdoe` is `j***`.
///
/// Control characters and line ends never get through.
#[must_use]
pub fn mask_user(text: &str) -> String {
    let text = text.trim();
    let (name, domain) = text.rsplit_once('@').map_or((text, None), |(name, domain)| (name, Some(domain)));
    let mut masked: String = name.chars().find(|char| !char.is_control()).map(String::from).unwrap_or_default();
    masked.push_str("***");
    if let Some(domain) = domain {
        masked.push('@');
        masked.extend(domain.chars().filter(|char| !char.is_control()));
    }
    masked
}
