//! The file `whatif init` writes: every section explained, everything commented out.

/// A `whatif.toml` that changes nothing until a line is uncommented.
pub const TEMPLATE: &str = r#"# What whatif cannot read in this repository, and how strict its review is.
# Everything here is optional. `whatif schema` prints the schema for your editor.

# [review]
# fail-on = "error"           # exit with 1 at or above this severity: error, warn, info, never
# confidence = "likely"       # report findings at least this sure: certain, likely, possible
# max-states = 100000         # distinct states explored per operation and question, about 150 bytes each
# exclude = ["legacy/**"]     # do not read these files; everything .gitignore lists is left out anyway

# A rule, by id, by its short name, or by practice: off, info, warn, error.
# [rules]
# "boundaries/sync-chain" = "warn"
# vocabulary = "off"

# The house meaning of a vague word.
# [words]
# fast = "p99 latency < 300 ms at 200 requests/s"

# Two names of one thing, where no file proves it.
# [[same]]
# names = ["payments", "payments-svc"]

# An answer to a question of `whatif questions`. It is evidence like any other, so say where it comes from.
# [[fact]]
# at = "payments-gateway"
# deduplicates-by = "order id"
# because = "contract with the vendor, section 4"
# link = "docs/vendor.pdf"

# A library of your own, or a wrapper whatif should believe rather than read, in the schema of the built-in tables.
# [[library]]
# language = "go"
# name = "acme http"
# prefix = "example.com/acme/httpx"   # how it is imported
# form = [{ call = ["Fetch"], does = "http", args = { url = "1" }, set = { method = "GET" } }]
# default = [{ what = "timeout", state = "bounded", ms = 2000, note = "httpx gives up after 2 s", link = "https://wiki.acme.example/httpx" }]

# What must be true whatever happens; `whatif ask` looks for a way to break it.
# [[promise]]
# holds = "stock.available >= 0"
# [[promise]]
# holds = "order paid at most once"
# [[promise]]
# holds = "every accepted order is eventually shipped or refunded"

# A finding the team accepts. Where a comment is possible, prefer one beside the place:
# `whatif: allow(rule) because reason`.
# [[allow]]
# rule = "boundaries/shared-database"
# at = "store:legacy-db"
# because = "strangler pattern, ADR 31"
# until = 2027-06-30
"#;
