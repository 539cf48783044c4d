//! Any text as a template and, behind a NUL, as the values of a chart: no panic.
#![no_main]

use whatif_read::reader::{File, read_together};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (template, values) = text.split_once('\0').unwrap_or((text, "a: {b: [1, x]}\n"));
    let _ = read_together(&[
        File { path: "c/Chart.yaml", text: "name: c\n" },
        File { path: "c/templates/a.yaml", text: template },
        File { path: "c/values.yaml", text: values },
    ]);
});
