//! The binary `eyrie`.

fn main() {}
