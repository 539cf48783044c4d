//! Any text as `svc/Dockerfile`: no panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = whatif_read::reader::read("svc/Dockerfile", text);
});
