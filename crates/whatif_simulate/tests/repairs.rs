//! The smallest repair of each flaw, found by asking again.

mod world;

use whatif_simulate::explore::*;
use world::*;

#[track_caller]
fn repaired_by(world: &World, question: Question) -> Vec<Practice> {
    let options = Options::default();
    let before = check(&world.slice, question, &options).verdict;
    assert!(matches!(before, Verdict::Violated(_)), "{before:?}");
    let repair = repair(&world.slice, question, &options).expect("a repair");
    // The repair must hold when applied by hand, too.
    let mut slice = world.slice.clone();
    for practice in &repair.practices {
        slice = practice.applied(&slice).expect("applicable");
    }
    let after = check(&slice, question, &options).verdict;
    assert!(matches!(after, Verdict::Holds { .. }), "{after:?}");
    repair.practices
}

#[test]
fn retry_without_key_needs_an_atomic_key() {
    let mut world = World::new(client(2, KeyPassing::None));
    let payments = world.service("payments");
    let charge = world.effect("charge");
    world.entry("charge", payments, [apply(charge), OK]);
    assert_eq!(repaired_by(&world, Question::Twice), [Practice::AtomicKey]);
}

#[test]
fn a_key_that_is_only_looked_up_first_is_shown_to_fail() {
    let mut world = World::new(client(2, KeyPassing::None));
    let payments = world.service("payments");
    let charge = world.effect("charge");
    world.entry("charge", payments, [apply(charge), OK]);
    let repair = repair(&world.slice, Question::Twice, &Options::default()).expect("a repair");
    let (shortcut, trace) = repair.shortcut.expect("a shortcut");
    assert_eq!((shortcut, trace.breach.property), (Shortcut::LookUpFirst, Property::AtMostOnce));
    // Both look, both find nothing: no fault is needed, only a second request.
    assert_eq!(trace.faults, 0, "{}", text(&world, &trace));
    assert!(trace.steps.iter().any(|step| step.event == Event::Resend), "{}", text(&world, &trace));
}

fn order(publisher: fn(EffectId, TopicId) -> Vec<StepKind>, consumer: fn(EffectId) -> Vec<StepKind>) -> World {
    let mut world = World::new(client(1, KeyPassing::None));
    let orders = world.service("orders");
    let shipping = world.service("shipping");
    let placed = world.idempotent_effect("order");
    let shipped = world.effect("ship");
    let topic = world.topic("order-placed", Some(orders));
    world.entry("place-order", orders, publisher(placed, topic));
    let ship = world.operation("ship", shipping, consumer(shipped));
    world.consumes(topic, ship);
    world.slice.promises.events.push(EventPromise { cause: placed, outcome: shipped });
    world
}

#[test]
fn dual_write_needs_an_outbox() {
    let world = order(|order, topic| vec![apply(order), publish(topic), OK], |ship| vec![apply(ship), ACK]);
    assert_eq!(repaired_by(&world, Question::Halfway), [Practice::Outbox]);
}

#[test]
fn publishing_first_needs_an_outbox() {
    let world = order(|order, topic| vec![publish(topic), apply(order), OK], |ship| vec![apply(ship), ACK]);
    assert_eq!(repaired_by(&world, Question::Halfway), [Practice::Outbox]);
}

#[test]
fn naive_consumer_needs_an_inbox() {
    let world = order(
        |order, topic| vec![begin(ORDERS), apply(order), outbox(topic), COMMIT, OK],
        |ship| vec![apply(ship), ACK],
    );
    assert_eq!(repaired_by(&world, Question::Twice), [Practice::Inbox]);
}

#[test]
fn ack_first_needs_a_late_ack() {
    let world = order(
        |order, topic| vec![begin(ORDERS), apply(order), outbox(topic), COMMIT, OK],
        |ship| vec![ACK, apply(ship)],
    );
    let practices = repaired_by(&world, Question::Halfway);
    assert_eq!(practices, [Practice::AckAfterCommit]);
}

#[test]
fn dual_write_with_early_ack_needs_both() {
    let world = order(|order, topic| vec![apply(order), publish(topic), OK], |ship| vec![ACK, apply(ship)]);
    let practices = repaired_by(&world, Question::Halfway);
    assert_eq!(practices, [Practice::AckAfterCommit, Practice::Outbox]);
}

#[test]
fn read_modify_write_needs_compare_and_set() {
    let mut world = World::new(client(1, KeyPassing::None));
    let service = world.service("inventory");
    let stock = world.item("stock", STOCK, true);
    let put = write(stock, WriteKind::PutNext(R0), Guard::None, Exit::Next);
    world.entry("adjust", service, [read(stock), put, OK]);
    let practices = repaired_by(&world, Question::Together);
    assert_eq!(practices, [Practice::CompareAndSet]);
}

#[test]
fn lease_needs_fencing() {
    let mut world = World::new(client(1, KeyPassing::None));
    let service = world.service("inventory");
    let stock = world.item("stock", STOCK, false);
    let lock = world.lease("stock-lock");
    let under_lock = StepKind::Write {
        item: Some(stock),
        kind: WriteKind::Set(1),
        guard: Guard::None,
        token: Some(R0),
        effect: None,
        on_conflict: Exit::Next,
    };
    let take = StepKind::Lock { lock, into: R0 };
    let give = StepKind::Unlock { lock, token: R0 };
    world.entry("adjust", service, [take, under_lock, give, OK]);
    assert_eq!(repaired_by(&world, Question::Together), [Practice::Fencing]);
}

#[test]
fn saga_needs_compensation_and_a_log() {
    let mut world = World::new(client(1, KeyPassing::Derived));
    let orders = world.service("orders");
    let stock = world.service("stock");
    let order = world.effect("order");
    let reserve = world.effect("reserve");
    world.slice.promises.sagas = vec![vec![order, reserve]];
    let reserving = world.operation("reserve", stock, [apply(reserve), OK]);
    let steps = [apply(order), call(reserving, 1, Exit::ReplyError), OK];
    world.entry("place-order", orders, steps);
    let practices = repaired_by(&world, Question::Halfway);
    assert_eq!(practices, [Practice::Compensation, Practice::SagaLog]);
    let repair = repair(&world.slice, Question::Halfway, &Options::default()).unwrap();
    assert!(repair.not_enough.is_some(), "a key alone is not enough");
}

mod unknowns {
    use super::*;

    /// An inbox that may or may not be there, and a second unknown that does
    /// not matter.
    fn world(safe_value: bool) -> World {
        let mut world = order(
            |order, topic| vec![begin(ORDERS), apply(order), outbox(topic), COMMIT, OK],
            |ship| vec![begin(STOCK), apply(ship), COMMIT, ACK],
        );
        let inbox = world.table("inbox", STOCK);
        let mark = Step::new(unique_key(inbox, Exit::ReplyOk), 99)
            .only_if(Literal { unknown: UnknownId(1), value: safe_value });
        world.slice.program.operations[1].steps.insert(1, mark);
        let nothing = Step::new(StepKind::Skip, 98).only_if(Literal { unknown: UnknownId(0), value: true });
        world.slice.program.operations[0].steps.push(nothing);
        for name in ["is it audited?", "does the consumer deduplicate?"] {
            world.slice.unknowns.push(Unknown { name: name.to_owned(), origin: 97 });
        }
        world
    }

    #[test]
    fn verdict_depends_on_the_one_that_matters() {
        for safe_value in [true, false] {
            let verdict = ask(&world(safe_value), Question::Twice);
            let Verdict::Depends { safe_when, breaks_when, deciding, trace } = verdict else {
                panic!("{verdict:?}");
            };
            let only = |value| {
                let unknown = UnknownId(1);
                let literals = vec![Literal { unknown, value }];
                vec![Condition { literals }]
            };
            assert_eq!(deciding, [UnknownId(1)]);
            assert_eq!(safe_when, only(safe_value));
            assert_eq!(breaks_when, only(!safe_value));
            assert_eq!(trace.breach.property, Property::AtMostOnce);
        }
    }

    #[test]
    fn unknowns_that_do_not_matter_leave_it_certain() {
        clean(&world(true), Question::Halfway);
    }

    #[test]
    fn an_unknown_that_is_not_declared_is_refused() {
        let mut world = world(true);
        world.slice.unknowns.pop();
        let verdict = ask(&world, Question::Halfway);
        let Verdict::Incomplete { reason, .. } = verdict else {
            panic!("{verdict:?}");
        };
        let refused = Incompleteness::Rejected(Rejected::DanglingReference);
        assert_eq!(reason, refused);
    }

    #[test]
    fn a_capped_run_never_holds() {
        let options = Options { max_states: 5, ..Options::default() };
        let world = world(true);
        let verdict = check(&world.slice, Question::Halfway, &options).verdict;
        let Verdict::Incomplete { states, reason } = verdict else {
            panic!("{verdict:?}");
        };
        // Two different slices are left of four configurations.
        assert_eq!((states, reason), (10, Incompleteness::StateLimit));
    }
}

/// A cart is read, charged and emptied.
fn checkout(clear: Guard) -> World {
    let mut world = World::new(client(1, KeyPassing::Derived));
    let checkout = world.service("checkout");
    let payments = world.service("payments");
    let cart = world.item("cart", ORDERS, false);
    let charge = world.effect("charge");
    let charging = world.operation("charge", payments, [apply(charge), OK]);
    let clear = write(cart, WriteKind::Clear(R0), clear, Exit::ReplyError);
    let steps = [read(cart), call(charging, 1, Exit::ReplyError), clear, OK];
    world.entry("place-order", checkout, steps);
    world.slice.promises.spends = vec![SpendPromise { item: cart, effect: charge }];
    world
}

#[test]
fn two_orders_for_one_cart_need_a_claim_before_the_charge() {
    // A condition on the removal alone comes too late: both are charged.
    for guard in [Guard::None, Guard::Cas(R0)] {
        let trace = broken(&checkout(guard), Question::Together);
        within(&checkout(guard), &trace, Property::SpentOnce, 8, 0);
        assert_eq!(repaired_by(&checkout(guard), Question::Together), [Practice::ClaimFirst]);
    }
}

#[test]
fn what_was_put_into_the_cart_meanwhile_is_removed_unseen() {
    let mut world = checkout(Guard::None);
    world.slice.promises.spends.clear();
    let carts = world.service("carts");
    let cart = ItemId(0);
    let add = write(cart, WriteKind::Inc, Guard::None, Exit::Next);
    let add = world.operation("add", carts, [add, OK]);
    world.slice.concurrent = vec![add];
    let trace = broken(&world, Question::Together);
    within(&world, &trace, Property::NoUnseenRemoval, 8, 0);
}
