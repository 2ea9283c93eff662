use eyrie_chaos::drill::file::{FILE_BYTES_MAX, read_drill};
use eyrie_chaos::drill::on_cell::{Adapted, adapt};
use eyrie_chaos::drill::{CATALOGUE, Target};
use eyrie_types::{CellId, FieldError};

use crate::Problem;
use crate::model::DrillWanted;

/// A drill that somebody asked for.
pub(crate) struct Known {
    /// As it is run on a cell that exists.
    pub(crate) adapted: Adapted,
    /// The cell it is meant for.
    pub(crate) cell: CellId,
    /// Its file.
    pub(crate) file: String,
}

/// Which drill is wanted, and on which cell.
///
/// # Errors
/// When there is no such drill, the file has mistakes, or no cell is named, or two.
pub(crate) fn known(wanted: &DrillWanted) -> Result<Known, Problem> {
    let file = match (&wanted.drill, &wanted.file) {
        (Some(name), None) => {
            let found = CATALOGUE.iter().find(|(known, _)| known == name);
            found.ok_or_else(|| Problem::field("drill", "is not in the catalogue"))?.1.to_owned()
        }
        (None, Some(file)) if file.len() > FILE_BYTES_MAX => {
            return Err(Problem::field("file", format!("must be at most {FILE_BYTES_MAX} bytes long")));
        }
        (None, Some(file)) => file.clone(),
        _ => return Err(Problem::field("drill", "name one of the catalogue, or send the text of a `file`")),
    };
    let drill = read_drill(&file).map_err(|mistakes| {
        let each = mistakes.to_string();
        Problem::fields(each.lines().map(|line| FieldError::new("file", line.trim())).collect())
    })?;
    let by_file = match &drill.target {
        Target::Api(api) => Some(api.cell),
        Target::Local(_) => None,
    };
    let cell = match (by_file, wanted.cell) {
        (Some(one), Some(other)) if one != other => {
            return Err(Problem::field("cell", format!("is not that of the file, {one}")));
        }
        (Some(cell), _) | (None, Some(cell)) => cell,
        (None, None) => return Err(Problem::field("cell", "is required: a drill names the cell it is meant for")),
    };
    let adapted = adapt(drill, cell).map_err(|refusal| Problem::field("drill", refusal.to_string()))?;
    Ok(Known { adapted, cell, file })
}
