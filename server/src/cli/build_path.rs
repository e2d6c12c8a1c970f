//! What the path of a build tells: `ports/stm32/build-PYBV10-DP_THREAD/firmware.elf`
//! is port `stm32`, board `PYBV10`, variant `DP_THREAD`.

use std::path::{Component, Path};

use crate::model::BoardId;

/// The board that a path names, if it has the form
/// `[..]ports/PORT/build-BOARD[-VARIANT]/[..]`.
pub fn board_of_path(path: &Path) -> Option<BoardId> {
    let parts: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    // From the end: a source tree may itself lie below a folder `ports`.
    parts.windows(3).rev().find_map(|parts| match parts {
        ["ports", port, build] => {
            let label = build.strip_prefix("build-")?;
            BoardId::from_port_and_label(port.parse().ok()?, label).ok()
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(path: &str) -> Option<String> {
        board_of_path(Path::new(path)).map(|board| board.to_string())
    }

    #[test]
    fn a_build_folder_names_its_board() {
        let full = "/src/micropython/ports/stm32/build-PYBV10-DP_THREAD/firmware.elf";
        assert_eq!(board(full).unwrap(), "stm32/PYBV10-DP_THREAD");
        assert_eq!(board("ports/rp2/build-RPI_PICO/a/b.elf").unwrap(), "rp2/RPI_PICO");
        assert_eq!(board("x/ports/y/ports/rp2/build-RPI_PICO/b.elf").unwrap(), "rp2/RPI_PICO");
    }

    #[test]
    fn other_paths_name_none() {
        for path in ["firmware.elf", "ports/stm32/firmware.elf", "ports/stm32/build-/f.elf", ""] {
            assert_eq!(board(path), None, "{path}");
        }
    }
}
