//! One program, linked for every machine in every way, runs as it is read.
//!
//! `INITBOARD_MATRIX=all` builds every cell, `INITBOARD_MATRIX=rv32_lld` those with
//! that in their names; otherwise so many that each pair of choices is in one of them. The sources and linker scripts are in
//! `registry-rt/firmware/matrix`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use initboard::model::{AnomalyKind, InitTable, Location};

use crate::{files, tools};

/// What can be chosen, one list for each question.
const AXES: [&[&str]; 7] = [
    &["m0plus", "m4", "rv32", "xtensa", "x86-64"],
    &["gnu-ld", "lld"],
    &["gcc", "gcc-lto", "clang"],
    &["-O0", "-Os", "-O2", "-Oz"],
    &["unstripped", "strip-g", "strip-all"],
    &["a", "b", "c", "d"],
    &["stm32", "rp2", "nrf", "mimxrt", "cortex-m-rt", "linux"],
];

/// The oldest Clang that the header promises to work with.
const CLANG: &str = "clang-14";

/// The program's entries in the order in which the levels run them, with the file
/// that registers each and its priority.
const ORDER: [(&str, &str, &str); 10] = [
    ("clock_init", "00", "program.c"),
    ("pin_init0", "05", "program.c"),
    ("extint_init0", "07", "drivers.c"),
    ("timer_init0", "10", "program.c"),
    ("dac_init", "00", "drivers.c"),
    ("uart_init", "20", "program.c"),
    ("spi_init0", "99", "drivers.c"),
    ("spi_deinit", "99", "drivers.c"),
    ("dac_deinit", "00", "drivers.c"),
    ("timer_deinit", "10", "program.c"),
];

/// One answer to each question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    machine: &'static str,
    linker: &'static str,
    compiler: &'static str,
    opt: &'static str,
    strip: &'static str,
    way: &'static str,
    board: &'static str,
}

impl Cell {
    fn of(choice: [usize; 7]) -> Self {
        let [machine, linker, compiler, opt, strip, way, board] =
            std::array::from_fn(|axis| AXES[axis][choice[axis]]);
        Self { machine, linker, compiler, opt, strip, way, board }
    }

    /// Why the cell cannot be built, as the documentation says it.
    fn obstacle(&self) -> Option<&'static str> {
        let of_linux = (self.machine == "x86-64", self.board == "linux");
        match self {
            _ if of_linux.0 != of_linux.1 => Some("Linux has no board, and a board no Linux"),
            Self { machine: "xtensa", linker: "lld", .. } => Some("lld knows no Xtensa"),
            Self { machine: "xtensa", compiler: "clang", .. } => Some("Clang 14 knows no Xtensa"),
            Self { linker: "lld", compiler: "gcc-lto", .. } => {
                Some("lld reads no objects of GCC's LTO")
            }
            Self { machine: "x86-64", way: "b", .. } => {
                Some("way a is a second script there already")
            }
            Self { machine: "x86-64", linker: "lld", way: "d", .. } => {
                Some("lld sorts only what a script names, and links Linux programs without one")
            }
            Self { board: "mimxrt", way: "b", .. } => Some(OVERLAP),
            _ => None,
        }
    }

    /// How a Linux program is compiled and linked: position-independent where the
    /// tables are relocated with the rest of `.data.rel.ro`. Read-only sections
    /// would hold relocations in the other ways, which no linker wants.
    fn pie(&self) -> (&'static str, &'static str) {
        if self.way == "a" { ("-fPIE", "-pie") } else { ("-fno-pie", "-no-pie") }
    }

    fn name(&self) -> String {
        let Self { machine, linker, compiler, opt, strip, way, board } = self;
        format!("{machine}_{linker}_{compiler}_{}_{strip}_{way}_{board}", &opt[1..])
    }

    /// GCC, or Clang, with what it needs to know of the machine.
    fn of_machine(&self, is_clang: bool) -> Command {
        let (gcc, target, flags): (&str, &str, &[&str]) = match self.machine {
            "m0plus" => ("arm-none-eabi-gcc", "arm-none-eabi", &["-mcpu=cortex-m0plus", "-mthumb"]),
            "m4" => ("arm-none-eabi-gcc", "arm-none-eabi", &["-mcpu=cortex-m4", "-mthumb"]),
            "rv32" => (
                "riscv64-unknown-elf-gcc",
                "riscv32-unknown-elf",
                &["-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany", "-msmall-data-limit=0"],
            ),
            "xtensa" => ("xtensa-lx106-elf-gcc", "", &[]),
            _ => ("cc", "x86_64-linux-gnu", &[self.pie().0]),
        };
        let mut command = Command::new(if is_clang { CLANG } else { gcc });
        if is_clang {
            command.arg(format!("--target={target}"));
            // As GCC does for Arm: linkers warn of objects that differ in it.
            if target.starts_with("arm") {
                command.arg("-fshort-enums");
            }
        }
        command.current_dir(files::root().join("registry-rt")).args(flags);
        command
    }

    fn compiler(&self) -> Command {
        let is_clang = self.compiler == "clang";
        let mut command = self.of_machine(is_clang);
        command.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", self.opt]);
        command.args(["-Iinclude", "-Ifirmware/shared", "-Ifirmware/matrix"]);
        command.args(["-ffunction-sections", "-fdata-sections", "-DPORT_MAIN=program"]);
        if self.machine != "x86-64" {
            command.arg("-ffreestanding");
            if !is_clang {
                command.arg("-fno-tree-loop-distribute-patterns");
            }
        }
        if self.compiler == "gcc-lto" {
            command.arg("-flto");
        }
        match self.way {
            "c" => command.arg("-DMP_REGISTRY_KEYED"),
            "d" => command.arg("-DMP_REGISTRY_RODATA"),
            _ => &mut command,
        };
        command
    }

    fn sources(&self) -> Vec<&'static str> {
        let mut sources = vec![
            "firmware/matrix/program.c",
            "firmware/matrix/drivers.c",
            "firmware/matrix/start.c",
            "src/mp_registry.c",
        ];
        if matches!(self.machine, "m0plus" | "m4" | "rv32") {
            sources.extend(["firmware/shared/report.c", "firmware/shared/semihosting.c"]);
        }
        if matches!(self.machine, "m0plus" | "m4") {
            sources.push("firmware/shared/startup_cortex_m.c");
        }
        sources
    }

    /// What a linker is told, beside the objects.
    fn linker_arguments(&self, script: &Path) -> Vec<String> {
        let matrix = "firmware/matrix";
        let mut arguments: Vec<String> = ["--gc-sections", "-Llink"].map(str::to_owned).into();
        if self.way == "d" {
            arguments.push("--sort-section=name".to_owned());
        }
        if self.machine == "x86-64" {
            let fragment = match self.linker {
                "lld" => "link/mp_registry_hosted_lld.ld",
                _ => "link/mp_registry_hosted.ld",
            };
            if self.way == "a" {
                arguments.extend(["-T".to_owned(), fragment.to_owned()]);
            }
            return arguments;
        }
        arguments.extend([
            "--fatal-warnings".to_owned(),
            format!("-L{matrix}/machines/{}", self.machine),
            "-Lfirmware/shared".to_owned(),
            "-T".to_owned(),
            script.display().to_string(),
        ]);
        if self.compiler == "clang" {
            // Clang says of its objects that they need no stack to run code from; GCC
            // says nothing for these machines, of which GNU ld warns.
            arguments.push("-znoexecstack".to_owned());
        }
        if self.way == "b" {
            arguments.extend(["-T".to_owned(), format!("{matrix}/second.ld")]);
        }
        arguments
    }

    /// The board's script: as it is, or for way a with the fragment in it.
    fn script(&self, folder: &Path) -> PathBuf {
        let path =
            files::root().join(format!("registry-rt/firmware/matrix/boards/{}.ld", self.board));
        if self.way != "a" || self.machine == "x86-64" {
            return path;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let end_of_flash = if self.board == "mimxrt" {
            "    . = ALIGN(8);\n    _data_load"
        } else {
            "    INCLUDE ram_sections.ld"
        };
        let (head, tail) = text.split_once(end_of_flash).unwrap();
        let head = head.replacen(
            "INCLUDE machine.ld\n",
            "INCLUDE machine.ld\nREGION_ALIAS(\"MP_REGISTRY\", FLASH)\n",
            1,
        );
        let script = folder.join("board.ld");
        std::fs::write(
            &script,
            format!("{head}    INCLUDE mp_registry.ld\n\n{end_of_flash}{tail}"),
        )
        .unwrap();
        script
    }

    /// Builds the image, or gives what the linker says.
    fn build(&self, folder: &Path) -> Result<PathBuf, String> {
        // The port in the path tells `firmware/run` which emulator it is.
        let port = match self.machine {
            "m0plus" => "microbit",
            "m4" => "mps2",
            "rv32" => "virt",
            "x86-64" => "linux",
            other => other,
        };
        let folder = folder.join(format!("ports/{port}/build-{}", self.name()));
        std::fs::create_dir_all(&folder).unwrap();
        let image = folder.join("firmware.elf");
        let linking = self.linker_arguments(&self.script(&folder));
        let objects: Vec<PathBuf> = self
            .sources()
            .iter()
            .map(|source| {
                let object =
                    folder.join(Path::new(source).file_name().unwrap()).with_extension("o");
                // The calls of semihosting are aligned, which Clang 14 does not assemble
                // on RISC-V, and GNU ld cannot keep when it relaxes what they were
                // inlined into.
                let is_shared = source.starts_with("firmware/shared/");
                let mut compiler = if is_shared {
                    Self { compiler: "gcc", ..*self }.compiler()
                } else {
                    self.compiler()
                };
                succeed(compiler.args(["-c", source, "-o"]).arg(&object));
                object
            })
            .collect();
        let output = if self.linker == "lld" && self.machine != "x86-64" {
            Command::new("ld.lld-22")
                .current_dir(files::root().join("registry-rt"))
                .args(&linking)
                .args(&objects)
                .arg("-o")
                .arg(&image)
                .output()
        } else {
            // GCC finds its linker, and has the plugin for its own objects.
            let mut command = self.of_machine(false);
            if self.compiler == "gcc-lto" {
                command.args(["-flto", self.opt]);
            }
            match (self.machine, self.linker) {
                ("x86-64", "lld") => {
                    // The name under which GCC looks for it.
                    let named = folder.join("ld.lld");
                    let _ = std::os::unix::fs::symlink("/usr/bin/ld.lld-22", named);
                    command.args([self.pie().1, "-fuse-ld=lld", "-B"]).arg(&folder)
                }
                ("x86-64", _) => command.arg(self.pie().1),
                _ => command.args(["-nostdlib", "-static"]),
            };
            command.args(linking.iter().map(|argument| format!("-Wl,{argument}")));
            command.args(&objects).arg("-o").arg(&image);
            // After the objects, whose divisions it does.
            if self.machine != "x86-64" && self.machine != "rv32" {
                command.arg("-lgcc");
            }
            command.output()
        }
        .unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let strip = match self.machine {
            "m0plus" | "m4" => "arm-none-eabi-strip",
            "rv32" => "riscv64-unknown-elf-strip",
            "xtensa" => "xtensa-lx106-elf-strip",
            _ => "strip",
        };
        match self.strip {
            "strip-g" => drop(succeed(Command::new(strip).arg("-g").arg(&image))),
            "strip-all" => drop(succeed(Command::new(strip).arg("--strip-all").arg(&image))),
            _ => {}
        }
        Ok(image)
    }

    /// Builds, reads and runs the image.
    fn check(&self, folder: &Path) {
        let name = self.name();
        let image = self.build(folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        let table = files::extract(&std::fs::read(&image).unwrap());
        assert_eq!(read(&table), expected(), "{name}");
        assert_eq!(satisfied(&table), SATISFIED, "{name}");
        let odd: Vec<_> = table
            .anomalies
            .iter()
            .map(|anomaly| anomaly.kind)
            .filter(|kind| !self.accepts(*kind))
            .collect();
        assert_eq!(odd, [], "{name}");
        let errors: Vec<_> =
            table.findings.iter().filter(|finding| finding.rule.starts_with("IB2")).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        if self.machine != "xtensa" {
            let output =
                succeed(Command::new(files::root().join("registry-rt/firmware/run")).arg(&image));
            let printed = String::from_utf8(output.stdout).unwrap();
            let order: Vec<&str> = ORDER.iter().map(|(function, _, _)| *function).collect();
            assert_eq!(printed.lines().collect::<Vec<_>>(), order, "{name}");
        }
    }

    /// What may be odd about the image.
    fn accepts(&self, kind: AnomalyKind) -> bool {
        let is_stripped = self.strip == "strip-all";
        match kind {
            AnomalyKind::MainNotFound => true,
            AnomalyKind::Stripped => is_stripped,
            // Without symbols nothing bounds tables among other constants.
            AnomalyKind::RecordsOnly => is_stripped && self.way == "d",
            _ => false,
        }
    }
}

/// What both linkers report where the initial values of `.data` have a computed
/// address in flash.
const OVERLAP: &str = "the tables follow the text in the region, where the script puts .data";

/// The entries with priority, file and whether a line is known.
fn read(table: &InitTable) -> Vec<(String, String, String)> {
    let text = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    let file = |place: &Location| place.file.rsplit('/').next().unwrap_or_default().to_owned();
    table
        .entries
        .iter()
        .map(|entry| {
            (
                text(entry.function.as_ref().map(ToString::to_string)),
                text(entry.priority.as_ref().map(ToString::to_string)),
                text(entry.location.as_ref().map(file)),
            )
        })
        .collect()
}

/// The entries whose deinit needs no call, as the program says.
const SATISFIED: [&str; 2] = [
    r#"uart_init: meant to persist, the "REPL" stays on it; its baud rate, too"#,
    "spi_init0: stopped together with something else, it stops all buses",
];

/// The same, as it was read.
pub(crate) fn satisfied(table: &InitTable) -> Vec<String> {
    let said = table.entries.iter().filter_map(|entry| {
        let found = entry.satisfied.as_ref()?;
        Some(format!("{}: {}, {}", entry.display_name(), found.by().as_str(), found.reason()))
    });
    said.collect()
}

fn expected() -> Vec<(String, String, String)> {
    ORDER.map(|(function, priority, file)| (function.into(), priority.into(), file.into())).into()
}

pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Every cell that can be built.
fn all() -> Vec<[usize; 7]> {
    let mut cells = vec![[0; 7]];
    for (axis, choices) in AXES.iter().enumerate() {
        cells = cells
            .iter()
            .flat_map(|cell| {
                (0..choices.len()).map(move |choice| {
                    let mut cell = *cell;
                    cell[axis] = choice;
                    cell
                })
            })
            .collect();
    }
    cells.retain(|&cell| Cell::of(cell).obstacle().is_none());
    cells
}

/// So many of `cells` that every pair of choices that is in one of them is in one of
/// these: each time the cell with the most pairs that are not there yet.
fn pairwise(cells: &[[usize; 7]]) -> Vec<[usize; 7]> {
    let pairs = |cell: &[usize; 7]| -> Vec<(usize, usize, usize, usize)> {
        let cell = *cell;
        (0..7).flat_map(|a| (a + 1..7).map(move |b| (a, cell[a], b, cell[b]))).collect()
    };
    let mut left: BTreeSet<_> = cells.iter().flat_map(pairs).collect();
    let mut chosen = Vec::new();
    while !left.is_empty() {
        let new =
            |cell: &&[usize; 7]| pairs(cell).iter().filter(|pair| left.contains(pair)).count();
        // Of equals the first, so that it is the same ones every time.
        let best = *cells.iter().rev().max_by_key(new).unwrap();
        for pair in pairs(&best) {
            left.remove(&pair);
        }
        chosen.push(best);
    }
    chosen
}

fn need_tools() -> Option<()> {
    for tool in [
        CLANG,
        "arm-none-eabi-gcc",
        "riscv64-unknown-elf-gcc",
        "xtensa-lx106-elf-gcc",
        "ld.lld-22",
        "qemu-system-arm",
        "qemu-system-riscv32",
    ] {
        tools::need(tool)?;
    }
    tools::need_x86_64_linux()
}

/// Two halves, so that two processors build at once.
fn check_half(half: usize) {
    if need_tools().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cells = all();
    let chosen = match std::env::var("INITBOARD_MATRIX") {
        Ok(word) if word == "all" => cells,
        Ok(word) => {
            cells.into_iter().filter(|&cell| Cell::of(cell).name().contains(&word)).collect()
        }
        Err(_) => pairwise(&cells),
    };
    assert_ne!(chosen, [] as [[usize; 7]; 0], "no cell has that in its name");
    for cell in chosen.iter().skip(half).step_by(2) {
        Cell::of(*cell).check(folder.path());
    }
    println!("half of {} cells ran in the order that was read", chosen.len());
}

#[test]
fn cells_of_the_matrix_run_as_they_are_read_first_half() {
    check_half(0);
}

#[test]
fn cells_of_the_matrix_run_as_they_are_read_second_half() {
    check_half(1);
}

#[test]
fn tables_where_the_script_puts_data_are_refused_by_both_linkers() {
    if need_tools().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for linker in ["gnu-ld", "lld"] {
        let cell = Cell {
            machine: "m4",
            linker,
            compiler: "gcc",
            opt: "-Os",
            strip: "unstripped",
            way: "b",
            board: "mimxrt",
        };
        assert_eq!(cell.obstacle(), Some(OVERLAP));
        let error = cell.build(folder.path()).unwrap_err();
        assert!(error.contains("overlap"), "{linker}: {error}");
    }
}
