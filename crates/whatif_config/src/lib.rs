//! whatif.toml: answers, levels, excludes, allowances.
