//! Which of a user's addresses mail goes to.

use crate::Resource;
use serde_json::Value;

/// The user's address: the primary one, else the one of type `work`, else the first; none when no element has a value.
#[must_use]
pub fn primary_email(user: &Resource) -> Option<&str> {
    let emails = user.get("emails")?.as_array()?;
    let with_value = || emails.iter().filter_map(|email| Some((email, email.get("value")?.as_str().filter(|value| !value.is_empty())?)));
    with_value()
        .find(|(email, _)| email.get("primary") == Some(&Value::Bool(true)))
        .or_else(|| {
            with_value().find(|(email, _)| email.get("type").and_then(Value::as_str).is_some_and(|t| t.eq_ignore_ascii_case("work")))
        })
        .or_else(|| with_value().next())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chosen(emails: Value) -> Option<String> {
        let user = json!({ "emails": emails });
        primary_email(user.as_object().unwrap()).map(str::to_owned)
    }

    #[test]
    fn primary_comes_before_work_before_the_first() {
        let home = json!({ "value": "home@x.test", "type": "home" });
        let work = json!({ "value": "work@x.test", "type": "Work" });
        let main = json!({ "value": "main@x.test", "primary": true });
        assert_eq!(chosen(json!([home, work, main])).as_deref(), Some("main@x.test"));
        assert_eq!(chosen(json!([home, work])).as_deref(), Some("work@x.test"));
        assert_eq!(chosen(json!([home])).as_deref(), Some("home@x.test"));
    }

    #[test]
    fn an_element_without_a_value_is_no_address() {
        assert_eq!(
            chosen(json!([{ "primary": true }, { "value": "", "type": "work" }, { "value": "a@x.test" }])).as_deref(),
            Some("a@x.test")
        );
        assert_eq!(chosen(json!([])), None);
        assert_eq!(primary_email(&Resource::new()), None);
    }
}
