//! Any text as `envoy.yaml`: no panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = whatif_read::reader::read("envoy.yaml", text);
});
