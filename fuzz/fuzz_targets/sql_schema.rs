//! Any text as `a.sql`: no panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = whatif_read::reader::read("a.sql", text);
});
