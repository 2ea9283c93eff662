use std::io::{self, Read as _};

/// Takes so many bytes of memory and holds them until standard input ends. First in line when the machine runs out of memory.
///
/// # Errors
/// When there is not so much, or standard input cannot be read.
pub fn hold_memory(bytes: u64) -> io::Result<()> {
    std::fs::write("/proc/self/oom_score_adj", "1000")?;
    let mut held = Vec::new();
    held.try_reserve_exact(usize::try_from(bytes).map_err(io::Error::other)?).map_err(io::Error::other)?;
    // Memory is there when it was written to.
    held.resize(held.capacity(), 1_u8);
    io::stdin().read_to_end(&mut Vec::new())?;
    std::hint::black_box(&held);
    Ok(())
}
