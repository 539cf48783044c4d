//! Text, facts, the model of a distributed system, and findings.
