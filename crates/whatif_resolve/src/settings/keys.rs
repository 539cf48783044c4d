//! When two spellings are one key.

/// A key without case and separators, so that `spring.kafka.bootstrap-servers`, `bootstrapServers` and
/// `SPRING_KAFKA_BOOTSTRAP_SERVERS` are one, and `ConnectionStrings:Cart` and `ConnectionStrings__Cart` too
/// (<https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.typesafe-configuration-properties.relaxed-binding>,
/// <https://learn.microsoft.com/aspnet/core/fundamentals/configuration/#non-prefixed-environment-variables>).
pub(crate) fn relaxed(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The last word of a key, relaxed: `defaultzone` of `eureka.client.serviceUrl.defaultZone`.
pub(crate) fn last(key: &str) -> String {
    relaxed(key.rsplit(['.', ':', '_']).next().unwrap_or(key))
}

/// Whether a key lies below another, or is it.
pub(crate) fn is_below(key: &str, prefix: &str) -> bool {
    let (key, prefix) = (key.to_lowercase(), prefix.to_lowercase());
    key.strip_prefix(&prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A time in milliseconds: bare numbers are milliseconds, `5s`, `PT5S`, `00:00:05` say what they are.
pub(crate) fn millis(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    if let Some((rest, seconds)) = text.rsplit_once(':') {
        let (hours, minutes) = rest.rsplit_once(':').unwrap_or(("0", rest));
        let number = |text: &str| text.parse::<f64>().ok();
        let total = number(hours)? * 3600.0 + number(minutes)? * 60.0 + number(seconds)?;
        return whole(total * 1000.0);
    }
    let text = text.strip_prefix("pt").unwrap_or(&text);
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let factor = match unit.trim() {
        "" | "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return None,
    };
    whole(number * factor)
}

fn whole(millis: f64) -> Option<u64> {
    // Beyond a hundred years nobody waits.
    (millis.is_finite() && (0.0..3.2e12).contains(&millis)).then_some(millis as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_key() {
        for other in
            ["spring.kafka.bootstrapServers", "SPRING_KAFKA_BOOTSTRAP_SERVERS", "spring.kafka.bootstrap_servers"]
        {
            assert_eq!(relaxed("spring.kafka.bootstrap-servers"), relaxed(other));
        }
        assert_eq!(relaxed("ConnectionStrings:Cart"), relaxed("ConnectionStrings__Cart"));
        assert!(is_below("Eureka.client.x", "eureka.client") && !is_below("eureka.clients", "eureka.client"));
        assert_eq!(last("eureka.client.service-url.default-zone"), "defaultzone");
    }

    #[test]
    fn durations() {
        let got: Vec<_> = ["500", "5s", "PT2.5S", "1m", "00:00:30", "00:01:40.5", "x", "", "9e99"].map(millis).to_vec();
        assert_eq!(
            got,
            [Some(500), Some(5_000), Some(2_500), Some(60_000), Some(30_000), Some(100_500), None, None, None]
        );
    }
}
