//! Keys that the service makes for itself, once, and that all its processes share.

use crate::{Store, StoreError, now_ms};
use sea_orm::ConnectionTrait;

/// The secret of this name: made by whoever asks first, and the same for everybody from then on.
///
/// # Errors
/// When the database fails, or the system has no random numbers.
pub async fn shared(store: &Store, name: &str) -> Result<[u8; 32], StoreError> {
    if let Some(secret) = find(store, name).await? {
        return Ok(secret);
    }
    let mut made = [0; 32];
    getrandom::fill(&mut made).map_err(|error| StoreError::Other(format!("the system has no random numbers: {error}")))?;
    let sql = "INSERT INTO service_secret (name, secret, created_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    store.writer().execute_raw(store.statement(sql, [name.into(), made.to_vec().into(), now_ms().into()])).await?;
    // Somebody else may have been first: what is stored counts.
    find(store, name).await?.ok_or_else(|| StoreError::Other(format!("the secret `{name}` was not kept")))
}

/// From the database that is written to: a replica may not have it yet.
async fn find(store: &Store, name: &str) -> Result<Option<[u8; 32]>, StoreError> {
    let sql = "SELECT secret FROM service_secret WHERE name = $1";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [name.into()])).await? else {
        return Ok(None);
    };
    let secret: Vec<u8> = row.try_get("", "secret")?;
    let secret = secret.try_into().map_err(|_| StoreError::Other(format!("the secret `{name}` is not 32 bytes long")))?;
    Ok(Some(secret))
}

#[cfg(test)]
mod tests {
    use crate::testing::on_each;

    #[tokio::test]
    async fn everybody_gets_the_same_secret_and_another_name_another_one() {
        on_each(|world| async move {
            let (a, b) = tokio::join!(super::shared(&world.store, "a"), super::shared(&world.store, "a"));
            let a = a.expect("a secret");
            assert_eq!(b.expect("a secret"), a);
            assert_eq!(super::shared(&world.store, "a").await.expect("a secret"), a);
            assert_ne!(super::shared(&world.store, "b").await.expect("a secret"), a);
        })
        .await;
    }
}
