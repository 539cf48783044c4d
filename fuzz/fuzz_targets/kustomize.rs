//! Any text as `kustomization.yaml`: no panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = whatif_read::reader::read("kustomization.yaml", text);
});
