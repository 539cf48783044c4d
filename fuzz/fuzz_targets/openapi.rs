//! Any text behind the head of such a document: no panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = whatif_read::reader::read("a.yaml", &format!("openapi: 3.1.0\n{text}"));
});
