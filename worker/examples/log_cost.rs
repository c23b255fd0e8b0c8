//! What the log of operations costs a burst of creations, with its details and without, in one run.
//!
//! ```text
//! cargo run --release -p muster-worker --example log_cost -- postgres://user@host/postgres [BATCHES]
//! ```
//!
//! Makes three databases on the server (SQLite files without a URL), and gives batches of 512 creations to each in turn, so that
//! whatever else the machine does meets all alike: `without` keeps outcomes only and has no index of the log, `indexes` has the
//! indexes, `with` keeps everything. Prints the rate of each and what it costs.

use muster_domain::{AccountId, Actor, Change, KeyId, Operation, OperationId, Role, UserId, detail::DetailPolicy};
use muster_scim::{Compat, Limits, ResourceType, read_resource};
use muster_store::{Store, StoreSettings, accounts, now_ms};
use muster_worker::{Applier, ApplySettings};
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use std::{
    error::Error,
    time::{Duration, Instant},
};
use uuid::Uuid;

const BATCH: usize = 512;
const WARM_UP: usize = 8;

struct Side {
    name: &'static str,
    applier: Applier,
    account: AccountId,
    times: Vec<Duration>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let admin = arguments.next().filter(|url| url.starts_with("postgres"));
    let batches: usize = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let scratch = tempfile::tempdir()?;
    let mut sides = Vec::new();
    for (name, detail) in [("without", DetailPolicy::Off), ("indexes", DetailPolicy::Off), ("with", DetailPolicy::Masked)] {
        let url = match &admin {
            Some(admin) => new_database(admin).await?,
            None => format!("sqlite://{}", scratch.path().join(format!("{name}.db")).display()),
        };
        let store = Store::connect(&StoreSettings { url: url.clone(), detail, ..Default::default() }).await?;
        store.migrate().await?;
        if name == "without" {
            let db = Database::connect(&url).await?;
            for index in ["operation_account", "operation_resource", "operation_failed"] {
                db.execute_unprepared(&format!("DROP INDEX {index}")).await?;
            }
        }
        let account = accounts::create(&store, "acme", "Acme Ltd").await?.id;
        let applier = Applier::new(store, ApplySettings { apply_max: Duration::from_secs(60), ..Default::default() });
        sides.push(Side { name, applier, account, times: Vec::new() });
    }
    for batch in 0..WARM_UP + batches {
        // Each goes first every third time.
        for turn in 0..3 {
            let side = &mut sides[(batch + turn) % 3];
            let operations: Vec<Operation> = (0..BATCH).map(|n| create(side.account, batch * BATCH + n)).collect::<Result<_, _>>()?;
            let began = Instant::now();
            let outcomes = side.applier.apply(operations).await;
            let took = began.elapsed();
            if !outcomes.iter().all(muster_domain::Outcome::is_success) {
                return Err("an operation failed".into());
            }
            if batch >= WARM_UP {
                side.times.push(took);
            }
        }
    }
    for side in &mut sides {
        side.times.sort_unstable();
    }
    let rate = |side: &Side| (BATCH * side.times.len()) as f64 / side.times.iter().sum::<Duration>().as_secs_f64();
    let median = |side: &Side| side.times[side.times.len() / 2].as_secs_f64() * 1000.0;
    for side in &sides {
        println!("{:8} {:7.0} operations/s, median batch of {BATCH} {:.2} ms", side.name, rate(side), median(side));
    }
    for side in &sides[1..] {
        let (of_rate, of_median) = (1.0 - rate(side) / rate(&sides[0]), 1.0 - median(&sides[0]) / median(side));
        println!("{:8} costs {:.1} % of the rate, by the median {:.1} %", side.name, 100.0 * of_rate, 100.0 * of_median);
    }
    Ok(())
}

async fn new_database(admin: &str) -> Result<String, Box<dyn Error>> {
    let name = format!("muster_{}", Uuid::now_v7().simple());
    Database::connect(admin).await?.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    let (server, _) = admin.rsplit_once('/').ok_or("a database URL")?;
    Ok(format!("{server}/{name}"))
}

/// A user as Entra ID sends one.
fn create(account: AccountId, n: usize) -> Result<Operation, Box<dyn Error>> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": format!("user{n}@acme.example"), "externalId": format!("ext-{n}"), "active": true,
        "displayName": format!("User Number {n}"), "title": "Engineer", "preferredLanguage": "en-GB",
        "name": {"givenName": "User", "familyName": format!("Number {n}"), "formatted": format!("User Number {n}")},
        "emails": [{"value": format!("user{n}@acme.example"), "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "+49 30 1234567", "type": "work"}],
        "addresses": [{"type": "work", "streetAddress": "Road 1", "locality": "Berlin", "country": "DE"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines", "employeeNumber": n.to_string()}
    });
    Ok(Operation {
        id: OperationId::new(),
        account,
        actor: Actor::Key { key: KeyId::new(), administrator: UserId::new() },
        resource_type: ResourceType::User,
        resource_id: Uuid::now_v7(),
        change: Change::Create {
            resource: read_resource(ResourceType::User, body, &Compat::default(), &Limits::default())?,
            role: Role::User,
        },
        if_match: None,
        accepted_ms: now_ms(),
        deadline_ms: now_ms() + 3_600_000,
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    })
}
