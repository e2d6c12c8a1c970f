//! How many ports do something, where a port has one vote and its boards may
//! differ. Votes are counted in whole numbers, so that what is compared with a
//! threshold depends neither on the order in which boards are counted nor on how
//! many of them share a table.

use std::collections::HashMap;

use crate::analyze::fleet::Unit;

/// The votes of the ports of a fleet.
#[derive(Debug)]
pub(super) struct Votes<'a> {
    /// What the vote of a port weighs: a multiple of the number of boards of each
    /// port, so that the part of each board is whole.
    pub(super) weight: u128,
    of_ports: HashMap<&'a str, OfPort>,
}

/// The vote of one port, split among its boards.
#[derive(Clone, Copy, Debug, Default)]
struct OfPort {
    boards: u128,
    counted: u128,
}

impl<'a> Votes<'a> {
    pub(super) fn of(units: &[Unit<'a>]) -> Self {
        let mut of_ports: HashMap<&str, OfPort> = HashMap::new();
        for unit in units {
            of_ports.entry(unit.port.as_str()).or_default().boards += u128::from(unit.boards);
        }
        // Sums over all ports must fit, and what shares multiply them with.
        let most = u128::MAX / (of_ports.len().max(1) as u128) / u128::from(Share::MOST);
        let multiple = of_ports.values().try_fold(1, |weight: u128, of| {
            let boards = of.boards.max(1);
            (weight / common_divisor(weight, boards)).checked_mul(boards).filter(|of| *of <= most)
        });
        // Fewer than a thousand boards have a common multiple that is small enough,
        // however they are spread over ports. Where more have none, parts are rounded
        // so that those of a port still add up to its vote.
        Self { weight: multiple.unwrap_or(most), of_ports }
    }

    /// The part that the next `boards` of a port have in its vote.
    pub(super) fn cast(&mut self, port: &str, boards: u32) -> u128 {
        let weight = self.weight;
        let Some(of) = self.of_ports.get_mut(port) else { return 0 };
        let up_to = |counted: u128| {
            counted * (weight / of.boards) + counted * (weight % of.boards) / of.boards
        };
        let before = up_to(of.counted);
        of.counted += u128::from(boards);
        up_to(of.counted) - before
    }
}

fn common_divisor(mut one: u128, mut other: u128) -> u128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// A least share, such as three in four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    part: u8,
    of: u8,
}

impl Share {
    const MOST: u8 = 16;

    /// `part` in `of`.
    ///
    /// # Panics
    /// When that is no share, or one of more than 16 parts: it is evaluated when
    /// this program is compiled.
    pub const fn new(part: u8, of: u8) -> Self {
        assert!(part <= of && 0 < of && of <= Self::MOST, "a share is a part of at most 16");
        Self { part, of }
    }

    /// Whether `part` of `whole` is at least this share.
    pub(in crate::analyze) fn is_reached(self, part: u128, whole: u128) -> bool {
        part * u128::from(self.of) >= whole * u128::from(self.part)
    }
}

/// How many ports run one of two things first, and how many have both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    pub(super) first: u128,
    pub(super) both: u128,
    /// What the vote of one port weighs.
    pub(super) weight: u128,
}

impl Support {
    /// Whether at least so many ports run the first one first.
    pub fn has_first(&self, ports: u8) -> bool {
        self.first >= u128::from(ports) * self.weight
    }

    /// Whether at least so many ports have both.
    pub fn has_both(&self, ports: u8) -> bool {
        self.both >= u128::from(ports) * self.weight
    }

    /// Whether at least this share of those that have both run the first one first.
    pub fn has_share(&self, least: Share) -> bool {
        least.is_reached(self.first, self.both)
    }

    /// Whether more ports run it first than last.
    pub fn is_of_most(&self) -> bool {
        self.first * 2 > self.both
    }

    /// The number of ports that run the first one first, to be shown.
    pub fn first(&self) -> f64 {
        self.ports(self.first)
    }

    /// The number of ports that have both, to be shown.
    pub fn both(&self) -> f64 {
        self.ports(self.both)
    }

    /// The share of ports that run the first one first, to be shown.
    pub fn share(&self) -> f64 {
        self.first() / self.both()
    }

    fn ports(&self, votes: u128) -> f64 {
        ports(votes, self.weight)
    }
}

/// How many ports votes are, of which one weighs `weight`: a whole number exactly.
#[expect(clippy::cast_precision_loss, reason = "what is shown has two digits")]
pub(super) fn ports(votes: u128, weight: u128) -> f64 {
    let weight = weight.max(1);
    (votes / weight) as f64 + (votes % weight) as f64 / weight as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::source;
    use crate::model::{InitTable, PortName, SourceFile};

    fn table() -> InitTable {
        let file = SourceFile {
            port: "any".parse().unwrap(),
            path: "main.c".to_owned(),
            commit: None,
            drivers: vec![],
        };
        source::read(b"int main(void) { for (;;) { mp_init(); } }", file).unwrap().unwrap()
    }

    /// The vote of a port, and those of the boards of each that are counted one by one.
    fn votes(boards: &[u32]) -> (u128, Vec<u128>) {
        let table = table();
        let ports: Vec<PortName> =
            (0..boards.len()).map(|port| format!("p{port}").parse().unwrap()).collect();
        let unit = |(port, &boards)| Unit { boards, ..Unit::new("any", port, &table) };
        let units: Vec<Unit<'_>> = ports.iter().zip(boards).map(unit).collect();
        let mut votes = Votes::of(&units);
        let mut sum = |(port, &boards): (&PortName, &u32)| {
            (0..boards).map(|_| votes.cast(port.as_str(), 1)).sum()
        };
        let sums = ports.iter().zip(boards).map(&mut sum).collect();
        (votes.weight, sums)
    }

    #[test]
    fn the_parts_of_a_port_add_up_to_one_vote() {
        assert_eq!(votes(&[]), (1, vec![]));
        assert_eq!(votes(&[1, 6, 4]), (12, vec![12; 3]));
        let (weight, sums) = votes(&[7, 11, 20, 17, 64]);
        assert_eq!((weight, sums), (64 * 5 * 7 * 11 * 17, vec![weight; 5]));
    }

    #[test]
    fn they_do_where_no_common_multiple_is_small_enough() {
        let primes = (2..200_u32).filter(|of| (2..*of).all(|by| !of.is_multiple_of(by)));
        let boards: Vec<u32> = primes.collect();
        let (weight, sums) = votes(&boards);
        assert_eq!(weight, u128::MAX / boards.len() as u128 / 16);
        assert_eq!(sums, vec![weight; boards.len()]);
    }

    #[test]
    fn whole_ports_are_shown_as_whole_numbers() {
        let (weight, _) = votes(&[3, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]);
        let support = Support { first: 9 * weight, both: 12 * weight, weight };
        assert_eq!((support.first(), support.both(), support.share()), (9.0, 12.0, 0.75));
    }
}
