//! Items: what the plan says about a user, and what became of it.

use super::{ConversionError, Lease};
use crate::{Store, StoreError, WriteTransaction, rows::Rows};
use muster_domain::{
    AccountId, ConversionId,
    conversion::{Code, ItemState},
    csv_line,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::Serialize;
use uuid::Uuid;

/// One user of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its place in the run: dense, in the order of the users' ids.
    pub n: i64,
    /// The user's id, which never changes.
    pub user: Uuid,
    /// What the user signed in with when the plan was made.
    pub old_id: String,
    /// That in comparison form.
    #[serde(skip)]
    pub old_key: String,
    /// The address, when it is one.
    pub new_id: Option<String>,
    /// That in comparison form.
    #[serde(skip)]
    pub new_key: Option<String>,
    /// The address as it stood with the user.
    pub email: Option<String>,
    /// Whether the user was active.
    pub active: bool,
    /// Where it stands. `todo` means converted once the cursor of the run has passed it ([`Item::is_done`]).
    pub state: ItemState,
    /// Why.
    pub code: Code,
    /// The other user, when there is one in the way.
    pub other: Option<Uuid>,
    /// How many others of a chain have to move first.
    pub depth: i64,
    /// The ring it belongs to.
    pub ring: Option<i64>,
    /// How often it was tried in vain.
    pub tries: i64,
}

pub(super) const COLUMNS: &str = "i.n, i.user_id, i.old_id, i.old_key, i.new_id, i.new_key, i.email, i.active, i.state, i.code, i.other, \
    i.depth, i.ring, i.tries";

/// Items that are converted; takes the cursor of the users' phase.
pub(super) fn done(users_n: &str) -> String {
    format!("(i.state = 'done' OR (i.state = 'todo' AND i.depth = 0 AND i.n <= {users_n}))")
}

/// Items of this code. Said so that both engines see that the index of whoever is not simply converted holds them.
pub(super) fn of_code(code: Code) -> String {
    let rare = if code == Code::Convert { "" } else { " AND i.code <> 'convert'" };
    format!(" AND i.code = '{}'{rare}", code.as_str())
}

impl Item {
    pub(super) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let (state, code): (String, String) = (row.try_get("", "state")?, row.try_get("", "code")?);
        let unknown = |what: &str, word: &str| StoreError::Other(format!("an item of a conversion has the unknown {what} `{word}`"));
        Ok(Self {
            n: row.try_get("", "n")?,
            user: row.try_get("", "user_id")?,
            old_id: row.try_get("", "old_id")?,
            old_key: row.try_get("", "old_key")?,
            new_id: row.try_get("", "new_id")?,
            new_key: row.try_get("", "new_key")?,
            email: row.try_get("", "email")?,
            active: row.try_get("", "active")?,
            state: state.parse().map_err(|_| unknown("state", &state))?,
            code: code.parse().map_err(|_| unknown("code", &code))?,
            other: row.try_get("", "other")?,
            depth: row.try_get("", "depth")?,
            ring: row.try_get("", "ring")?,
            tries: row.try_get("", "tries")?,
        })
    }

    /// Whether it is converted, in a run whose users' cursor stands there.
    #[must_use]
    pub fn is_done(&self, users_n: i64) -> bool {
        self.state == ItemState::Done || (self.state == ItemState::Todo && self.depth == 0 && self.n <= users_n)
    }

    /// The heading of [`Item::csv`].
    #[must_use]
    pub fn csv_heading() -> String {
        csv_line(["n", "id", "user_id", "email", "new_user_id", "state", "reason", "other_user", "attempts"])
    }

    /// A line of CSV, in a run whose users' cursor stands there.
    #[must_use]
    pub fn csv(&self, users_n: i64) -> String {
        csv_line([
            self.n.to_string().as_str(),
            self.user.to_string().as_str(),
            &self.old_id,
            self.email.as_deref().unwrap_or_default(),
            self.new_id.as_deref().unwrap_or_default(),
            self.state_at(users_n).as_str(),
            self.code.as_str(),
            self.other.map(|id| id.to_string()).unwrap_or_default().as_str(),
            self.tries.to_string().as_str(),
        ])
    }

    /// Where it stands, said out.
    #[must_use]
    pub fn state_at(&self, users_n: i64) -> ItemState {
        if self.is_done(users_n) { ItemState::Done } else { self.state }
    }
}

pub(super) fn read_all(rows: &[QueryResult]) -> Result<Vec<Item>, StoreError> {
    rows.iter().map(Item::read).collect()
}

/// The items after `n`, in order. For reports.
///
/// # Errors
/// When the database fails.
pub async fn items_after(store: &Store, account: AccountId, journal: ConversionId, n: i64, most: i64) -> Result<Vec<Item>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 \
         ORDER BY i.conversion_id, i.n LIMIT $4"
    );
    let values: [Value; 4] = [account.0.into(), journal.0.into(), n.into(), most.into()];
    read_all(&store.writer().query_all_raw(store.statement(sql, values)).await?)
}

/// Which items a page is of.
#[derive(Clone, Copy, Debug, Default)]
pub struct ItemFilter {
    /// Where they stand, as [`Item::state_at`] says.
    pub state: Option<ItemState>,
    /// Why.
    pub code: Option<Code>,
}

/// A page of items.
#[derive(Clone, Debug, Serialize)]
pub struct ItemPage {
    /// The items, each with where it stands now.
    pub items: Vec<Item>,
    /// What the next page comes after; none on the last. A page can be short, or empty, and have a next one.
    pub next: Option<i64>,
}

/// So many items are looked at for one page at most: what is rare must not make a statement long.
const LOOK_AT: i64 = 20_000;

/// The items after `after` that are meant, in order.
///
/// # Errors
/// When the database fails.
pub async fn items_page(store: &Store, run: &super::Conversion, filter: ItemFilter, after: i64, most: u32) -> Result<ItemPage, StoreError> {
    let stands = match filter.state {
        // The cursor has a place in every statement.
        None => " AND $3 >= 0".to_owned(),
        Some(ItemState::Done) => format!(" AND {}", done("$3")),
        Some(state) => format!(" AND i.state = '{}' AND NOT {}", state.as_str(), done("$3")),
    };
    let code = filter.code.map(of_code).unwrap_or_default();
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $4 AND i.n <= $5{stands}{code} \
         ORDER BY i.conversion_id, i.n LIMIT {most}"
    );
    let end = after.saturating_add(LOOK_AT);
    let values: [Value; 5] = [run.account.0.into(), run.journal().0.into(), run.users_n.into(), after.into(), end.into()];
    let mut items = read_all(&store.reader().query_all_raw(store.statement(&sql, values)).await?)?;
    for item in &mut items {
        item.state = item.state_at(run.users_n);
    }
    let full = items.len() == most as usize;
    let last = if full { items.last().map_or(end, |item| item.n) } else { end };
    Ok(ItemPage { items, next: (last < run.total).then_some(last) })
}

/// The next links of chains and rings that are still to be converted: all of one depth, so that none waits for another of them.
///
/// # Errors
/// When the database fails.
pub async fn next_ordered(store: &Store, account: AccountId, journal: ConversionId, most: i64) -> Result<Vec<Item>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.depth > 0 AND i.state = 'todo' \
         ORDER BY i.conversion_id, i.depth, i.n LIMIT $3"
    );
    let values: [Value; 3] = [account.0.into(), journal.0.into(), most.into()];
    let mut items = read_all(&store.writer().query_all_raw(store.statement(sql, values)).await?)?;
    let depth = items.first().map(|item| item.depth);
    items.retain(|item| Some(item.depth) == depth);
    Ok(items)
}

/// All items of one ring.
///
/// # Errors
/// When the database fails.
pub async fn ring(store: &Store, account: AccountId, journal: ConversionId, ring: i64) -> Result<Vec<Item>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.depth > 0 AND i.ring = $3 \
         ORDER BY i.conversion_id, i.depth, i.n"
    );
    let values: [Value; 3] = [account.0.into(), journal.0.into(), ring.into()];
    read_all(&store.writer().query_all_raw(store.statement(sql, values)).await?)
}

/// Writes what has become of items, by themselves, with a step of the run.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more.
pub async fn write_items(
    store: &Store,
    lease: &Lease,
    journal: ConversionId,
    items: &[Item],
    advance: &super::Advance,
) -> Result<serde_json::Value, ConversionError> {
    let tx = store.begin().await?;
    update(&tx, journal, items).await?;
    let pace = super::fence(&tx, lease, advance, crate::now_ms()).await?;
    tx.commit().await?;
    Ok(pace)
}

/// Writes items back, whole.
pub(super) async fn update(tx: &WriteTransaction, journal: ConversionId, items: &[Item]) -> Result<(), ConversionError> {
    if items.is_empty() {
        return Ok(());
    }
    let rows = Rows::new(tx.dialect)
        .uuid("journal", items.iter().map(|_| journal.0))
        .int("n", items.iter().map(|item| item.n))
        .text("old_id", items.iter().map(|item| item.old_id.clone()))
        .text("old_key", items.iter().map(|item| item.old_key.clone()))
        .maybe_text("new_id", items.iter().map(|item| item.new_id.clone()))
        .maybe_text("new_key", items.iter().map(|item| item.new_key.clone()))
        .maybe_text("email", items.iter().map(|item| item.email.clone()))
        .text("state", items.iter().map(|item| item.state.as_str().to_owned()))
        .text("code", items.iter().map(|item| item.code.as_str().to_owned()))
        .maybe_uuid("other", items.iter().map(|item| item.other))
        .int("tries", items.iter().map(|item| item.tries));
    let sql = "UPDATE conversion_item SET old_id = r.old_id, old_key = r.old_key, new_id = r.new_id, new_key = r.new_key, email = r.email, \
         state = r.state, code = r.code, other = r.other, tries = r.tries \
         FROM r WHERE conversion_item.conversion_id = r.journal AND conversion_item.n = r.n";
    tx.inner.execute_raw(rows.statement(sql)).await?;
    Ok(())
}
