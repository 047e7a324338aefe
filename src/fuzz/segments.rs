/// Not yet.
pub fn segments(_: &[u8]) {}
