//! IB204 `dependency-unknown`: an entry states to run after something that is not
//! there.

use super::dependencies::{Dependencies, place_of};
use super::{Check, Doc, Hit, Rule};
use crate::model::{InitTable, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB204",
    name: "dependency-unknown",
    severity: Severity::Warning,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(check),
};

const DOC: Doc = Doc {
    summary: "an entry states to run after something that no entry of the firmware is or starts",
    what: "
        A name in `MP_AFTER`, or in Rust in `after`, is neither a function of the effective order
        nor a subsystem that one of its functions starts (for a deinit: stops).",
    why: "
        Either the name is misspelt, and the dependency that was meant is not checked; or this
        board leaves out what the entry needs, and it runs without.",
    example: None,
    fix: "
        Mend the name. Where a board may leave the other out, put the dependency under the same
        condition as what it names.",
};

fn check(table: &InitTable) -> Vec<Hit> {
    let dependencies = Dependencies::of(table);
    let hit = |&(place, name): &(usize, &str)| {
        let entry = dependencies.entries[place];
        let verb = match entry.phase {
            Some(crate::model::Phase::Deinit) => "stops",
            _ => "starts",
        };
        Hit {
            message: format!(
                "{} states to run after `{name}`, and no entry of this firmware is or {verb} that",
                place_of(entry)
            ),
            entry: Some(entry.position),
            subsystem: entry.subsystem.clone(),
            suggestion: nearest(name, &dependencies, place)
                .map(|other| format!("`{other}` is the nearest name")),
            ..Hit::default()
        }
    };
    dependencies.unknown.iter().map(hit).collect()
}

/// The name of the same phase that resembles `name` most, if one does.
fn nearest<'a>(name: &str, dependencies: &Dependencies<'a>, place: usize) -> Option<&'a str> {
    // Resembling is a matter of short words, and each comparison costs their product.
    let name: String = name.chars().take(64).collect();
    let phase = dependencies.entries[place].phase;
    let of_phase = dependencies.entries.iter().filter(|entry| entry.phase == phase).take(512);
    let names = of_phase.flat_map(|entry| {
        entry
            .function
            .as_ref()
            .map(|function| function.as_str())
            .into_iter()
            .chain(entry.subsystem.as_deref())
    });
    let (distance, other) = names
        .filter(|other| other.len() <= 64)
        .map(|other| (strsim::damerau_levenshtein(&name, other), other))
        .min()?;
    (distance <= 1 + name.len() / 4).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::super::cases::{found_in, suggested_in};

    #[test]
    fn a_name_that_nothing_answers_to_is_found_with_the_nearest_one() {
        let table = "init core 00 spi_init0\ninit driver 10 flash_init after spi_inti0";
        let message = "`flash_init` (driver 10) states to run after `spi_inti0`, and no entry of this firmware is or starts that";
        assert_eq!(found_in("IB204", table, ""), [message]);
        assert_eq!(suggested_in("IB204", table), ["`spi_init0` is the nearest name"]);
        let waived = "[[waiver]]\nrule = 'IB204'\nreason = 'optional'";
        assert_eq!(found_in("IB204", table, waived), [format!("(waived) {message}")]);
    }

    #[test]
    fn functions_and_subsystems_of_the_same_phase_are_known() {
        let table = "init core 00 spi_init0\ninit driver 10 flash_init after spi,spi_init0";
        assert_eq!(found_in("IB204", table, ""), [""; 0]);
        let table = "init core 00 spi_init0\ndeinit driver 10 flash_deinit after spi_init0";
        assert_eq!(found_in("IB204", table, "").len(), 1);
    }
}
