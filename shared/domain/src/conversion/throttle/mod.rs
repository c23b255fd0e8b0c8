//! How fast a conversion may go.

mod preset;

pub use preset::{Preset, Throttling, UnknownPreset};
