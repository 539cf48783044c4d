//! Any text behind the head of such a document: no panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = whatif_read::reader::read("a.yaml", &format!("apiVersion: skaffold/v4\nkind: Config\n{text}"));
});
