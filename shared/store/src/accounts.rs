//! Accounts: the customers of the platform.

use crate::{Store, StoreError, now_ms};
use muster_domain::AccountId;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, entity::prelude::*};
use serde::Serialize;

/// The table `account`.
mod table {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub slug: String,
        pub name: String,
        pub host: Option<String>,
        pub created_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One customer of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its short name in commands and addresses: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The host of its own, when it has one; its keys then work on that host only.
    pub host: Option<String>,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
}

impl From<table::Model> for Account {
    fn from(model: table::Model) -> Self {
        Self { id: AccountId(model.id), slug: model.slug, name: model.name, host: model.host, created_ms: model.created_ms }
    }
}

/// Whether a text can be an account's slug: a label of a host name, in lower case.
///
/// # Errors
/// What to use instead.
pub fn check_slug(text: &str) -> Result<(), &'static str> {
    let fits = (1..=63).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if fits && !text.starts_with('-') && !text.ends_with('-') {
        Ok(())
    } else {
        Err("use 1 to 63 lower-case letters, digits and hyphens, not a hyphen at either end")
    }
}

/// Makes an account.
///
/// # Errors
/// [`StoreError::Conflict`] when the slug is taken or is none ([`check_slug`]).
pub async fn create(store: &Store, slug: &str, name: &str) -> Result<Account, StoreError> {
    if let Err(advice) = check_slug(slug) {
        return Err(StoreError::Conflict(format!("`{slug}` cannot be an account's slug: {advice}")));
    }
    let model = table::ActiveModel {
        id: Set(AccountId::new().0),
        slug: Set(slug.to_owned()),
        name: Set(name.to_owned()),
        host: Set(None),
        created_ms: Set(now_ms()),
    };
    match model.insert(store.writer()).await.map_err(StoreError::from) {
        Ok(model) => Ok(model.into()),
        Err(StoreError::Raced(_)) => Err(StoreError::Conflict(format!("an account `{slug}` exists already"))),
        Err(error) => Err(error),
    }
}

/// The account of this slug.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, slug: &str) -> Result<Option<Account>, StoreError> {
    Ok(table::Entity::find().filter(table::Column::Slug.eq(slug)).one(store.writer()).await?.map(Account::from))
}

/// Every account, in order of slug.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store) -> Result<Vec<Account>, StoreError> {
    let models = table::Entity::find().order_by_asc(table::Column::Slug).all(store.reader()).await?;
    Ok(models.into_iter().map(Account::from).collect())
}
