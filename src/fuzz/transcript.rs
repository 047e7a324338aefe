/// Not yet.
pub fn transcript(_: &[u8]) {}
