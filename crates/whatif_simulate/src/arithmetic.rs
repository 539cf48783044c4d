//! What needs no states: waits that add up, attempts that multiply.

/// The longest a caller waits for one callee, in milliseconds: every attempt to its end and the pauses between.
#[must_use]
pub fn longest_wait(attempt_ms: u64, attempts: u64, pause_ms: u64) -> u64 {
    let pauses = pause_ms.saturating_mul(attempts.saturating_sub(1));
    attempt_ms.saturating_mul(attempts).saturating_add(pauses)
}

/// How often the lowest layer is asked for one request when everything below fails: attempts multiply.
#[must_use]
pub fn amplification(attempts: &[u64]) -> u64 {
    attempts.iter().fold(1, |all, attempts| all.saturating_mul(*attempts))
}

/// The share of its capacity, in percent, above which a service that every caller asks `attempts` times cannot come
/// back from an overload by itself: the load of retries alone keeps it busy (goodput collapses for
/// load x attempts > capacity; Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021).
#[must_use]
pub fn safe_utilisation_percent(attempts: u64) -> u64 {
    100 / attempts.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_layers_of_three_attempts_ask_twenty_seven_times() {
        assert_eq!(amplification(&[3, 3, 3]), 27);
        assert_eq!(amplification(&[4, 4, 4]), 64);
        assert_eq!(amplification(&[3; 5]), 243);
        assert_eq!(amplification(&[]), 1);
        assert_eq!(amplification(&[u64::MAX, 2]), u64::MAX);
    }

    #[test]
    fn two_attempts_of_a_second_outlast_a_caller_of_a_second() {
        assert_eq!(longest_wait(1_000, 2, 0), 2_000);
        assert_eq!(longest_wait(1_000, 3, 200), 3_400);
        assert_eq!(longest_wait(500, 0, 100), 0);
    }

    #[test]
    fn four_attempts_are_safe_up_to_a_quarter_of_the_capacity() {
        assert_eq!(safe_utilisation_percent(4), 25);
        assert_eq!(safe_utilisation_percent(1), 100);
        assert_eq!(safe_utilisation_percent(0), 100);
    }
}
