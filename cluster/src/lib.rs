//! Pure decisions about placements: event in, commands out.
