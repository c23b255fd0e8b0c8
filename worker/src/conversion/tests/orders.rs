//! Orders that are given while a run works.

use super::*;
use muster_domain::conversion::{Phase, Reference};
use std::sync::Mutex;

/// What was in force when each chunk was asked for, and what had been ordered before the chunk before it.
type Seen = Arc<Mutex<Vec<(Phase, Value, Value)>>>;

/// Gives a new order before every chunk.
struct Commander {
    store: Store,
    run: Conversion,
    seen: Seen,
    given: Value,
    number: u32,
}

impl Pace for Commander {
    fn next(&mut self, moment: Moment<'_>) -> Step {
        self.seen.lock().expect("nobody panicked").push((moment.phase, moment.wanted["number"].clone(), self.given.clone()));
        self.number += 1;
        self.given = json!(self.number);
        let order = json!({ "number": self.number });
        let order = conversion::set_pace(&self.store, &self.run, &order);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(order)).expect("an order is given");
        Step::Work { rows: 7 }
    }

    fn done(&mut self, _: super::super::Chunk) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_holds_from_the_next_chunk_on_in_every_phase() {
    on_each(|place| async move {
        place.many(40).await;
        let db = place.database().await;
        let (uuid, serial) = if place.engine == "sqlite" { ("BLOB", "INTEGER PRIMARY KEY") } else { ("uuid", "bigint PRIMARY KEY") };
        db.execute_unprepared(&format!("CREATE TABLE documents (id {serial}, account_id {uuid} NOT NULL, owner text)"))
            .await
            .expect("a table");
        for n in 1..=150i64 {
            let values = [n.into(), place.account.0.into(), "u1".into()];
            let sql = Statement::from_sql_and_values(db.get_database_backend(), "INSERT INTO documents VALUES ($1, $2, $3)", values);
            db.execute_raw(sql).await.expect("a row");
        }
        let run = place.plan(&PlanOptions::default()).await;
        let seen = Seen::default();
        let (store, ordered, record) = (place.store.clone(), run.clone(), Arc::clone(&seen));
        let pace = move |_| -> Box<dyn Pace> {
            Box::new(Commander { store: store.clone(), run: ordered.clone(), seen: Arc::clone(&record), given: Value::Null, number: 0 })
        };
        let references = Reference::list("documents.owner rewrite").expect("a column");
        let settings = ConversionSettings { references, pace: Arc::new(pace), ..place.settings.clone() };
        let commanded = Place { settings, ..place.clone() };
        commanded.run(&run).await;

        let seen = seen.lock().expect("nobody panicked").clone();
        for phase in [Phase::Aliases, Phase::Users, Phase::References, Phase::Verify] {
            let asked: Vec<_> = seen.iter().filter(|(at, ..)| *at == phase).collect();
            assert!(asked.len() > 3, "{}: {phase} has {} chunks", place.engine, asked.len());
            // The first of a phase follows the step into it, which need not have read the orders.
            for (_, wanted, given) in &asked[1..] {
                assert_eq!(wanted, given, "{}: {phase} goes on at a pace that was changed", place.engine);
            }
        }
    })
    .await;
}
