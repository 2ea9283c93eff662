use serde::{Deserialize, Serialize};

use crate::{CameraId, FieldError, LayoutId, WallTime, check_name};

/// The numbers of tiles a layout may have: those the dashboard draws.
pub const LAYOUT_TILES: [u8; 6] = [1, 4, 8, 9, 16, 32];

/// Which cameras somebody watches together, and where each stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Layout {
    /// Its id.
    pub id: LayoutId,
    /// What it shows.
    #[serde(flatten)]
    pub grid: LayoutGrid,
    /// When it was made.
    pub created_at: WallTime,
    /// When it last changed.
    pub updated_at: WallTime,
}

/// A grid of cameras.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutGrid {
    /// What its owner calls it.
    pub name: String,
    /// How many tiles: 1, 4, 8, 9, 16 or 32.
    pub tiles: u8,
    /// The camera of each tile, `null` for an empty one; tiles beyond the last are empty. Cameras may be gone by now.
    pub cameras: Vec<Option<CameraId>>,
}

impl LayoutGrid {
    /// Checks every field.
    ///
    /// # Errors
    /// One entry for each field that cannot be taken.
    pub fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors: Vec<_> = check_name("name", &self.name).err().into_iter().collect();
        if !LAYOUT_TILES.contains(&self.tiles) {
            errors.push(FieldError::new("tiles", "must be 1, 4, 8, 9, 16 or 32"));
        } else if self.cameras.len() > usize::from(self.tiles) {
            errors.push(FieldError::new("cameras", "must be no more than there are tiles"));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_of_other_sizes_overfull_ones_and_hostile_names_are_refused_by_field() {
        let refused = |name: &str, tiles, cameras| {
            let grid = LayoutGrid { name: name.to_owned(), tiles, cameras: vec![None; cameras] };
            grid.validate().err().into_iter().flatten().map(|error| error.field).collect::<Vec<_>>()
        };
        assert!(refused("Doors", 4, 4).is_empty() && refused("Doors", 32, 0).is_empty());
        assert_eq!(refused("Doors", 5, 1), ["tiles"]);
        assert_eq!(refused("Doors", 4, 5), ["cameras"]);
        assert_eq!(refused("a\0b", 4, 4), ["name"]);
    }
}
