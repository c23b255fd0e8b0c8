//! Who an identity token speaks of.

use super::{Claim, Refusal};
use serde_json::{Map, Value};

/// What the account's claim says. Nothing else of the token is looked at: not `sub`, not `oid`, and no other claim when this one is
/// missing.
///
/// # Errors
/// [`Refusal::NoIdentity`] when the claim is missing; [`Refusal::UnverifiedAddress`] when the provider says that it has not checked the
/// address.
pub fn identity_in(claims: &Map<String, Value>, claim: Claim) -> Result<String, Refusal> {
    let text = claims.get(claim.as_str()).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Err(Refusal::NoIdentity);
    }
    if claim == Claim::Email {
        match claims.get("email_verified") {
            // A provider of one company's people need not say it.
            None | Some(Value::Bool(true)) => {}
            // Some write it as text. Anything that is not plainly "yes" is "no".
            Some(Value::String(word)) if word == "true" => {}
            Some(_) => return Err(Refusal::UnverifiedAddress),
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: Value, claim: Claim) -> Result<String, Refusal> {
        identity_in(claims.as_object().expect("an object"), claim)
    }

    #[test]
    fn the_one_claim_counts_and_no_other_takes_its_place() {
        let claims = json!({"sub": "1", "oid": "2", "email": " j@acme.com ", "preferred_username": "boss@acme.com", "externalId": "3"});
        assert_eq!(read(claims.clone(), Claim::Email), Ok("j@acme.com".into()));
        assert_eq!(read(claims.clone(), Claim::PreferredUsername), Ok("boss@acme.com".into()));
        assert_eq!(read(claims, Claim::Upn), Err(Refusal::NoIdentity));
        for odd in [json!({"email": 7}), json!({"email": ["j@acme.com"]}), json!({"email": ""}), json!({"email": null})] {
            assert_eq!(read(odd, Claim::Email), Err(Refusal::NoIdentity));
        }
    }

    #[test]
    fn an_address_nobody_has_checked_is_nobodys() {
        for (verified, read_as) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!(null), false),
            (json!(1), false),
        ] {
            assert_eq!(read(json!({"email": "j@acme.com", "email_verified": verified}), Claim::Email).is_ok(), read_as, "{verified}");
        }
        assert!(read(json!({"upn": "j@acme.com", "email_verified": false}), Claim::Upn).is_ok(), "it is about the address");
    }
}
