//! The words the reader knows, with what they are in a sentence about a system.
//!
//! A word may have several classes. Inflected forms are listed: a stemmer would merge
//! "transaction" with "transactional" and "lock" with "locked", which mean different things here.

use std::sync::OnceLock;
use whatif_model::text::fnv1a;

/// A set of word classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class(u32);

impl Class {
    pub(crate) const NONE: Self = Self(0);
    /// May begin or be a vague phrase.
    pub(crate) const TRIGGER: Self = Self(1);
    /// Something that holds data and can be stale.
    pub(crate) const DATA: Self = Self(1 << 1);
    /// Something that runs and has behaviour.
    pub(crate) const SYSTEM: Self = Self(1 << 2);
    /// People.
    pub(crate) const HUMAN: Self = Self(1 << 3);
    /// What people do with their minds and hands.
    pub(crate) const HUMAN_ACT: Self = Self(1 << 4);
    /// Code, naming, documentation, appearance.
    pub(crate) const CODE: Self = Self(1 << 5);
    pub(crate) const NEGATION: Self = Self(1 << 6);
    pub(crate) const MODAL: Self = Self(1 << 7);
    /// is, remains, stays, ...
    pub(crate) const COPULA: Self = Self(1 << 8);
    /// ensures, provides, improves, ...
    pub(crate) const ENSURE: Self = Self(1 << 9);
    /// very, highly, fully, ...
    pub(crate) const BOOST: Self = Self(1 << 10);
    /// Names a consistency model or an ordering mechanism.
    pub(crate) const MODEL: Self = Self(1 << 11);
    /// because, since, by, ...
    pub(crate) const CAUSE: Self = Self(1 << 12);
    /// failure, crash, outage, ...
    pub(crate) const FAILURE: Self = Self(1 << 13);
    /// Unit of time.
    pub(crate) const TIME: Self = Self(1 << 14);
    /// Effect outside the local database: publish, charge, email, ...
    pub(crate) const REMOTE: Self = Self(1 << 15);
    /// Makes a lock safe across nodes: lease, fencing, ttl, ...
    pub(crate) const LEASE: Self = Self(1 << 16);
    /// A clause begins.
    pub(crate) const CLAUSE: Self = Self(1 << 17);
    /// Frequent English function word: a measure of the language.
    pub(crate) const ENGLISH: Self = Self(1 << 18);
    /// May state something a requirement or aspect is made of.
    pub(crate) const FACT: Self = Self(1 << 19);
    /// Something failing over, replicated, redundant: what availability is made of.
    pub(crate) const REDUNDANT: Self = Self(1 << 20);
    /// Changes state.
    pub(crate) const MUTATION: Self = Self(1 << 21);
    /// Screen, page, widget.
    pub(crate) const SCREEN: Self = Self(1 << 22);

    /// Only distributed systems have these.
    pub(crate) const DISTRIBUTED: Self = Self(1 << 23);
    /// Speaks of who owns data.
    pub(crate) const OWNERSHIP: Self = Self(1 << 24);
    /// A number.
    pub(crate) const NUMBER: Self = Self(1 << 25);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Classes of a word, whatever its case.
pub(crate) fn class_of(word: &[u8]) -> Class {
    let mut lower = [0_u8; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else { return Class::NONE };
    for (to, from) in lower.iter_mut().zip(word) {
        *to = from.to_ascii_lowercase();
    }
    let table = TABLE.get_or_init(build);
    let mut slot = fnv1a(lower) as usize & MASK;
    while let Some((known, class)) = table[slot] {
        if known.as_bytes() == lower {
            return class;
        }
        slot = (slot + 1) & MASK;
    }
    Class::NONE
}

/// Longer words are unknown.
const LONGEST: usize = 20;
const SLOTS: usize = 4096;
const MASK: usize = SLOTS - 1;
/// Open addressing: a word and its classes, or a free slot.
type Table = Box<[Option<(&'static str, Class)>]>;

static TABLE: OnceLock<Table> = OnceLock::new();

fn build() -> Table {
    let mut table: Table = vec![None; SLOTS].into_boxed_slice();
    for (class, words) in WORDS {
        for word in words.split_ascii_whitespace() {
            let mut slot = fnv1a(word.as_bytes()) as usize & MASK;
            loop {
                match &mut table[slot] {
                    Some((known, classes)) if *known == word => {
                        *classes = classes.with(*class);
                        break;
                    }
                    Some(_) => slot = (slot + 1) & MASK,
                    free => {
                        *free = Some((word, *class));
                        break;
                    }
                }
            }
        }
    }
    table
}

const WORDS: &[(Class, &str)] = &[
    (
        Class::TRIGGER,
        "consistent consistently consistency inconsistent sync synchronized date fast quick quickly rapid rapidly real \
         instant instantly instantaneous instantaneously immediately low high performant performance responsive timely \
         promptly latency reliable reliably reliability resilient resilience resiliency robust robustness fault durable \
         durably durability guaranteed guarantee guarantees available availability ha downtime always uninterrupted \
         transaction transactions transactional transactionally atomic atomically atomicity lock locks locking locked \
         redlock setnx nx mutex scalable scalability scalably scale scales graceful gracefully efficient efficiently \
         efficiency seamless seamlessly smooth smoothly minimal negligible acceptable reasonable lightweight overhead \
         lost lose loss exactly traffic load eventually interruption disruption performantly",
    ),
    (
        Class::DATA,
        "data state states cache caches replica replicas copy copies view views read reads balance balances inventory \
         database databases index indexes indices store stores storage record records ledger counter counters count \
         counts snapshot snapshots projection projections stock metadata follower followers mirror account accounts \
         session sessions catalog catalogue bucket dataset datasets document documents row rows entity entities \
         datastore table tables balance results cart carts listing listings score scores leaderboard ranking",
    ),
    (
        Class::SYSTEM,
        "system systems service services server servers cluster clusters gateway endpoint endpoints platform backend \
         query queries search searches lookup lookups request requests response responses message messages messaging \
         event events job jobs workflow workflows failover recovery replication rebuild synchronization delivery \
         processing ingestion write writes operation operations update updates notification notifications streaming \
         pipeline scheduler worker workers controller node nodes broker queue queues layer engine datastore database \
         databases cache caches storage scaling communication transport mechanism execution retrieval access api \
         apis startup throughput component components architecture infrastructure application applications app \
         deployment deployments network proxy consumer consumers producer producers daemon agent agents process \
         processes sdk store detection assessment scoring analytics monitoring alerting tracking calculation \
         aggregation computation evaluation playback upload uploads download downloads checkout payment payments \
         order orders booking bookings dispatch matching routing handling reads read propagation invalidation \
         migration upgrade upgrades integration transition scans scan sidecar protocol splits split function \
         functions traffic datapath volume volumes solution storage volume pod pods connection connections",
    ),
    (
        Class::HUMAN,
        "user users developer developers team teams operator operators engineer engineers reviewer reviewers people \
         customer customers administrator administrators admin admins maintainer maintainers contributor \
         contributors reader readers you we they someone organisation organization company business",
    ),
    (
        Class::HUMAN_ACT,
        "identify find learn understand see test tests iterate fix debug navigate troubleshoot glance recognise \
         recognize onboard develop build write try diagnose locate spot review check browse discover prototype adopt \
         start started get compare evaluate explore verify decide adapt become grow move jump switch scan reference \
         familiarize set",
    ),
    (
        Class::CODE,
        "naming name names format formats formatting style styles styling behavior behaviour experience ux ui layout \
         design designs pattern patterns structure structures code codebase convention conventions documentation \
         docs type types option options look fonts theme hash hashing hashes sampling sampler samplers schema \
         schemas terminology wording error errors definition definitions version versions versioning package \
         packages interface interfaces syntax approach approaches semantics manner way ways tooling testing tests \
         developer development environment environments branding colors spacing api apis rules logging logs \
         validation handling structure command commands flag flags field fields line lines cadence quality policy \
         policies message messages communication contract contracts header headers label labels tag tags language \
         languages implementation implementations icon icons library libraries image images artifact artifacts \
         template templates changelog readme dependency dependencies vocabulary cancellation identifier identifiers \
         spelling level numbering path paths labeling configuration config configurations setup group groups",
    ),
    (
        Class::NEGATION,
        "not no never cannot can't won't don't doesn't isn't aren't wasn't wouldn't shouldn't couldn't without neither \
         nor hardly lacks lack lacking avoid avoids avoiding instead rather nothing none impossible unable non less \
         prevents prevent broken break breaks breaking hard harder difficult challenging sacrifice sacrificing \
         sacrifices insufficient",
    ),
    (
        Class::MODAL,
        "must shall should will would can could may might need needs needed require requires required wants expected \
         requirement goal goals aim aims",
    ),
    (Class::COPULA, "is are be been being remain remains stay stays keep keeps was were become becomes feel feels"),
    (
        Class::ENSURE,
        "ensure ensures ensured ensuring guarantee guarantees guaranteed guaranteeing provide provides provided \
         providing offer offers offering deliver delivers delivering achieve achieves achieved achieving maintain \
         maintains maintaining improve improves improved improving enhance enhances enhanced enhancing increase \
         increases increased increasing support supports supporting enable enables enabling allow allows allowing \
         keep keeps keeping make makes making promise promises preserve preserves preserving give gives giving bring \
         brings optimize optimizes require requires need needs",
    ),
    (
        Class::BOOST,
        "very highly extremely really always fully truly super most enough ultra completely totally absolutely \
         blazing lightning incredibly more near almost perfectly reasonably sufficiently",
    ),
    (
        Class::MODEL,
        "eventual eventually strong strongly causal causally linearizable linearizability linearized linearisable serializable \
         serializability serialisable isolation monotonic quorum acid sequential sequentially stale staleness lag \
         optimistic pessimistic cas raft paxos transactional transaction transactions version \
         versions versioned sequence etag crdt crdts invalidation invalidated ttl stronger weak weaker \
         checksum mvcc bounded",
    ),
    (Class::CAUSE, "because since by via through using thanks due than if when unless where whenever so"),
    (
        Class::FAILURE,
        "failure failures fail fails failed failing crash crashes crashed down outage outages unavailable partition \
         partitions restart restarts loss dies death disaster unreachable disconnect disconnects survive survives \
         tolerate tolerates partitioned",
    ),
    (
        Class::TIME,
        "ms msec msecs millisecond milliseconds s sec secs second seconds m min mins minute minutes h hr hrs hour \
         hours day days us µs microsecond microseconds ns nanoseconds week weeks month months year years",
    ),
    (
        Class::REMOTE,
        "publish publishes published publishing kafka rabbitmq sns sqs queue topic stripe paypal http rpc grpc webhook \
         webhooks email emails charge charges charged s3 elasticsearch redis broker notification \
         emit emits emitted dispatches external remote",
    ),
    (
        Class::LEASE,
        "lease leases fencing fence ttl expiry expiration expire expires expiring timeout token unique constraint \
         optimistic version versions renew renewed heartbeat etcd zookeeper raft consensus epoch",
    ),
    (
        Class::CLAUSE,
        "and but because while which who where whereas that so then although though however if when unless or",
    ),
    (
        Class::ENGLISH,
        "the of to and a in is that it for as with on are be this by an not or from at we can which if will has have \
         when all but their they use used its should must each than how there into must you your no",
    ),
    (
        Class::FACT,
        "consistency consistent availability uptime latency percentile percentiles median average mean throughput qps \
         rps tps rpo rto durability timeout timeouts deadline retry retries retried attempts backoff jitter idempotent \
         idempotency idempotence deduplicate deduplication dedup fallback degraded degrade degrades degradation \
         failover replica replicas staleness stale linearizable serializable eventually quorum \
         once writes circuit owner owns owned ownership response p50 p75 p90 p95 p99 p999 backup \
         backups failure failures fails fail crash crashes outage unavailable down restart restarts survive survives \
         tolerate tolerates strong eventual causal concurrent requests sla slo slos slas",
    ),
    (
        Class::REDUNDANT,
        "replica replicas replicated replication redundant redundancy failover standby zones zone regions \
         region az quorum copies copy leader election spof instances instance nodes single",
    ),
    (
        Class::DISTRIBUTED,
        "microservice microservices kafka grpc rabbitmq queue replica replicas cluster service services server servers \
         backend endpoint endpoints webhook webhooks stripe paypal",
    ),
    (Class::OWNERSHIP, "owns owned truth record"),
    (
        Class::MUTATION,
        "create creates creating update updates updating delete deletes deleting post put patch insert inserts submit \
         submits charge charges transfer transfers publish publishes enqueue enqueues book books reserve reserves \
         cancel cancels refund refunds authorize capture settle",
    ),
    (
        Class::SCREEN,
        "page pages ui ux layout navigation design screen screens mobile desktop tablet button buttons widget widgets \
         animation animations css breakpoints grid sidebar modal viewport browser interface dashboard typing \
         website component components typography menu hover click prefetch chart charts images image scrolling \
         scroll frontend render renders rendering feedback",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_fits_and_keeps_all_its_classes() {
        for (class, words) in WORDS {
            for word in words.split_ascii_whitespace() {
                assert!(word.len() <= LONGEST && class_of(word.as_bytes()).has(*class), "{word}");
            }
        }
        assert_eq!(class_of(b"xyzzy"), Class::NONE);
        assert!(class_of(b"Consistent").has(Class::TRIGGER));
    }
}
