//! What pgrx lacks, wrapped once so that it can be used safely. The only room with unsafe code.
