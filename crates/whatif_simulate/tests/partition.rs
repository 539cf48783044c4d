//! What a cut between two sides breaks, and what keeps it from breaking.

#![allow(clippy::unwrap_used)]

mod world;

use whatif_simulate::explore::*;
use world::*;

/// Gives every step that reaches a store or the broker a way to fail.
fn failing(mut world: World) -> World {
    for operation in &mut world.slice.program.operations {
        for step in &mut operation.steps {
            let peer = match step.kind {
                StepKind::Publish { .. } => Peer::Broker,
                StepKind::Begin { .. } | StepKind::DedupCheck { .. } => Peer::Stores,
                _ => continue,
            };
            *step = step.needing(peer, Exit::ReplyError);
        }
    }
    world
}

fn called(key: KeyPassing, steps: fn(EffectId, TableId) -> Vec<StepKind>) -> World {
    let mut world = World::new(client(2, key));
    let shop = world.service("shop");
    let payments = world.service("payments");
    let charge = world.effect("charge");
    let keys = world.table("keys", ORDERS);
    let charging = world.operation("charge", payments, steps(charge, keys));
    world.entry("checkout", shop, [call(charging, 1, Exit::ReplyError), OK]);
    world.slice.promises.acknowledged = vec![charge];
    failing(world)
}

#[test]
fn an_answer_lost_in_the_cut_is_asked_for_again() {
    let world = called(KeyPassing::None, |charge, _| vec![apply(charge), OK]);
    let trace = broken(&world, Question::Partition);
    within(&world, &trace, Property::AtMostOnce, 10, 1);
    let cut = trace.steps.iter().position(|step| step.event == Event::CutOff).unwrap();
    let charged = trace.steps.iter().position(|step| step.changes.iter().any(|change| change.after == 1)).unwrap();
    assert!(charged < cut, "the cut comes as late as it can: {}", text(&world, &trace));
}

#[test]
fn nothing_is_late_without_a_cut() {
    let world = called(KeyPassing::None, |charge, _| vec![apply(charge), OK]);
    let bounds = Bounds { faults: Budget::NONE, ..Question::Partition.bounds() };
    let options = Options { bounds: Some(bounds), ..Options::default() };
    let answer = check(&world.slice, Question::Partition, &options);
    assert!(matches!(answer.verdict, Verdict::Holds { .. }));
}

#[test]
fn a_key_recorded_with_the_effect_holds() {
    let steps = |charge, keys| vec![begin(ORDERS), unique_key(keys, Exit::ReplyOk), apply(charge), COMMIT, OK];
    clean(&called(KeyPassing::Derived, steps), Question::Partition);
}

fn order(publisher: fn(EffectId, TopicId) -> Vec<StepKind>, consumer: fn(EffectId, TableId) -> Vec<StepKind>) -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let orders = world.service("orders");
    let shipping = world.service("shipping");
    let placed = world.idempotent_effect("order");
    let shipped = world.effect("ship");
    let inbox = world.table("inbox", STOCK);
    let topic = world.topic("order-placed", Some(orders));
    world.entry("place-order", orders, publisher(placed, topic));
    let ship = world.operation("ship", shipping, consumer(shipped, inbox));
    world.consumes(topic, ship);
    world.slice.promises.events.push(EventPromise { cause: placed, outcome: shipped });
    failing(world)
}

fn with_outbox(order: EffectId, topic: TopicId) -> Vec<StepKind> {
    vec![begin(ORDERS), apply(order), outbox(topic), COMMIT, OK]
}

fn with_inbox(ship: EffectId, inbox: TableId) -> Vec<StepKind> {
    vec![begin(STOCK), unique_request(inbox, Exit::ReplyOk), apply(ship), COMMIT, ACK]
}

#[test]
fn a_broker_out_of_reach_loses_the_event_of_a_committed_order() {
    let world = order(|order, topic| vec![apply(order), publish(topic), OK], with_inbox);
    let trace = broken(&world, Question::Partition);
    within(&world, &trace, Property::NoLostEvent, 7, 1);
}

#[test]
fn an_acknowledgement_lost_in_the_cut_delivers_again() {
    let world = order(with_outbox, |ship, _| vec![apply(ship), ACK]);
    let trace = broken(&world, Question::Partition);
    within(&world, &trace, Property::AtMostOnce, 8, 1);
}

#[test]
fn outbox_and_inbox_wait_for_the_cut_to_heal() {
    clean(&order(with_outbox, with_inbox), Question::Partition);
}

#[test]
fn a_query_out_of_reach_leaves_the_order_half_done_and_a_cut_is_needed_for_it() {
    let mut world = World::new(client(1, KeyPassing::None));
    let orders = world.service("orders");
    let prices = world.service("prices");
    let order = world.effect("order");
    let invoice = world.effect("invoice");
    let query = StepKind::Branch { to: Exit::ReplyError };
    world.entry("place-order", orders, [apply(order), query, apply(invoice), OK]);
    world.slice.promises.sagas = vec![vec![order, invoice]];
    let step = &mut world.slice.program.operations[0].steps[1];
    *step = step.needing(Peer::Service(prices), Exit::ReplyError);
    let trace = broken(&world, Question::Partition);
    within(&world, &trace, Property::AllOrCompensated, 7, 1);
}

#[test]
fn what_breaks_without_a_cut_is_reported_without_one() {
    let mut world = World::new(client(1, KeyPassing::None));
    let orders = world.service("orders");
    let prices = world.service("prices");
    let order = world.effect("order");
    let invoice = world.effect("invoice");
    let other = world.operation("price", prices, [OK]);
    let steps =
        [call(other, 1, Exit::Next), apply(order), StepKind::Branch { to: Exit::ReplyError }, apply(invoice), OK];
    world.entry("place-order", orders, steps);
    world.slice.promises.sagas = vec![vec![order, invoice]];
    let options = Options { reductions: Reductions::NONE, ..Options::default() };
    let Verdict::Violated(trace) = check(&world.slice, Question::Partition, &options).verdict else {
        panic!("it breaks with and without a cut");
    };
    assert_eq!(trace.breach.property, Property::AllOrCompensated);
}
