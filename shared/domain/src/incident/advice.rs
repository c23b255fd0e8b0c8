//! What people are told about a cause.

use super::Cause;
use serde::Serialize;

/// What happened, why it usually happens, and what to do: full sentences for pages, commands and mails. Free of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// A few words: the subject of a mail, the heading of a page.
    pub title: &'static str,
    /// Why it usually happens.
    pub likely: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

const fn advice(title: &'static str, likely: &'static str, remedy: &'static str) -> Advice {
    Advice { title, likely, remedy }
}

impl Cause {
    /// What people are told about it.
    #[must_use]
    pub const fn advice(self) -> Advice {
        match self {
            Self::DuplicateUser => advice(
                "user id already in use",
                "The directory creates or renames a user, and another user of the account signs in with that user id. Often the user was \
                 made by hand before provisioning was switched on, under an id the directory does not match by.",
                "Look at one of the users named here. If it is the same person, let the directory match it: userName must be a matching attribute, \
                 and its value must be equal. If it is another person, give one of the two another user name in the directory. Then retry.",
            ),
            Self::MailboxConflict => advice(
                "mailbox name already in use",
                "Two people share a mailbox name (jdoe@acme.com and jdoe@acme.de), and user ids are mailbox names in this account.",
                "Run Convert All User IDs To Use Email, and map userName to the e-mail address in the directory: then both have a user id of \
                 their own. Until then, give one of the two another user name in the directory. Then retry.",
            ),
            Self::MailboxUser => advice(
                "user exists under the mailbox name",
                "The directory creates a user by e-mail address, and the same person exists here under the mailbox name of it (jdoe of \
                 jdoe@acme.com), as sign-in made it. A second user would divide the person in two.",
                "Run Convert All User IDs To Use Email (`muster convert plan`, then `muster convert start`): the directory then finds everybody by \
                 itself, at its next cycle. For a few users whose domain is verified, `muster sso set --linking link_verified` gives the directory \
                 the user who exists; then retry.",
            ),
            Self::DuplicateGroup => advice(
                "group name already in use",
                "The directory creates or renames a group, and another group of the account has that name; case does not matter.",
                "If it is the same group, let the directory match it by displayName. If not, rename one of the two. Then retry.",
            ),
            Self::MissingEmail => advice(
                "e-mail address missing or refused",
                "The directory sends a user whose e-mail address is empty or cannot be read, or the attribute mapping takes it from the wrong \
                 attribute.",
                "Give the users named here an address in the directory, or correct the mapping of emails[type eq \"work\"].value. The directory \
                 sends them again at its next cycle.",
            ),
            Self::UnknownMember => advice(
                "member not accepted",
                "A group names members that cannot be read, or more of them than one request may hold.",
                "Check that the users of the group are assigned to the application in the directory; a member must be sent before the group \
                 that holds it. Then retry.",
            ),
            Self::UnknownResource => advice(
                "user or group not found",
                "The directory changes somebody it believes to be here. The user or group was deleted on this side, or the directory still \
                 uses ids of an earlier installation.",
                "Restart provisioning in the directory (in Entra ID: Provisioning, Restart provisioning). It then matches everybody anew and \
                 creates who is missing.",
            ),
            Self::ProtectedUser => advice(
                "protected administrator not changed",
                "The directory tried to disable, delete or rename the SCIM administrator, or the last administrator of the account.",
                "If it was meant, make another user administrator, or choose another SCIM administrator in Setup SCIM, and retry. If not, put \
                 the administrator out of the application's scope in the directory.",
            ),
            Self::BadRequest => advice(
                "request refused",
                "The directory sends a value this service cannot accept: an attribute of the wrong type, a required one that is empty, or a \
                 request that is not valid SCIM. Usually one attribute mapping is wrong, and everybody it applies to fails alike.",
                "Look at the attribute that is named here and at the error in the directory's own provisioning log, and correct that mapping in the \
                 directory. It sends the users again at its next cycle.",
            ),
            Self::TooLarge => advice(
                "request too large",
                "A request is larger than the limits of the gateway: a body, an address, or a list of members.",
                "Let the directory send fewer members at once. If the requests are as they should be, raise gateway.body_limit_bytes.",
            ),
            Self::VoidedKey => advice(
                "a voided secret key is in use",
                "Somebody made a new secret key, and the directory still presents the one before it. Nothing is provisioned until it has the \
                 new one. If no directory of yours sends these requests, somebody else has the old key.",
                "Paste the new secret key into the directory (in Entra ID: Provisioning, Admin Credentials, Secret Token) and press Test \
                 Connection. If the new key is lost, make another one in Setup SCIM.",
            ),
            Self::DisabledAdministrator => advice(
                "secret key without an administrator",
                "The SCIM administrator of the secret key was disabled, deleted, or is no longer an administrator or user manager. The key \
                 is dead, and nothing is provisioned.",
                "Choose another SCIM administrator in Setup SCIM and paste the new secret key into the directory; or give the user role and \
                 sign-in back, and the key works again.",
            ),
            Self::WrongKey => advice(
                "wrong secret key",
                "Requests come with no key this service ever made: mistyped, cut short, or of another installation.",
                "Paste the whole secret key into the directory again and press Test Connection. If it is lost, make a new one in Setup SCIM.",
            ),
            Self::WrongHost => advice(
                "secret key used on another host",
                "A valid key came to a host that is not its account's. The Tenant URL in the directory is not the one Setup SCIM shows.",
                "Copy the Tenant URL from Setup SCIM into the directory and press Test Connection.",
            ),
            Self::KeyGuessing => advice(
                "many wrong secret keys from one address",
                "One address presents wrong keys again and again: a forgotten installation, or somebody who tries. Keys cannot be guessed; \
                 the address gets 429.",
                "Find out who it is (the gateway's log names the address) and block it in front of the gateway if it is nobody of yours.",
            ),
            Self::VersionMismatch => advice(
                "resource changed meanwhile",
                "A client changed a resource on the strength of a version that was no longer the current one (If-Match).",
                "Nothing: the client reads the resource again and decides anew.",
            ),
            Self::Expired => advice(
                "not applied in time",
                "Operations waited longer than the directory does. Workers are too few, stopped, or the database is slow. The directory was \
                 told to try again.",
                "Look at `muster queue status` and `muster doctor`: are workers running, is the database quick? The directory sends them \
                 again; retry applies them now.",
            ),
            Self::Unavailable => advice(
                "service temporarily unavailable",
                "The queue or the database could not be reached, or more requests were in flight than allowed. The directory was told to try \
                 again.",
                "Look at `muster doctor` and /readyz: they name what is down. Nothing was lost: what was refused is sent again.",
            ),
            Self::DatabaseFailure => advice(
                "could not be applied",
                "The database refused to carry out an operation, alone and repeatedly. The cause is in the worker's log under the operation's id.",
                "Look for the operation's id in the worker's log, mend what it names (space, permissions, a migration that is missing), then \
                 retry.",
            ),
            Self::SetAside => advice(
                "set aside after three attempts",
                "An operation ended the worker that applied it, three times. It was put aside so that everything else goes on.",
                "This is a fault of the service: report it with the operation's id and the worker's log of that time. After an update, retry.",
            ),
            Self::InternalError => advice(
                "internal error",
                "The gateway failed on a request. The cause is in its log under the request id.",
                "Report it with the request id and the gateway's log of that time. The directory sends the request again.",
            ),
            Self::ConversionStopped => advice(
                "conversion stopped",
                "One of the guards of Convert All User IDs To Use Email stopped the run: the database became slow, or too many users could not \
                 be converted. Who is converted stays converted; everybody can sign in.",
                "Look at `muster convert status`: it names the guard. Resume when the cause is gone, or undo.",
            ),
            Self::ConversionItem => advice(
                "user id not converted",
                "A user could not be converted to the e-mail address: it is missing, or somebody else's.",
                "Look at `muster convert report`: it lists each user with the reason. Correct them in the directory, then run the conversion again.",
            ),
            Self::AmbiguousSignIn => advice(
                "sign-in not clear",
                "Somebody signed in with an identity that could mean more than one user, or one with another e-mail address or none: users who \
                 share a mailbox name or an address, from the time before addresses were user ids.",
                "The part of the incident after the cause says which it is. Look for users who share a mailbox name or an address and correct them; \
                 Convert All User IDs To Use Email lists them (`muster convert plan`). Nobody was let in.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_cause_has_words_of_its_own() {
        let titles: HashSet<&str> = Cause::ALL.into_iter().map(|cause| cause.advice().title).collect();
        assert_eq!(titles.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            let Advice { title, likely, remedy } = cause.advice();
            assert!(title.len() <= 50 && !title.ends_with('.'), "{title}");
            assert!(likely.ends_with('.') && remedy.ends_with('.'), "{cause:?}");
            assert!(!likely.contains("  ") && !remedy.contains("  "), "{cause:?}");
        }
    }
}
