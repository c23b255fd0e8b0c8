//! Lists against real databases, held against what memory says.

mod filters;
mod lists;
mod orders;
mod plans;
mod sample;

use super::{Anchor, Include, ListError, ListQuery, Page, Paging, Selection, list};
use crate::testing::World;
use muster_scim::{Filter, Limits, Resource, ResourceType, Sort, filter};

const ALL: Include = Include { members: true, groups: true };

fn filter(resource_type: ResourceType, text: &str) -> Filter {
    filter::parse(resource_type, text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn selection(resource_type: ResourceType, filter: Option<Filter>, sort: Option<Sort>, include: Include) -> Selection {
    Selection { resource_type, filter, sort, include }
}

async fn page(world: &World, selections: &[Selection], paging: Paging) -> Result<Page, ListError> {
    list(&world.store, world.account, &ListQuery { selections: selections.to_vec(), paging }).await
}

async fn numbered(world: &World, selections: &[Selection], start: u64, count: u64) -> Page {
    page(world, selections, Paging::Index { start, count }).await.expect("a page")
}

async fn placed(world: &World, selections: &[Selection], from: Option<Anchor>, count: u64) -> Page {
    page(world, selections, Paging::Cursor { from, count }).await.expect("a page")
}

fn id(resource: &Resource) -> String {
    resource["id"].as_str().expect("an id").to_owned()
}

fn ids(page: &Page) -> Vec<String> {
    page.resources.iter().map(|(_, resource)| id(resource)).collect()
}

fn seed() -> u64 {
    std::env::var("MUSTER_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..))
}
