//! Whose a wrong key is.

use muster_domain::{AccountId, SecretKeyHash, incident::Cause};
use muster_store::{
    Store, StoreError, accounts,
    keys::{Misuse, misuse},
};

/// A wrong key, as far as it is told from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct WrongKey {
    pub presented: Presented,
    /// Its peer has sent too many.
    pub many: bool,
    /// The host it came to.
    pub host: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Presented {
    /// It has the form of one of ours.
    Key([u8; 32]),
    /// Anything else.
    Other,
}

/// The account a wrong key is about, and what is wrong with it: the one that had the key; else the one whose host it came to; else the
/// only one there is. Nothing when there are several.
pub(super) async fn owner(store: &Store, key: &WrongKey) -> Result<Option<(AccountId, Cause)>, StoreError> {
    if let Presented::Key(hash) = key.presented
        && let Some((account, misuse)) = misuse(store, &SecretKeyHash(hash)).await?
    {
        let cause = match misuse {
            Misuse::Voided => Cause::VoidedKey,
            Misuse::DisabledAdministrator => Cause::DisabledAdministrator,
            Misuse::WrongHost => Cause::WrongHost,
        };
        return Ok(Some((account, cause)));
    }
    let cause = if key.many { Cause::KeyGuessing } else { Cause::WrongKey };
    let accounts = accounts::list(store).await?;
    let hosted = accounts.iter().find(|account| {
        let host = account.host.as_deref().map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
        host.is_some() && host.map(str::to_ascii_lowercase) == key.host
    });
    let only = if let [only] = &accounts[..] { Some(only) } else { None };
    Ok(hosted.or(only).map(|account| (account.id, cause)))
}
