//! Where each type of resource is stored, and how a row of it becomes a resource.

use super::related;
use crate::{CustomRow, GroupRow, StoreError, UserRow};
use muster_scim::{Resource, ResourceType};
use sea_orm::QueryResult;
use uuid::Uuid;

pub(super) const fn table(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::User => "u",
        ResourceType::Group => "g",
        ResourceType::Custom(_) => "c",
    }
}

pub(super) const fn from(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::User => "users u",
        ResourceType::Group => "user_group g",
        ResourceType::Custom(_) => "custom_resource c",
    }
}

pub(super) const fn columns(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::User => UserRow::SELECT,
        ResourceType::Group => GroupRow::SELECT,
        ResourceType::Custom(_) => CustomRow::SELECT,
    }
}

pub(super) fn read(resource_type: ResourceType, groups: bool, row: &QueryResult) -> Result<(Uuid, Resource), StoreError> {
    let (id, mut resource) = match resource_type {
        ResourceType::User => {
            let row = UserRow::read(row)?;
            (row.id, row.into_rendered())
        }
        ResourceType::Group => {
            let row = GroupRow::read(row)?;
            (row.id, row.into_rendered())
        }
        ResourceType::Custom(_) => {
            let row = CustomRow::read(row)?;
            (row.id, row.into_rendered())
        }
    };
    if groups {
        related::put_groups(&mut resource, row)?;
    }
    Ok((id, resource))
}
