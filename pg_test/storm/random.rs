//! Random numbers that a seed repeats: xorshift64* (Vigna 2016).

pub struct Random(u64);

impl Random {
    /// The seed of the run, printed so that a failure can be repeated, and a number of the caller's.
    pub fn new(caller: u64) -> Random {
        let seed = match std::env::var("TERMSTREAM_SEED") {
            Ok(seed) => seed.parse().expect("TERMSTREAM_SEED is a number"),
            Err(_) => u64::from(std::process::id()),
        };
        println!("TERMSTREAM_SEED={seed}");
        Random((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (caller << 32) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// Whether the long runs are asked for.
pub fn is_long() -> bool {
    std::env::var_os("TERMSTREAM_LONG").is_some()
}
