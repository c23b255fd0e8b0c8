//! Numbers as people read them.

/// A whole number with its thousands apart: `12,345`.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit that needs few digits.
pub(super) fn bytes(number: f64) -> String {
    const MIB: f64 = 1_048_576.0;
    if number >= 1_024.0 * MIB { format!("{:.1} GiB", number / 1_024.0 / MIB) } else { format!("{:.0} MiB", number / MIB) }
}

/// A duration in seconds or minutes.
pub(super) fn seconds(number: f64) -> String {
    if number >= 120.0 { format!("{:.0} min", number / 60.0) } else { format!("{number:.0} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0.0, 999.0, 1_000.4, 1_234_567.0].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([15_728_640.0, 1_610_612_736.0].map(bytes), ["15 MiB", "1.5 GiB"]);
        assert_eq!([5.2, 119.0, 300.0].map(seconds), ["5 s", "119 s", "5 min"]);
    }
}
