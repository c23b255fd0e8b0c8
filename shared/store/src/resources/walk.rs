//! The rows of a selection, in an order: as numbered pages, and from a place on.
//!
//! A page from a place on costs the same wherever the place is: the order's index is entered there. Where the ordering column may
//! be NULL, the rows with a value and those without are two segments that are walked one after the other, so that no comparison
//! ever meets a NULL and the engines' opinions of where NULL belongs do not matter.

use super::{
    Include,
    list::Selection,
    order::{Anchor, Column, Kind, Order, Position, Segment},
    related,
    table::{columns, from, read, table},
};
use crate::{Dialect, Store, StoreError, filter_sql::compile, rows::Rows};
use muster_domain::AccountId;
use muster_scim::{Resource, ResourceType, SortKey};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use uuid::Uuid;

/// A row, and where it stands.
pub(super) struct Row {
    pub position: Position,
    pub resource: Resource,
}

/// The rows of one selection, in one order.
pub(super) struct Walk<'a> {
    store: &'a Store,
    pub account: AccountId,
    pub selection: &'a Selection,
    pub order: Order,
    /// What must be loaded to judge and to show.
    pub loaded: Include,
    /// The condition says the whole filter: nothing is left to judge.
    pub exact: bool,
    condition: String,
    pinned: bool,
    values: Vec<Value>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(store: &'a Store, account: AccountId, selection: &'a Selection, order: Order) -> Self {
        let mut values: Vec<Value> = vec![account.0.into()];
        // The installation's own types share a table.
        let own = match selection.resource_type {
            ResourceType::Custom(custom) => {
                values.push(custom.name.into());
                " AND c.resource_type = $2"
            }
            ResourceType::User | ResourceType::Group => "",
        };
        let compiled = compile(store.dialect(), selection.resource_type, selection.filter.as_ref(), &mut values);
        let condition = compiled.sql.map_or_else(|| own.to_owned(), |sql| format!("{own} AND ({sql})"));
        // The filter may ask about what lives in other tables even when the answer must not show it.
        let judged = |attr: &str| !compiled.exact && selection.filter.as_ref().is_some_and(|filter| filter.mentions(attr));
        let ordered = |attr: &str| selection.sort.as_ref().is_some_and(|sort| sort.mentions(attr));
        let wanted = |shown: bool, attr: &str| shown || judged(attr) || ordered(attr);
        let loaded = match selection.resource_type {
            ResourceType::User => Include { members: false, groups: wanted(selection.include.groups, "groups") },
            ResourceType::Group => Include { members: wanted(selection.include.members, "members"), groups: false },
            ResourceType::Custom(_) => Include::default(),
        };
        Self { store, account, selection, order, loaded, exact: compiled.exact, condition, pinned: compiled.pinned, values }
    }

    /// How many rows there are.
    pub(super) async fn count(&self, db: &impl ConnectionTrait) -> Result<u64, StoreError> {
        let rt = self.selection.resource_type;
        let sql = format!("SELECT count(*) AS n FROM {} WHERE {}.account_id = $1{}", from(rt), table(rt), self.condition);
        number(db, self.store.statement(sql, self.values.iter().cloned())).await
    }

    /// How many rows there are, or `limit` if there are more.
    pub(super) async fn count_up_to(&self, db: &impl ConnectionTrait, limit: u64) -> Result<u64, StoreError> {
        let (rt, mut values) = (self.selection.resource_type, self.values.clone());
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        let (from, table, place) = (from(rt), table(rt), values.len());
        let rows = format!("SELECT 1 FROM {from} WHERE {table}.account_id = $1{} LIMIT ${place}", self.condition);
        number(db, self.store.statement(format!("SELECT count(*) AS n FROM ({rows}) c"), values)).await
    }

    /// The rows from the `skip`th on, at most `limit`.
    pub(super) async fn page(&self, db: &impl ConnectionTrait, skip: u64, limit: u64) -> Result<Vec<Row>, StoreError> {
        let statement = self.page_statement(skip, limit);
        self.fetch(db, statement).await
    }

    pub(super) fn page_statement(&self, skip: u64, limit: u64) -> Statement {
        self.statement(Segment::All, "", self.values.clone(), self.order.descending, limit, Some(skip))
    }

    /// The rows from a place on (from the first, without one), at most `limit`, in the direction of the anchor.
    pub(super) async fn onward(&self, db: &impl ConnectionTrait, anchor: Option<&Anchor>, limit: u64) -> Result<Vec<Row>, StoreError> {
        let mut found: Vec<Row> = Vec::new();
        for statement in self.onward_statements(anchor, limit)? {
            found.extend(self.fetch(db, statement).await?);
            if found.len() as u64 >= limit {
                break;
            }
        }
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// One statement a segment; each is only needed when those before it brought too little.
    pub(super) fn onward_statements(&self, anchor: Option<&Anchor>, limit: u64) -> Result<Vec<Statement>, StoreError> {
        let down = self.order.descending != anchor.is_some_and(|anchor| anchor.backwards);
        let segments = self.order.segments(down);
        let Some(anchor) = anchor else {
            return Ok(segments.iter().map(|segment| self.statement(*segment, "", self.values.clone(), down, limit, None)).collect());
        };
        // The segment the place is in is entered there; one that comes after it is walked from its start, one before it not at all.
        let absent = anchor.position.key.is_none();
        let mut statements = Vec::with_capacity(2);
        for segment in segments {
            let here = *segment == Segment::All || (*segment == Segment::Absent) == absent;
            if !here && absent != down {
                continue;
            }
            let mut values = self.values.clone();
            let beyond = if here { self.beyond(*segment, anchor, down, &mut values)? } else { String::new() };
            statements.push(self.statement(*segment, &beyond, values, down, limit, None));
        }
        Ok(statements)
    }

    /// The condition that a row lies beyond the anchor.
    fn beyond(&self, segment: Segment, anchor: &Anchor, down: bool, values: &mut Vec<Value>) -> Result<String, StoreError> {
        let table = table(self.selection.resource_type);
        let operator = match (down, anchor.inclusive) {
            (false, false) => ">",
            (false, true) => ">=",
            (true, false) => "<",
            (true, true) => "<=",
        };
        let mut parameter = |value: Value| {
            values.push(value);
            format!("${}", values.len())
        };
        let Some(column) = self.order.column.filter(|_| segment != Segment::Absent) else {
            return Ok(format!(" AND {table}.id {operator} {}", parameter(anchor.position.id.into())));
        };
        let key = parameter(match (&anchor.position.key, column.kind) {
            (Some(SortKey::Text(text)), Kind::Text) => text.clone().into(),
            (Some(SortKey::Moment(ms)), Kind::Moment) => (*ms).into(),
            (Some(SortKey::Flag(flag)), Kind::Flag) => i64::from(*flag).into(),
            (key, _) => return Err(StoreError::Other(format!("a place of another order: {key:?} in {}", column.sql))),
        });
        let id = parameter(anchor.position.id.into());
        Ok(format!(" AND ({}, {table}.id) {operator} ({key}, {id})", column.sql))
    }

    fn statement(&self, segment: Segment, beyond: &str, mut values: Vec<Value>, down: bool, limit: u64, skip: Option<u64>) -> Statement {
        let rt = self.selection.resource_type;
        let (dialect, table, columns, from) = (self.store.dialect(), table(rt), columns(rt), from(rt));
        let column = self.order.column;
        let key = column.map(|column| format!(", {} AS sort_key", column.sql)).unwrap_or_default();
        let order = self.order_by(segment, down, column.map_or("", |column| column.sql), &format!("{table}.id"));
        let segment_only = match (segment, column) {
            // Said of columns that are never NULL, too: their indexes are partial, and a planner takes the word for it.
            (_, Some(column)) if column.kind == Kind::Text && (segment == Segment::Present || !column.nullable) => {
                format!(" AND {} IS NOT NULL", column.sql)
            }
            (Segment::Absent, Some(column)) => format!(" AND {} IS NULL", column.sql),
            _ => String::new(),
        };
        let rows = format!("WHERE {table}.account_id = $1{}{segment_only}{beyond}", self.condition);
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        let mut window = format!("ORDER BY {order} LIMIT ${}", values.len());
        let skip = skip.filter(|skip| *skip > 0);
        if let Some(skip) = skip {
            values.push(i64::try_from(skip).unwrap_or(i64::MAX).into());
            window.push_str(&format!(" OFFSET ${}", values.len()));
        }
        let mut sql = if self.pinned {
            // What an index pins down to a handful of rows is found first. Left to itself, the planner may prefer to walk the order's
            // index and filter, which is quick only if its guess of how many match is right.
            let fence = match dialect {
                Dialect::Postgres => "OFFSET 0",
                Dialect::Sqlite => "LIMIT -1 OFFSET 0",
            };
            format!("SELECT {columns}{key} FROM (SELECT * FROM {from} {rows} {fence}) {table} {window}")
        } else if skip.is_some() {
            // The rows that are skipped are counted off in the index; only those of the page are read.
            format!(
                "SELECT {columns}{key} FROM (SELECT {table}.id FROM {from} {rows} {window}) k \
                 JOIN {from} ON {table}.account_id = $1 AND {table}.id = k.id ORDER BY {order}"
            )
        } else {
            format!("SELECT {columns}{key} FROM {from} {rows} {window}")
        };
        if self.loaded.groups {
            let order = self.order_by(segment, down, "p.sort_key", "p.id");
            sql = related::with_groups(dialect, &sql, &format!(" ORDER BY {order}"));
        }
        self.store.statement(sql, values)
    }

    fn order_by(&self, segment: Segment, down: bool, key: &str, id: &str) -> String {
        let direction = if down { "DESC" } else { "ASC" };
        match self.order.column {
            None => format!("{id} {direction}"),
            // The index that makes it unique is the whole order.
            Some(Column { unique: true, .. }) => format!("{key} {direction}"),
            Some(Column { nullable: true, .. }) if segment == Segment::All => {
                format!("{key} {direction} NULLS {}, {id} {direction}", if down { "FIRST" } else { "LAST" })
            }
            Some(_) => format!("{key} {direction}, {id} {direction}"),
        }
    }

    /// The rows with these ids, in no order.
    pub(super) fn by_id(&self, ids: impl Iterator<Item = Uuid> + Clone) -> Statement {
        let rt = self.selection.resource_type;
        let table = table(rt);
        let rows = Rows::new(self.store.dialect()).uuid("account_id", ids.clone().map(|_| self.account.0)).uuid("id", ids);
        let sql = format!("SELECT {} FROM r JOIN {} ON {table}.account_id = r.account_id AND {table}.id = r.id", columns(rt), from(rt));
        rows.statement(&if self.loaded.groups { related::with_groups(self.store.dialect(), &sql, "") } else { sql })
    }

    pub(super) async fn fetch(&self, db: &impl ConnectionTrait, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let rows = db.query_all_raw(statement).await?;
        let mut found = rows.iter().map(|row| self.row(row)).collect::<Result<Vec<_>, _>>()?;
        if self.loaded.members {
            let groups = found.iter_mut().map(|row| (row.position.id, &mut row.resource)).collect();
            related::add_members(db, self.store, self.account, groups).await?;
        }
        Ok(found)
    }

    fn row(&self, row: &QueryResult) -> Result<Row, StoreError> {
        let (id, resource) = read(self.selection.resource_type, self.loaded.groups, row)?;
        let key = match self.order.column.map(|column| column.kind) {
            None => None,
            Some(Kind::Text) => row.try_get::<Option<String>>("", "sort_key")?.map(SortKey::Text),
            Some(Kind::Moment) => Some(SortKey::Moment(row.try_get("", "sort_key")?)),
            Some(Kind::Flag) => Some(SortKey::Flag(row.try_get::<i64>("", "sort_key")? != 0)),
        };
        Ok(Row { position: Position { key, id }, resource })
    }

    /// Takes out of a resource what was loaded to judge it and must not be shown.
    pub(super) fn trim(&self, resource: &mut Resource) {
        if self.loaded.members && !self.selection.include.members {
            resource.remove("members");
        }
        if self.loaded.groups && !self.selection.include.groups {
            resource.remove("groups");
        }
    }

    /// Whether the filter accepts a resource that passed the condition.
    pub(super) fn accepts(&self, resource: &Resource) -> bool {
        self.exact || self.selection.filter.as_ref().is_none_or(|filter| filter.matches(self.selection.resource_type, resource))
    }
}

pub(super) async fn number(db: &impl ConnectionTrait, statement: Statement) -> Result<u64, StoreError> {
    let row = db.query_one_raw(statement).await?.ok_or_else(|| StoreError::Other("count(*) returned nothing".into()))?;
    let n: i64 = row.try_get("", "n")?;
    Ok(n.unsigned_abs())
}
