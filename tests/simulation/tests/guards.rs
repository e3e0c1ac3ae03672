//! `cargo mutations` takes guards out of the product; each must still stand where it looks for it.

use std::process::Command;

#[test]
fn each_guard_stands_where_the_mutations_look_for_it() {
    let looked = Command::new(env!("CARGO_BIN_EXE_mutations")).arg("--check").output().expect("the program");
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stderr));
}
