//! The committed corpus of the fuzzer, without a fuzzer: every input that once told something still holds.

use std::path::Path;

#[test]
fn every_promise_holds_for_its_corpus() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    for (name, promise) in surtidor_parsers::ALL {
        assert!(fuzz.join(format!("targets/{name}.rs")).exists(), "{name} has no fuzz target");
        let mut inputs: Vec<_> = std::fs::read_dir(fuzz.join("corpus").join(name))
            .unwrap_or_else(|error| panic!("the corpus of {name}: {error}"))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "the corpus of {name} is empty");
        for input in inputs {
            let bytes = std::fs::read(&input).expect("an input");
            // The name of the input is the last thing that is printed before a promise breaks.
            println!("{}", input.display());
            promise(&bytes);
        }
        promise(b"");
    }
}

#[test]
fn every_fuzz_target_is_a_promise() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/targets");
    for entry in std::fs::read_dir(targets).expect("the fuzz targets") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(surtidor_parsers::ALL.iter().any(|(promise, _)| *promise == name), "{name} is not in ALL");
    }
}
