//! Any text as `compose.yaml`: no panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = whatif_read::reader::read("compose.yaml", text);
});
