//! What the path of a build tells: `ports/stm32/build-PYBV10-DP_THREAD/firmware.elf`
//! is of port `stm32`, board `PYBV10`, variant `DP_THREAD`.

use std::path::{Component, Path};

use super::{Layout, Names, Pattern};
use crate::model::BoardId;

impl Layout {
    /// The board whose build folder `path` is or lies below, whatever stands before
    /// the folder; of several the last.
    pub fn board_of_build(&self, path: &Path) -> Option<BoardId> {
        let names: Vec<&str> = path
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        // From the end: a source tree may itself lie below a folder `ports`.
        (0..names.len()).rev().find_map(|start| {
            self.builds.iter().find_map(|pattern| self.board_of(pattern, &names[start..]))
        })
    }

    /// The board whose build folder `names` begin with.
    fn board_of(&self, pattern: &Pattern, names: &[&str]) -> Option<BoardId> {
        let Names { port, board, variant, .. } = pattern.begins(names)?;
        let of_folder = || self.ports.iter().find_map(|ports| ports.begins(names)?.port);
        let port = port.or_else(of_folder)?.parse().ok()?;
        let board = board?;
        match variant {
            Some(variant) => Some(BoardId {
                port,
                board: board.parse().ok()?,
                variant: Some(variant.parse().ok()?),
            }),
            None => BoardId::from_port_and_label(port, &board).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn board(layout: &Layout, path: &str) -> Option<String> {
        layout.board_of_build(Path::new(path)).map(|board| board.to_string())
    }

    #[test]
    fn a_build_folder_names_its_board() {
        let board = |path| board(&Layout::default(), path).unwrap();
        let full = "/src/micropython/ports/stm32/build-PYBV10-DP_THREAD/firmware.elf";
        assert_eq!(board(full), "stm32/PYBV10-DP_THREAD");
        assert_eq!(board("ports/rp2/build-RPI_PICO/a/b.elf"), "rp2/RPI_PICO");
        assert_eq!(board("x/ports/y/ports/rp2/build-RPI_PICO/b.elf"), "rp2/RPI_PICO");
    }

    #[test]
    fn other_paths_name_none() {
        for path in ["firmware.elf", "ports/stm32/firmware.elf", "ports/stm32/build-/f.elf", ""] {
            assert_eq!(board(&Layout::default(), path), None, "{path}");
        }
    }

    #[test]
    fn a_project_says_where_its_builds_stand() {
        let text = "[tree]\n\
            ports = 'targets/{port}'\n\
            boards = 'targets/{port}/{board}.mk'\n\
            makefiles = 'targets/{port}/Makefile'\n\
            builds = ['targets/{port}/out/{board}_{variant}', 'targets/{port}/out/{board}', \
                      'targets/sim/{board}.dir']\n";
        let layout = Config::parse(text.as_bytes()).unwrap().tree;
        let board = |path| board(&layout, path);
        assert_eq!(board("/x/targets/a/out/ONE/f.elf").unwrap(), "a/ONE");
        assert_eq!(board("/x/targets/a/out/ONE_DEBUG/f.elf").unwrap(), "a/ONE-DEBUG");
        assert_eq!(board("targets/sim/linux.dir/f").unwrap(), "sim/linux");
        assert_eq!(board("targets/a/linux.dir/f"), None, "that is for sim alone");
        assert_eq!(board("ports/a/build-ONE/f.elf"), None, "the default is replaced");
    }
}
