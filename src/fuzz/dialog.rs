/// Not yet.
pub fn dialog(_: &[u8]) {}
