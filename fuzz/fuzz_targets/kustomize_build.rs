//! Any text as an overlay and, behind a NUL, as its patch: no panic.
#![no_main]

use whatif_read::reader::{File, read_together};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (overlay, patch) = text.split_once('\0').unwrap_or((text, "metadata: {name: a}\nspec: {replicas: 3}\n"));
    let _ = read_together(&[
        File { path: "base/a.yaml", text: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 1}\n" },
        File { path: "base/kustomization.yaml", text: "resources: [a.yaml]\n" },
        File { path: "prod/kustomization.yaml", text: overlay },
        File { path: "prod/patch.yaml", text: patch },
    ]);
});
