//! The reader on small documents: what is vague, what is not, what is stated.

use super::read;
use whatif_model::facts::prose::*;

fn senses(path: &str, text: &str) -> Vec<(VagueTerm, Sense)> {
    read(path, text).vague.iter().map(|v| (v.term, v.sense)).collect()
}

fn sentence(text: &str) -> Vec<(VagueTerm, Sense)> {
    senses("docs/design/orders.md", &format!("# Orders\n\n## Design\n\n{text}\n"))
}

fn vague(text: &str) -> Vec<VagueTerm> {
    sentence(text).into_iter().filter(|(_, s)| *s == Sense::Vague).map(|(t, _)| t).collect()
}

#[test]
fn claims_without_a_value_are_vague() {
    use VagueTerm::*;
    for (text, term) in [
        ("The order cache must stay consistent with the database.", Consistent),
        ("The search service needs an up-to-date view of the catalogue.", Consistent),
        ("Orders are accepted quickly.", Fast),
        ("The gateway offers low latency.", Fast),
        ("Real-time fraud detection scores each payment.", Fast),
        ("The broker ensures reliable delivery of orders.", Reliable),
        ("Checkout must be highly available.", Available),
        ("Deployments happen with zero downtime.", Available),
        ("The order row is written and the event is published to Kafka in the same transaction.", Transaction),
        ("A distributed lock prevents two workers from taking one job.", Lock),
        ("Ingestion is handled by a scalable pipeline.", Scalable),
        ("Graceful degradation with friendly messages", Graceful),
        ("The check adds minimal overhead.", Untestable),
    ] {
        assert_eq!(vague(text), [term], "{text}");
    }
}

#[test]
fn qualified_claims_are_not_vague() {
    for text in [
        "The order cache stays consistent with the database within 5 seconds.",
        "Reads from the replica are eventually consistent.",
        "Orders are accepted quickly: p99 below 200 ms.",
        "Reliable delivery of orders is at-least-once.",
        "Checkout must be highly available (99.9 % per month).",
        "Checkout is highly available: a single node failure loses nothing.",
        "A distributed lock with a 30 s lease and a fencing token guards each job.",
        "The order and its event row are written in one local transaction; an outbox publishes to Kafka.",
        "Search gracefully degrades to cached results.",
    ] {
        assert_eq!(vague(text), [], "{text}");
    }
}

#[test]
fn ordinary_english_is_never_a_candidate() {
    for text in [
        "Use consistent naming and consistent hashing.",
        "The available options are listed below; new clients become available later.",
        "Requests fail fast, and a fast-forward merge follows the fast path.",
        "See the quickstart for a quick overview.",
        "The card transaction is stored; users quickly learn the layout.",
        "The lock file pins versions, and a row lock guards the row.",
        "This is a reliable indicator.",
        "Add `fast` to the enum.",
    ] {
        assert_eq!(sentence(text), [], "{text}");
    }
}

#[test]
fn denials_questions_stories_and_rejected_options_claim_nothing() {
    assert_eq!(
        sentence("The mirror does not need to be highly available."),
        [(VagueTerm::Available, Sense::NotPromised)]
    );
    assert_eq!(sentence("Is the cache consistent with the database?"), [(VagueTerm::Consistent, Sense::Question)]);
    assert_eq!(sentence("As a buyer, I want low latency."), [(VagueTerm::Fast, Sense::NotAClaim)]);
    let rejected = "# Orders\n\n## Alternatives considered\n\nA highly available store.\n";
    assert_eq!(senses("docs/design/x.md", rejected), [(VagueTerm::Available, Sense::NotTheDesign)]);
    let label = "# Orders\n\n## Design\n\n**Alternatives considered**:\n\n- A highly available store\n";
    assert_eq!(senses("docs/design/x.md", label), [(VagueTerm::Available, Sense::NotTheDesign)]);
}

#[test]
fn what_only_looks_like_a_promise_is_not_one() {
    use Sense::*;
    for (text, sense) in [
        ("- **p95 < 120ms**: Acceptable response time", Quantified),
        ("*Consistent Mirror Read* supports consistent reads.", NotAClaim),
        ("Recovery goes on until the ledger reaches a consistent state.", NotAClaim),
        ("For highly available clusters, the flag may be set on one server first.", NotAClaim),
        ("There are systems where a high-throughput service calls a small one.", NotAClaim),
        ("Section 3 says how we keep the replicas in sync.", Question),
        ("The new proxy must be as performant as the old proxy.", NotTheDesign),
    ] {
        assert_eq!(sentence(text).last().map(|(_, sense)| *sense), Some(sense), "{text}");
        assert_eq!(vague(text), [], "{text}");
    }
    for text in [
        "This establishes a scalable architecture for further shells.",
        "Real-time traffic from drivers is stored.",
        "It demonstrates a low-latency use case.",
    ] {
        assert_eq!(sentence(text), [], "{text}");
    }
}

#[test]
fn the_same_words_as_a_promise_stay_vague() {
    use VagueTerm::*;
    for (text, term) in [
        ("A scalable architecture serves all users.", Scalable),
        ("The cluster must be highly available for all tenants.", Available),
        ("Replicas are kept in sync.", Consistent),
        ("This is how checkout is fault tolerant.", Reliable),
    ] {
        assert_eq!(vague(text), [term], "{text}");
    }
}

#[test]
fn english_fragments_of_a_document_in_another_language_are_terms() {
    let foreign = "Сервис должен отвечать на все запросы клиентов и хранить данные в базе.\n\n".repeat(4);
    let text = format!("# План\n\n{foreign}- Graceful degradation\n");
    assert_eq!(senses("docs/design/x.md", &text), []);
}

#[test]
fn a_short_section_that_states_the_number_settles_its_claims() {
    let text = "# X\n\n## Performance\n\nThe gateway must be fast.\n\n- Requests respond in < 1 s at p95\n";
    assert_eq!(senses("docs/design/x.md", text), [(VagueTerm::Fast, Sense::Quantified)]);
    let apart = text.replace("\n- Requests", "\n## Later\n\n- Requests");
    assert_eq!(senses("docs/design/x.md", &apart), [(VagueTerm::Fast, Sense::Vague)]);
}

#[test]
fn a_number_in_the_next_sentence_or_the_items_below_counts() {
    assert_eq!(vague("Checkout is fast enough. Its p99 latency is below 80 ms."), []);
    assert_eq!(vague("- The store is highly available\n  - survives a single zone failure"), []);
    assert_eq!(vague("Orders are accepted quickly. This achieves 100 requests/s."), [VagueTerm::Fast]);
}

#[test]
fn code_comments_quotes_and_other_documents_are_left_alone() {
    assert_eq!(sentence("```\nhighly available service\n```\n<!-- highly available service -->"), []);
    assert_eq!(senses("CHANGELOG.md", "# Changes\n\nA highly available service.\n"), []);
    let russian = "# План\n\nСервис должен быть highly available и обрабатывать все запросы очень быстро и надёжно\n";
    let facts = read("docs/design/x.md", russian);
    assert!(facts.vague.is_empty() && facts.ignored.iter().any(|i| i.reason == "text is not English"));
}

#[test]
fn a_vague_use_names_its_subject_and_what_is_missing() {
    let facts = read("docs/design/x.md", "# X\n\n## Goals\n\nThe payment service must be highly available.\n");
    let used = &facts.vague[0];
    assert_eq!(
        (used.subject.as_str(), used.modality, used.section),
        ("payment service", Modality::Must, SectionKind::Goals)
    );
    assert_eq!(used.missing, [MissingPart::AvailabilityTarget, MissingPart::FailureScope]);
}

fn requirements(text: &str) -> Vec<StatedRequirement> {
    read("specs/001/spec.md", &format!("# Orders\n\n## Non-Functional Requirements\n\n{text}\n")).requirements
}

#[test]
fn latency_has_its_percentile_bound_and_load() {
    let found = requirements("- NFR-001: CreateOrder must answer with p99 < 200ms at 500 requests/second.");
    let (text, latency) = ("- NFR-001: CreateOrder", &found[0]);
    assert_eq!((latency.bounds, latency.statistic), (Bounds::Latency, Statistic::Percentile(99.0)), "{text}");
    assert_eq!((latency.value, latency.unit, latency.relation), (Some(200.0), Unit::Milliseconds, Relation::AtMost));
    assert_eq!((latency.id.as_deref(), latency.modality), (Some("NFR-001"), Modality::Must));
    assert!(latency.condition.is_some() && latency.subject.contains(&"CreateOrder".to_owned()));
    assert_eq!((found[1].bounds, found[1].value), (Bounds::Throughput, Some(500.0)));
}

#[test]
fn units_are_brought_to_their_base() {
    let value = |text: &str| requirements(text).first().map(|r| (r.bounds, r.value));
    assert_eq!(value("- **Availability**: 99.95% uptime"), Some((Bounds::Availability, Some(99.95))));
    assert_eq!(value("- The average response time is under 1.5 s"), Some((Bounds::Latency, Some(1500.0))));
    assert_eq!(value("- RPO of at most 5 minutes"), Some((Bounds::RecoveryPoint, Some(300_000.0))));
    assert_eq!(value("- Handle 10k requests per minute"), Some((Bounds::Throughput, Some(10_000.0 / 60.0))));
    assert_eq!(value("- Each call has a timeout of 2 seconds"), Some((Bounds::Timeout, Some(2000.0))));
    assert_eq!(value("- Retry at most 3 times"), Some((Bounds::Attempts, Some(3.0))));
    assert_eq!(value("- Idempotency keys are valid for 24 hours"), Some((Bounds::KeyValidity, Some(86_400_000.0))));
    assert_eq!(value("- Accuracy of 99.5%"), Some((Bounds::Share, Some(99.5))));
    assert_eq!(requirements("- The average response time is under 1.5 s")[0].statistic, Statistic::Mean);
}

#[test]
fn models_and_guarantees_are_named_and_denials_recorded() {
    let named = |text: &str| -> Vec<_> {
        requirements(text)
            .into_iter()
            .map(|r| (r.bounds, r.named.unwrap_or_default(), r.modality == Modality::Negated))
            .collect()
    };
    let (consistency, delivery) = (Bounds::Consistency, Bounds::Delivery);
    assert_eq!(
        named("- Strong consistency for stock, eventual consistency for search"),
        [(consistency, "strong".to_owned(), false), (consistency, "eventual".to_owned(), false)]
    );
    assert_eq!(
        named("- Orders are published with at-least-once delivery"),
        [(delivery, "at-least-once".to_owned(), false)]
    );
    assert_eq!(named("- Secrets are replaced at least once every two years"), []);
    assert_eq!(named("- We do not provide read-your-writes"), [(consistency, "read-your-writes".to_owned(), true)]);
}

#[test]
fn aspects_say_what_a_document_addresses() {
    let text = "# Orders\n\n## Design\n\nIf the payment service is down, checkout falls back to queued orders. \
                Retries use exponential backoff. POST /orders takes an idempotency key. The orders service owns its data.\n";
    let aspects: Vec<_> = read("docs/design/x.md", text)
        .aspects
        .into_iter()
        .filter(|a| a.firmness == Firmness::Stated)
        .map(|a| a.aspect)
        .collect();
    for aspect in [
        Aspect::FailureScenario,
        Aspect::DegradedState,
        Aspect::Idempotency,
        Aspect::RetryPolicy,
        Aspect::MutatingOperation,
        Aspect::Ownership,
    ] {
        assert!(aspects.contains(&aspect), "{aspect:?} in {aspects:?}");
    }
    assert!(!aspects.contains(&Aspect::LatencyPercentile));
}

#[test]
fn hostile_input_is_read_in_linear_time_and_never_panics() {
    for unit in [
        "`",
        "[](",
        "<a ",
        "<!--",
        "* ",
        "> ",
        "|-",
        "# ",
        "\u{2264}9",
        "highly available p99 1 ms ",
        "**",
        "```\n",
        "1.",
        "é-",
    ] {
        let text = unit.repeat(20_000 / unit.len());
        let facts = read("docs/design/x.md", &text);
        assert!(facts.problems.is_empty(), "{unit:?}");
    }
}
