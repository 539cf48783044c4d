//! The Java front end reads any text without panicking, and its ranges lie inside it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let module = whatif_code::java::read("fuzz/Input.java", text);
    let ranges = module.errors.iter().chain(module.functions.iter().map(|function| &function.range));
    for range in ranges {
        assert!(text.get(range.start as usize..range.end as usize).is_some());
    }
    whatif_code::ir::print::print(&module);
});
