#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| surtidor_parsers::error_body(input));
