//! Dividing a total into whole parts that add up to it exactly.

/// Divides `total` by `weights` with the method of largest remainders; ties go to the earlier part.
pub(super) fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u64 = weights.iter().sum();
    if sum == 0 {
        assert!(total == 0, "nothing to give {total} to");
        return vec![0; weights.len()];
    }
    let quota = |weight: u64| u128::from(total) * u128::from(weight);
    let sum = u128::from(sum);
    let mut parts: Vec<u64> =
        weights.iter().map(|&weight| u64::try_from(quota(weight) / sum).unwrap_or(0)).collect();
    let left = total - parts.iter().sum::<u64>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    let remainder = |index: usize| weights.get(index).map_or(0, |&weight| quota(weight) % sum);
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(remainder(index)));
    for (index, _) in by_remainder.into_iter().zip(0..left) {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    assert!(parts.iter().sum::<u64>() == total, "SAM-1: the parts of {total} do not add up to it");
    parts
}

/// Of `whole` things in a row, `part` of them marked as evenly as can be: how many marks (0 or 1
/// where part ≤ whole) the thing `index` bears. Over the whole row the marks are exactly `part`.
pub(super) fn marks(index: u64, part: u64, whole: u64) -> u64 {
    let upto = |end: u64| u128::from(end) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(upto(index + 1) - upto(index)).unwrap_or(0)
}

/// Things with weights in a circle: a point of the circle belongs to one of them.
#[derive(Debug, Clone)]
pub(super) struct Wheel {
    /// Where each thing's arc ends; ascending.
    ends: Vec<u64>,
}

impl Wheel {
    /// A wheel of things with these weights; those of weight 0 are never dealt.
    pub(super) fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let mut end = 0;
        let ends = weights.into_iter().map(|weight| {
            end += weight;
            end
        });
        Self { ends: ends.collect() }
    }

    /// The length of the circle.
    pub(super) fn circumference(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The number of things.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The thing at a point below the circumference.
    pub(super) fn at(&self, point: u64) -> usize {
        self.ends.partition_point(|&end| end <= point)
    }

    /// Deals `count` times at equal distances from `offset` (below the circumference) on, in
    /// ascending order: each thing comes up within one of its due share.
    pub(super) fn deal(&self, count: u64, offset: u64) -> impl Iterator<Item = usize> {
        let circle = u128::from(self.circumference());
        (0..count).map(move |turn| {
            let point = (u128::from(turn) * circle + u128::from(offset)) / u128::from(count.max(1));
            self.at(u64::try_from(point).unwrap_or(0))
        })
    }
}
