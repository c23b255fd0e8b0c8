//! Ids as types of their own, so that a group's id can never be handed to a query about users.
//!
//! All of them are UUIDs of version 7: they sort by time of creation, which keeps the right edge of every index hot and makes
//! "in order of creation" the same as "in order of id".

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, greater than every id made before it on this machine's clock.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would be a different one each time")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            /// # Errors
            /// When the text is not a UUID.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// One customer of the platform.
    AccountId
);
id!(
    /// A user: never changes, whatever happens to the user id people sign in with. SCIM `id`.
    UserId
);
id!(
    /// A group. SCIM `id`.
    GroupId
);
id!(
    /// A secret key of Setup SCIM.
    KeyId
);
id!(
    /// A token of the JSON API.
    ApiTokenId
);
id!(
    /// An operation: one SCIM write accepted by the gateway. Delivery is at least once; this id makes the effect happen once.
    OperationId
);
id!(
    /// A conversion: one run of Convert All User IDs To Use Email, or of its undo.
    ConversionId
);
id!(
    /// An incident: failures of one kind, from the first until it is over.
    IncidentId
);
id!(
    /// One run of one gateway process; names the reply stream it listens on.
    GatewayId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_of_creation() {
        let ids: Vec<UserId> = (0..1000).map(|_| UserId::new()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = OperationId::new();
        assert_eq!(id.to_string().parse::<OperationId>(), Ok(id));
        assert!("00919288221112222".parse::<UserId>().is_err());
    }
}
