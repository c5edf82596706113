//! What a round came to.

use std::time::Duration;

use crate::plan::{Op, Size};

/// Counted operations and their times.
#[derive(Default)]
pub struct Summary {
    /// Operations that succeeded.
    pub operations: u64,
    /// How long the round took.
    pub took: Duration,
    /// Processor time of the server meanwhile, where it is known.
    pub cpu: Option<Duration>,
    /// Operations a second of a server that does nothing.
    pub floor: Option<f64>,
    failed: u64,
    bytes: u64,
    micros: Vec<u32>,
}

impl Summary {
    /// The line above all lines.
    pub const HEAD: &'static str =
        "op      size clients      ops/s     MB/s   p50 ms   p99 ms   max ms   failed  cpu us  of floor";

    /// Counts one operation.
    pub fn add(&mut self, took: Duration, bytes: u64, fine: bool) {
        match fine {
            true => self.operations += 1,
            false => self.failed += 1,
        }
        self.bytes += bytes;
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Takes over what another client counted.
    pub fn absorb(&mut self, other: Summary) {
        self.operations += other.operations;
        self.failed += other.failed;
        self.bytes += other.bytes;
        self.micros.extend(other.micros);
    }

    /// Operations a second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// As a line of the table.
    pub fn line(mut self, op: Op, size: Size, clients: usize) -> String {
        self.micros.sort_unstable();
        let at = |share: f64| {
            let index = (self.micros.len() as f64 * share) as usize;
            self.micros
                .get(index.min(self.micros.len().saturating_sub(1)))
                .map_or(0.0, |us| f64::from(*us) / 1e3)
        };
        let cpu = self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / (self.operations.max(1) as f64));
        let cpu = cpu.map_or("-".to_owned(), |cpu| format!("{cpu:.1}"));
        let floor =
            self.floor.map_or("-".to_owned(), |floor| format!("{:.2}", self.rate() / floor.max(1e-9)));
        let name = format!("{op:?}").to_lowercase();
        let digits = if self.rate() < 100.0 { 2 } else { 0 };
        format!(
            "{name:<6}{size:>6} {clients:>7} {:>10.digits$} {:>8.1} {:>8.2} {:>8.2} {:>8.2} {:>8} {cpu:>7} {floor:>9}",
            self.rate(),
            self.bytes as f64 / 1e6 / self.took.as_secs_f64().max(1e-9),
            at(0.5),
            at(0.99),
            at(1.0),
            self.failed,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_all_clients() {
        let mut all = Summary::default();
        for client in 0..2u64 {
            let mut one = Summary::default();
            for n in 0..50 {
                one.add(Duration::from_millis(client * 50 + n + 1), 10, n > 0);
            }
            all.absorb(one);
        }
        all.took = Duration::from_secs(2);
        all.floor = Some(100.0);
        let line = all.line(Op::Get, "4k".parse().unwrap(), 2);
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words, ["get", "4k", "2", "49.00", "0.0", "51.00", "100.00", "100.00", "2", "-", "0.49"]);
    }
}
