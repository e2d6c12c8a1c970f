//! The facts of MicroPython that are shipped, against lists of six mains that
//! people made by reading the files (`by_hand/PORT.tsv`): stage, kind, function,
//! line, whether a path leaves the call out, its condition, and the functions
//! between main and the call.

use initboard::model::{Entry, Phase, SymbolName, TreeFacts};

use crate::files;

#[test]
fn shipped_facts_equal_the_lists_that_were_made_by_hand() {
    let text = std::fs::read(files::root().join("data/micropython/tree.json")).unwrap();
    let facts = TreeFacts::from_json(&text).unwrap();
    for port in ["stm32", "rp2", "esp32", "nrf", "samd", "mimxrt"] {
        let path = format!("server/tests/extract/by_hand/{port}.tsv");
        let by_hand = std::fs::read_to_string(files::root().join(path)).unwrap();
        let is_port = |table: &&initboard::model::InitTable| {
            table.source.as_ref().is_some_and(|source| source.port.as_str() == port)
        };
        let table = facts.tables.iter().find(is_port).unwrap();
        let main = &table.main.as_ref().unwrap().function;
        let lines = std::iter::once(format!("main\t{main}")).chain(table.entries.iter().map(line));
        let read: Vec<String> = lines.collect();
        assert_eq!(by_hand.lines().collect::<Vec<_>>(), read, "{port}");
    }
}

fn line(entry: &Entry) -> String {
    let via: Vec<&str> = entry.via.iter().map(SymbolName::as_str).collect();
    [
        entry.stage.unwrap().as_str(),
        entry.phase.map_or("landmark", Phase::as_str),
        entry.function.as_ref().unwrap().as_str(),
        &entry.location.as_ref().unwrap().line.to_string(),
        if entry.conditional { "yes" } else { "no" },
        entry.condition.as_deref().unwrap_or_default(),
        &via.join(","),
    ]
    .join("\t")
}
