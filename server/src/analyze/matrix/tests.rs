use proptest::prelude::*;

use super::*;
use crate::analyze::derive;
use crate::analyze::fleet::DeclaredIn;
use crate::analyze::fleet::Unit;
use crate::analyze::policy::Policy;
use crate::model::{InitTable, Means};

/// One call: its stage, and the function; landmarks have no phase.
type Step<'a> = (Stage, &'a str);

const DAY: Date = jiff::civil::date(2026, 11, 30);

const START: Stage = Stage::Start;
const STOP: Stage = Stage::Stop;

/// A table whose main runs these, each at `level` where there is one.
fn table(steps: &[Step<'_>], level: Option<&str>) -> InitTable {
    let entries: Vec<serde_json::Value> = (0..)
        .zip(steps)
        .map(|(position, (stage, function)): (u32, &Step<'_>)| {
            let landmark = matches!(*function, "mp_init" | "gc_init" | "mp_deinit");
            let phase = if function.contains("deinit") { "deinit" } else { "init" };
            serde_json::json!({
                "position": position, "phase": (!landmark).then_some(phase),
                "kind": if landmark { "landmark" } else { "entry" }, "origin": "calls",
                "stage": stage.as_str(), "level": level, "slot": null, "priority": null,
                "function": function, "subsystem": null, "address": null, "call_address": null,
                "via": [], "conditional": false, "condition": null, "location": null, "after": [],
            })
        })
        .collect();
    let levels: Vec<&str> = level.into_iter().collect();
    let json = serde_json::json!({
        "schema": 1,
        "file": {"sha256": "ab".repeat(32), "size": 1, "format": "elf32-littlearm"},
        "arch": "arm", "bits": 32, "endian": "little", "origins": ["calls"], "levels": levels,
        "main": {"function": "main", "evidence": [], "folded": 0}, "entries": entries,
    });
    let mut table = InitTable::from_json(json.to_string().as_bytes()).unwrap();
    derive(&mut table);
    table
}

/// The matrix of tables, each of a port of its own, or all boards of one.
fn matrix_of(tables: &[InitTable], one_port: bool) -> Matrix {
    let names: Vec<(String, PortName)> = (0..tables.len())
        .map(|number| {
            let port = if one_port { 0 } else { number };
            (format!("unit{number}"), format!("port{port}").parse().unwrap())
        })
        .collect();
    let unit = |((label, port), table)| Unit::new(label, port, table);
    let units = names.iter().map(|(label, port)| (label.as_str(), port)).zip(tables).map(unit);
    let policy = Policy::default();
    Matrix::of(&Fleet::new(units.collect(), &policy), &policy, DAY)
}

fn matrix(tables: &[&[Step<'_>]]) -> Matrix {
    let tables: Vec<InitTable> = tables.iter().map(|steps| table(steps, None)).collect();
    matrix_of(&tables, false)
}

/// All marks: the subsystem, the unit, and the mark.
fn marks(matrix: &Matrix) -> Vec<(String, String, Mark)> {
    let mut marks: Vec<(String, String, Mark)> = matrix
        .marks()
        .map(|(row, unit, mark)| (row.subsystem.clone(), matrix.units[unit].clone(), mark.clone()))
        .collect();
    marks.sort_by_key(|mark| format!("{mark:?}"));
    marks
}

const PAIR: &[Step<'_>] = &[(START, "uart_init"), (STOP, "uart_deinit")];
const ALONE: &[Step<'_>] = &[(START, "uart_init"), (STOP, "pin_deinit")];

#[test]
fn a_deinit_is_missing_where_most_others_have_one() {
    let matrix = matrix(&[PAIR, PAIR, ALONE]);
    let row = &matrix.rows[0];
    assert_eq!((row.subsystem.as_str(), row.inits, row.deinits), ("uart", 3, 2));
    let expected = Mark::MissingDeinit { agree: 2, of: 2 };
    assert_eq!(marks(&matrix), [("uart".to_owned(), "unit2".to_owned(), expected)]);
}

#[test]
fn a_deinit_is_not_missing_where_others_disagree_or_it_is_started_once() {
    assert_eq!(marks(&matrix(&[PAIR, ALONE])), [], "one other says nothing");
    let one_port = |tables: &[&[Step<'_>]]| {
        let tables: Vec<InitTable> = tables.iter().map(|steps| table(steps, None)).collect();
        marks(&matrix_of(&tables, true))
    };
    assert_eq!(one_port(&[PAIR, PAIR, ALONE, ALONE, ALONE]), [], "most have none");
    assert_eq!(one_port(&[PAIR, PAIR, ALONE]).len(), 1);
    let once: &[Step<'_>] = &[(Stage::Boot, "uart_init")];
    assert_eq!(marks(&matrix(&[PAIR, PAIR, once])), []);
}

#[test]
fn a_deinit_that_is_declared_satisfied_is_not_missing() {
    let toml = "[[satisfied]]\nsubsystem = 'uart'\nby = 'finaliser'\nreason = 'swept'\n";
    let policy = crate::config::Config::parse(toml.as_bytes()).unwrap().policy;
    let tables = [PAIR, PAIR, ALONE].map(|steps| table(steps, None));
    let ports = ["a", "b", "c"].map(|name| name.parse::<PortName>().unwrap());
    let unit = |(port, table)| Unit::new("unit", port, table);
    let fleet = Fleet::new(ports.iter().zip(&tables).map(unit).collect(), &policy);
    let matrix = Matrix::of(&fleet, &policy, DAY);
    assert_eq!(marks(&matrix), []);
    let satisfied = Satisfaction {
        by: Means::Finaliser,
        reason: "swept".to_owned(),
        declared: DeclaredIn::Configuration,
    };
    assert_eq!(matrix.rows[0].cells[2].satisfied, Some(satisfied));
    assert_eq!(matrix.rows[0].cells[0].satisfied, None);
}

#[test]
fn another_stage_is_said_once_and_not_as_another_place_in_the_order_too() {
    let early: &[Step<'_>] = &[(Stage::Boot, "led_init"), (Stage::Start, "mp_init")];
    let late: &[Step<'_>] = &[(Stage::Start, "mp_init"), (Stage::Start, "led_init")];
    let expected = Mark::Stage { usual: Stage::Boot, agree: 4, of: 4 };
    let matrix = matrix(&[early, early, late, early, early]);
    assert_eq!(marks(&matrix), [("led".to_owned(), "unit2".to_owned(), expected)]);
}

#[test]
fn another_place_in_the_order_is_said_with_what_it_should_follow() {
    let usual: &[Step<'_>] = &[(START, "a_init"), (START, "b_init"), (START, "c_init")];
    let other: &[Step<'_>] = &[(START, "c_init"), (START, "a_init"), (START, "b_init")];
    for one_port in [false, true] {
        let tables = [usual, usual, usual, usual, usual, other].map(|steps| table(steps, None));
        let matrix = matrix_of(&tables, one_port);
        let marks = marks(&matrix);
        assert_eq!(marks.len(), 1, "{marks:?}");
        let (subsystem, unit, Mark::Order { phase, before, after, .. }) = &marks[0] else {
            panic!("{marks:?}")
        };
        assert_eq!((subsystem.as_str(), unit.as_str(), *phase), ("c", "unit5", Phase::Init));
        let names: Vec<&str> = before.iter().map(|item| item.name.as_str()).collect();
        assert_eq!((names, after.len()), (vec!["a", "b"], 0));
    }
}

#[test]
fn another_level_and_what_nearly_all_others_have_are_said() {
    let mut tables: Vec<InitTable> = (0..5).map(|_| table(PAIR, Some("driver"))).collect();
    tables[1] = table(PAIR, Some("core"));
    let level = |phase| Mark::Level { phase, usual: "driver".parse().unwrap(), agree: 4, of: 4 };
    let found = marks(&matrix_of(&tables, false));
    let expected = [level(Phase::Deinit), level(Phase::Init)];
    assert_eq!(found.into_iter().map(|(_, _, mark)| mark).collect::<Vec<_>>(), expected);
    tables[1] = table(&[(START, "led_init")], None);
    let found = marks(&matrix_of(&tables, false));
    let expected = Mark::Absent { agree: 4, of: 4 };
    assert_eq!(found, [("uart".to_owned(), "unit1".to_owned(), expected)]);
}

#[test]
fn numbers_are_those_of_the_columns_of_a_drawing() {
    let steps: &[Step<'_>] = &[
        (Stage::Boot, "led_init"),
        (START, "mp_init"),
        (START, "uart_init"),
        (STOP, "led_deinit"),
        (STOP, "uart_deinit"),
    ];
    let matrix = matrix(&[steps]);
    let uart = &matrix.rows.iter().find(|row| row.subsystem == "uart").unwrap().cells[0];
    let numbers: Vec<(u32, u32)> =
        uart.calls.iter().map(|call| (call.number, call.position)).collect();
    assert_eq!(numbers, [(2, 2), (2, 4)]);
}

#[test]
fn a_filter_keeps_calls_and_the_marks_that_are_about_them() {
    let other: &[Step<'_>] = &[(START, "uart_init"), (START, "led_init"), (STOP, "led_deinit")];
    let matrix = matrix(&[PAIR, PAIR, other]);
    let filtered = |filter: &Filter| {
        let matrix = matrix.clone().filtered(filter);
        let calls = |row: &Row| row.cells.iter().flat_map(|cell| &cell.calls).count();
        let rows: Vec<(String, usize)> =
            matrix.rows.iter().map(|row| (row.subsystem.clone(), calls(row))).collect();
        (rows, marks(&matrix).len())
    };
    let all = Filter::default();
    let names = |rows: Vec<(&str, usize)>| -> Vec<(String, usize)> {
        rows.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    };
    assert_eq!(filtered(&all), (names(vec![("uart", 5), ("led", 2)]), 1));
    let divergent = Filter { divergent: true, ..all.clone() };
    assert_eq!(filtered(&divergent), (names(vec![("uart", 5)]), 1));
    let deinit = Filter { phase: Some(Phase::Deinit), ..all.clone() };
    assert_eq!(filtered(&deinit), (names(vec![("uart", 2), ("led", 1)]), 1), "the gap stays");
    let stop = Filter { stage: Some(STOP), ..all.clone() };
    assert_eq!(filtered(&stop), (names(vec![("uart", 2), ("led", 1)]), 0));
    let level = Filter { level: Some("core".parse().unwrap()), ..all };
    assert_eq!(filtered(&level), (vec![], 0));
}

/// Some of a few functions in some order, with their stages.
fn steps() -> impl Strategy<Value = Vec<(Stage, &'static str)>> {
    const NAMES: &[&str] =
        &["a_init", "a_deinit", "b_init", "b_deinit", "c_init", "mp_init", "d_deinit"];
    let stage = prop_oneof![Just(Stage::Boot), Just(Stage::Start), Just(Stage::Stop)];
    prop::collection::vec((stage, prop::sample::select(NAMES)), 0..9)
}

proptest! {
    #[test]
    fn identical_units_do_not_diverge(steps in steps(), count in 1_usize..9, one_port: bool) {
        let tables = vec![table(&steps, None); count];
        let matrix = matrix_of(&tables, one_port);
        prop_assert_eq!(marks(&matrix), vec![]);
        for row in &matrix.rows {
            prop_assert!(row.cells.iter().all(|cell| *cell == row.cells[0]));
        }
    }

    #[test]
    fn the_order_of_units_does_not_change_marks(
        all in prop::collection::vec(steps(), 1..8),
        turn in 0_usize..8,
        one_port: bool,
    ) {
        let tables: Vec<InitTable> = all.iter().map(|steps| table(steps, None)).collect();
        let matrix = matrix_of(&tables, one_port);
        let turn = turn % tables.len();
        let mut turned = tables.clone();
        turned.rotate_left(turn);
        let turned = matrix_of(&turned, one_port);
        for row in &matrix.rows {
            let other = turned.rows.iter().find(|other| other.subsystem == row.subsystem).unwrap();
            for (unit, cell) in row.cells.iter().enumerate() {
                let unit = (unit + tables.len() - turn) % tables.len();
                prop_assert_eq!(&cell.calls, &other.cells[unit].calls);
                prop_assert_eq!(&cell.marks, &other.cells[unit].marks);
            }
            prop_assert_eq!((row.stage, &row.level), (other.stage, &other.level));
        }
    }
}
