//! Bulk requests: references in every direction, `failOnErrors`, and a database that refuses one of them.

use super::{World, on_each};
use muster_domain::{BulkPart, Change, Operation, Outcome, OutcomeCode};
use muster_scim::ResourceType::{Group, User};
use serde_json::{Value, json};
use uuid::Uuid;

/// Makes a bulk of operations; `(a, b)` in `needs`: the one at `a` refers to what the one at `b` makes.
fn bulk(mut operations: Vec<Operation>, fail_on_errors: Option<u32>, needs: &[(usize, usize)]) -> Vec<Operation> {
    let (ids, request_id): (Vec<_>, _) = (operations.iter().map(|operation| operation.id).collect(), Uuid::now_v7());
    for (index, operation) in operations.iter_mut().enumerate() {
        let needs = needs.iter().filter(|(from, _)| *from == index).map(|(_, to)| ids[*to]).collect();
        operation.request_id = request_id;
        operation.bulk = Some(Box::new(BulkPart { fail_on_errors, errors_before: 0, needs }));
    }
    operations
}

fn statuses(outcomes: &[Outcome]) -> Vec<u16> {
    outcomes.iter().map(|outcome| outcome.status).collect()
}

fn group_of(world: &World, name: &str, members: &[Uuid]) -> Operation {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    world.create(Group, json!({"displayName": name, "members": members}))
}

fn add(world: &World, group: &Operation, member: &Operation) -> Operation {
    let value = json!([{"value": member.resource_id}]);
    world.patch(Group, group.resource_id, json!([{"op": "add", "path": "members", "value": value}]))
}

#[tokio::test]
async fn references_forward_backward_and_in_a_circle_come_true() {
    on_each(|world| async move {
        let user = world.create_user("ada@x.test");
        let (mut a, mut b) = (group_of(&world, "A", &[]), group_of(&world, "B", &[]));
        a = Operation { change: group_of(&world, "A", &[b.resource_id, user.resource_id]).change, ..a };
        b = Operation { change: group_of(&world, "B", &[a.resource_id]).change, ..b };
        let (id_a, id_b, id_user) = (a.resource_id, b.resource_id, user.resource_id);
        let outcomes = world.apply(&bulk(vec![a, b, user], Some(1), &[(0, 1), (0, 2), (1, 0)])).await;
        assert_eq!(statuses(&outcomes), [201, 201, 201], "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| outcome.resource.is_none()), "nobody is shown it");
        let mut members = world.members(id_a).await;
        members.sort();
        let mut expected = [id_b.to_string(), id_user.to_string()];
        expected.sort();
        assert_eq!((members.as_slice(), world.members(id_b).await), (expected.as_slice(), vec![id_a.to_string()]), "{}", world.engine);
    })
    .await;
}

#[tokio::test]
async fn what_refers_to_something_that_was_not_made_is_refused_wherever_it_stands() {
    on_each(|world| async move {
        world.user("taken@x.test").await;
        let (duplicate, bystander) = (world.create_user("taken@x.test"), world.create_user("bo@x.test"));
        let outer = group_of(&world, "Outer", &[]);
        let inner = Operation { change: group_of(&world, "Inner", &[duplicate.resource_id]).change, ..group_of(&world, "Inner", &[]) };
        let (joins, after) = (add(&world, &outer, &inner), add(&world, &outer, &bystander));
        let (id_outer, id_inner, id_bystander) = (outer.resource_id, inner.resource_id, bystander.resource_id);
        // 1 joins 2 to 0; 2 has 4 as a member; 4 cannot be made.
        let operations = bulk(vec![outer, joins, inner, bystander, duplicate, after], None, &[(1, 0), (1, 2), (2, 4), (5, 0), (5, 3)]);
        let outcomes = world.apply(&operations).await;
        assert_eq!(statuses(&outcomes), [201, 409, 409, 201, 409, 204], "{}: {outcomes:?}", world.engine);
        assert_eq!(outcomes[4].code, OutcomeCode::Duplicate);
        for refused in [1, 2] {
            assert!(outcomes[refused].error.as_ref().is_some_and(|error| error.detail.contains("bulkId")), "{:?}", outcomes[refused]);
        }
        assert_eq!(world.read(Group, id_inner).await, None);
        assert_eq!(world.members(id_outer).await, [id_bystander.to_string()]);
        assert_eq!(world.apply(&operations).await, outcomes, "delivered again, the same answers");
    })
    .await;
}

#[tokio::test]
async fn fail_on_errors_ends_a_bulk_and_what_relied_on_the_rest() {
    on_each(|world| async move {
        world.user("taken@x.test").await;
        let make = |most| {
            let names = ["a", "taken", "b", "taken", "c"].map(|name| format!("{name}@x.test"));
            let users = names.iter().map(|name| world.create_user(name));
            bulk(users.collect(), most, &[])
        };
        let outcomes = world.apply(&make(Some(1))).await;
        assert_eq!(statuses(&outcomes), [201, 409, 424, 424, 424]);
        assert!(outcomes[2..].iter().all(|outcome| outcome.code == OutcomeCode::Skipped));
        let outcomes = world.apply(&make(Some(2))).await;
        assert_eq!(statuses(&outcomes), [409, 409, 424, 424, 424], "a is there from before");
        assert_eq!(statuses(&world.apply(&make(Some(9))).await), [409, 409, 201, 409, 201]);

        let late = world.create_user("late@x.test");
        let relying = group_of(&world, "Relying", &[late.resource_id]);
        let operations = bulk(vec![relying, world.create_user("taken@x.test"), late], Some(2), &[(0, 2)]);
        assert_eq!(statuses(&world.apply(&operations).await), [201, 409, 201], "one error is not two");
        let late = world.create_user("later@x.test");
        let relying = group_of(&world, "Relying too", &[late.resource_id]);
        let mut operations = bulk(vec![relying, world.create_user("taken@x.test"), late], Some(3), &[(0, 2)]);
        for operation in &mut operations[1..] {
            // The gateway refused two before them.
            operation.bulk.as_mut().expect("a bulk").errors_before = 2;
        }
        assert_eq!(statuses(&world.apply(&operations).await), [409, 424, 424], "nothing comes after it, so it cannot be made either");
    })
    .await;
}

#[tokio::test]
async fn a_value_the_database_refuses_fails_alone_and_what_relies_on_it() {
    on_each(|world| async move {
        // A NUL cannot be stored as text. The gateway refuses it; here it stands for anything unexpected.
        let poison = |name: &str| {
            let mut poison = world.create_user(name);
            if let Change::Create { resource, .. } = &mut poison.change {
                resource.insert("title".into(), json!("a\u{0}b"));
            }
            poison
        };
        let mut operations: Vec<Operation> = (0..20).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        operations.insert(7, poison("p@x.test"));
        operations.insert(13, poison("q@x.test"));
        operations[3] = group_of(&world, "Ops", &[operations[7].resource_id]);
        let operations = bulk(operations, None, &[(3, 7)]);
        let neighbours: Vec<Operation> = (0..5).map(|i| world.create_user(&format!("n{i}@x.test"))).collect();
        let all: Vec<Operation> = neighbours.iter().chain(&operations).cloned().chain([world.create_user("last@x.test")]).collect();
        let outcomes = world.apply(&all).await;
        for (index, outcome) in outcomes.iter().enumerate() {
            let expected = match index {
                _ if world.engine == "sqlite" => 201,
                12 | 18 => 500,
                8 => 409,
                _ => 201,
            };
            assert_eq!(outcome.status, expected, "{} {index}: {outcome:?}", world.engine);
        }
        if world.engine == "postgres" {
            assert_eq!(world.read(Group, operations[3].resource_id).await, None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_bulk_given_to_four_workers_happens_once() {
    on_each(|world| async move {
        world.user("taken@x.test").await;
        let mut operations: Vec<Operation> = (0..300).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        operations[150] = world.create_user("taken@x.test");
        let group = group_of(&world, "Ops", &[operations[299].resource_id, operations[0].resource_id]);
        operations.insert(0, group);
        let operations = bulk(operations, Some(2), &[(0, 300), (0, 1)]);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (applier, operations) = (world.applier.clone(), operations.clone());
            tasks.spawn(async move { applier.apply(operations).await });
        }
        for outcomes in tasks.join_all().await {
            for (index, outcome) in outcomes.iter().enumerate() {
                assert_eq!(outcome.status, if index == 151 { 409 } else { 201 }, "{} {index}: {outcome:?}", world.engine);
            }
        }
        assert_eq!(world.members(operations[0].resource_id).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn references_made_up_to_take_for_ever_end() {
    on_each(|world| async move {
        const PAIRS: usize = 200;
        let mut old = Vec::new();
        for number in 0..PAIRS {
            old.push(world.create_user(&format!("u{number}@x.test")));
        }
        world.apply(&old).await;
        world.user("taken@x.test").await;
        // Each rename frees the name that the create of its pair wants, and refers to the create of the pair before: that one fails
        // only in the round after its own rename was refused.
        let renames = old.iter().enumerate().map(|(number, user)| {
            let change = json!([{"op": "replace", "path": "userName", "value": format!("v{number}@x.test")}]);
            world.patch(User, user.resource_id, change)
        });
        let creates =
            (0..PAIRS).map(|number| world.create_user(&if number == 0 { "taken@x.test".into() } else { format!("u{number}@x.test") }));
        let needs: Vec<(usize, usize)> = (1..PAIRS).map(|number| (number, PAIRS + number - 1)).collect();
        let outcomes = world.apply(&bulk(renames.chain(creates).collect(), None, &needs)).await;
        assert_eq!((outcomes[0].status, outcomes[1].status, outcomes[PAIRS].status), (200, 409, 409));
        assert!(outcomes.iter().all(|outcome| [200, 201, 409].contains(&outcome.status)), "{}: {outcomes:?}", world.engine);
    })
    .await;
}
