//! smtp-audit: parse, run, exit code.
fn main() {}
