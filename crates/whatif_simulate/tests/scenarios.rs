//! The canonical scenarios: each flaw is found in no more steps and faults
//! than the prototype needed, and each repaired design holds.

mod world;

use whatif_simulate::explore::*;
use world::*;

mod retry_without_key {
    use super::*;

    fn charge(client: Client, steps: fn(EffectId, TableId) -> Vec<StepKind>) -> World {
        let mut world = World::new(client);
        let payments = world.service("payments");
        let charge = world.effect("charge");
        let keys = world.table("keys", ORDERS);
        world.entry("charge", payments, steps(charge, keys));
        world.slice.promises.acknowledged = vec![charge];
        world
    }

    fn unprotected(charge: EffectId, _: TableId) -> Vec<StepKind> {
        vec![apply(charge), OK]
    }

    fn check_then_act(charge: EffectId, keys: TableId) -> Vec<StepKind> {
        let mark = StepKind::DedupMark {
            table: keys,
            scope: Scope::Key,
            mark: Mark::Done,
            unique: false,
            on_conflict: Exit::Next,
        };
        vec![check_key(keys), apply(charge), mark, OK]
    }

    fn atomic(charge: EffectId, keys: TableId) -> Vec<StepKind> {
        let mark = unique_key(keys, Exit::ReplyOk);
        vec![begin(ORDERS), mark, apply(charge), COMMIT, OK]
    }

    #[test]
    fn client_retry_charges_twice() {
        let world = charge(client(2, KeyPassing::None), unprotected);
        let trace = broken(&world, Question::Twice);
        within(&world, &trace, Property::AtMostOnce, 6, 0);
    }

    #[test]
    fn network_duplicate_charges_twice() {
        let world = charge(client(1, KeyPassing::None), unprotected);
        let trace = broken(&world, Question::Twice);
        within(&world, &trace, Property::AtMostOnce, 6, 1);
    }

    #[test]
    fn check_then_act_charges_twice() {
        let world = charge(client(2, KeyPassing::Derived), check_then_act);
        let trace = broken(&world, Question::Twice);
        within(&world, &trace, Property::AtMostOnce, 8, 0);
    }

    #[test]
    fn key_in_the_same_transaction_holds() {
        let world = charge(client(2, KeyPassing::Derived), atomic);
        clean(&world, Question::Twice);
        clean(&world, Question::Halfway);
    }

    #[test]
    fn key_in_the_same_transaction_holds_for_three_attempts() {
        let world = charge(client(3, KeyPassing::Derived), atomic);
        let bounds = Bounds {
            client_attempts: 3,
            faults: Budget { total: 3, ..Question::Twice.bounds().faults },
            ..Question::Twice.bounds()
        };
        let options = Options { bounds: Some(bounds), ..Options::default() };
        let answer = check(&world.slice, Question::Twice, &options);
        assert!(matches!(answer.verdict, Verdict::Holds { .. }));
    }

    #[test]
    fn key_per_attempt_protects_nothing() {
        let world = charge(client(2, KeyPassing::PerTry), atomic);
        let trace = broken(&world, Question::Twice);
        within(&world, &trace, Property::AtMostOnce, 6, 0);
    }

    #[test]
    fn key_stored_before_the_effect_lies_after_a_crash() {
        let steps = |charge, keys| vec![unique_key(keys, Exit::ReplyOk), apply(charge), OK];
        let world = charge(client(2, KeyPassing::Derived), steps);
        let trace = broken(&world, Question::Halfway);
        within(&world, &trace, Property::HonestAnswer, 8, 1);
    }
}

mod dual_write {
    use super::*;

    type Publisher = fn(EffectId, TopicId) -> Vec<StepKind>;
    type Consumer = fn(EffectId, TableId) -> Vec<StepKind>;

    fn order(publisher: Publisher, consumer: Consumer) -> World {
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
        world
    }

    fn store_first(order: EffectId, topic: TopicId) -> Vec<StepKind> {
        vec![apply(order), publish(topic), OK]
    }

    fn publish_first(order: EffectId, topic: TopicId) -> Vec<StepKind> {
        vec![publish(topic), apply(order), OK]
    }

    fn with_outbox(order: EffectId, topic: TopicId) -> Vec<StepKind> {
        vec![begin(ORDERS), apply(order), outbox(topic), COMMIT, OK]
    }

    fn naive(ship: EffectId, _: TableId) -> Vec<StepKind> {
        vec![apply(ship), ACK]
    }

    fn ack_first(ship: EffectId, _: TableId) -> Vec<StepKind> {
        vec![ACK, apply(ship)]
    }

    fn with_inbox(ship: EffectId, inbox: TableId) -> Vec<StepKind> {
        let mark = unique_key(inbox, Exit::ReplyOk);
        vec![begin(STOCK), mark, apply(ship), COMMIT, ACK]
    }

    #[test]
    fn store_first_loses_the_event() {
        let world = order(store_first, with_inbox);
        let trace = broken(&world, Question::Halfway);
        within(&world, &trace, Property::NoLostEvent, 5, 1);
    }

    #[test]
    fn publish_first_announces_an_order_that_is_not_there() {
        let world = order(publish_first, with_inbox);
        let trace = broken(&world, Question::Halfway);
        within(&world, &trace, Property::NoPhantomEvent, 9, 1);
    }

    #[test]
    fn outbox_holds_halfway_but_a_naive_consumer_ships_twice() {
        let world = order(with_outbox, naive);
        clean(&world, Question::Halfway);
        let trace = broken(&world, Question::Twice);
        within(&world, &trace, Property::AtMostOnce, 12, 1);
    }

    #[test]
    fn outbox_and_inbox_hold() {
        let world = order(with_outbox, with_inbox);
        clean(&world, Question::Halfway);
        clean(&world, Question::Twice);
        clean(&world, Question::Together);
    }

    #[test]
    fn ack_before_processing_loses_the_event() {
        let world = order(with_outbox, ack_first);
        let trace = broken(&world, Question::Halfway);
        within(&world, &trace, Property::NoLostEvent, 13, 1);
    }
}

mod saga {
    use super::*;

    struct Parts {
        world: World,
        orders: ServiceId,
        stock: ServiceId,
        order: EffectId,
        reserve: EffectId,
        reservations: TableId,
    }

    fn parts() -> Parts {
        let mut world = World::new(client(1, KeyPassing::Derived));
        let orders = world.service("orders");
        let stock = world.service("stock");
        let order = world.effect("order");
        let reserve = world.effect("reserve");
        let reservations = world.table("reservations", STOCK);
        world.slice.promises.sagas = vec![vec![order, reserve]];
        Parts { world, orders, stock, order, reserve, reservations }
    }

    fn plain_reserve(parts: &mut Parts) -> OperationId {
        let steps = [apply(parts.reserve), OK];
        parts.world.operation("reserve", parts.stock, steps)
    }

    #[test]
    fn missing_compensation_leaves_the_order() {
        let mut parts = parts();
        let reserve = plain_reserve(&mut parts);
        let steps = [apply(parts.order), call(reserve, 1, Exit::ReplyError), OK];
        parts.world.entry("place-order", parts.orders, steps);
        let trace = broken(&parts.world, Question::Halfway);
        within(&parts.world, &trace, Property::AllOrCompensated, 7, 1);
    }

    #[test]
    fn undoing_only_what_is_known_leaves_the_reservation() {
        let mut parts = parts();
        let reserve = plain_reserve(&mut parts);
        let steps = [apply(parts.order), call(reserve, 1, to(4)), OK, END, undo(parts.order), FAIL];
        parts.world.entry("place-order", parts.orders, steps);
        let trace = broken(&parts.world, Question::Halfway);
        within(&parts.world, &trace, Property::AllOrCompensated, 12, 0);
    }

    #[test]
    fn blind_release_overtakes_the_reservation() {
        let mut parts = parts();
        let reserve = plain_reserve(&mut parts);
        let steps = [undo(parts.reserve), OK];
        let release = parts.world.operation("release", parts.stock, steps);
        let steps =
            [apply(parts.order), call(reserve, 1, to(4)), OK, END, call_until_ok(release), undo(parts.order), FAIL];
        parts.world.entry("place-order", parts.orders, steps);
        let trace = broken(&parts.world, Question::Twice);
        within(&parts.world, &trace, Property::CompensatedOnce, 8, 0);
    }

    #[test]
    fn without_a_log_a_crash_leaves_half_a_saga() {
        let mut parts = parts();
        let reserve = plain_reserve(&mut parts);
        let steps = [call(reserve, 1, Exit::ReplyError), apply(parts.order), OK];
        parts.world.entry("place-order", parts.orders, steps);
        let trace = broken(&parts.world, Question::Halfway);
        within(&parts.world, &trace, Property::AllOrCompensated, 8, 1);
    }

    /// Cancel leaves a tombstone, so that a late reservation is refused; every
    /// step is keyed; the saga is logged and resumed.
    fn repaired(cancel: fn(&mut World, &Parts) -> Vec<StepKind>) -> World {
        let mut parts = parts();
        let mut world = std::mem::take(&mut parts.world);
        let cancel = cancel(&mut world, &parts);
        let Parts { orders, stock, order, reserve, reservations, .. } = parts;
        let placed = world.table("placed", ORDERS);
        let undone = world.table("undone", ORDERS);
        let steps = [begin(STOCK), unique_request(reservations, Exit::ReplyOk), apply(reserve), COMMIT, OK];
        let reserving = world.operation("reserve", stock, steps);
        let cancel = world.operation("cancel", stock, cancel);
        let steps = [
            begin(ORDERS),
            unique_request(placed, Exit::ReplyError),
            apply(order),
            log(1),
            COMMIT,
            call(reserving, 2, to(9)),
            CLOSE_LOG,
            OK,
            END,
            log(2),
            call_until_ok(cancel),
            begin(ORDERS),
            unique_request(undone, to(16)),
            undo(order),
            CLOSE_LOG,
            COMMIT,
            FAIL,
        ];
        let entry = world.entry("place-order", orders, steps);
        world.resumes(entry);
        world
    }

    /// The cancellation has a key of its own, taken before the tombstone.
    fn keyed_cancel(world: &mut World, parts: &Parts) -> Vec<StepKind> {
        let cancellations = world.table("cancellations", STOCK);
        vec![
            begin(STOCK),
            unique_request(cancellations, Exit::ReplyOk),
            unique_request(parts.reservations, to(6)),
            COMMIT,
            OK,
            END,
            begin(STOCK),
            unique_request(cancellations, Exit::ReplyOk),
            undo(parts.reserve),
            COMMIT,
            OK,
        ]
    }

    /// The tombstone is all that says a cancellation was made.
    fn tombstone_only(world: &mut World, parts: &Parts) -> Vec<StepKind> {
        let cancellations = world.table("cancellations", STOCK);
        vec![
            begin(STOCK),
            unique_request(parts.reservations, to(5)),
            COMMIT,
            OK,
            END,
            begin(STOCK),
            unique_request(cancellations, Exit::ReplyOk),
            undo(parts.reserve),
            COMMIT,
            OK,
        ]
    }

    #[test]
    fn retried_cancel_takes_its_own_tombstone_for_a_reservation() {
        let world = repaired(tombstone_only);
        let trace = broken(&world, Question::Twice);
        within(&world, &trace, Property::CompensatedOnce, 11, 0);
    }

    #[test]
    fn log_keys_and_tombstone_hold() {
        let world = repaired(keyed_cancel);
        clean(&world, Question::Halfway);
        clean(&world, Question::Twice);
    }

    #[test]
    fn the_same_without_resume_breaks() {
        let mut world = repaired(keyed_cancel);
        for operation in &mut world.slice.program.operations {
            operation.resumes = false;
        }
        let trace = broken(&world, Question::Halfway);
        within(&world, &trace, Property::AllOrCompensated, 8, 1);
    }
}

mod refund {
    use super::*;

    fn refund(steps: fn(EffectId, TableId) -> Vec<StepKind>) -> World {
        let mut world = World::new(client(1, KeyPassing::Derived));
        let orders = world.service("orders");
        let payments = world.service("payments");
        let charge = world.effect("charge");
        let refunds = world.table("refunds", ORDERS);
        let refund = world.operation("refund", payments, steps(charge, refunds));
        let steps = [apply(charge), call(refund, 2, Exit::ReplyError), OK];
        world.entry("cancel-order", orders, steps);
        world
    }

    #[test]
    fn retried_refund_refunds_twice() {
        let world = refund(|charge, _| vec![undo(charge), OK]);
        let trace = broken(&world, Question::Twice);
        within(&world, &trace, Property::CompensatedOnce, 9, 0);
    }

    #[test]
    fn keyed_refund_holds_when_the_charge_is_not_repeated() {
        let world = refund(|charge, refunds| {
            let mark = unique_request(refunds, Exit::ReplyOk);
            vec![begin(ORDERS), mark, undo(charge), COMMIT, OK]
        });
        let options = Options {
            bounds: Some(Bounds {
                faults: Budget::one_of_each(&[Fault::Crash, Fault::Lose], 2),
                ..Question::Twice.bounds()
            }),
            ..Options::default()
        };
        let answer = check(&world.slice, Question::Twice, &options);
        assert!(matches!(answer.verdict, Verdict::Holds { .. }));
    }
}

mod lease {
    use super::*;

    fn leased(guard: Guard) -> World {
        let mut world = World::new(client(1, KeyPassing::None));
        let service = world.service("inventory");
        let stock = world.item("stock", STOCK, false);
        let lock = world.lease("stock-lock");
        let steps = [
            StepKind::Lock { lock, into: R0 },
            StepKind::Write {
                item: Some(stock),
                kind: WriteKind::Set(1),
                guard,
                token: Some(R0),
                effect: None,
                on_conflict: Exit::ReplyError,
            },
            StepKind::Unlock { lock, token: R0 },
            OK,
        ];
        world.entry("adjust", service, steps);
        world
    }

    #[test]
    fn expired_lease_lets_an_old_holder_write() {
        let world = leased(Guard::None);
        let trace = broken(&world, Question::Together);
        within(&world, &trace, Property::FencedWrites, 9, 1);
    }

    #[test]
    fn fencing_holds() {
        clean(&leased(Guard::Fence(R0)), Question::Together);
    }
}

mod read_modify_write {
    use super::*;

    fn adjust(guard: Guard) -> World {
        let mut world = World::new(client(1, KeyPassing::None));
        let service = world.service("inventory");
        let stock = world.item("stock", STOCK, true);
        let steps = [read(stock), write(stock, WriteKind::PutNext(R0), guard, to(0)), OK];
        world.entry("adjust", service, steps);
        world
    }

    #[test]
    fn two_at_once_lose_an_update() {
        let world = adjust(Guard::None);
        let trace = broken(&world, Question::Together);
        within(&world, &trace, Property::NoLostUpdate, 8, 0);
    }

    #[test]
    fn compare_and_set_holds_for_two_and_three() {
        let world = adjust(Guard::Cas(R0));
        clean(&world, Question::Together);
        let bounds = Bounds { requests: 3, ..Question::Together.bounds() };
        let options = Options { bounds: Some(bounds), ..Options::default() };
        let answer = check(&world.slice, Question::Together, &options);
        assert!(matches!(answer.verdict, Verdict::Holds { .. }));
    }

    #[test]
    fn serialisable_transaction_holds_and_read_committed_does_not() {
        let isolated = |isolation| {
            let mut world = adjust(Guard::None);
            let steps = &mut world.slice.program.operations[0].steps;
            let begin = StepKind::Begin { store: STOCK, isolation };
            steps.insert(0, Step::new(begin, 8));
            steps.insert(3, Step::new(COMMIT, 9));
            world
        };
        clean(&isolated(Isolation::Serializable), Question::Together);
        let world = isolated(Isolation::ReadCommitted);
        let trace = broken(&world, Question::Together);
        within(&world, &trace, Property::NoLostUpdate, 8, 0);
    }
}

mod out_of_order {
    use super::*;

    fn copied(guard: Guard) -> World {
        let mut world = World::new(client(1, KeyPassing::None));
        let catalog = world.service("catalog");
        let search = world.service("search");
        let product = world.item("product", ORDERS, false);
        let copy = world.item("indexed", STOCK, false);
        let topic = world.topic("product-updated", Some(catalog));
        let steps = [
            begin(ORDERS),
            write(product, WriteKind::Inc, Guard::None, Exit::Next),
            read(product),
            StepKind::Outbox { topic, payload: Some(R0) },
            COMMIT,
            OK,
        ];
        world.entry("update", catalog, steps);
        let steps = [write(copy, WriteKind::Put(R0), guard, Exit::Next), ACK];
        let index = world.operation("index", search, steps);
        world.consumes(topic, index);
        world.slice.promises.copies = vec![CopyPromise { topic, item: copy }];
        world
    }

    #[test]
    fn reordered_messages_leave_the_old_version() {
        let world = copied(Guard::None);
        let trace = broken(&world, Question::Together);
        within(&world, &trace, Property::Convergence, 18, 0);
    }

    #[test]
    fn version_check_holds() {
        clean(&copied(Guard::Version(R0)), Question::Together);
    }
}
